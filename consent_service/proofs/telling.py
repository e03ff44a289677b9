"""Says in plain words what a receipt proves and what it does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from consent_service.core.clock import parse_time
from consent_service.core.locales import written_for
from consent_service.evidence import Verdict
from consent_service.http.pages import moment
from consent_service.ledger.model import MAX_MERGE_DELAY_SECONDS
from consent_service.proofs.verification import Checked

_PACKAGE = "consent_service.web"
_FOLDER = "verification"
_FALLBACK = "en"
_WEAKENING = ("NO_TRUSTED_KEY", "NOT_SEALED_YET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a receipt, for people: sentences of one language."""

    verdict: Verdict
    summary: str
    proves: tuple[str, ...]
    does_not_prove: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]


@cache
def told_locales() -> tuple[str, ...]:
    """Return the locales that the words are written in, English first."""
    names = {Path(entry.name).stem for entry in (files(_PACKAGE) / _FOLDER).iterdir()}
    return (_FALLBACK, *sorted(names - {_FALLBACK}))


@cache
def words_of(locale: str) -> dict[str, str]:
    """Return the words in a locale, by its language and script, else in English."""
    name = written_for(locale, told_locales()) or _FALLBACK
    return dict(yaml.safe_load((files(_PACKAGE) / _FOLDER / f"{name}.yaml").read_text("utf-8")))


def tell(checked: Checked, locale: str) -> Told:
    """Say what came of a receipt in a locale."""
    report, words = checked.report, words_of(locale)
    is_good = report.verdict in (Verdict.OK, Verdict.WEAK)
    is_foreign = is_good and checked.site is None
    return Told(
        verdict=report.verdict,
        summary=words["verdict_elsewhere" if is_foreign else f"verdict_{report.verdict.value}"],
        proves=tuple(_proved(checked, words, locale)) if is_good else (),
        does_not_prove=tuple(_unproved(checked, words)) if is_good else (),
        findings=tuple((found.code, found.message) for found in report.findings.listed),
    )


def _proved(checked: Checked, words: dict[str, str], locale: str) -> Iterator[str]:
    facts = checked.report.facts
    if checked.report.findings.has("NO_TRUSTED_KEY"):
        return
    yield words["proves_recorded"].format(date=_date(facts["ts"], locale))
    notice = facts.get("notice")
    if notice:
        yield words["proves_text"].format(number=notice["n"], sha256=notice["sha256"])
    if "time" in facts and checked.site:
        yield words["proves_included"].format(
            site=checked.site.name,
            index=facts["index"] + 1,
            size=facts["size"],
            date=_date(facts["time"], locale),
        )
    visitor = facts.get("opened", {}).get("visitor")
    if visitor:
        yield words["proves_visitor"].format(visitor=visitor)
    else:
        yield words["proves_openings_none"]


def _unproved(checked: Checked, words: dict[str, str]) -> Iterator[str]:
    findings = checked.report.findings
    if checked.site is None:
        yield words["not_elsewhere"]
    if findings.has("NO_TRUSTED_KEY"):
        yield words["not_signed"]
    elif findings.has("NOT_SEALED_YET"):
        yield words["not_sealed"].format(seconds=MAX_MERGE_DELAY_SECONDS)
    yield words["not_person"]
    yield words["not_valid"]


def _date(text: str, locale: str) -> str:
    found: datetime = parse_time(text)
    return moment(found, locale, with_time=True)["text"]


def record_rows(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what a page shows of the record."""
    return {
        "type": facts.get("type"),
        "ts": facts.get("ts"),
        "decisions": {**facts.get("decisions", {}), **facts.get("services", {})},
        "documents": {kind: each["n"] for kind, each in facts.get("documents", {}).items()},
        "profile": facts.get("profile"),
        "leaf": facts.get("leaf"),
    }
