"""Reads a trace of Chromium: how long the banner's script ran, and its longest task.

The page has no script of its own, so what ran is the banner's, save for the probe, whose time is
taken off, and for what the driver evaluates, which has no address.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CATEGORIES = ["-*", "devtools.timeline", "disabled-by-default-devtools.timeline"]
SCRIPT = {
    "EvaluateScript",
    "FireAnimationFrame",
    "FireIdleCallback",
    "FunctionCall",
    "RunMicrotasks",
    "TimerFire",
    "v8.compile",
    "v8.compileModule",
    "v8.evaluateModule",
}
DRAWING = "PrePaint"
PROBE = "bench-probe.js"
LEAST_US = 500
"""What is left of a task without the probe and is shorter than this is not the banner's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Milliseconds; of a task that also draws the page, only what ran in it counts."""

    script: float
    longest_task: float


@dataclass(frozen=True, slots=True)
class _Span:
    name: str
    begin: int
    length: int
    url: str | None

    @property
    def end(self) -> int:
        return self.begin + self.length


def read(content: bytes) -> Trace:
    """Read a trace in Chromium's JSON format."""
    total = longest = 0
    for task, inside in _tasks(_main_thread(json.loads(content)["traceEvents"])):
        scripts = [each for each in inside if each.name in SCRIPT and each.url != ""]
        probe = _length([each for each in scripts if each.url == PROBE])
        ran = _length(scripts) - probe
        if ran < LEAST_US:
            continue
        total += ran
        draws = any(each.name == DRAWING for each in inside)
        longest = max(longest, ran if draws else task.length - probe)
    return Trace(script=total / 1000, longest_task=longest / 1000)


def _main_thread(events: list[dict[str, Any]]) -> Iterator[_Span]:
    """Yield what the pages' main threads did, in order; outer spans before what they hold."""
    threads = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    spans = [
        _Span(each["name"], each["ts"], each["dur"], _address(each))
        for each in events
        if each["ph"] == "X" and (each["pid"], each["tid"]) in threads
    ]
    yield from sorted(spans, key=lambda each: (each.begin, -each.length))


def _address(event: dict[str, Any]) -> str | None:
    """Return the address of a script; empty: it has none; None: the event does not tell."""
    if event["name"] not in ("EvaluateScript", "FunctionCall", "v8.compile"):
        return None
    found: str = event["args"].get("data", {}).get("url") or event["args"].get("fileName", "")
    return found


def _tasks(spans: Iterator[_Span]) -> Iterator[tuple[_Span, list[_Span]]]:
    task: _Span | None = None
    inside: list[_Span] = []
    for span in spans:
        if task and span.begin < task.end:
            inside.append(span)
            continue
        if task:
            yield task, inside
        if span.name == "RunTask":
            task, inside = span, []
    if task:
        yield task, inside


def _length(spans: list[_Span]) -> int:
    """Return how long any of the spans lasted; one inside another counts once."""
    total = end = 0
    for span in spans:
        if span.begin >= end:
            total += span.length
            end = span.end
    return total
