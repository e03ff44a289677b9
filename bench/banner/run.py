"""Measures this banner beside others in one run; writes docs/banner-bench.md and its picture.

Machines are shared and noisy: run it when nothing else runs, and compare within one run.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from playwright.sync_api import Browser

from bench.banner import behaviour, measure, pages, picture, report, results, servers, tracing
from bench.banner.visitor import chromium

ROOT = pages.HERE.parent.parent
LOADS = 9
TRACES = 3
SIDE_BY_SIDE = 2
"""Browsers at once where no time is measured under throttle."""


def main() -> None:
    """Measure everything and write it down."""
    options = _options()
    peers = pages.read_peers()
    with servers.everything(peers) as place:
        run = _run(place, peers, options.loads)
    with chromium() as browser:
        image = picture.draw(browser, run.results)
    options.into.mkdir(parents=True, exist_ok=True)
    (options.into / "banner-bench.md").write_text(report.document(run))
    (options.into / "banner-bench.png").write_bytes(image)
    (pages.HERE / "results.json").write_text(json.dumps(asdict(run), indent=2, default=str))
    if options.into == ROOT / "docs":
        report.put_into(ROOT / "README.md", report.short_table(run))
    print(*report.misses(run), sep="\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=LOADS, help="of each page, under throttle")
    parser.add_argument("--into", type=Path, default=ROOT / "docs", help="where the table goes")
    return parser.parse_args()


def _run(place: servers.Place, peers: Sequence[pages.Peer], loads: int) -> report.Run:
    with chromium() as browser:
        measured = _measure(browser, place, peers, loads)
        texts = [
            measure.load(browser, place, pages.View(peer=peer, has_hero=False)) for peer in peers
        ]
        version = browser.version.partition(".")[0]
    _say("behaviour")
    with ProcessPoolExecutor(SIDE_BY_SIDE, mp_context=get_context("spawn")) as pool:
        seen = pool.map(partial(behaviour.look, place), peers)
        found = [
            results.result(
                peer, _version(peer), measured[peer.key], bare=measured[None], text=text, seen=look
            )
            for peer, text, look in zip(peers, texts, seen, strict=True)
        ]
    return report.Run(
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        machine=_machine(),
        browser=f"Chromium {version}",
        loads=loads,
        kept=len(results.quietest(measured[None].loads)),
        traces=TRACES,
        results=found,
    )


def _measure(
    browser: Browser, place: servers.Place, peers: Sequence[pages.Peer], loads: int
) -> dict[str | None, results.Measured]:
    """Load all forms of the page in turn, so that what disturbs a while disturbs all alike."""
    views = [pages.View(peer=peer) for peer in (None, *peers)]
    for view in views[:2]:
        measure.load(browser, place, view)  # the first ones meet empty caches
    timed: list[list[measure.Load]] = [[] for _ in views]
    traced: list[list[tracing.Trace]] = [[] for _ in views]
    for turn in range(loads):
        _say(f"load {turn + 1} of {loads}")
        for view, kept in zip(views, timed, strict=True):
            kept.append(measure.load(browser, place, view))
    for _ in range(TRACES):
        for view, traces in zip(views, traced, strict=True):
            traces.append(measure.traced(browser, place, view))
    return {
        view.peer.key if view.peer else None: results.Measured(loads=one, traces=other)
        for view, one, other in zip(views, timed, traced, strict=True)
    }


def _version(peer: pages.Peer) -> str:
    if not peer.package:
        return ""
    return str(json.loads((pages.MODULES / peer.package / "package.json").read_text())["version"])


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} processors ({models[0] if models else os.uname().machine})"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
