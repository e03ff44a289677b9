"""Writes what a run found out: a table for the documentation, a short one for the README."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.banner.figures import BEHAVIOUR, GROUPS, SIZE, SPEED, Figure
from bench.banner.pages import HERE
from bench.banner.results import Result

SHORT = (
    "bytes, brotli",
    "settled, ms",
    "script, ms",
    "click until gone, ms",
    "axe, banner: WCAG + best practice",
    "axe, preferences: WCAG + best practice",
    "strict Content-Security-Policy",
    "Trusted Types",
    "focus goes back where it was",
    "another tab's banner gone after, ms",
)
MARKS = re.compile(r"(<!-- banner-bench -->\n).*?(<!-- /banner-bench -->)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """When and where was measured, and what came out."""

    date: str
    machine: str
    browser: str
    loads: int
    kept: int
    traces: int
    results: Sequence[Result]


def document(run: Run) -> str:
    """Return the page of the documentation."""
    facts = {
        name: getattr(run, name)
        for name in ("date", "machine", "browser", "loads", "kept", "traces")
    }
    parts = [(HERE / "method.md").read_text().format(**facts)]
    for group, figures in GROUPS.items():
        parts.append(f"## {group}\n\n" + "\n".join(_table(figures, run.results)) + "\n")
    parts.append("![The main figures as bars](banner-bench.png)\n")
    return "\n".join(parts)


def short_table(run: Run) -> str:
    """Return the main rows."""
    figures = [each for each in (*SIZE, *SPEED, *BEHAVIOUR) if each.name in SHORT]
    return "\n".join(_table(figures, run.results)) + "\n"


def put_into(page: Path, table: str) -> None:
    """Replace what stands between the marks of a page."""
    text, count = MARKS.subn(lambda found: f"{found[1]}{table}{found[2]}", page.read_text())
    if count != 1:
        message = f"{page} needs one pair of marks <!-- banner-bench --> <!-- /banner-bench -->"
        raise ValueError(message)
    page.write_text(text)


def misses(run: Run) -> Iterator[str]:
    """Yield a line for each target that ours misses, and each rival with preferences ahead of it.

    A rival counts as ahead where it reaches a target that ours misses.
    """
    ours, *others = run.results
    for figure in (*SIZE, *SPEED, *BEHAVIOUR):
        if figure.reached(ours) is False:
            ahead = [each.peer.name for each in others if each.peer.choose and figure.reached(each)]
            told = f"{figure.name}: {figure.told(ours)}, target {figure.target}"
            yield f"{told}; reached by {', '.join(ahead)}" if ahead else told


def _table(figures: Sequence[Figure], results: Sequence[Result]) -> Iterator[str]:
    yield _row(["", "target", *(_title(each) for each in results)])
    yield _row(["---"] * (len(results) + 2))
    for figure in figures:
        cells = [_cell(figure, each) for each in results]
        yield _row([figure.name, figure.target, *cells])


def _title(result: Result) -> str:
    return f"{result.peer.name} {result.version}".strip()


def _cell(figure: Figure, result: Result) -> str:
    told = figure.told(result)
    if figure.reached(result):
        return f"**{told}**"
    is_missed = not result.peer.package and figure.reached(result) is False
    return f"{told} ✗" if is_missed else told


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
