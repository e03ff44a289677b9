"""The benchmark of the banner counts what it says it counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.banner import pages, report, results, tracing
from bench.banner.figures import Figure
from bench.banner.measure import Load

MAIN = {"pid": 1, "tid": 2}


def trace(*spans: tuple[str, int, int, dict[str, Any]]) -> tracing.Trace:
    named = {"ph": "M", "name": "thread_name", "args": {"name": "CrRendererMain"}, **MAIN}
    events = [
        {"ph": "X", "name": name, "ts": begin, "dur": length, "args": arguments, **MAIN}
        for name, begin, length, arguments in spans
    ]
    return tracing.read(json.dumps({"traceEvents": [named, *events]}).encode())


def call(url: str) -> dict[str, Any]:
    return {"data": {"url": url}}


def load(other_load: float) -> Load:
    return Load(
        visible=None,
        settled=None,
        first_paint=0,
        largest_paint=0,
        is_banner_largest=False,
        shifts=0,
        blocking=0,
        elements=0,
        gone=None,
        stored=None,
        delay=None,
        requests=0,
        files={},
        other_load=other_load,
    )


def test_script_inside_script_counts_once_and_the_probe_not_at_all() -> None:
    seen = trace(
        ("RunTask", 0, 60_000, {}),
        ("TimerFire", 1_000, 50_000, {}),
        ("FunctionCall", 2_000, 30_000, call("https://x.example/banner.js")),
        ("FunctionCall", 40_000, 5_000, call(tracing.PROBE)),
        ("RunTask", 70_000, 20_000, {}),
        ("FunctionCall", 70_000, 20_000, call(tracing.PROBE)),
        ("RunTask", 100_000, 20_000, {}),
        ("EvaluateScript", 100_000, 20_000, call("")),
    )
    assert seen == tracing.Trace(script=45.0, longest_task=55.0)


def test_of_a_task_that_draws_the_page_only_the_script_counts() -> None:
    seen = trace(
        ("RunTask", 0, 90_000, {}),
        ("FireAnimationFrame", 0, 10_000, {}),
        ("PrePaint", 20_000, 30_000, {}),
    )
    assert seen == tracing.Trace(script=10.0, longest_task=10.0)


def test_what_other_threads_do_does_not_count() -> None:
    named = {"ph": "M", "name": "thread_name", "args": {"name": "Compositor"}, **MAIN}
    spans: list[dict[str, Any]] = [
        {"ph": "X", "name": name, "ts": 0, "dur": 9_000, "args": {}, **MAIN}
        for name in ("RunTask", "TimerFire")
    ]
    content = json.dumps({"traceEvents": [named, *spans]}).encode()
    assert tracing.read(content) == tracing.Trace(script=0.0, longest_task=0.0)


def test_the_quietest_seven_of_nine_loads_count() -> None:
    kept = results.quietest([load(busy) for busy in (0.9, 0, 0.1, 0.2, 0.3, 0.8, 0.4, 0.5, 0.6)])
    assert [one.other_load for one in kept] == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


@pytest.mark.parametrize(("value", "reached"), [(25.0, True), (25.1, False), (None, False)])
def test_a_target_is_reached_at_its_limit(value: float | None, reached: bool) -> None:
    figure = Figure(name="ms", value=lambda _: value, target="≤ 25", most=25)
    assert figure.reached(None) is reached  # type: ignore[arg-type]


def test_inline_settings_pass_the_policy_by_their_hash_and_ours_by_its_address() -> None:
    peers = {peer.key: peer for peer in pages.read_peers()}
    for key, expected in (("orejime", "'sha256-"), ("ours", "http://127.0.0.1:1")):
        view = pages.View(peer=peers[key], policy="strict")
        page = pages.render(view, "http://127.0.0.1:1")
        assert expected in pages.policy(view, page, "http://127.0.0.1:1")
    assert "unsafe" not in pages.policy(view, page, "http://127.0.0.1:1")


def test_the_page_without_a_banner_has_no_script() -> None:
    page = pages.render(pages.View(peer=None), "http://127.0.0.1:1")
    assert "<script" not in page
    assert "{" not in page


def test_a_table_goes_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- banner-bench -->\nold\n<!-- /banner-bench -->\nb\n")
    report.put_into(page, "| new |\n")
    marked = "<!-- banner-bench -->\n| new |\n<!-- /banner-bench -->"
    assert page.read_text() == f"a\n{marked}\nb\n"
    page.write_text("no marks\n")
    with pytest.raises(ValueError, match="marks"):
        report.put_into(page, "| new |\n")
