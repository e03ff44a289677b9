"""What tests of the verifier share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from consent_service.core.notes import Verifier, parse_verifier_key
from consent_service.evidence import Anchor, Options, Report, read_anchors, verify_bundle
from consent_service.evidence.codes import ERRORS
from tests.evidence.building import Files, Log, pack


def key_of(log: Log) -> Verifier:
    return parse_verifier_key(log.checkpoint_keys[0].vkey)


def anchors(*texts: str) -> list[Anchor]:
    return [
        anchor
        for number, text in enumerate(texts)
        for anchor in read_anchors(f"anchor-{number}", text)
    ]


def checked(folder: Path, files: Files | bytes, log: Log | None = None, **options: Any) -> Report:
    """Check files as a bundle, trusting the key of a log."""
    path = folder / "bundle.zip"
    path.write_bytes(files if isinstance(files, bytes) else pack(files))
    if log:
        options.setdefault("verifiers", [key_of(log)])
    return verify_bundle(path, Options(**options))


def codes(report: Report) -> set[str]:
    return {code for code, count in report.findings.counts.items() if count}


def errors(report: Report) -> set[str]:
    return codes(report) & set(ERRORS)


def told(report: Report) -> Iterable[str]:
    return [
        f"{each.code} {each.file} {each.line}: {each.message}" for each in report.findings.listed
    ]
