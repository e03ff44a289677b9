"""Visitors' states beside the log: kept by the sealer, never ahead, never behind what is sealed."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from consent_service.consents.projection import project_states
from consent_service.consents.tables import consent_event, visitor_state
from consent_service.publishing.folder import read_folder
from tests.api.calls import ask_for, rewrite
from tests.api.test_asked_since import CHANGED, POLICY, SENTENCE, with_matter
from tests.support.world import World


def states(world: World) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return `{visitor: (seq, state)}`."""
    with world.services.db.read() as connection:
        return {
            row.visitor: (row.visitor_seq, row.state)
            for row in connection.execute(select(visitor_state))
        }


def test_it_follows_the_events_when_they_are_sealed(world: World) -> None:
    given = world.answer("shop", "accept")
    visitor = given["consent"]["visitor"]
    assert states(world) == {}
    world.services.ledger.seal_all()
    seq, state = states(world)[visitor]
    assert (seq, state["purposes"]["analytics"]["value"]) == (1, "granted")
    world.answer("shop", "withdraw", credential=given["credential"])
    assert states(world)[visitor][0] == 1
    world.services.ledger.seal_all()
    seq, state = states(world)[visitor]
    assert (seq, state["purposes"]["analytics"]["value"]) == (2, "denied")


def test_an_older_event_never_replaces_a_newer_state(world: World) -> None:
    given = world.answer("shop", "accept")
    world.answer("shop", "reject", credential=given["credential"])
    world.services.ledger.seal_all()
    before = states(world)
    with world.services.db.read() as connection:
        events = list(connection.execute(select(consent_event).order_by(consent_event.c.event_id)))
    with world.services.db.write() as tx:
        project_states(tx, events[0].site_id, [events[0].event_id])
    assert states(world) == before
    assert before[given["consent"]["visitor"]][0] == 2


def test_it_can_be_made_anew_from_the_events(world: World) -> None:
    for _ in range(5):
        given = world.answer("shop", "accept")
        world.answer("shop", "reject", credential=given["credential"])
    world.services.ledger.seal_all()
    before = states(world)
    assert len(before) == 5
    with world.services.db.write() as tx:
        tx.execute(visitor_state.delete())
        rows = list(tx.execute(select(consent_event)))
        project_states(tx, rows[0].site_id, [row.event_id for row in rows])
    assert states(world) == before
    assert {json.dumps(state, sort_keys=True) for _, state in before.values()} == {
        json.dumps(json.loads(row.state), sort_keys=True) for row in rows if row.visitor_seq == 2
    }


# ------------------------------------------------------------------ who would be asked again


def asked_again(world: World) -> dict[int, int]:
    """Return how many visitors a plan of the shop's folder says it would ask again, by notice."""
    plan = world.services.publishing.plan(read_folder(world.folder("shop")))
    return dict(plan.visitors)


@pytest.fixture
def visitors(world: World) -> World:
    """Four who accepted, three who refused, two who chose analytics, one erased, one withdrew."""
    answers = [world.answer("shop", "accept") for _ in range(6)]
    for _ in range(3):
        world.answer("shop", "reject")
    for _ in range(2):
        world.answer("shop", "choose", decisions={"analytics": True})
    header = {"Authorization": f"Consent {answers[0]['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    world.answer("shop", "withdraw", credential=answers[1]["credential"])
    world.services.ledger.seal_all()
    return world


def test_a_cosmetic_change_would_ask_nobody(visitors: World) -> None:
    rewrite(visitors, "shop", POLICY, SENTENCE, CHANGED)
    assert asked_again(visitors) == {2: 0}


def test_a_changed_purpose_would_ask_all_who_decided_about_it(visitors: World) -> None:
    rewrite(visitors, "shop", "site.yaml", "location: [IE, US]", "location: [IE]")
    assert asked_again(visitors) == {2: 8}
    rewrite(visitors, "shop", "site.yaml", "location: [FR]", "location: [FR, BE]")
    assert asked_again(visitors) == {2: 10}


def test_a_new_provider_of_a_purpose_would_ask_all_who_decided_about_it(visitors: World) -> None:
    rewrite(visitors, "shop", "site.yaml", "name: Adverra Ltd", "name: Adverra Inc")
    assert asked_again(visitors) == {2: 8}


def test_a_material_change_would_ask_those_whose_purposes_it_affects(visitors: World) -> None:
    with_matter(visitors, "shop", POLICY, "material: true", "affects: [analytics]")
    rewrite(visitors, "shop", POLICY, SENTENCE, CHANGED)
    assert asked_again(visitors) == {2: 10}


def test_what_has_expired_is_asked_again_anyway(visitors: World) -> None:
    rewrite(visitors, "shop", "site.yaml", "location: [IE, US]", "location: [IE]")
    visitors.clock.move(days=186)
    assert asked_again(visitors) == {2: 0}


def test_new_terms_would_ask_those_who_agreed(world: World) -> None:
    ask_for(world, "shop", "terms", "agree")
    answers = [world.answer("shop", "agree", notice=2) for _ in range(3)]
    world.answer("shop", "reject", notice=2)
    world.answer("shop", "withdraw", notice=2, credential=answers[0]["credential"])
    world.services.ledger.seal_all()
    rewrite(world, "shop", "terms.en.md", "accept: agree", "accept: agree\nmaterial: true")
    rewrite(world, "shop", "terms.en.md", "You pay by bank transfer", "You pay by transfer")
    assert asked_again(world) == {3: 2}


def test_an_objection_stays_where_nobody_is_asked_first(world: World) -> None:
    rewrite(world, "shop", "site.yaml", "profiles: [eu-opt-in]", "profiles: [us-opt-out]")
    world.apply("shop")
    world.answer("shop", "reject", notice=2)
    world.answer("shop", "accept", notice=2)
    world.services.ledger.seal_all()
    rewrite(world, "shop", "site.yaml", "location: [IE, US]", "location: [IE]")
    assert asked_again(world) == {3: 1}


def test_a_new_purpose_would_ask_all_who_decided_about_others(visitors: World) -> None:
    text = (visitors.folder("shop") / "site.yaml").read_text("utf-8")
    begin, end = text.index("  - key: marketing"), text.index("services:\n")
    added = text[begin:end].replace("key: marketing", "key: social")
    rewrite(visitors, "shop", "site.yaml", "\nservices:\n", f"\n{added}services:\n")
    assert asked_again(visitors) == {2: 10}
