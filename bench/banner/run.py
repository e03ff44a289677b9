"""Measures this banner beside others in one run; writes docs/banner-bench.md and its picture.

Machines are shared and noisy: run it when nothing else runs, and compare within one run.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.banner import behaviour, measure, pages, picture, report, results, servers, tracing
from tests.browser.conftest import ARGUMENTS, chromium_path

ROOT = pages.HERE.parent.parent
LOADS = 9
TRACES = 3


def main() -> None:
    """Measure everything and write it down."""
    options = _options()
    peers = pages.read_peers()
    with servers.everything(peers) as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        run = _run(browser, place, peers, options.loads)
        image = picture.draw(browser, run.results)
        browser.close()
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


def _run(
    browser: Browser, place: servers.Place, peers: Sequence[pages.Peer], loads: int
) -> report.Run:
    measured = _measure(browser, place, peers, loads)
    bare = measured[None]
    found = []
    for peer in peers:
        _say(f"behaviour: {peer.name}")
        text = measure.load(browser, place, pages.View(peer=peer, has_hero=False))
        seen = behaviour.look(browser, place, peer)
        found.append(
            results.result(
                peer, _version(peer), measured[peer.key], bare=bare, text=text, seen=seen
            )
        )
    return report.Run(
        date=datetime.now(UTC).strftime("%-d %B %Y"),
        machine=_machine(),
        browser=f"Chromium {browser.version.split('.')[0]}",
        loads=loads,
        kept=len(results.quietest(bare.loads)),
        traces=TRACES,
        results=found,
    )


def _measure(
    browser: Browser, place: servers.Place, peers: Sequence[pages.Peer], loads: int
) -> dict[str | None, results.Measured]:
    """Load all forms of the page in turn, so that what disturbs a while disturbs all alike."""
    views = [pages.View(peer=peer) for peer in (None, *peers)]
    for view in views:
        measure.load(browser, place, view)
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
