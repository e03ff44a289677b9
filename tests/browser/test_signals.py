"""Signals in a browser: queues of tags, the head stub under a strict policy, GPP and TCF."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Page

from tests.browser.conftest import Console
from tests.browser.published import SIGNAL, Published, published
from tests.browser.running import Demo, run
from tests.browser.visits import Visit, eventually
from tests.browser.websites import Website, serving
from tests.ports import free_port

TRUSTED_TYPES = "require-trusted-types-for 'script'"
GOOGLE = {"ad_storage": "marketing", "analytics_storage": "analytics"}
VENDOR_LIST = {
    "gvlSpecificationVersion": 3,
    "vendorListVersion": 178,
    "tcfPolicyVersion": 5,
    "purposes": {str(number): {"id": number} for number in range(1, 12)},
    "vendors": {"755": {"id": 755, "name": "Adverra", "purposes": [1, 3, 4]}},
}
FRAME = """<!doctype html><title>An advertisement</title><script>
addEventListener("message", ({data}) => { document.title = JSON.stringify(data); });
parent.postMessage({__tcfapiCall: {command: "ping", version: 2, callId: 7}}, "*");
</script>"""


@pytest.fixture(scope="module")
def basic(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Published:
    signals = {"google": GOOGLE, "matomo": {"purpose": "analytics"}}
    folder = tmp_path_factory.mktemp("basic")
    return published(demo, folder, "basic", signals=signals)


@pytest.fixture(scope="module")
def advanced(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of pages with the head stub, for a site with everything that needs it."""
    folder = tmp_path_factory.mktemp("advanced")
    site = published(demo, folder, "advanced", profiles=["eu-opt-in", "us-opt-out"])
    (folder / "advanced" / "vendor-list.json").write_text(json.dumps(VENDOR_LIST))
    written = yaml.safe_load((folder / "advanced" / "site.yaml").read_text("utf-8"))
    written["purposes"][-1]["tcf_purposes"] = [1, 3, 4]
    written["services"][-1]["tcf_vendor"] = 755
    signals = {
        "mode": "advanced",
        "head": True,
        "google": GOOGLE,
        "gpp": {"cmp_id": 5, "sections": ["usnat"]},
        "tcf": {"cmp_id": 431, "cmp_version": 1, "vendor_list": "vendor-list.json"},
    }
    parts = {name: written[name] for name in ("purposes", "services")}
    return with_stub(demo, site, signals=signals, **parts)


def with_stub(demo: Demo, site: Published, **settings: Any) -> str:
    """Publish a site with the head stub; return the address of a website whose pages hold it."""
    port = free_port()
    origin = f"http://{site.key}.localhost:{port}"
    site.change(origins=[site.origin, origin], **settings)
    stub = json.loads(run(demo.data, "site", "embed", site.key, "--head", "--json"))
    website = Website(
        key=site.key,
        base=demo.service,
        service_port=urlsplit(demo.service).port or 0,
        head=stub["inline"],
        allowed=f"{stub['policy'].removeprefix('script-src ')}; {TRUSTED_TYPES}",
    )
    demo.beside.enter_context(serving(website, port))
    return f"{origin}/"


def go(page: Page, key: str, address: str) -> Visit:
    # Any route switches off the browser's cache, which keeps notices for a while.
    page.route("**/nowhere", lambda route: route.abort())
    return Visit(page, key).go(address)


def commands(page: Page, word: str) -> list[dict[str, Any]]:
    """Return what Google was told by a command of consent mode."""
    found: list[dict[str, Any]] = page.evaluate(
        """word => (window.dataLayer ?? []).map(each => Array.from(each))
            .filter(([command, kind]) => command === "consent" && kind === word)
            .map(([, , values]) => values)""",
        word,
    )
    return found


def ask(page: Page, call: str) -> Any:
    """Call one of the IAB's functions; `done` is its callback."""
    return page.evaluate(f"() => new Promise(done => {call})")


def test_without_the_stub_the_banner_tells_default_and_updates(
    page: Page, basic: Published
) -> None:
    visit = basic.visit(page)
    assert [each["ad_storage"] for each in commands(page, "default")] == ["denied"]
    assert commands(page, "update") == []
    visit.press("Accept all", within=visit.layer)
    eventually(page, lambda: len(commands(page, "update")) == 1)
    assert commands(page, "update")[0]["analytics_storage"] == "granted"
    assert page.evaluate("_paq") == [["requireCookieConsent"], ["setCookieConsentGiven"]]
    visit.reload()
    assert [each["ad_storage"] for each in commands(page, "default")] == ["denied"]
    assert [each["ad_storage"] for each in commands(page, "update")] == ["granted"]


def test_the_stub_tells_before_the_banner_has_loaded(
    page: Page, advanced: str, console: Console
) -> None:
    console.allow("ERR_FAILED")
    visit = go(page, "advanced", advanced)
    assert commands(page, "default")[0]["ad_storage"] == "denied"
    visit.press("Accept all", within=visit.layer)
    eventually(page, lambda: commands(page, "update")[-1]["ad_storage"] == "granted")
    page.route("**/consent-banner.js", lambda route: route.abort())
    page.goto(advanced)
    assert page.evaluate("siteConsent") == {"head": 1}
    assert [each["ad_storage"] for each in commands(page, "update")] == ["granted"]
    assert ask(page, "__tcfapi('ping', 2, done)")["cmpStatus"] == "stub"


def test_the_stub_heeds_the_signal(page: Page, advanced: str) -> None:
    page.add_init_script(SIGNAL)
    visit = go(page, "advanced", advanced)
    visit.press("Accept all", within=visit.layer)
    page.goto(advanced)
    assert {each["ad_storage"] for each in commands(page, "update")} == {"denied"}
    assert {each["analytics_storage"] for each in commands(page, "update")} == {"granted"}


def test_vendors_are_told_of_each_act(page: Page, advanced: str) -> None:
    visit = go(page, "advanced", advanced)
    page.evaluate(
        "() => { window.told = []; __tcfapi('addEventListener', 2, data => told.push(data)); }"
    )
    eventually(page, lambda: page.evaluate("told.length") == 1)
    asking = page.evaluate("told[0]")
    assert (asking["eventStatus"], asking["tcString"]) == ("cmpuishown", "")
    visit.press("Accept all", within=visit.layer)
    eventually(page, lambda: page.evaluate("told.at(-1).eventStatus") == "useractioncomplete")
    answered = page.evaluate("told.at(-1)")
    assert answered["tcString"].startswith("C")
    assert answered["vendor"]["consents"] == {"755": True}
    assert answered["purpose"]["consents"] == {"1": True, "3": True, "4": True}
    assert answered["publisherCC"] == "DE"
    visit.reload()
    again = ask(page, "__tcfapi('addEventListener', 2, done)")
    assert (again["eventStatus"], again["tcString"]) == ("tcloaded", answered["tcString"])


def test_frames_ask_through_the_stub(page: Page, advanced: str) -> None:
    go(page, "advanced", advanced)
    page.route(
        f"{advanced}frame.html",
        lambda route: route.fulfill(body=FRAME, content_type="text/html"),
    )
    eventually(page, lambda: ask(page, "__tcfapi('ping', 2, done)")["cmpLoaded"])
    with page.expect_event(
        "framenavigated", lambda frame: frame.url.endswith("frame.html")
    ) as inner:
        page.evaluate(
            """address => {
                const frame = document.createElement("iframe");
                frame.src = address;
                document.body.append(frame);
            }""",
            f"{advanced}frame.html",
        )
    eventually(page, lambda: inner.value.title().startswith("{"))
    answer = json.loads(inner.value.title())["__tcfapiReturn"]
    assert (answer["callId"], answer["success"]) == (7, True)
    assert answer["returnValue"]["gvlVersion"] == 178
    assert {frame.name for frame in page.frames} >= {"__gppLocator", "__tcfapiLocator"}


def test_gpp_has_no_section_where_another_law_holds(page: Page, advanced: str) -> None:
    go(page, "advanced", advanced)
    eventually(page, lambda: ask(page, "__gpp('ping', done)")["cmpStatus"] == "loaded")
    told = ask(page, "__gpp('ping', done)")
    assert (told["gppString"], told["applicableSections"]) == ("DBAA", [0])


def test_gpp_tells_an_opt_out_in_the_us(page: Page, demo: Demo, tmp_path: Path) -> None:
    signals = {"head": True, "gpp": {"cmp_id": 5, "sections": ["usnat"]}}
    page.add_init_script(SIGNAL)
    site = published(demo, tmp_path, "american", profiles=["us-opt-out"], texts={}, signals=signals)
    go(page, site.key, with_stub(demo, site))
    eventually(page, lambda: ask(page, "__gpp('ping', done)")["cmpStatus"] == "loaded")
    assert ask(page, "__gpp('ping', done)")["gppString"] == "DBABLA~CFQVAAAAAACA.YA"
    assert ask(page, "__gpp('getField', done, 'usnat.Gpc')") is True
