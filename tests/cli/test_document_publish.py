"""`document list` and `document publish`: versions of a site that the console manages."""

import json
from datetime import date
from pathlib import Path

import pytest

from consent_service.resources import bundled
from tests.cli.conftest import Command, edit
from tests.unit.folders import document


@pytest.fixture
def managed(ready: Command, shop: Path) -> Path:
    """A shop that its folder has handed over."""
    edit(shop / "site.yaml", "key: shop\n", "key: shop\nmanaged_by: console\n")
    ready("site", "apply", str(shop))
    return shop


def versions(ready: Command) -> list[tuple[str, int, str]]:
    listed = json.loads(ready("document", "list", "shop", "--json").output)
    return [(each["kind"], each["number"], each["change"]) for each in listed]


def test_every_version_is_listed_with_its_author(ready: Command, managed: Path) -> None:
    path = managed / "terms.en.md"
    path.write_text(document("Terms", "New.", author="Ada Example", material=True), "utf-8")
    ready("document", "publish", "shop", str(path))
    assert versions(ready) == [
        ("privacy-policy", 1, "first"),
        ("terms", 1, "first"),
        ("terms", 2, "material"),
    ]
    told = ready("document", "list", "shop").output
    assert "Ada Example" in told
    assert "no site" in ready("document", "list", "nowhere", status=1).output


def test_files_are_published_over_the_applied_ones(
    ready: Command, managed: Path, tmp_path: Path
) -> None:
    (tmp_path / "terms.en.md").write_text(document("Terms", "New."), "utf-8")
    told = ready("document", "publish", "shop", str(tmp_path / "terms.en.md")).output
    assert "published terms 2 (cosmetic; en, de, ar)" in told
    ready("site", "export", "shop", str(tmp_path / "back"))
    assert (tmp_path / "back" / "terms.en.md").read_text("utf-8") == document("Terms", "New.")
    assert (tmp_path / "back" / "site.yaml").read_bytes() == (managed / "site.yaml").read_bytes()


def test_a_version_comes_into_force_when_it_is_told_to(
    ready: Command, managed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "terms.en.md"
    path.write_text(document("Terms", "New."), "utf-8")
    publish = ("document", "publish", "shop", str(path), "--json", "--at")
    plan = json.loads(ready(*publish, "2999-01-01T01:00:00+01:00").output)
    assert [each["effective_at"] for each in plan["documents"]] == ["2999-01-01T00:00:00.000Z"]
    assert "--at" in ready(*publish, "tomorrow", status=1).output
    path.write_text(document("Terms", "Newer.", effective_at=date(2998, 1, 1)), "utf-8")
    told = ready(*publish, "2999-01-01T00:00:00Z", status=1).output
    assert "terms.en.md:2: effective_at names another time" in told


def test_a_version_that_never_begins_is_told(ready: Command, managed: Path, tmp_path: Path) -> None:
    path = tmp_path / "terms.en.md"
    path.write_text(document("Terms", "New."), "utf-8")
    ready("document", "publish", "shop", str(path), "--at", "2999-01-01T00:00:00Z")
    path.write_text(document("Terms", "Newer."), "utf-8")
    told = ready("document", "publish", "shop", str(path)).output
    assert "terms 2 will not come into force at 2999-01-01T00:00:00.000Z: version 3" in told
    assert "never: 3 replaced it" in ready("document", "list", "shop").output
    listed = json.loads(ready("document", "list", "shop", "--json").output)
    assert [each.get("replaced_by") for each in listed] == [None, None, 3, None]


def test_a_version_does_not_begin_in_the_past(
    ready: Command, managed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "terms.en.md"
    path.write_text(document("Terms", "New."), "utf-8")
    told = ready(
        "document", "publish", "shop", str(path), "--at", "2020-01-01T00:00:00Z", status=1
    ).output
    assert "terms.en.md:1: effective_at must not be before" in told
    assert "when version 1 began" in told


def test_the_head_that_is_named_must_be_the_current_one(
    ready: Command, managed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "terms.en.md"
    path.write_text(document("Terms", "New."), "utf-8")
    publish = ("document", "publish", "shop", str(path), "--over")
    told = ready(*publish, "0" * 12, status=1).output
    head = told.partition("its head is ")[2][:12]
    assert "published terms 2" in ready(*publish, head).output
    assert ("terms", 3) not in [each[:2] for each in versions(ready)]


def test_a_site_of_the_folder_is_left_to_the_folder(ready: Command, shop: Path) -> None:
    told = ready("document", "publish", "shop", str(shop / "terms.en.md"), status=1).output
    assert "managed by its folder" in told


def test_what_is_no_document_is_told(ready: Command, managed: Path, tmp_path: Path) -> None:
    for name in ("site.yaml", "Terms.en.md"):
        (tmp_path / name).write_text("x")
        told = ready("document", "publish", "shop", str(tmp_path / name), status=1).output
        assert f"{name}: must be named KIND.LOCALE.md" in told
    (tmp_path / "terms.en.md").write_bytes(b"\xe4")
    told = ready("document", "publish", "shop", str(tmp_path / "terms.en.md"), status=1).output
    assert "not UTF-8" in told
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "terms.en.md").write_text("x")
    twice = [str(tmp_path / "terms.en.md"), str(tmp_path / "other" / "terms.en.md")]
    (tmp_path / "terms.en.md").write_text("x")
    assert "given twice" in ready("document", "publish", "shop", *twice, status=1).output


def test_an_example_has_two_documents(ready: Command) -> None:
    ready("site", "apply", str(bundled("examples") / "shop"))
    assert "privacy-policy  1        first" in ready("document", "list", "shop").output
