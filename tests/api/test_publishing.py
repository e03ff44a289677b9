"""Publishing: what a changed sentence makes, and what stays as it was."""

import hashlib
import json

from tests.api.calls import history, leaf_of, refused, rewrite, stored_events
from tests.support.world import World

SENTENCE = "Linden & Oak makes furniture from linden and oak wood"
CHANGED = "Linden & Oak makes furniture from oak wood"
POLICY = "/v1/sites/shop/documents/privacy-policy"
MEDIA = ("text/html", "text/markdown", "application/json")


def sentence_changed(world: World) -> None:
    rewrite(world, "shop", "privacy-policy.en.md", SENTENCE, CHANGED)
    plan = world.apply("shop")
    assert [(v.kind, v.number) for v in plan.documents] == [("privacy-policy", 2)]
    assert [notice.number for notice in plan.notices] == [2]


def bytes_of(world: World, path: str) -> dict[tuple[str, str], bytes]:
    found = {}
    for media in MEDIA:
        for lang in ("en", "de", "ar"):
            answer = world.client.get(f"{path}?lang={lang}", headers={"Accept": media})
            assert answer.status_code == 200
            assert answer.mimetype == media
            found[media, lang] = answer.data
    return found


def test_one_changed_sentence_makes_version_two_and_notice_two(world: World) -> None:
    sentence_changed(world)
    current = world.client.get(POLICY, headers={"Accept": "text/markdown"}).text
    assert CHANGED in current
    assert SENTENCE not in current
    notice = world.notice("shop")
    assert notice["number"] == 2
    assert {d["kind"]: d["number"] for d in notice["documents"]} == {
        "privacy-policy": 2,
        "terms": 1,
    }
    listed = world.client.get(f"{POLICY}/versions").get_json()["versions"]
    assert [version["number"] for version in listed] == [2, 1]


def test_version_one_stays_reachable_byte_for_byte(world: World) -> None:
    before = bytes_of(world, f"{POLICY}/versions/1")
    sentence_changed(world)
    assert bytes_of(world, f"{POLICY}/versions/1") == before
    assert bytes_of(world, f"{POLICY}/versions/2") != before
    page = world.client.get("/sites/shop/documents/privacy-policy/1")
    assert SENTENCE.replace("&", "&amp;") in page.text


def test_texts_have_the_hashes_that_their_manifest_names(world: World) -> None:
    sentence_changed(world)
    for number in (1, 2):
        path = f"{POLICY}/versions/{number}"
        full = world.client.get(path, headers={"Accept": "application/json"}).get_json()
        assert hashlib.sha256(full["manifest"].encode()).hexdigest() == full["sha256"]
        manifest = json.loads(full["manifest"])
        assert set(manifest["texts"]) == {"en", "de", "ar"}
        served = bytes_of(world, path)
        for lang, text in manifest["texts"].items():
            html, source = served["text/html", lang], served["text/markdown", lang]
            assert hashlib.sha256(html).hexdigest() == text["html_sha256"]
            assert hashlib.sha256(source).hexdigest() == text["source_sha256"]


def test_events_go_on_naming_the_version_that_was_shown(world: World) -> None:
    given = world.answer("news", "acknowledge")
    shown = world.notice("news")
    rewrite(world, "news", "privacy-policy.en.md", "Harbour Daily is a local", "This is a local")
    world.apply("news")
    (event,) = history(world, "news", given["credential"])
    assert event["documents"]["privacy-policy"]["n"] == 1
    assert event["notice"] == {
        "number": 1,
        "sha256": shown["sha256"],
        "variant": shown["variant"],
    }
    version = world.client.get(
        "/v1/sites/news/documents/privacy-policy/versions/1",
        headers={"Accept": "application/json"},
    ).get_json()
    assert event["documents"]["privacy-policy"]["sha256"] == version["sha256"]
    assert leaf_of(world, given)["documents"] == event["documents"]
    body = world.client.get(f"/v1/sites/news/notice/{shown['variant']}.json").get_json()
    assert body["number"] == 1


def test_applying_again_publishes_nothing(world: World) -> None:
    assert world.apply("shop").changes_nothing
    sentence_changed(world)
    world.clock.move(days=1)
    again = world.apply("shop")
    assert again.changes_nothing
    assert world.notice("shop")["number"] == 2


def test_going_back_to_an_earlier_text_is_a_new_version(world: World) -> None:
    sentence_changed(world)
    rewrite(world, "shop", "privacy-policy.en.md", CHANGED, SENTENCE)
    assert [version.number for version in world.apply("shop").documents] == [3]
    first, third = (
        world.client.get(f"{POLICY}/versions/{n}", headers={"Accept": "text/html"}).data
        for n in (1, 3)
    )
    assert first == third


def test_sites_do_not_touch_each_other(world: World) -> None:
    before = world.notice("news")
    sentence_changed(world)
    assert world.notice("news") == before


def test_a_document_that_is_not_there_is_not_found(sqlite_world: World) -> None:
    world = sqlite_world
    for path in ("/imprint", "/privacy-policy/versions/2", "/privacy-policy/versions/0"):
        answer = world.client.get(f"/v1/sites/shop/documents{path}")
        refused(answer, 404, "document_unknown")
    assert stored_events(world) == []
