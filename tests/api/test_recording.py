"""Recording a choice: what each action stores, and what the visitor gets for it."""

import hashlib
import json

import pytest

from tests.api.calls import (
    CHOICES,
    act,
    ask_for,
    decoded,
    encoded,
    leaf_of,
    personal,
    refused,
    stored_events,
    values,
)
from tests.support.world import World

HALF_A_YEAR = "2027-05-27T10:00:00.000Z"


def test_accept_grants_every_purpose_that_needs_consent(world: World) -> None:
    answer = world.answer("shop", "accept")
    granted = dict.fromkeys(CHOICES, "granted")
    assert answer["consent"]["type"] == "consent.given"
    assert answer["consent"]["decisions"] == {"necessary": "not_subject", **granted}
    assert values(answer) == answer["consent"]["decisions"]
    assert answer["state"]["analytics"] == {
        "value": "granted",
        "notice": 1,
        "at": "2026-11-23T10:00:00.000Z",
        "until": HALF_A_YEAR,
    }
    assert "until" not in answer["state"]["necessary"]


def test_reject_denies_every_purpose_that_needs_consent(world: World) -> None:
    answer = world.answer("shop", "reject")
    assert answer["consent"]["type"] == "consent.refused"
    assert values(answer) == {"necessary": "not_subject", **dict.fromkeys(CHOICES, "denied")}
    assert answer["state"]["marketing"]["until"] == HALF_A_YEAR


def test_choose_changes_only_what_it_names(world: World) -> None:
    first = world.answer("shop", "choose", decisions={"analytics": True, "marketing": False})
    assert first["consent"]["type"] == "consent.given"
    assert values(first) == {"analytics": "granted", "marketing": "denied"}
    world.clock.move(hours=1)
    second = world.answer(
        "shop", "choose", decisions={"marketing": True}, credential=first["credential"]
    )
    assert second["consent"]["type"] == "consent.updated"
    assert second["consent"]["decisions"] == {"marketing": "granted"}
    assert second["state"]["analytics"] == first["state"]["analytics"]
    assert second["state"]["marketing"]["at"] == "2026-11-23T11:00:00.000Z"


def test_choosing_nothing_but_denials_is_a_refusal(sqlite_world: World) -> None:
    world = sqlite_world
    answer = world.answer("shop", "choose", decisions={"analytics": False})
    assert answer["consent"]["type"] == "consent.refused"


def test_withdrawal_ends_what_was_granted_and_nothing_else(world: World) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True, "marketing": False})
    answer = world.answer("shop", "withdraw", credential=given["credential"])
    assert answer["consent"]["type"] == "consent.withdrawn"
    assert answer["consent"]["decisions"] == {"analytics": "denied"}
    assert values(answer) == {"analytics": "denied", "marketing": "denied"}


def test_a_withdrawal_may_name_one_purpose(world: World) -> None:
    given = world.answer("shop", "accept")
    answer = world.answer(
        "shop", "withdraw", decisions={"marketing": False}, credential=given["credential"]
    )
    assert answer["consent"]["decisions"] == {"marketing": "denied"}
    assert values(answer)["analytics"] == "granted"


def test_an_unchanged_withdrawal_answers_the_existing_event(world: World) -> None:
    given = world.answer("shop", "accept")
    first = world.answer("shop", "withdraw", credential=given["credential"])
    again = world.answer("shop", "withdraw", credential=given["credential"])
    assert again["consent"] == first["consent"]
    assert len(stored_events(world)) == 2


def test_a_withdrawal_without_a_credential_is_kept_as_a_refusal(world: World) -> None:
    answer = world.answer("shop", "withdraw")
    assert answer["consent"]["type"] == "consent.refused"
    assert values(answer)["analytics"] == "denied"
    one = world.answer("shop", "withdraw", decisions={"analytics": False})
    assert one["consent"]["decisions"] == {"analytics": "denied"}


def test_a_withdrawal_never_grants_whatever_it_names(world: World) -> None:
    for members in ({"decisions": {"analytics": True}}, {"services": {"tally": True}}):
        answer = world.post("shop", act(world, "shop", "withdraw", **members))
        refused(answer, 422, "invalid_request")
    assert stored_events(world) == []


def test_a_plain_notice_has_nothing_to_withdraw_before_it_was_accepted(sqlite_world: World) -> None:
    world = sqlite_world
    refused(world.post("news", act(world, "news", "withdraw")), 409, "nothing_to_withdraw")
    assert stored_events(world) == []


def test_acknowledging_a_plain_notice_grants_nothing(world: World) -> None:
    notice = world.notice("news")
    answer = world.answer("news", "acknowledge")
    shown = {doc["kind"]: doc for doc in notice["documents"]}
    assert answer["consent"]["type"] == "notice.acknowledged"
    assert answer["consent"]["decisions"] == answer["state"] == {}
    assert answer["consent"]["documents"] == {
        kind: {"n": 1, "sha256": doc["sha256"]} for kind, doc in shown.items()
    }
    assert set(answer["agreed"]) == {"privacy-policy", "terms"}
    assert answer["agreed"]["terms"] == {"n": 1, "notice": 1, "at": "2026-11-23T10:00:00.000Z"}


def test_withdrawing_a_plain_notice_ends_the_acknowledgement(world: World) -> None:
    given = world.answer("news", "acknowledge")
    answer = world.answer("news", "withdraw", credential=given["credential"])
    assert answer["consent"]["type"] == "consent.withdrawn"
    assert set(answer["consent"]["documents"]) == {"privacy-policy", "terms"}
    assert answer["agreed"] == {}


def test_one_document_may_be_withdrawn_by_itself(world: World) -> None:
    given = world.answer("news", "acknowledge")
    answer = world.answer(
        "news", "withdraw", documents={"terms": 1}, credential=given["credential"]
    )
    assert set(answer["agreed"]) == {"privacy-policy"}


def test_agreeing_records_the_version_and_leaves_purposes_alone(world: World) -> None:
    ask_for(world, "shop", "terms", "agree")
    given = world.answer("shop", "accept")
    answer = world.answer("shop", "agree", credential=given["credential"])
    assert answer["consent"]["type"] == "documents.agreed"
    assert answer["consent"]["documents"]["terms"]["n"] == 2
    assert set(answer["consent"]["documents"]) == {"terms"}
    assert answer["agreed"]["terms"]["notice"] == 2
    assert answer["state"] == given["state"]


def test_what_must_be_agreed_cannot_be_acknowledged_only(sqlite_world: World) -> None:
    world = sqlite_world
    ask_for(world, "shop", "terms", "agree")
    body = act(world, "shop", "acknowledge", documents={"terms": 2})
    refused(world.post("shop", body), 422, "invalid_request", "documents.terms")


def test_a_notice_that_asks_for_no_document_cannot_be_agreed(sqlite_world: World) -> None:
    world = sqlite_world
    for action in ("acknowledge", "agree"):
        answer = world.post("shop", act(world, "shop", action))
        refused(answer, 422, "invalid_request", "action")


def test_a_plain_notice_cannot_be_accepted_as_consent(sqlite_world: World) -> None:
    world = sqlite_world
    for action in ("accept", "reject"):
        answer = world.post("news", act(world, "news", action))
        refused(answer, 422, "invalid_request", "action")


def test_a_service_may_differ_from_its_purpose(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "choose", decisions={"analytics": True}, services={"tally": False})
    assert given["consent"]["services"] == {"tally": "denied"}
    assert leaf_of(world, given)["services"] == {"tally": "denied"}
    same = world.answer("shop", "choose", decisions={"analytics": True}, services={"tally": True})
    assert same["consent"]["services"] == {}
    assert "services" not in leaf_of(world, same)


def test_a_service_may_be_allowed_while_its_purpose_is_undecided(world: World) -> None:
    given = world.answer("shop", "choose", services={"tally": True})
    assert given["consent"]["type"] == "consent.given"
    assert given["consent"]["decisions"] == {}
    assert given["consent"]["services"] == {"tally": "granted"}
    leaf = leaf_of(world, given)
    assert leaf["services"] == {"tally": "granted"}
    assert "decisions" not in leaf
    assert given["state"] == {}
    token = json.loads(decoded(given["state_token"].split(".")[0]))
    assert (token["purposes"], token["services"]["tally"][:2]) == ({}, ["granted", 1])


def test_a_service_may_be_allowed_though_its_purpose_is_refused(world: World) -> None:
    refusal = world.answer("shop", "reject")
    world.clock.move(seconds=1)
    credential = refusal["credential"]
    given = world.answer("shop", "choose", services={"tally": True}, credential=credential)
    assert given["consent"]["type"] == "consent.updated"
    assert (given["consent"]["decisions"], given["consent"]["services"]) == (
        {},
        {"tally": "granted"},
    )
    assert given["state"] == refusal["state"]
    assert len(stored_events(world)) == 2
    world.clock.move(seconds=1)
    back = world.answer("shop", "withdraw", services={"tally": False}, credential=credential)
    assert back["consent"]["services"] == {"tally": "denied"}
    assert back["state"] == refusal["state"]


def test_a_choice_of_nothing_is_refused(sqlite_world: World) -> None:
    answer = sqlite_world.post("shop", act(sqlite_world, "shop", "choose", services={}))
    refused(answer, 422, "invalid_request", "decisions")


def test_a_new_decision_about_a_purpose_ends_the_exceptions_of_its_services(world: World) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": False}, services={"tally": True})
    assert given["consent"]["type"] == "consent.given"
    answer = world.answer("shop", "reject", credential=given["credential"])
    assert answer["consent"]["type"] == "consent.refused"
    assert answer["consent"]["services"] == {}


def test_a_visitor_keeps_the_reference_and_counts_up(world: World) -> None:
    answers = [world.answer("shop", "accept")]
    for action in ("reject", "accept", "withdraw"):
        world.clock.move(seconds=1)
        credential = answers[-1]["credential"]
        answers.append(world.answer("shop", action, credential=credential))
    events = stored_events(world)
    assert [event.visitor_seq for event in events] == [1, 2, 3, 4]
    assert [str(e.event_id) for e in events] == [a["consent"]["id"] for a in answers]
    assert len({str(event.visitor) for event in events}) == 1
    assert len({answer["consent"]["reference"] for answer in answers}) == 1


def test_each_event_commits_to_the_one_before(world: World) -> None:
    first = world.answer("shop", "accept")
    second = world.answer("shop", "reject", credential=first["credential"])
    said = personal(leaf_of(world, second), second["openings"])
    before = next(e.leaf for e in stored_events(world) if e.visitor_seq == 1)
    digest = hashlib.sha256(b"\0" + before.encode()).digest()
    assert said["prev"] == encoded(digest)
    assert "prev" not in personal(leaf_of(world, first), first["openings"])


def test_the_leaf_says_what_was_shown_and_how(world: World) -> None:
    notice = world.notice("shop", "de")
    banner = "ab" * 32
    answer = world.answer(
        "shop", "accept", variant=notice["variant"], locale="de", layer=2, banner=banner
    )
    leaf = leaf_of(world, answer)
    site = world.services.sites.get("shop")
    assert leaf.pop("priv").keys() == {"visitor"}
    assert leaf == {
        "v": 1,
        "log": site.log_origin,
        "id": answer["consent"]["id"],
        "type": "consent.given",
        "ts": "2026-11-23T10:00:00.000Z",
        "decisions": answer["consent"]["decisions"],
        "notice": {"n": 1, "sha256": notice["sha256"], "variant": notice["variant"]},
        "locale": "de",
        "method": "banner",
        "layer": 2,
        "banner": banner,
        "profile": "eu-opt-in",
        "why": "site:only",
        "signals": {"gpc": False},
    }


@pytest.mark.parametrize("locale", ["en", "de", "ar"])
def test_the_locale_alone_names_the_variant(sqlite_world: World, locale: str) -> None:
    answer = sqlite_world.answer("shop", "accept", locale=locale)
    assert answer["consent"]["locale"] == locale
    shown = sqlite_world.notice("shop", locale)["variant"]
    assert answer["consent"]["notice"]["variant"] == shown
