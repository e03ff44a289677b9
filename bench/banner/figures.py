"""The figures of the table: what each is called, how it is told, and what ours has to reach."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bench.banner import pages
from bench.banner.behaviour import FAILURES
from bench.banner.results import Result, Spread

CLOSES = "closes, stores nothing"
WORKS = "works"

Value: TypeAlias = Spread | float | bool | str | None
"""None where the banner has no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row.

    Attributes:
        target: what ours has to reach, in words; empty where the row only informs.
        most: what it may be at most, where the target is a number.
        form: how a number is written.
    """

    name: str
    value: Callable[[Result], Value]
    target: str = ""
    most: float | None = None
    form: str = "{:,.0f}"
    is_met: Callable[[Result], bool] | None = None

    def reached(self, result: Result) -> bool | None:
        """Tell whether a banner reaches the target; None where there is none."""
        if self.is_met:
            return self.is_met(result)
        if self.most is None:
            return None
        value = number(self.value(result))
        return not math.isnan(value) and value <= self.most

    def told(self, result: Result) -> str:
        """Return the figure of a banner in words."""
        value = self.value(result)
        match value:
            case None:
                return "none"
            case bool():
                return "yes" if value else "no"
            case str():
                return value
            case Spread():
                return f"{self.form.format(value.median)} ({self.form.format(value.least)})"
            case _:
                return self.form.format(value + 0.0)


def number(value: Value) -> float:
    """Return a figure as a number to compare; NaN where it is none."""
    if isinstance(value, Spread):
        return value.median
    return float(value) if isinstance(value, int | float) else math.nan


def _axe(place: str) -> Figure:
    def told(result: Result) -> str | None:
        looks = [rules for look, rules in result.behaviour.axe.items() if place in look]
        if not looks:
            return None
        law = sum("WCAG" in rule for rules in looks for rule in rules)
        return f"{law} + {sum(map(len, looks)) - law}"

    return Figure(
        name=f"axe, {place}: WCAG + best practice",
        value=told,
        target="0 + 0",
        is_met=lambda result: told(result) == "0 + 0",
    )


def _fact(name: str, value: Callable[[Result], bool]) -> Figure:
    return Figure(name=name, value=value, target="yes", is_met=value)


def _escape(result: Result) -> str | None:
    wrong = result.behaviour.escape
    return wrong if wrong is None else wrong or CLOSES


def _policy(seen: list[str]) -> str:
    """Return what does not work at all, else what is violated."""
    failed = [each for each in seen if each in FAILURES]
    return ", ".join(dict.fromkeys(failed or seen)) or WORKS


def _other_tab(result: Result) -> Value:
    gone = result.behaviour.other_tab
    return "stays" if gone is None else gone


def _tabs(result: Result) -> Value:
    tabs = result.behaviour.tabs
    return "not in 40" if tabs is None else float(tabs)


def _writes(result: Result) -> str:
    return ", ".join(dict.fromkeys(result.behaviour.writes)) or "nothing"


SIZE = (
    Figure(
        name="requests that it needs to be seen", value=lambda r: r.requests, target="1", most=1
    ),
    Figure(name="bytes", value=lambda r: r.sizes.raw),
    Figure(name="bytes, gzip", value=lambda r: r.sizes.gzip),
    Figure(name="bytes, brotli", value=lambda r: r.sizes.brotli, target="≤ 6,000", most=6000),
)
SPEED = (
    Figure(name="seen, ms", value=lambda r: r.visible),
    Figure(name="settled, ms", value=lambda r: r.settled, target="≤ 800", most=800),
    Figure(
        name="settled after the first paint, ms", value=lambda r: r.lag, target="≤ 200", most=200
    ),
    Figure(name="largest contentful paint, ms", value=lambda r: r.largest_paint),
    Figure(
        name="is the largest paint (on a page of text)",
        value=lambda r: f"{_yes(r.is_largest)} ({_yes(r.is_largest_on_text)})",
        target="no (no)",
        is_met=lambda r: not (r.is_largest or r.is_largest_on_text),
    ),
    Figure(name="layout shift", value=lambda r: r.shifts, target="0", most=0, form="{:.3f}"),
    Figure(name="blocking time added, ms", value=lambda r: r.blocking_added, target="0", most=0),
    Figure(name="longest task, ms", value=lambda r: r.longest_task, target="≤ 50", most=50),
    Figure(name="script, ms", value=lambda r: r.script_added, target="≤ 40", most=40),
    Figure(name="elements added", value=lambda r: r.elements_added, target="≤ 25", most=25),
    Figure(name="click until gone, ms", value=lambda r: r.gone, target="≤ 25", most=25),
    Figure(name="click until stored, ms", value=lambda r: r.stored, target="≤ 15", most=15),
    Figure(name="interaction to next paint, ms", value=lambda r: r.delay, target="≤ 24", most=24),
)
BEHAVIOUR = (
    _axe("banner"),
    _axe("preferences"),
    Figure(name="Tab from the page's top to Reject", value=_tabs, target="≤ 2", most=2),
    _fact("visible focus ring", lambda r: r.behaviour.is_ringed),
    Figure(
        name="Escape in the preferences",
        value=_escape,
        target=CLOSES,
        is_met=lambda r: _escape(r) == CLOSES,
    ),
    _fact("focus goes back where it was", lambda r: r.behaviour.focus_after == pages.INSIDE),
    Figure(
        name="strict Content-Security-Policy",
        value=lambda r: _policy(r.behaviour.strict),
        target=WORKS,
        is_met=lambda r: not r.behaviour.strict,
    ),
    Figure(
        name="Trusted Types",
        value=lambda r: _policy(r.behaviour.trusted),
        target=WORKS,
        is_met=lambda r: not r.behaviour.trusted,
    ),
    Figure(
        name="animation with reduced motion, ms",
        value=lambda r: r.behaviour.moving,
        target="0",
        most=0,
    ),
    _fact("mirrored right to left", lambda r: r.behaviour.is_mirrored),
    _fact("dark where that is preferred", lambda r: r.behaviour.is_dark),
    Figure(
        name="covers of 360x640",
        value=lambda r: r.behaviour.covers[0],
        target="≤ 35%",
        most=0.35,
        form="{:.0%}",
    ),
    _fact("both buttons in view at 320x256", lambda r: r.behaviour.is_in_view),
    Figure(
        name="smallest side of a button, px",
        value=lambda r: r.behaviour.least_target,
        target="≥ 44",
        is_met=lambda r: r.behaviour.least_target >= 44,
    ),
    _fact("Accept and Reject alike", lambda r: r.behaviour.are_buttons_equal),
    Figure(name="another tab's banner gone after, ms", value=_other_tab, target="≤ 100", most=100),
    _fact("tells that it honours Global Privacy Control", lambda r: r.behaviour.is_signal_shown),
    Figure(
        name="writes before any choice",
        value=_writes,
        target="nothing",
        is_met=lambda r: not r.behaviour.writes,
    ),
)
GROUPS = {"Size": SIZE, "Speed": SPEED, "Behaviour": BEHAVIOUR}


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
