"""What backends record: of whom a credential names, of a subject, or of a new visitor."""

from uuid import uuid4

import pytest

from tests.api.backing import Backend
from tests.api.calls import history, leaf_of, refused, rewrite, stored_events, values
from tests.support.world import World


@pytest.fixture
def backend(world: World) -> Backend:
    return Backend(world)


def test_a_choice_from_a_server_is_recorded_as_such(world: World, backend: Backend) -> None:
    answer = backend.recorded("choose", decisions={"analytics": True}, locale="de")
    leaf = leaf_of(world, answer)
    assert (leaf["method"], leaf["locale"], leaf["why"]) == ("api", "de", "site:only")
    assert answer["consent"]["type"] == "consent.given"
    assert values(answer) == {"analytics": "granted"}
    assert world.me("shop", answer["credential"]).status_code == 200


def test_a_credential_names_the_visitor(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    told = backend.recorded("reject", credential=given["credential"])
    assert told["consent"]["visitor"] == given["consent"]["visitor"]
    assert backend.check(visitor=told["consent"]["visitor"])["why"] == "denied"


def test_a_foreign_credential_is_refused(world: World, backend: Backend) -> None:
    foreign = world.answer("news", "acknowledge")["credential"]
    refused(backend.record("accept", 401, credential=foreign), 401, "credential_refused")
    refused(backend.record("accept", 401, credential="a.b.c"), 401, "credential_refused")


def test_an_expired_credential_withdraws_and_does_not_grant(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(days=396)
    credential = given["credential"]
    refused(backend.record("accept", 401, credential=credential), 401, "credential_refused")
    ended = backend.recorded("withdraw", credential=credential)
    assert ended["consent"]["visitor"] == given["consent"]["visitor"]


def test_a_subject_goes_without_a_credential(world: World, backend: Backend) -> None:
    credential = world.answer("shop", "accept")["credential"]
    answer = backend.record("reject", 422, subject="u1", credential=credential)
    refused(answer, 422, "invalid_request", "subject")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"method": "banner"}, "method"),
        ({"layer": 1}, "layer"),
        ({"banner": "0" * 64}, "banner"),
        ({"place": "Germany"}, "place"),
        ({"place": ""}, "place"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": 7}, "subject"),
        ({"notice": 2}, "notice"),
        ({"locale": "fr"}, "locale"),
        ({"decisions": {"weather": True}}, "decisions.weather"),
        ({"key": "abc"}, "key"),
    ],
)
def test_wrong_members_are_named(
    shared_world: World, members: dict[str, object], field: str
) -> None:
    answer = Backend(shared_world).record("choose", 422, **members)
    refused(answer, 422, "invalid_request", field)
    assert stored_events(shared_world) == []


def test_a_call_needs_a_key_of_its_own(shared_world: World) -> None:
    answer = Backend(shared_world).post("consents", {"action": "accept", "notice": 1}, 422)
    refused(answer, 422, "invalid_request", "key")


def test_a_subject_s_first_act_makes_a_visitor_that_is_linked(
    world: World, backend: Backend
) -> None:
    answer = backend.recorded("accept", subject="u1")
    assert [each["visitor"] for each in backend.find("u1")["visitors"]] == [
        answer["consent"]["visitor"]
    ]
    again = backend.recorded("reject", subject="u1")
    assert again["consent"]["visitor"] == answer["consent"]["visitor"]


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_the_same_key_stores_a_subject_s_act_once(
    world: World, backend: Backend, action: str
) -> None:
    body = {"action": action, "notice": 1, "subject": "u1", "key": str(uuid4())}
    first = backend.post("consents", body, 201).get_json()
    second = backend.post("consents", body, 201).get_json()
    assert second["consent"] == first["consent"]
    assert len(stored_events(world)) == 1
    refused(backend.post("consents", body | {"subject": "u2"}, 409), 409, "idempotency_conflict")


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_a_repeat_is_not_about_a_visitor_linked_since(
    world: World, backend: Backend, action: str
) -> None:
    body = {"action": action, "notice": 1, "subject": "u1", "key": str(uuid4())}
    first = backend.post("consents", body, 201).get_json()
    world.clock.move(minutes=1)
    other = world.answer("shop", "choose", decisions={"analytics": True})
    backend.link("u1", other["credential"])
    second = backend.post("consents", body, 201).get_json()
    assert second["consent"] == first["consent"]
    assert len(history(world, "shop", other["credential"])) == 1


def test_a_withdrawal_reaches_every_visitor_of_a_subject_once(
    world: World, backend: Backend
) -> None:
    given = [world.answer("shop", "accept") for _ in range(3)]
    for each in given:
        backend.link("u1", each["credential"])
    bystander = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    body = {"action": "withdraw", "notice": 1, "subject": "u1", "key": str(uuid4())}
    answers = [backend.post("consents", body, 201).get_json() for _ in range(3)]
    assert {answer["consent"]["id"] for answer in answers} == {answers[0]["consent"]["id"]}
    for each in given:
        types = [event["type"] for event in history(world, "shop", each["credential"])]
        assert types == ["consent.withdrawn", "consent.given"]
    assert len(history(world, "shop", bystander["credential"])) == 1
    assert not backend.may(subject="u1")


def test_a_repeat_finishes_a_withdrawal_that_was_cut_short(world: World, backend: Backend) -> None:
    given = [world.answer("shop", "accept") for _ in range(2)]
    body = {"action": "withdraw", "notice": 1, "subject": "u1", "key": str(uuid4())}
    backend.link("u1", given[0]["credential"])
    world.clock.move(minutes=1)
    with_one = backend.post("consents", body, 201).get_json()
    # As if the second had been linked already, and the process had ended before its turn.
    world.clock.move(minutes=-1)
    backend.link("u1", given[1]["credential"])
    world.clock.move(minutes=2)
    repeated = backend.post("consents", body, 201).get_json()
    assert repeated["consent"] == with_one["consent"]
    assert [event["type"] for event in history(world, "shop", given[1]["credential"])] == [
        "consent.withdrawn",
        "consent.given",
    ]


def test_a_grant_goes_to_the_visitor_that_was_linked_last(world: World, backend: Backend) -> None:
    given = [world.answer("shop", "reject") for _ in range(2)]
    for each in given:
        world.clock.move(minutes=1)
        backend.link("u1", each["credential"])
    answer = backend.recorded("accept", subject="u1")
    assert answer["consent"]["visitor"] == given[1]["consent"]["visitor"]
    assert len(history(world, "shop", given[0]["credential"])) == 1
    assert backend.may(subject="u1")


def test_a_withdrawal_of_nobody_is_a_refusal_and_of_nothing_a_problem(
    world: World, backend: Backend
) -> None:
    assert backend.recorded("withdraw", subject="u1")["consent"]["type"] == "consent.refused"
    news = Backend(world, "news")
    refused(news.record("withdraw", 409, subject="u1"), 409, "nothing_to_withdraw")


def test_a_signal_is_recorded_where_it_changes_something(world: World, backend: Backend) -> None:
    answer = backend.record("signal", 404, subject="u1", signals={"gpc": True})
    refused(answer, 404, "visitor_unknown")
    assert stored_events(world) == []
    backend.recorded("accept", subject="u1")
    told = backend.recorded("signal", subject="u1", signals={"gpc": True})
    assert told["consent"]["type"] == "optout.signal"
    assert told["consent"]["decisions"] == {"marketing": "denied"}


def test_the_backend_says_where_the_visitor_is(world: World, backend: Backend) -> None:
    declared = "profiles: [us-opt-out, eu-opt-in]"
    rewrite(world, "shop", "site.yaml", "profiles: [eu-opt-in]", declared)
    world.apply("shop")
    for place, profile, why in (
        ("US-CA", "us-opt-out", "country:US"),
        ("DE", "eu-opt-in", "country:DE"),
        (None, "eu-opt-in", "country:unknown"),
    ):
        told = {"place": place} if place else {}
        leaf = leaf_of(world, backend.recorded("reject", notice=2, **told))
        assert (leaf["profile"], leaf["why"]) == (profile, why)


def test_an_erased_subject_begins_anew(world: World, backend: Backend) -> None:
    first = backend.recorded("accept", subject="u1")
    header = {"Authorization": f"Consent {first['credential']}"}
    assert world.client.delete("/v1/sites/shop/consents/me", headers=header).status_code == 200
    assert backend.find("u1")["visitors"] == []
    again = backend.recorded("accept", subject="u1")
    assert again["consent"]["visitor"] != first["consent"]["visitor"]
