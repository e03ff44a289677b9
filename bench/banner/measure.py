"""Loads the page as a slow phone does, and measures what the banner adds.

Mobile 412x823 at 1.75, 1.6 Mbps down, 150 ms for each request, processor slowed 4 times, a fresh
context for each load. Script is measured in loads of its own, because tracing takes time.
"""

import math
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Response

from bench.banner import tracing
from bench.banner.pages import Peer, View, script
from bench.banner.servers import Place
from bench.servers import TICKS, cpu_seconds

PHONE = {
    "viewport": {"width": 412, "height": 823},
    "device_scale_factor": 1.75,
    "is_mobile": True,
    "has_touch": False,
    "locale": "en",
}
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWED = 4
PATIENCE_MS = 30_000
QUIET_MS = 450
SEEN = """() => ({
    ...benchProbe.seen,
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    answers: performance.getEntriesByType("resource").map((one) => [one.name, one.responseEnd]),
})"""
PAGE_OWN = re.compile(r"/(article/\w*|article\.css|hero\.png|icon\.svg)(\?|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one load showed; times in milliseconds, None where there is no banner.

    Attributes:
        settled: when the banner was opaque and stood where it stood a frame before.
        blocking: what tasks took beyond 50 ms each, after the first paint.
        gone: from the click on Accept to the first frame without the banner.
        stored: from that click until the answer was in a cookie or in local storage.
        delay: of that click, as Interaction to Next Paint counts it.
        requests: what was answered before the banner was seen, besides the page's own files.
        other_load: processors that others kept busy meanwhile.
    """

    visible: float | None
    settled: float | None
    first_paint: float
    largest_paint: float
    is_banner_largest: bool
    shifts: float
    blocking: float
    elements: int
    gone: float | None
    stored: float | None
    delay: float | None
    requests: int
    files: dict[str, bytes]
    other_load: float


def load(browser: Browser, place: Place, view: View) -> Load:
    """Load the page once, accept where there is a banner, and tell what was seen."""
    with _others() as others, _phone(browser) as page:
        answers: list[Response] = []

        def keep(answer: Response) -> None:
            answers.append(answer)

        page.on("response", keep)
        _open(page, place, view)
        elements = page.evaluate("benchProbe.count()")
        files = {one.url: one.body() for one in answers if _is_part(one)}
        if view.peer:
            _accept(page, view.peer)
        seen = page.evaluate(SEEN)
    return _load(seen, elements=elements, files=files, other_load=others.used)


def traced(browser: Browser, place: Place, view: View) -> tracing.Trace:
    """Load the page once under a trace."""
    with _phone(browser) as page:
        browser.start_tracing(page=page, categories=tracing.CATEGORIES)
        try:
            _open(page, place, view)
        finally:
            content = browser.stop_tracing()
    return tracing.read(content)


def _open(page: Page, place: Place, view: View) -> None:
    page.add_init_script(script("probe.js", view.peer, QUIET_MS))
    with page.expect_console_message(_says("quiet"), timeout=PATIENCE_MS):
        page.goto(place.address(view), wait_until="commit")


def _is_part(answer: Response) -> bool:
    kind = answer.request.resource_type
    return kind in ("script", "stylesheet", "font", "image") and not PAGE_OWN.search(answer.url)


def _load(
    seen: dict[str, Any], *, elements: int, files: dict[str, bytes], other_load: float
) -> Load:
    largest: tuple[float, bool] = max(seen["paints"], default=(0.0, False))
    until = seen.get("visible") or math.inf
    answered = [url for url, at in seen["answers"] if at <= until and not PAGE_OWN.search(url)]
    return Load(
        visible=seen.get("visible"),
        settled=seen.get("settled"),
        first_paint=seen["paint"],
        largest_paint=largest[0],
        is_banner_largest=largest[1],
        shifts=seen["shifts"],
        blocking=sum(max(0, task - 50) for at, task in seen["tasks"] if at >= seen["paint"]),
        elements=elements,
        gone=seen.get("gone"),
        stored=seen.get("stored"),
        delay=max(seen["inputs"], default=None),
        requests=len(answered),
        files=files,
        other_load=other_load,
    )


def _accept(page: Page, peer: Peer) -> None:
    """Press Accept at its place on the screen."""
    box = page.locator(peer.accept).first.bounding_box()
    if box is None:
        sys.exit(f"{peer.name}: nothing is at {peer.accept}")
    page.evaluate("benchProbe.untilGone()")
    with page.expect_console_message(_says("gone"), timeout=PATIENCE_MS):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def _says(word: str) -> Any:
    return lambda message: message.text == f"bench: {word}"


@contextmanager
def _phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        yield page
    finally:
        context.close()


@dataclass(slots=True)
class _Others:
    used: float = 0.0


@contextmanager
def _others() -> Iterator[_Others]:
    """Measure how many processors others kept busy meanwhile, by what the system counts."""
    found = _Others()
    begun, busy, own = time.monotonic(), _busy(), cpu_seconds(os.getpid())
    yield found
    others = _busy() - busy - (cpu_seconds(os.getpid()) - own)
    found.used = max(0.0, others) / (time.monotonic() - begun)


def _busy() -> float:
    """Return the seconds that all processors worked since the machine began."""
    fields = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / TICKS
