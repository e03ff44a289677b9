"""The command line: arguments in, a report out, the verdict as the exit code."""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from consent_service.core.notes import NoteError, Verifier, parse_verifier_key
from consent_service.evidence.anchors import (
    BYTE_ORDER_MARK,
    MAX_ANCHOR,
    WINDOWS_LINE_ENDS,
    Anchor,
    AnchorError,
    read_anchors,
)
from consent_service.evidence.bundle import verify_bundle
from consent_service.evidence.options import Options
from consent_service.evidence.policy import Policy, PolicyError, parse_policy
from consent_service.evidence.printing import Progress, printed
from consent_service.evidence.receipts import MAX_FILE, read_jwks
from consent_service.evidence.report import EXIT_CODES, Report, Verdict
from consent_service.evidence.single import verify_receipt

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MOST_PROCESSES = 8
_EXITS = "Exit codes: 0 ok; 1 the evidence is bad; 2 unreadable, or wrong arguments; 3 ok but weak"
_BUNDLE_HELP = """\
Check a bundle offline: every file, every leaf, every signature. Nothing is sent anywhere.

Name a key that you trust (--vkey or --policy) and what you kept from earlier (--anchor):
without the first a bundle vouches for itself, without the second a history that was
rewritten as a whole does not show.

To check a single receipt: verify receipt RECEIPT [PROOF], see verify receipt --help.
"""
_BUNDLE_EXAMPLES = f"""\
Examples:
  %(prog)s shop.zip --vkey 'log-1a2b/shop/1+0f3c…+AX…'
  %(prog)s shop.zip --policy policy.txt --anchor checkpoint-june --anchor receipt.json
  %(prog)s shop.zip --policy policy.txt --max-age 24h --json

{_EXITS}
"""
_RECEIPT_HELP = """\
Check a receipt offline: a JWS, or the JSON file that the preference page hands out.

Its signature is checked by the keys in --jwks, the proof that the log holds its event by
the keys in --vkey or --policy.
"""
_RECEIPT_EXAMPLES = f"""\
Examples:
  %(prog)s receipt.json --jwks jwks.json --vkey 'log-1a2b/shop/1+0f3c…+AX…'
  %(prog)s receipt.jws event.tlog-proof --policy policy.txt

{_EXITS}
"""


class UsageError(ValueError):
    """Arguments that name something unreadable."""


def run(arguments: Sequence[str], program: str = "consent-verify") -> int:
    """Check what the arguments name; return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    is_receipt = arguments[:1] == ["receipt"]
    parser = _receipt_parser(program) if is_receipt else _bundle_parser(program)
    chosen = parser.parse_args(arguments[1:] if is_receipt else arguments)
    try:
        report = _receipt(chosen) if is_receipt else _bundle(chosen)
    except UsageError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return EXIT_CODES[Verdict.UNREADABLE]
    as_json = json.dumps(report.to_json(), indent=1, sort_keys=True) if chosen.json else None
    sys.stdout.write(f"{as_json or printed(report)}\n")
    return report.exit_code


def _bundle_parser(program: str) -> argparse.ArgumentParser:
    parser = _parser(program, _BUNDLE_HELP, _BUNDLE_EXAMPLES)
    add = parser.add_argument
    add("bundle", metavar="BUNDLE", type=Path, help="the ZIP file")
    add(
        "--anchor",
        action="append",
        default=[],
        metavar="FILE",
        type=Path,
        help="a checkpoint or a receipt that you kept; may be given several times",
    )
    add("--min-size", type=_count, default=0, metavar="N", help="leaves that the log must have")
    add("--max-age", type=_age, metavar="AGE", help="of the checkpoint, like 90s, 30m, 24h, 7d")
    add("--tsa-ca", type=Path, metavar="PEM", help="certificate of the time stamp's authority")
    add("--processes", type=_count, default=None, metavar="N", help="share the work among so many")
    return parser


def _receipt_parser(program: str) -> argparse.ArgumentParser:
    parser = _parser(f"{program} receipt", _RECEIPT_HELP, _RECEIPT_EXAMPLES)
    add = parser.add_argument
    add("receipt", metavar="RECEIPT", type=Path, help="a JWS, or a file consent-receipt/1")
    add("proof", metavar="PROOF", type=Path, nargs="?", help="its tlog-proof, if it is apart")
    add("--jwks", type=Path, metavar="FILE", help="the keys of receipts, as the service shows them")
    return parser


def _parser(program: str, description: str, examples: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--vkey",
        action="append",
        default=[],
        metavar="KEY",
        help="a verifier key that you trust; may be given several times",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="a C2SP tlog-policy with trusted keys"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _bundle(chosen: argparse.Namespace) -> Report:
    processes = chosen.processes or min(_MOST_PROCESSES, _processors())
    with Progress(sys.stderr) as progress:
        options = Options(
            verifiers=_verifiers(chosen),
            policy=_policy(chosen),
            anchors=[anchor for path in chosen.anchor for anchor in _anchors(path)],
            min_size=chosen.min_size,
            max_age=chosen.max_age,
            authority=_read(chosen.tsa_ca, MAX_FILE) if chosen.tsa_ca else None,
            processes=processes,
            tell=progress.tell,
        )
        try:
            return verify_bundle(chosen.bundle, options)
        except OSError as error:
            raise UsageError(f"{chosen.bundle}: {error.strerror or error}") from error


def _processors() -> int:
    """Return how many processors this process may use; where nothing tells, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _receipt(chosen: argparse.Namespace) -> Report:
    keys = None
    if chosen.jwks:
        try:
            keys = read_jwks(_text(chosen.jwks, MAX_FILE))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{chosen.jwks}: {error}") from error
    return verify_receipt(
        _text(chosen.receipt, MAX_FILE),
        _proof(chosen.proof) if chosen.proof else None,
        receipt_keys=keys,
        verifiers=_verifiers(chosen),
        policy=_policy(chosen),
    )


def _verifiers(chosen: argparse.Namespace) -> list[Verifier]:
    try:
        return [parse_verifier_key(key) for key in chosen.vkey]
    except NoteError as error:
        raise UsageError(f"--vkey: {error}") from error


def _policy(chosen: argparse.Namespace) -> Policy | None:
    if chosen.policy is None:
        return None
    try:
        return parse_policy(_text(chosen.policy, MAX_FILE))
    except PolicyError as error:
        raise UsageError(f"{chosen.policy}: {error}") from error


def _anchors(path: Path) -> list[Anchor]:
    try:
        return read_anchors(str(path), _text(path, MAX_ANCHOR))
    except AnchorError as error:
        raise UsageError(f"{path}: {error} ({error.code})") from error


def _proof(path: Path) -> str:
    proof = _text(path, MAX_FILE)
    if "\r\n" in proof:
        raise UsageError(f"{path}: {WINDOWS_LINE_ENDS}")
    return proof


def _text(path: Path, limit: int) -> str:
    try:
        content = _read(path, limit).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8") from error
    if content.startswith(BYTE_ORDER_MARK):
        raise UsageError(f"{path}: begins with a byte order mark; keep the file as it was made")
    return content


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    if len(content) > limit:
        raise UsageError(f"{path}: larger than {limit} bytes")
    return content


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"not a number: {text[:20]!r}")
    return int(text)


def _age(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError("write an age like 90s, 30m, 24h or 7d")
    return int(found[1]) * _UNITS[found[2]]
