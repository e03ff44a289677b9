"""Recording a choice: what is stored, and what the visitor gets."""

from tests.support.world import World


def test_accept_grants_every_purpose_that_needs_consent(world: World) -> None:
    answer = world.answer("shop", "accept")
    assert answer["consent"]["type"] == "consent.given"
    assert answer["consent"]["decisions"] == {
        "necessary": "not_subject",
        "functional": "granted",
        "analytics": "granted",
        "marketing": "granted",
    }
