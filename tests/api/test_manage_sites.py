"""The management interface: sites, who manages them, their files and their history."""

import hashlib
import json

import pytest

from consent_service.publishing.files import head
from consent_service.publishing.folder import folder_files
from tests.api.calls import refused
from tests.api.managing import MANAGE, Manager
from tests.support.world import World
from tests.unit.folders import make


@pytest.fixture
def manager(world: World) -> Manager:
    return Manager(world)


@pytest.fixture
def sqlite_manager(sqlite_world: World) -> Manager:
    return Manager(sqlite_world)


def test_sites_are_listed_page_by_page(manager: Manager) -> None:
    whole = manager.call("GET", "").get_json()
    assert [site["key"] for site in whole["sites"]] == ["news", "shop"]
    assert "next" not in whole
    first = manager.call("GET", "?limit=1").get_json()
    assert [site["key"] for site in first["sites"]] == ["news"]
    second = manager.call("GET", f"?limit=1&after={first['next']}").get_json()
    assert [site["key"] for site in second["sites"]] == ["shop"]
    assert "next" not in second


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "offset=1"])
def test_a_wrong_page_is_refused(sqlite_manager: Manager, query: str) -> None:
    answer = sqlite_manager.call("GET", f"?{query}", status=422)
    assert refused(answer, 422, "invalid_request")["errors"]


def test_a_limited_key_sees_its_own_sites_only(world: World) -> None:
    shop_only = Manager(world, sites=("shop",))
    assert [s["key"] for s in shop_only.call("GET", "").get_json()["sites"]] == ["shop"]
    assert "next" not in shop_only.call("GET", "?limit=1").get_json()
    answer = shop_only.call("GET", "/news", template="/{key}", status=403)
    refused(answer, 403, "api_key_forbidden")


def test_reading_and_writing_are_scopes_of_their_own(sqlite_world: World) -> None:
    reader = Manager(sqlite_world, scopes=("sites:read",))
    writer = Manager(sqlite_world, scopes=("sites:write",))
    tag = {"If-Match": reader.site().headers["ETag"]}
    change = {"managed_by": "console"}
    refusal = reader.call("PATCH", "/shop", change, template="/{key}", status=403, headers=tag)
    refused(refusal, 403, "api_key_forbidden")
    refused(writer.call("GET", "/shop", template="/{key}", status=403), 403, "api_key_forbidden")
    writer.call("PATCH", "/shop", change, template="/{key}", headers=tag)
    bare = sqlite_world.client.get(MANAGE)
    refused(bare, 401, "api_key_required")


def test_a_site_is_told_with_its_head_and_its_notice(manager: Manager) -> None:
    answer = manager.site()
    told = answer.get_json()
    files = folder_files(manager.world.folder("shop"))
    assert told["head"] == head(files)
    assert answer.headers["ETag"] == f'"{head(files)}"'
    assert (told["managed_by"], told["notice"], told["locales"]) == (
        "folder",
        1,
        ["en", "de", "ar"],
    )
    unknown = manager.call("GET", "/nowhere", template="/{key}", status=404)
    refused(unknown, 404, "site_unknown")


def test_handing_over_needs_the_head_that_was_seen(manager: Manager) -> None:
    body = {"managed_by": "console"}
    bare = manager.call("PATCH", "/shop", body, template="/{key}", status=428)
    refused(bare, 428, "precondition_required")
    for tags in ("*", '"a", "b"', 'W/"a"'):
        answer = manager.call(
            "PATCH", "/shop", body, template="/{key}", status=428, headers={"If-Match": tags}
        )
        refused(answer, 428, "precondition_required")
    stale = manager.call(
        "PATCH", "/shop", body, template="/{key}", status=412, headers={"If-Match": '"x"'}
    )
    refused(stale, 412, "precondition_failed")
    revision = manager.site().get_json()["revision"]
    manager.take()
    told = manager.site().get_json()
    assert (told["managed_by"], told["revision"]) == ("console", revision + 1)
    manager.take()
    assert manager.site().get_json()["revision"] == revision + 1


@pytest.mark.parametrize("body", [{}, {"managed_by": "me"}, {"managed_by": None}, {"x": 1}])
def test_a_wrong_hand_over_is_refused(sqlite_manager: Manager, body: dict[str, object]) -> None:
    tag = {"If-Match": sqlite_manager.site().headers["ETag"]}
    answer = sqlite_manager.call("PATCH", "/shop", body, template="/{key}", status=422, headers=tag)
    refused(answer, 422, "invalid_request")


def test_a_site_that_was_handed_over_is_not_published_by_its_folder(manager: Manager) -> None:
    from consent_service.publishing.errors import ManagedElsewhereError

    manager.take()
    with pytest.raises(ManagedElsewhereError):
        manager.world.apply("shop")


def test_files_are_given_with_their_hashes(manager: Manager) -> None:
    files = folder_files(manager.world.folder("shop"))
    listed = manager.call("GET", "/shop/files", template="/{key}/files").get_json()
    assert listed["head"] == head(files)
    assert {each["name"]: each["sha256"] for each in listed["files"]} == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()
    }


def test_a_file_is_given_as_json_or_text(manager: Manager) -> None:
    files = folder_files(manager.world.folder("shop"))
    assert manager.file("terms.ar.md") == files["terms.ar.md"]
    text = manager.call(
        "GET",
        "/shop/files/terms.ar.md",
        template="/{key}/files/{name}",
        headers={"Accept": "text/plain"},
    )
    assert text.data == files["terms.ar.md"].encode()
    assert text.mimetype == "text/plain"
    assert text.headers["ETag"] == f'"{hashlib.sha256(text.data).hexdigest()}"'
    for name in ("terms.fr.md", "..%2Fsite.yaml"):
        missing = manager.call(
            "GET", f"/shop/files/{name}", template="/{key}/files/{name}", status=404
        )
        assert missing.get_json()["code"] in ("file_unknown", "not_found")


def test_notices_are_listed_page_by_page_and_given_whole(manager: Manager) -> None:
    site = manager.world.folder("shop") / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("layout: bar", "layout: box"), "utf-8")
    manager.world.apply("shop")

    def page(query: str) -> dict[str, object]:
        path = f"/shop/notices?{query}"
        return dict(manager.call("GET", path, template="/{key}/notices").get_json())

    whole = page("")
    assert [each["number"] for each in whole["notices"]] == [1, 2]  # type: ignore[attr-defined]
    first = page("limit=1")
    assert first["next"] == 1
    assert page("limit=1&after=1") == {"notices": [whole["notices"][1]]}  # type: ignore[index]
    told = manager.call("GET", "/shop/notices/2", template="/{key}/notices/{number}").get_json()
    assert hashlib.sha256(told["snapshot"].encode()).hexdigest() == told["sha256"]
    hashes = json.loads(told["snapshot"])["variants"]
    assert {(v["profile"], v["locale"]): v["sha256"] for v in told["variants"]} == {
        (profile, locale): sha256
        for profile, by_locale in hashes.items()
        for locale, sha256 in by_locale.items()
    }
    missing = manager.call("GET", "/shop/notices/3", template="/{key}/notices/{number}", status=404)
    refused(missing, 404, "notice_unknown")


def test_managers_see_who_wrote_a_version_and_visitors_do_not(manager: Manager) -> None:
    path = manager.world.folder("shop") / "terms.en.md"
    path.write_text(path.read_text("utf-8").replace("---\n", "---\nauthor: Ada\n", 1) + "New.\n")
    manager.world.apply("shop")
    listed = manager.call("GET", "/shop/documents", template="/{key}/documents").get_json()
    terms = [each for each in listed["versions"] if each["kind"] == "terms"]
    assert [(v["number"], v.get("author"), v["change"]) for v in terms] == [
        (1, None, "first"),
        (2, "Ada", "cosmetic"),
    ]
    public = manager.world.client.get("/v1/sites/shop/documents/terms?lang=en")
    page = manager.world.client.get("/sites/shop/documents/terms")
    full = manager.world.client.get(
        "/v1/sites/shop/documents/terms", headers={"Accept": "application/json"}
    )
    assert all("Ada" not in each.text for each in (public, page, full))


def test_the_folder_of_a_test_stays_apart(sqlite_manager: Manager) -> None:
    """A site that a folder handed over at once is known to the interface as the console's."""
    world = sqlite_manager.world
    from consent_service.publishing.folder import read_folder

    def plain(site: dict[str, object]) -> None:
        site.update(
            key="tests",
            managed_by="console",
            profiles=["notice-only"],
            purposes=[],
            services=[],
        )

    world.services.publishing.apply(read_folder(make(world.folders / "tests", plain)))
    assert sqlite_manager.site("tests").get_json()["managed_by"] == "console"
