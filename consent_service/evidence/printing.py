"""The report as people read it on a terminal."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from consent_service.evidence.codes import Weight
from consent_service.evidence.findings import Finding
from consent_service.evidence.report import ReceiptReport, Report, Verdict

_WIDTH = 30
_VERDICTS = {
    Verdict.OK: "OK: everything that was checked holds.",
    Verdict.WEAK: "OK BUT WEAK: nothing is wrong, but more could be proved; see above.",
    Verdict.BAD: "BAD: this is not what the log recorded, or cannot be shown to be.",
    Verdict.UNREADABLE: "UNREADABLE: this is no bundle that can be checked.",
}
_HEADS = {Weight.ERROR: "Errors", Weight.WEAK: "Weak points", Weight.WARNING: "Warnings"}
_MENDING = {
    "NO_TRUSTED_KEY": "take the log's key from its operator or from whoever audits it",
    "NO_ANCHOR": "keep the checkpoint of each bundle, and receipts, in a place of your own",
    "STALE": "ask for a new bundle",
}


class Progress:
    """A bar on a terminal; silent anywhere else. A context manager."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()
        self._last = -1

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._last >= 0:
            self._stream.write("\r" + " " * (_WIDTH + 8) + "\r")
            self._stream.flush()

    def tell(self, done: int, total: int) -> None:
        """Show how far the work is."""
        percent = min(100, done * 100 // total) if total else 100
        if self._is_shown and percent != self._last:
            self._last = percent
            filled = percent * _WIDTH // 100
            bar = "#" * filled + "-" * (_WIDTH - filled)
            self._stream.write(f"\r[{bar}] {percent:3d}%")
            self._stream.flush()


def printed(report: Report) -> str:
    """Return a report as text. What a file says cannot steer the terminal."""
    parts = _receipt(report) if isinstance(report, ReceiptReport) else _bundle(report)
    lines = [f"{name + ':':<13}{value}" for name, value in parts]
    for weight, head in _HEADS.items():
        listed = report.listed(weight)
        if listed:
            lines += ["", f"{head}:", *map(_finding, listed), *_rest(report, listed)]
    lines += ["", _VERDICTS[report.verdict]]
    return "\n".join(map(_harmless, lines))


def _harmless(line: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def _bundle(report: Report) -> Iterator[tuple[str, object]]:
    facts = report.facts
    if not facts:
        return
    yield "Log", facts["log"]
    yield "Size", f"{facts['size']} leaves"
    yield "Part", _part(facts["range"])
    if "root" in facts:
        yield "Root", facts["root"]
    yield "Checkpoint", facts.get("time", "at a time that no accepted clock states")
    for name, label in (("signed_by", "Signed by"), ("exported_by", "Exported by")):
        for key in facts.get(name, ()):
            yield label, key
    if facts.get("witnesses"):
        yield "Witnesses", ", ".join(facts["witnesses"])
    if "timestamp" in facts:
        yield "Stamped", facts["timestamp"]
    if "counts" in facts:
        counts = facts["counts"]
        told = f"{counts['events']} events, {counts['control']} control leaves"
        yield "Leaves", f"{told}, {counts['redacted']} without their text"
        yield "Types", _counted(facts["types"])
        yield "Openings", f"{facts['openings']}, {counts['erased_fields']} fields without one"
    for act, reasons in facts.get("gone", {}).items():
        yield act.capitalize(), _counted(reasons)


def _part(part: Mapping[str, Any]) -> str:
    if "indexes" in part:
        return f"{part['indexes']} single leaves"
    if part["whole"]:
        return "the whole log"
    return f"leaves from {part['first']} to below {part['end']}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _receipt(report: Report) -> Iterator[tuple[str, object]]:
    facts = report.facts
    if not facts:
        return
    yield "Log", facts["log"]
    yield "Event", f"{facts['id']}, {facts['type']}"
    yield "Recorded", facts["ts"]
    for name in ("decisions", "services"):
        if name in facts:
            told = (f"{key} {value}" for key, value in facts[name].items())
            yield name.capitalize(), ", ".join(told)
    for kind, document in facts.get("documents", {}).items():
        yield "Document", f"{kind} {document['n']}, SHA-256 {document['sha256']}"
    yield "Notice", f"{facts['notice']['n']}, SHA-256 {facts['notice']['sha256']}"
    for name, value in facts["opened"].items():
        yield name.capitalize(), value
    if "index" in facts:
        at = facts.get("time", "at a time that no given clock states")
        yield "In the log", f"leaf {facts['index']} of {facts['size']}, {at}"


def _finding(finding: Finding) -> str:
    places = [
        finding.file,
        None if finding.line is None else f"line {finding.line}",
        None if finding.index is None else f"leaf {finding.index}",
    ]
    place = ", ".join(each for each in places if each)
    advice = _MENDING.get(finding.code)
    told = f"{place}: {finding.message}" if place else finding.message
    return f"  {finding.code} {told}{f'; {advice}' if advice else ''}"


def _rest(report: Report, listed: list[Finding]) -> Iterator[str]:
    shown: dict[str, int] = {}
    for finding in listed:
        shown[finding.code] = shown.get(finding.code, 0) + 1
    for code, count in shown.items():
        total = report.findings.counts[code]
        if total > count:
            yield f"  {code} and {total - count} more"
