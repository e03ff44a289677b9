"""Looks how a banner behaves: keyboard, policies, accessibility, other tabs, small windows.

On a desktop, at full speed.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from bench.banner.pages import INSIDE, Peer
from bench.banner.servers import Place
from bench.banner.visitor import BLOCKED_MS, Visitor, chromium

PHONE = {"width": 360, "height": 640}
MAGNIFIED = {"width": 320, "height": 256}
MOST_TABS = 40
NO_BANNER, NO_PREFERENCES = FAILURES = ("no banner", "no preferences")
MIRROR_PX = 16
ALIKE = 0.05
SIGNAL = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "right to left": {"direction": "rtl"},
    "320 px": {"viewport": {"width": 320, "height": 640}},
}


def axe(visitor: Visitor) -> dict[str, list[str]]:
    """Return what axe finds in the banner and in the preferences, by place and look."""
    found = {}
    for look, options in LOOKS.items():
        with visitor.page(**options) as page:
            found[f"banner, {look}"] = _findings(page)
            if visitor.peer.choose:
                visitor.open_preferences(page)
                found[f"preferences, {look}"] = _findings(page)
    return found


def _findings(page: Page) -> list[str]:
    """Return one line for each element that breaks a rule."""
    violations = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']} ({'best practice' if 'best-practice' in each['tags'] else 'WCAG'})"
        for each in violations
        for _ in each["nodes"]
    ]


def keyboard(visitor: Visitor) -> dict[str, Any]:
    """Go to Reject by Tab; then reject from a link inside the text, and see where one is."""
    with visitor.page() as page:
        tabs = next((n for n in range(1, MOST_TABS) if _tabs_to_reject(visitor, page)), None)
        is_ringed = tabs is not None and visitor.ask(page, "isRinged()")
    with visitor.page() as page:
        page.locator(f"#{INSIDE}").focus()
        page.locator(visitor.peer.reject).first.focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        focus = visitor.ask(page, "focused()")
    return {"tabs": tabs, "is_ringed": is_ringed, "focus_after": focus}


def _tabs_to_reject(visitor: Visitor, page: Page) -> bool:
    page.keyboard.press("Tab")
    return visitor.focuses(page, visitor.peer.reject)


def escape(visitor: Visitor) -> str | None:
    """Close the preferences by Escape; tell what goes wrong, None where there are none."""
    if not visitor.peer.choose:
        return None
    with visitor.page() as page:
        before = visitor.ask(page, "kept()")
        visitor.open_preferences(page)
        page.keyboard.press("Escape")
        page.wait_for_timeout(500)
        if page.locator(visitor.peer.preferences).first.is_visible():
            return "stays open"
        if visitor.ask(page, "kept()") != before:
            return "stores a choice"
        return "" if visitor.focuses(page, visitor.peer.choose) else "loses the focus"


def under_policy(visitor: Visitor, policy: str) -> list[str]:
    """Use the banner under a Content-Security-Policy; return violations and what fails."""
    failed = []
    with visitor.context() as context:
        context.set_default_timeout(BLOCKED_MS)
        with suppress(PlaywrightError):
            visitor.open(context, policy=policy)
        page = context.pages[0]
        if not page.evaluate("!!benchProbe.look()"):
            failed.append(NO_BANNER)
        if visitor.peer.choose and not failed:
            try:
                visitor.open_preferences(page)
            except PlaywrightError:
                failed.append(NO_PREFERENCES)
            page.keyboard.press("Escape")
        return [*failed, *page.evaluate("benchProbe.seen.violations")]


def other_tab(visitor: Visitor) -> float | None:
    """Accept in one tab; return after how many ms the banner of the other is gone, or None."""
    with visitor.context() as context:
        first, second = visitor.open(context), visitor.open(context)
        second.evaluate("benchProbe.watchGone()")
        first.bring_to_front()
        first.evaluate("addEventListener('click', () => (window.at = Date.now()), {capture: true})")
        first.locator(visitor.peer.accept).first.click()
        first.wait_for_timeout(700)
        gone = second.evaluate("benchProbe.seen.goneAt")
        return gone and float(gone - first.evaluate("at"))


def motion(visitor: Visitor) -> float:
    """Return the longest animation of coming and going where less motion is wanted, in ms."""
    with visitor.context(reduced_motion="reduce") as context:
        context.add_init_script("benchProbe.isSlow = true")
        page = visitor.open(context)
        page.evaluate("benchProbe.untilGone()")
        with (
            suppress(PlaywrightError),
            page.expect_console_message(lambda message: message.text == "bench: gone"),
        ):
            page.locator(visitor.peer.reject).first.click()
        return float(page.evaluate("benchProbe.seen.moving"))


def mirrored(visitor: Visitor) -> bool:
    """True where the banner and its buttons stand as far from the other side, right to left."""
    sides = {}
    for direction in ("ltr", "rtl"):
        with visitor.page(direction=direction) as page:
            sides[direction] = visitor.ask(page, "sides()")
    pairs = zip(sides["ltr"]["places"], sides["rtl"]["places"], strict=True)
    turned = sides["rtl"]["direction"] == "rtl"
    return turned and all(abs(one - other) <= MIRROR_PX for one, other in pairs)


def dark(visitor: Visitor) -> bool:
    """True where the banner is dark for those who want it, and light for others."""
    seen = []
    for scheme in ("dark", "light"):
        with visitor.page(color_scheme=scheme) as page:
            seen.append(visitor.ask(page, "isDark()"))
    return seen == [True, False]


def windows(visitor: Visitor) -> dict[str, Any]:
    """Look at the banner in small windows."""
    with visitor.page(viewport=PHONE) as page:
        on_phone = visitor.ask(page, "covers()")
        buttons = visitor.ask(page, "buttons()")
    with visitor.page(viewport=MAGNIFIED) as page:
        magnified, in_view = visitor.ask(page, "covers()"), visitor.ask(page, "inView()")
    sizes = [buttons[name][side] for name in ("accept", "reject") for side in ("width", "height")]
    return {
        "covers": [on_phone, magnified],
        "is_in_view": in_view,
        "least_target": min(sizes),
        "are_buttons_equal": _alike(buttons["accept"], buttons["reject"]),
    }


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    sizes = all(abs(one[side] / other[side] - 1) <= ALIKE for side in ("width", "height"))
    return sizes and one["look"] == other["look"]


def signal(visitor: Visitor) -> dict[str, Any]:
    """Come with Global Privacy Control: what is written before any choice, is it said?"""
    with visitor.context(extra_http_headers={"Sec-GPC": "1"}) as context:
        context.add_init_script(SIGNAL)
        page = visitor.open(context)
        writes = page.evaluate("benchProbe.seen.writes")
        text = page.locator(visitor.peer.banner).first.inner_text()
    return {
        "writes": [f"{kind} {name}" for _, kind, name in writes],
        "is_signal_shown": "opt-out" in text.lower(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What was seen of one banner.

    Attributes:
        tabs: how often Tab is pressed from the top of the page to Reject.
        focus_after: where the focus is once somebody who was on a link has rejected.
        escape: what goes wrong when Escape closes the preferences.
        strict, trusted: violations of either policy, and what does not work under it.
        other_tab: ms until the banner of another tab is gone; None: it stays.
        moving: ms of the longest animation where less motion is wanted.
        covers: share of a phone's window, and of a magnified one.
        least_target: the shortest side of Accept and Reject, in CSS pixels.
        writes: what is written before any choice.
    """

    axe: dict[str, list[str]]
    tabs: int | None
    is_ringed: bool
    focus_after: str
    escape: str | None
    strict: list[str]
    trusted: list[str]
    other_tab: float | None
    moving: float
    is_mirrored: bool
    is_dark: bool
    covers: list[float]
    is_in_view: bool
    least_target: float
    are_buttons_equal: bool
    writes: list[str]
    is_signal_shown: bool


def look(place: Place, peer: Peer) -> Behaviour:
    """Look at everything, in a browser of its own."""
    with chromium() as browser:
        return _look(Visitor(browser, place, peer))


def _look(visitor: Visitor) -> Behaviour:
    return Behaviour(
        axe=axe(visitor),
        **keyboard(visitor),
        escape=escape(visitor),
        strict=under_policy(visitor, "strict"),
        trusted=under_policy(visitor, "trusted"),
        other_tab=other_tab(visitor),
        moving=motion(visitor),
        is_mirrored=mirrored(visitor),
        is_dark=dark(visitor),
        **windows(visitor),
        **signal(visitor),
    )
