"""The opt-out signal (GPC) switches sale and sharing off, never on."""

from tests.api.calls import CHOICES, act, leaf_of, values
from tests.support.world import World

SIGNAL = {"gpc": True}


def test_the_signal_turns_a_grant_of_a_sale_purpose_into_a_denial(world: World) -> None:
    answer = world.answer("shop", "accept", signals=SIGNAL)
    assert values(answer) == {
        "necessary": "not_subject",
        "functional": "granted",
        "analytics": "granted",
        "marketing": "denied",
    }
    assert leaf_of(world, answer)["signals"] == {"gpc": True}


def test_the_header_counts_like_the_script_s_property(sqlite_world: World) -> None:
    world = sqlite_world
    body = act(world, "shop", "choose", decisions={"marketing": True, "analytics": True})
    answer = world.post("shop", body, {"Sec-GPC": "1"}).get_json()
    assert values(answer) == {"marketing": "denied", "analytics": "granted"}
    assert leaf_of(world, answer)["signals"] == {"gpc": True}


def test_only_the_exact_header_is_a_signal(sqlite_world: World) -> None:
    world = sqlite_world
    for text in ("0", "true", "1;q=1", "11", ""):
        answer = world.post("shop", act(world, "shop", "accept"), {"Sec-GPC": text}).get_json()
        assert values(answer)["marketing"] == "granted", text
        assert leaf_of(world, answer)["signals"] == {"gpc": False}


def test_a_second_act_overrides_the_signal_and_the_leaf_keeps_both(sqlite_world: World) -> None:
    world = sqlite_world
    signals = {"gpc": True, "override": True}
    answer = world.answer("shop", "choose", decisions={"marketing": True}, signals=signals)
    assert values(answer) == {"marketing": "granted"}
    assert leaf_of(world, answer)["signals"] == signals
    body = act(world, "shop", "choose", decisions={"marketing": True}, signals={"override": True})
    by_header = world.post("shop", body, {"Sec-GPC": "1"}).get_json()
    assert values(by_header) == {"marketing": "granted"}
    assert leaf_of(world, by_header)["signals"] == signals


def test_the_signal_never_switches_anything_on(sqlite_world: World) -> None:
    world = sqlite_world
    answer = world.answer("shop", "reject", signals=SIGNAL)
    assert {values(answer)[key] for key in CHOICES} == {"denied"}


def test_the_signal_denies_a_service_of_a_sale_purpose(sqlite_world: World) -> None:
    world = sqlite_world
    answer = world.answer("shop", "choose", services={"adverra": True}, signals=SIGNAL)
    assert answer["consent"]["services"].get("adverra") != "granted"


def test_the_signal_leaves_other_services_alone(sqlite_world: World) -> None:
    world = sqlite_world
    answer = world.answer("shop", "choose", services={"tally": True}, signals=SIGNAL)
    assert answer["consent"]["services"] == {"tally": "granted"}
