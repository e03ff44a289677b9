"""The preference page: a visitor's own choices as a form that needs no script."""

from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from consent_service.application import build_app
from consent_service.consents.model import EventType, Method
from consent_service.http.pages import page_strings
from tests.api.calls import ask_for, history, leaf_of, refused, rewrite, stored_events, values
from tests.support.world import ORIGINS, World

PAGE = "/sites/shop/preferences"
OWN = {"Sec-Fetch-Site": "same-origin"}


def opened(world: World, site: str, credential: str, query: str = "") -> str:
    """Open the page by a link, as the banner does; return its text."""
    link = world.client.post(
        f"/v1/sites/{site}/consents/me/link",
        json={"return": f"{ORIGINS[site]}/a?b=c", "credential": credential},
    ).get_json()["url"]
    page = world.client.get(link.removeprefix(world.settings.public_url) + query)
    assert page.status_code == 200
    return page.text


def session(page: str) -> str:
    return page.partition('name="session" value="')[2].partition('"')[0]


def submit(
    world: World, site: str, page: str, fields: dict[str, str], **headers: str
) -> TestResponse:
    data = {"session": session(page), **fields}
    sent = {**OWN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return world.client.post(f"/sites/{site}/preferences", data=data, headers=sent)


def returned(answer: TestResponse, site: str) -> None:
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == f"{ORIGINS[site]}/a?b=c#consent-refresh"


def state(world: World, credential: str) -> dict[str, str]:
    return values(world.me("shop", credential).get_json())


def test_choosing_changes_what_differs_and_returns_to_the_site(world: World) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    page = opened(world, "shop", given["credential"])
    fields = {
        "action": "choose",
        "purpose.functional": "granted",
        "purpose.analytics": "denied",
        "purpose.marketing": "granted",
    }
    returned(submit(world, "shop", page, fields), "shop")
    newest = history(world, "shop", given["credential"])[0]
    assert newest["type"] == "consent.updated"
    assert newest["decisions"] == {"analytics": "denied"}
    assert newest["method"] == "preferences"
    assert newest["visitor"] == given["consent"]["visitor"]


@pytest.mark.parametrize(
    ("action", "kind", "value"),
    [
        ("accept", "consent.given", "granted"),
        ("reject", "consent.refused", "denied"),
        ("withdraw", "consent.withdrawn", "denied"),
    ],
)
def test_one_button_answers_for_everything(
    world: World, action: str, kind: str, value: str
) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True})
    world.clock.move(minutes=1)
    page = opened(world, "shop", given["credential"])
    returned(submit(world, "shop", page, {"action": action}), "shop")
    assert history(world, "shop", given["credential"])[0]["type"] == kind
    assert state(world, given["credential"])["analytics"] == value


def test_a_plain_notice_can_be_withdrawn_and_acknowledged_again(world: World) -> None:
    credential = world.answer("news", "acknowledge")["credential"]
    page = opened(world, "news", credential)
    returned(submit(world, "news", page, {"action": "withdraw"}), "news")
    assert world.me("news", credential).get_json()["agreed"] == {}
    world.clock.move(minutes=1)
    page = opened(world, "news", credential)
    returned(submit(world, "news", page, {"action": "acknowledge"}), "news")
    assert set(world.me("news", credential).get_json()["agreed"]) == {"privacy-policy", "terms"}


def test_a_choice_that_changes_nothing_leaves_no_event(world: World) -> None:
    given = world.answer("shop", "reject")
    page = opened(world, "shop", given["credential"])
    fields = {"action": "choose", "purpose.analytics": "denied"}
    returned(submit(world, "shop", page, fields), "shop")
    assert len(stored_events(world)) == 1


def test_the_same_form_sent_twice_is_one_event(world: World) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    page = opened(world, "shop", given["credential"])
    for _ in range(2):
        returned(submit(world, "shop", page, {"action": "reject"}), "shop")
    assert len(stored_events(world)) == 2


def test_a_form_from_before_a_later_choice_refuses_anew_and_never_grants(world: World) -> None:
    given = world.answer("shop", "accept")
    page = opened(world, "shop", given["credential"])
    for action in ("reject", "accept", "reject"):
        world.clock.move(minutes=1)
        returned(submit(world, "shop", page, {"action": action}), "shop")
    assert state(world, given["credential"])["analytics"] == "denied"
    assert len(stored_events(world)) == 4
    answer = submit(world, "shop", page, {"action": "accept"})
    assert answer.status_code == 403
    assert state(world, given["credential"])["analytics"] == "denied"
    assert len(stored_events(world)) == 4


def test_fields_that_the_page_does_not_have_make_no_event_of_their_own(world: World) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    page = opened(world, "shop", given["credential"])
    for more in ({}, {"x": "1"}, {"purpose.x": "granted"}, {"purpose.analytics": "granted"}):
        returned(submit(world, "shop", page, {"action": "reject", **more}), "shop")
    assert len(stored_events(world)) == 2


def test_nothing_chosen_is_said_and_nothing_stored(sqlite_world: World) -> None:
    world = sqlite_world
    page = opened(world, "shop", world.answer("shop", "accept")["credential"])
    answer = submit(world, "shop", page, {"action": "choose"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert len(stored_events(world)) == 1


def test_erasing_needs_the_tick(world: World) -> None:
    given = world.answer("shop", "accept")
    page = opened(world, "shop", given["credential"])
    asked = submit(world, "shop", page, {"action": "erase"})
    assert asked.status_code == 200
    assert 'role="alert"' in asked.text
    assert world.me("shop", given["credential"]).status_code == 200
    done = submit(world, "shop", asked.text, {"action": "erase", "confirm": "yes"})
    assert done.status_code == 200
    assert f"{ORIGINS['shop']}/a?b=c#consent-refresh" in done.text
    refused(world.me("shop", given["credential"]), 401, "credential_required")
    assert all(event.visitor is None for event in stored_events(world))


def test_a_page_that_was_open_for_too_long_changes_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")
    page = opened(world, "shop", given["credential"])
    world.clock.move(minutes=30)
    answer = submit(world, "shop", page, {"action": "withdraw"})
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert 'role="alert"' in answer.text
    assert given["consent"]["reference"] not in answer.text
    assert state(world, given["credential"])["analytics"] == "granted"


def test_a_session_is_signed_and_of_one_site(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")
    page = opened(world, "shop", given["credential"])
    value = session(page)
    for forged in (given["credential"], given["state_token"], f"{value[:-1]}_", "", "x" * 9000):
        data = {"session": forged, "action": "withdraw"}
        answer = world.client.post("/sites/shop/preferences", data=data, headers=OWN)
        assert 'role="alert"' in answer.text
    elsewhere = world.client.post(
        "/sites/news/preferences", data={"session": value, "action": "withdraw"}, headers=OWN
    )
    assert 'role="alert"' in elsewhere.text
    assert len(stored_events(world)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:8002"},
        {"Origin": "null"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_of_another_page_is_refused(sqlite_world: World, headers: dict[str, str]) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")
    data = {
        "session": session(opened(world, "shop", given["credential"])),
        "action": "withdraw",
    }
    answer = world.client.post("/sites/shop/preferences", data=data, headers=headers)
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert state(world, given["credential"])["analytics"] == "granted"


def test_a_browser_that_sends_only_its_origin_may_use_the_form(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")
    data = {"session": session(opened(world, "shop", given["credential"])), "action": "withdraw"}
    origin = {"Origin": "http://localhost"}
    returned(world.client.post("/sites/shop/preferences", data=data, headers=origin), "shop")


def test_the_signal_switches_sale_off_unless_it_is_overridden(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "reject")["credential"]
    world.clock.move(minutes=1)
    page = opened(world, "shop", credential)
    fields = {"action": "choose", "purpose.marketing": "granted", "purpose.analytics": "granted"}
    submit(world, "shop", page, fields, Sec_GPC="1")
    assert state(world, credential)["marketing"] == "denied"
    assert state(world, credential)["analytics"] == "granted"
    world.clock.move(minutes=1)
    page = opened(world, "shop", credential)
    fields |= {"override.marketing": "yes"}
    submit(world, "shop", page, fields, Sec_GPC="1")
    assert state(world, credential)["marketing"] == "granted"


def test_the_page_speaks_arabic(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    page = opened(world, "shop", given["credential"], "&lang=ar")
    assert 'lang="ar"' in page
    assert 'dir="rtl"' in page
    assert "القياس" in page
    data = {"session": session(page), "action": "reject"}
    answer = world.client.post("/sites/shop/preferences?lang=ar", data=data, headers=OWN)
    returned(answer, "shop")
    newest = history(world, "shop", given["credential"])[0]
    assert newest["locale"] == "ar"


def test_the_answer_is_recorded_under_the_notice_that_the_page_showed(world: World) -> None:
    given = world.answer("shop", "reject")
    world.clock.move(minutes=1)
    page = opened(world, "shop", given["credential"])
    rewrite(world, "shop", "site.yaml", "Your choice at Linden", "Your decision at Linden")
    world.apply("shop")
    submit(world, "shop", page, {"action": "accept"})
    recorded = history(world, "shop", given["credential"])
    assert {event["notice"]["number"] for event in recorded} == {1}


def test_who_comes_without_a_link_sees_the_notice_only(sqlite_world: World) -> None:
    world = sqlite_world
    page = world.client.get("/sites/shop/preferences")
    assert page.status_code == 200
    assert 'name="session"' not in page.text
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "private, no-cache"


def test_an_unknown_action_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    page = opened(world, "shop", world.answer("shop", "accept")["credential"])
    for action in ("agree", "signal", "", "x"):
        answer = submit(world, "shop", page, {"action": action})
        assert (answer.status_code, answer.mimetype) == (422, "text/html")


def test_strange_forms_are_refused_and_never_fail(sqlite_world: World) -> None:
    world = sqlite_world
    page = opened(world, "shop", world.answer("shop", "accept")["credential"])
    for name in ("purpose.sales", "purpose.necessary", "purpose.", "purpose.\x00"):
        answer = submit(world, "shop", page, {"action": "choose", name: "granted"})
        assert answer.status_code == 422, name
    assert len(stored_events(world)) == 1


def test_the_page_shows_the_agreement_and_may_return_to_the_site_only(sqlite_world: World) -> None:
    world = sqlite_world
    ask_for(world, "shop", "terms", "acknowledge")
    given = world.answer("shop", "acknowledge")
    assert leaf_of(world, given)["documents"]["terms"]["n"] == 2
    link = world.client.post(
        "/v1/sites/shop/consents/me/link",
        json={"return": "http://localhost:8002/", "credential": given["credential"]},
    ).get_json()["url"]
    page = world.client.get(link.removeprefix(world.settings.public_url))
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' http://localhost:8002;" in policy
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert given["consent"]["reference"] in page.text


def test_a_form_that_was_open_during_an_erasure_stores_nothing(world: World) -> None:
    credential = world.answer("shop", "reject")["credential"]
    form = opened(world, "shop", credential)
    headers = {"Authorization": f"Consent {credential}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=headers)
    before = len(stored_events(world))
    answer = submit(world, "shop", form, {"action": "accept"})
    assert answer.status_code == 403
    assert "open for too long" in answer.text
    assert len(stored_events(world)) == before


def part(page: str, purpose: str) -> str:
    """Return what the page shows of a purpose."""
    return page.partition(f'id="purpose-{purpose}"')[2].partition("<details>")[0]


def seen(world: World, credential: str, *, gpc: bool = False) -> str:
    """Return the page of a visitor, whose browser may send the opt-out signal."""
    headers = {"Authorization": f"Consent {credential}", **({"Sec-GPC": "1"} if gpc else {})}
    answer = world.client.get("/sites/shop/preferences", headers=headers)
    assert answer.status_code == 200
    return answer.text


def test_the_signal_shows_as_honoured_and_nothing_else_as_refused(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "accept")["credential"]
    page = seen(world, credential, gpc=True)
    assert "Opt-out request honoured" in page
    assert "Off because your browser asks for it." in part(page, "marketing")
    assert 'value="denied" checked' in part(page, "marketing")
    assert 'value="granted" checked' in part(page, "analytics")
    without = seen(world, credential)
    assert "Opt-out request honoured" not in without
    assert 'value="granted" checked' in part(without, "marketing")


def test_what_was_allowed_against_the_signal_stays_so_when_the_page_is_saved(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    signals = {"gpc": True, "override": True}
    decisions = {"marketing": True, "analytics": False, "functional": False}
    credential = world.answer("shop", "choose", decisions=decisions, signals=signals)["credential"]
    page = seen(world, credential, gpc=True)
    assert 'name="override.marketing" value="yes" checked' in part(page, "marketing")
    assert "On because you allowed it" in part(page, "marketing")
    fields = {
        "action": "choose",
        "purpose.marketing": "granted",
        "override.marketing": "yes",
        "purpose.analytics": "denied",
    }
    submit(world, "shop", page, fields, Sec_GPC="1")
    assert len(stored_events(world)) == 1
    del fields["override.marketing"]
    submit(world, "shop", page, fields, Sec_GPC="1")
    assert state(world, credential)["marketing"] == "denied"


def test_a_grant_from_before_the_signal_takes_the_second_act_too(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "accept")["credential"]
    world.clock.move(minutes=1)
    page = seen(world, credential, gpc=True)
    fields = {"action": "choose", "purpose.marketing": "granted", "override.marketing": "yes"}
    submit(world, "shop", page, fields, Sec_GPC="1")
    newest = history(world, "shop", credential)[0]
    assert newest["decisions"] == {"marketing": "granted"}
    assert 'value="granted" checked' in part(seen(world, credential, gpc=True), "marketing")


def test_withdrawing_is_offered_where_there_is_something_to_withdraw(sqlite_world: World) -> None:
    world = sqlite_world
    refusing = world.answer("shop", "reject")["credential"]
    assert 'value="withdraw"' not in seen(world, refusing)
    granting = world.answer("shop", "accept")["credential"]
    assert 'value="withdraw"' in seen(world, granting)
    world.clock.move(days=186)
    assert 'value="withdraw"' not in seen(world, granting)


def test_documents_that_wait_for_an_agreement_can_be_agreed_to(world: World) -> None:
    ask_for(world, "shop", "terms", "agree")
    credential = world.answer("shop", "reject")["credential"]
    world.clock.move(minutes=1)
    page = seen(world, credential)
    assert 'value="agree"' in page
    done = submit(world, "shop", page, {"action": "agree"})
    assert "Your agreement has been saved." in done.text
    assert history(world, "shop", credential)[0]["type"] == "documents.agreed"
    assert 'value="agree"' not in seen(world, credential)


def test_documents_are_agreed_to_and_noted_each_in_its_own_words(sqlite_world: World) -> None:
    world = sqlite_world
    ask_for(world, "shop", "terms", "agree")
    ask_for(world, "shop", "privacy-policy", "acknowledge")
    credential = world.answer("shop", "reject")["credential"]
    page = seen(world, credential)
    assert ("Not yet agreed to" in page, "Not yet taken note of" in page) == (True, True)
    world.clock.move(minutes=1)
    page = submit(world, "shop", page, {"action": "acknowledge"}).text
    assert set(world.me("shop", credential).get_json()["agreed"]) == {"privacy-policy"}
    assert ("Not yet agreed to" in page, "Taken note of on" in page) == (True, True)
    world.clock.move(minutes=1)
    page = submit(world, "shop", page, {"action": "agree"}).text
    assert ("Agreed to on" in page, "Not yet" in page) == (True, False)
    types = [event["type"] for event in history(world, "shop", credential)]
    assert types[:2] == ["documents.agreed", "notice.acknowledged"]


def test_floods_of_grants_are_slowed_down_and_withdrawals_never(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "accept")["credential"]
    settings = replace(world.settings, site_limit=2)
    world.client = build_app(replace(world.services, settings=settings)).test_client()
    page = seen(world, credential)
    answers = [submit(world, "shop", page, {"action": "accept"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].mimetype == "text/html"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert submit(world, "shop", page, {"action": "withdraw"}).status_code == 200
    done = submit(world, "shop", page, {"action": "erase", "confirm": "yes"})
    assert "has been erased" in done.text


def test_who_has_no_record_is_slowed_down_whatever_they_answer(sqlite_world: World) -> None:
    world = sqlite_world
    embed = "embed: {mode: path, base_url: 'http://localhost:8002/_consent'}"
    rewrite(world, "shop", "site.yaml", "embed: {mode: external}", embed)
    world.apply("shop")
    settings = replace(world.settings, site_limit=1)
    world.client = build_app(replace(world.services, settings=settings)).test_client(
        use_cookies=False
    )
    statuses = [
        submit(world, "shop", world.client.get(PAGE).text, {"action": "reject"}).status_code
        for _ in range(2)
    ]
    assert statuses == [200, 429]


@pytest.mark.parametrize(
    ("lang", "name"), [("en", "France"), ("de", "Frankreich"), ("ar", "فرنسا")]
)
def test_countries_have_names(sqlite_world: World, lang: str, name: str) -> None:
    page = sqlite_world.client.get(f"/sites/shop/preferences?lang={lang}").text
    assert f"(<bdi>{name}</bdi>)" in page


def test_each_event_and_each_way_it_came_has_words(sqlite_world: World) -> None:
    for locale in ("en", "de", "ar"):
        words = page_strings(locale)
        assert all(words[f"event_{kind.value.replace('.', '_')}"] for kind in EventType)
        assert all(words[f"method_{method.value}"] for method in Method)
    world = sqlite_world
    given = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    world.answer("shop", "signal", signals={"gpc": True}, credential=given["credential"])
    page = seen(world, given["credential"])
    assert "Opt-out signal received" in page
    assert "sent by your browser" in page
