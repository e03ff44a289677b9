"""Drafts: written under conditions, looked at, and published in one piece."""

import hashlib
from typing import Any

import pytest

from tests.api.calls import refused
from tests.api.managing import Manager
from tests.support.world import World
from tests.unit.folders import document

NAME = "terms.en.md"
DRAFT = "/shop/drafts/terms.en.md"
ONE = "/{key}/drafts/{name}"


@pytest.fixture
def manager(world: World) -> Manager:
    """A manager of a shop that the console manages."""
    made = Manager(world)
    made.take()
    return made


@pytest.fixture
def sqlite_manager(sqlite_world: World) -> Manager:
    made = Manager(sqlite_world)
    made.take()
    return made


def reworded(manager: Manager, name: str = "site.yaml") -> str:
    text = manager.file(name)
    assert "name: Linden & Oak\n" in text
    return text.replace("name: Linden & Oak\n", "name: Linden\n")


def test_a_draft_is_created_changed_and_discarded(manager: Manager) -> None:
    made = manager.put(NAME, "one", author="Ada")
    told = made.get_json()
    assert (told["text"], told["author"], told["revision"], told["deleting"]) == (
        "one",
        "Ada",
        1,
        False,
    )
    changed = manager.put(NAME, "two", tag=made.headers["ETag"])
    assert changed.get_json()["revision"] == 2
    assert "author" not in changed.get_json()
    read = manager.call("GET", DRAFT, template=ONE)
    assert read.headers["ETag"] == changed.headers["ETag"] != made.headers["ETag"]
    assert read.get_json() == changed.get_json()
    tag = {"If-Match": read.headers["ETag"]}
    assert manager.call("DELETE", DRAFT, template=ONE, status=204, headers=tag).data == b""
    assert manager.drafts() == []
    refused(manager.call("GET", DRAFT, template=ONE, status=404), 404, "draft_unknown")


def test_writing_a_draft_needs_a_condition(manager: Manager) -> None:
    for method, body in (("PUT", {"text": "x"}), ("DELETE", None)):
        bare = manager.call(method, DRAFT, body, template=ONE, status=428)
        refused(bare, 428, "precondition_required")
    assert manager.drafts() == []


def test_a_draft_is_not_created_twice(manager: Manager) -> None:
    manager.put(NAME, "one")
    refused(manager.put(NAME, "two", status=412), 412, "precondition_failed")
    assert manager.call("GET", DRAFT, template=ONE).get_json()["text"] == "one"


def test_a_draft_is_not_changed_over_a_state_that_was_not_seen(manager: Manager) -> None:
    first = manager.put(NAME, "one").headers["ETag"]
    manager.put(NAME, "two", tag=first)
    refused(manager.put(NAME, "three", tag=first, status=412), 412, "precondition_failed")
    stale = manager.call("DELETE", DRAFT, template=ONE, status=412, headers={"If-Match": first})
    refused(stale, 412, "precondition_failed")
    assert manager.call("GET", DRAFT, template=ONE).get_json()["text"] == "two"


def test_what_is_not_there_cannot_be_changed(manager: Manager) -> None:
    refused(manager.put(NAME, "x", tag='"1-x"', status=404), 404, "draft_unknown")


WRONG: list[tuple[str, Any, str]] = [
    (NAME, {"text": 1}, "text"),
    (NAME, {}, "text"),
    (NAME, {"text": "x", "author": ""}, "author"),
    (NAME, {"text": "x", "more": 1}, "more"),
    (NAME, {"text": "a\0b"}, "text"),
    ("README.md", {"text": "x"}, "name"),
    ("Terms.en.md", {"text": "x"}, "name"),
    ("site.yml", {"text": "x"}, "name"),
    ("terms.en-abcdefgh-abcdefgh.md", {"text": "x"}, "name"),
]


@pytest.mark.parametrize(("name", "body", "field"), WRONG)
def test_a_wrong_draft_is_refused_by_its_field(
    sqlite_manager: Manager, name: str, body: Any, field: str
) -> None:
    answer = sqlite_manager.call(
        "PUT",
        f"/shop/drafts/{name}",
        body,
        template=ONE,
        status=422,
        headers={"If-None-Match": "*"},
    )
    problem = refused(answer, 422, "invalid_request")
    assert [each["field"] for each in problem["errors"]] == [field]
    assert sqlite_manager.drafts() == []


def test_a_site_of_the_folder_takes_no_draft(sqlite_world: World) -> None:
    manager = Manager(sqlite_world)
    refused(manager.put(NAME, "x", status=409), 409, "managed_elsewhere")
    refused(manager.publish(status=409), 409, "managed_elsewhere")
    tag = {"If-Match": '"1-x"'}
    gone = manager.call("DELETE", DRAFT, template=ONE, status=409, headers=tag)
    refused(gone, 409, "managed_elsewhere")
    assert manager.plan()["changes_nothing"]


def test_drafts_are_planned_and_published_in_one_piece(manager: Manager) -> None:
    manager.put("site.yaml", reworded(manager))
    manager.put(NAME, document("Terms", "New terms.", material=True, accept="inform"), author="Ada")
    plan = manager.plan()
    assert [each["name"] for each in plan["files"]] == ["site.yaml", NAME]
    assert [(d["kind"], d["number"], d["change"]) for d in plan["documents"]] == [
        ("terms", 2, "material")
    ]
    assert manager.world.notice("shop")["number"] == 1
    before = manager.head()
    published = manager.publish()
    assert published.get_json() == {**plan, "head": before}
    assert published.headers["ETag"] == f'"{manager.head()}"' != f'"{before}"'
    assert manager.drafts() == []
    assert manager.world.notice("shop")["name"] == "Linden"
    assert manager.site().get_json()["managed_by"] == "console"
    versions = manager.call("GET", "/shop/documents", template="/{key}/documents").get_json()
    assert versions["versions"][-1]["author"] == "Ada"


def test_publishing_needs_the_head_that_was_seen(manager: Manager) -> None:
    manager.put("site.yaml", reworded(manager))
    bare = manager.call("POST", "/shop/publish", template="/{key}/publish", status=428)
    refused(bare, 428, "precondition_required")
    refused(manager.publish("0" * 64, status=412), 412, "precondition_failed")
    assert manager.drafts() == ["site.yaml"]
    seen = manager.head()
    manager.publish(seen)
    refused(manager.publish(seen, status=412), 412, "precondition_failed")


def test_publishing_without_a_draft_changes_nothing(manager: Manager) -> None:
    before = manager.site().get_json()
    assert manager.publish().get_json()["changes_nothing"]
    assert manager.site().get_json() == before


def test_a_draft_without_text_takes_its_file_away(manager: Manager) -> None:
    for locale in ("en", "de", "ar"):
        manager.put(f"terms.{locale}.md", None)
    assert manager.call("GET", DRAFT, template=ONE).get_json()["deleting"]
    assert {each["state"] for each in manager.plan()["files"]} == {"gone"}
    manager.publish()
    names = manager.call("GET", "/shop/files", template="/{key}/files").get_json()["files"]
    assert "terms.en.md" not in {each["name"] for each in names}
    assert [d["kind"] for d in manager.world.notice("shop")["documents"]] == ["privacy-policy"]


def test_drafts_with_errors_stay_drafts(manager: Manager) -> None:
    manager.put("site.yaml", manager.file("site.yaml") + "nickname: x\n")
    problem = manager.plan(status=422)
    assert problem["code"] == "invalid_site"
    assert problem["errors"][0]["field"].endswith(": nickname")
    refused(manager.publish(status=422), 422, "invalid_site")
    assert manager.drafts() == ["site.yaml"]
    assert manager.world.notice("shop")["number"] == 1


def test_a_site_keeps_its_key(sqlite_manager: Manager) -> None:
    manager = sqlite_manager
    news = manager.world.notice("news")
    manager.put("site.yaml", manager.file("site.yaml").replace("key: shop", "key: news"))
    problem = refused(manager.publish(status=422), 422, "invalid_site")
    assert problem["errors"][0]["field"].endswith(": key")
    assert manager.world.notice("news") == news


def test_a_site_cannot_lose_its_settings(sqlite_manager: Manager) -> None:
    sqlite_manager.put("site.yaml", None)
    assert sqlite_manager.plan(status=422)["errors"][0]["field"] == "site.yaml"


def test_the_linter_is_asked_before_drafts_are_published(manager: Manager) -> None:
    text = manager.file("site.yaml").replace(
        "the shop works either way.", "by using the shop you agree."
    )
    manager.put("site.yaml", text)
    plan = manager.plan()
    assert plan["refusal"]["code"] == "lint_failed"
    assert "implied-consent" in {each["rule"] for each in plan["findings"]}
    problem = refused(manager.publish(status=422), 422, "lint_failed")
    assert any(each["field"].endswith(": implied-consent") for each in problem["errors"])
    assert manager.drafts() == ["site.yaml"]


def test_a_draft_does_not_undo_what_was_published_after_it(manager: Manager) -> None:
    base = hashlib.sha256(manager.file(NAME).encode()).hexdigest()
    first = manager.put(NAME, document("Terms", "Draft."))
    assert first.get_json()["base_sha256"] == base
    manager.put("imprint.en.md", document("Imprint", "New."))
    newer = document("Terms", "Published meanwhile.")
    manager.world.services.drafts.publish_files("shop", {NAME: newer})
    manager.world.forget()
    plan = manager.plan()
    found = [each for each in plan["findings"] if each["rule"] == "outdated-draft"]
    assert [(each["file"], each["severity"]) for each in found] == [(NAME, "warning")]
    assert plan["refusal"]["code"] == "draft_outdated"
    assert NAME in refused(manager.publish(status=409), 409, "draft_outdated")["detail"]
    assert manager.file(NAME) == newer
    again = manager.put(NAME, document("Terms", "Draft."), tag=first.headers["ETag"])
    assert again.get_json()["base_sha256"] == hashlib.sha256(newer.encode()).hexdigest()
    manager.publish()
    assert manager.file(NAME) == document("Terms", "Draft.")


def test_a_draft_of_what_is_published_already_undoes_nothing(sqlite_manager: Manager) -> None:
    text = document("Imprint", "New.")
    assert "base_sha256" not in sqlite_manager.put("imprint.en.md", text).get_json()
    sqlite_manager.world.services.drafts.publish_files("shop", {"imprint.en.md": text})
    assert "refusal" not in sqlite_manager.plan()
    assert sqlite_manager.publish().get_json()["changes_nothing"]


def test_a_notice_is_previewed_as_the_drafts_would_make_it(manager: Manager) -> None:
    manager.put("site.yaml", reworded(manager))

    def preview(query: str = "", status: int = 200) -> dict[str, Any]:
        path, template = f"/shop/preview{query}", "/{key}/preview"
        return dict(manager.call("GET", path, template=template, status=status).get_json())

    assert (preview()["name"], preview()["number"], preview()["locale"]) == ("Linden", 2, "en")
    assert preview("?lang=ar&profile=eu-opt-in")["dir"] == "rtl"
    assert preview("?lang=fr", 422)["errors"][0]["field"] == "lang"
    assert preview("?profile=moon", 422)["errors"][0]["field"] == "profile"
    shown = manager.call("GET", "/shop/preview?lang=de", template="/{key}/preview").data
    manager.publish()
    listed = manager.call("GET", "/shop/notices/2", template="/{key}/notices/{number}").get_json()
    hashes = {each["locale"]: each["sha256"] for each in listed["variants"]}
    assert hashlib.sha256(shown).hexdigest() == hashes["de"]


def test_a_document_is_previewed_as_the_drafts_would_make_it(manager: Manager) -> None:
    manager.put(NAME, document("Terms", "# New\n\n<script>alert(1)</script>"))

    def preview(kind: str, status: int = 200) -> Any:
        path, template = f"/shop/preview/{kind}", "/{key}/preview/{kind}"
        return manager.call("GET", path, template=template, status=status)

    shown = preview("terms")
    assert shown.mimetype == "text/html"
    assert '<h1 id="new">New</h1>' in shown.text
    assert "<script" not in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    refused(preview("imprint", 404), 404, "document_unknown")
    refused(preview("terms?lang=fr", 422), 422, "invalid_request")
