"""When visitors are asked again: only about what changed in meaning, once it is in force."""

from typing import Any

from tests.api.calls import rewrite
from tests.support.world import World

POLICY = "privacy-policy.en.md"
SENTENCE = "Linden & Oak makes furniture from linden and oak wood"
CHANGED = "Linden & Oak makes furniture from oak wood"
FRESH = {"functional": 1, "analytics": 1, "marketing": 1, "necessary": 1}


def asked(notice: dict[str, Any], group: str = "purposes") -> dict[str, int]:
    return {each.get("key") or each["kind"]: each["asked_since"] for each in notice[group]}


def with_matter(world: World, site: str, file: str, *lines: str) -> None:
    """Add lines to a document's front matter."""
    path = world.folder(site) / file
    head, matter, text = path.read_text("utf-8").split("---\n", 2)
    added = "".join(f"{line}\n" for line in lines)
    path.write_text(f"{head}---\n{matter}{added}---\n{text}", "utf-8")


def test_a_cosmetic_change_asks_nobody(sqlite_world: World) -> None:
    world = sqlite_world
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    rewrite(world, "shop", "site.yaml", "en: Counts which pages", "en: Notes which pages")
    world.apply("shop")
    notice = world.notice("shop")
    assert notice["number"] == 2
    assert asked(notice) == FRESH
    assert asked(notice, "documents") == {"privacy-policy": 1, "terms": 1}
    assert set(asked(notice, "services").values()) == {1}


def test_a_cosmetic_change_of_an_acknowledged_document_asks_nobody(sqlite_world: World) -> None:
    world = sqlite_world
    rewrite(world, "news", POLICY, "Harbour Daily is a local", "This is a local")
    world.apply("news")
    assert asked(world.notice("news"), "documents") == {"privacy-policy": 1, "terms": 1}


def test_a_material_change_of_an_acknowledged_document_asks_about_it(sqlite_world: World) -> None:
    world = sqlite_world
    with_matter(world, "news", POLICY, "material: true")
    rewrite(world, "news", POLICY, "Harbour Daily is a local", "This is a local")
    world.apply("news")
    assert asked(world.notice("news"), "documents") == {"privacy-policy": 2, "terms": 1}
    given = world.answer("news", "acknowledge")
    rewrite(world, "news", POLICY, "material: true", "material: false")
    rewrite(world, "news", POLICY, "This is a local", "Here is a local")
    world.apply("news")
    assert asked(world.notice("news"), "documents") == {"privacy-policy": 2, "terms": 1}
    assert given["agreed"]["privacy-policy"]["notice"] == 2


def test_a_material_change_voids_only_the_purposes_that_it_affects(sqlite_world: World) -> None:
    world = sqlite_world
    with_matter(world, "shop", POLICY, "material: true", "affects: [analytics]")
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    world.apply("shop")
    assert asked(world.notice("shop")) == {**FRESH, "analytics": 2}


def test_a_material_change_affects_nothing_by_default(sqlite_world: World) -> None:
    world = sqlite_world
    with_matter(world, "shop", POLICY, "material: true")
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    world.apply("shop")
    assert asked(world.notice("shop")) == FRESH


def test_a_raised_revision_asks_about_that_purpose(sqlite_world: World) -> None:
    world = sqlite_world
    path = world.folder("shop") / "site.yaml"
    head, mark, tail = path.read_text("utf-8").partition("- key: marketing")
    path.write_text(f"{head}{mark}{tail.replace('revision: 1', 'revision: 2', 1)}", "utf-8")
    world.apply("shop")
    assert asked(world.notice("shop")) == {**FRESH, "marketing": 2}


def test_a_changed_storage_of_a_purpose_changes_its_meaning(sqlite_world: World) -> None:
    world = sqlite_world
    rewrite(world, "shop", "site.yaml", "location: [IE, US]", "location: [IE]")
    world.apply("shop")
    assert asked(world.notice("shop")) == {**FRESH, "marketing": 2}


def test_a_changed_provider_asks_about_that_service(sqlite_world: World) -> None:
    world = sqlite_world
    rewrite(world, "shop", "site.yaml", "name: Adverra Ltd", "name: Adverra Inc")
    world.apply("shop")
    notice = world.notice("shop")
    assert asked(notice) == FRESH
    assert asked(notice, "services") == {
        "basket": 1,
        "choices": 1,
        "parley": 1,
        "tally": 1,
        "adverra": 2,
    }


def test_a_future_version_comes_into_force_when_its_time_has_passed(world: World) -> None:
    with_matter(
        world, "shop", POLICY, "effective_at: 2026-12-01", "material: true", "affects: [analytics]"
    )
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    plan = world.apply("shop")
    assert [notice.number for notice in plan.notices] == [2]
    assert asked(world.notice("shop")) == FRESH
    policy = "/v1/sites/shop/documents/privacy-policy"
    assert SENTENCE in world.client.get(policy, headers={"Accept": "text/markdown"}).text
    body = {"action": "accept", "notice": 2, "key": "4e7ff0f2-9a4a-4bd5-8f6e-f31ec2d1a001"}
    assert world.post("shop", body).status_code == 422
    world.clock.move(days=7, hours=13, minutes=59)
    assert world.notice("shop")["number"] == 1
    world.clock.move(minutes=1)
    notice = world.notice("shop")
    assert notice["number"] == 2
    assert asked(notice) == {**FRESH, "analytics": 2}
    assert CHANGED in world.client.get(policy, headers={"Accept": "text/markdown"}).text


def test_publishing_while_another_waits_prepares_it_anew(world: World) -> None:
    with_matter(
        world, "shop", POLICY, "effective_at: 2026-12-01", "material: true", "affects: [analytics]"
    )
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    world.apply("shop")
    world.clock.move(days=1)
    rewrite(world, "shop", "site.yaml", "Your choice at Linden", "Your decision at Linden")
    plan = world.apply("shop")
    assert [notice.number for notice in plan.notices] == [3, 4]
    assert [v.number for v in plan.documents] == []
    now = world.notice("shop")
    assert (now["number"], now["texts"]["title"]) == (3, "Your decision at Linden & Oak")
    assert asked(now) == FRESH
    assert world.apply("shop").changes_nothing
    world.clock.move(days=30)
    then = world.notice("shop")
    assert then["number"] == 4
    assert then["texts"]["title"] == "Your decision at Linden & Oak"
    assert asked(then) == {**FRESH, "analytics": 4}
    assert {d["kind"]: d["number"] for d in then["documents"]}["privacy-policy"] == 2
    assert world.apply("shop").changes_nothing
