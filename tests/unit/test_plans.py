"""Plans: what they tell of settings, files, documents, notices and the linter."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from consent_service.access.model import Role
from consent_service.notices.model import Notice
from consent_service.publishing.errors import (
    HeadMovedError,
    LintFailedError,
    ManagedElsewhereError,
)
from consent_service.publishing.folder import read_folder
from consent_service.publishing.lint import lint
from consent_service.publishing.model import InvalidSiteError
from consent_service.publishing.plan import Plan, SettingChange, plan_json
from consent_service.publishing.planning import Planner
from consent_service.publishing.service import PublishingService
from tests.support.world import World, unlinted
from tests.unit.folders import Change, document, make

REASON = "Our counsel holds that the sentence does no harm."


def linked(site: dict[str, Any]) -> None:
    """Write texts with which the linter agrees."""
    site["texts"] = {
        "en": {
            "body": "May Shop Ltd count visits? One company would receive data. You can withdraw "
            "your consent at any time. More in our [policy](privacy-policy)."
        },
        "de": {
            "body": "Darf Shop Ltd Besuche zählen? Ein Unternehmen erhielte Daten. Sie können Ihre "
            "Einwilligung jederzeit widerrufen. Mehr in der [Erklärung](privacy-policy)."
        },
    }


def implied(site: dict[str, Any]) -> None:
    """Write what the linter takes for an error."""
    site["texts"]["en"]["body"] += " By using this site you agree to cookies."


POLICY = {
    "privacy-policy__en": document("Privacy", "All about data."),
    "privacy-policy__de": document("Datenschutz", "Alles über Daten."),
}


class Folder:
    """A folder that is planned and applied with the linter."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.path = folder
        services = world.services
        planner = Planner(
            clock=services.clock,
            ids=services.ids,
            log_name=services.log_name,
            lint=lint,
            asked_again=self.count,
        )
        self.service = PublishingService(services.db, planner)
        self.counted: list[int] = []

    def count(self, connection: Connection, site_id: str, notice: Notice) -> int | None:
        self.counted.append(notice.number)
        return 41 + notice.number

    def write(self, *edits: Change, **files: str | None) -> None:
        def change(site: dict[str, Any]) -> None:
            site["key"] = "tests"
            linked(site)
            for edit in edits:
                edit(site)

        make(self.path, change, **{**POLICY, **files})

    def plan(self, *edits: Change, over: str | None = None, **files: str | None) -> Plan:
        self.write(*edits, **files)
        return self.service.plan(read_folder(self.path), over)

    def apply(self, *edits: Change, over: str | None = None, **files: str | None) -> Plan:
        self.write(*edits, **files)
        plan = self.service.apply(read_folder(self.path), over)
        self.world.forget()
        return plan


@pytest.fixture
def folder(sqlite_world: World, tmp_path: Path) -> Folder:
    return Folder(sqlite_world, tmp_path / "mine")


def by_console(site: dict[str, Any]) -> None:
    site["managed_by"] = "console"


def renamed(site: dict[str, Any]) -> None:
    site["name"] = "Shop & Co"


def waived(rule: str, officer: str = "ada@shop.example") -> Change:
    return lambda site: site.update(waivers=[{"rule": rule, "officer": officer, "reason": REASON}])


def test_settings_are_compared_field_by_field(folder: Folder) -> None:
    folder.apply()

    def change(site: dict[str, Any]) -> None:
        site["origins"].append("https://www.shop.example")
        site["embed"] = {"mode": "path", "base_url": "https://shop.example/c"}

    assert folder.plan(renamed, change).settings == [
        SettingChange(field="name", old="Shop", new="Shop & Co"),
        SettingChange(
            field="origins",
            old=["https://shop.example"],
            new=["https://shop.example", "https://www.shop.example"],
        ),
        SettingChange(field="embed.mode", old="external", new="path"),
        SettingChange(field="embed.base_url", old=None, new="https://shop.example/c"),
    ]


def test_files_and_documents_are_told_with_what_they_change(folder: Folder) -> None:
    first = plan_json(folder.apply())
    assert {each["change"] for each in first["documents"]} == {"first"}
    assert first["new"] is True
    assert "head" not in first
    told = plan_json(folder.plan(terms__en=document(text="New.", material=True), terms__de=None))
    assert told["files"] == [
        {"name": "terms.de.md", "state": "gone", "added": 0, "removed": 4},
        {"name": "terms.en.md", "state": "changed", "added": 2, "removed": 1},
    ]
    assert [(d["kind"], d["number"], d["change"]) for d in told["documents"]] == [
        ("terms", 2, "material")
    ]
    assert told["locales"] == {"offered": ["en"], "dropped": ["de"]}
    assert told["new"] is False


def test_a_plan_names_only_the_questions_that_visitors_are_asked(folder: Folder) -> None:
    def exempt(site: dict[str, Any]) -> None:
        again = {**site["purposes"][0], "key": "necessary", "legal_basis": "not_required"}
        site["purposes"].append({**again, "exemption": "The site does not work without it."})
        site["profiles"] = ["us-opt-out"]

    asked = document("Terms", accept="agree")
    first = folder.apply(exempt, terms__en=asked)
    assert first.asks_again(first.notices[0]) == []

    def all_new(site: dict[str, Any]) -> None:
        exempt(site)
        for purpose in site["purposes"]:
            purpose["revision"] = 2

    changed = {
        "terms__en": document("Terms", "New.", accept="agree", material=True),
        "privacy-policy__en": document("Privacy", "New.", material=True),
    }
    plan = folder.plan(all_new, **changed)
    assert [plan.asks_again(notice) for notice in plan.notices] == [["analytics", "terms"]]


def test_visitors_are_counted_for_each_new_notice_of_a_known_site(folder: Folder) -> None:
    folder.apply()
    assert folder.counted == []
    plan = folder.plan(renamed)
    assert plan.visitors == {2: 43}
    assert plan_json(plan)["notices"][0]["visitors"] == 43
    unknown = unlinted(folder.world.services).plan(read_folder(folder.path))
    assert "visitors" not in plan_json(unknown)["notices"][0]


def test_errors_of_the_linter_keep_an_opt_in_from_being_published(folder: Folder) -> None:
    plan = folder.plan(implied)
    assert isinstance(plan.refusal, LintFailedError)
    assert plan_json(plan)["refusal"]["code"] == "lint_failed"
    with pytest.raises(LintFailedError) as caught:
        folder.apply(implied)
    named = {
        (each.field.partition(":")[0], each.field.rpartition(" ")[2])
        for each in caught.value.fields
    }
    assert named == {("site.yaml", "implied-consent")}
    assert all(each.field.split(":")[1].isdigit() for each in caught.value.fields)
    answer = folder.world.client.get("/v1/sites/tests/documents/privacy-policy")
    assert answer.status_code == 404


def test_a_plain_notice_is_not_held_to_the_rules_of_an_opt_in(folder: Folder) -> None:
    def plain(site: dict[str, Any]) -> None:
        site.update(profiles=["notice-only"], purposes=[], services=[], texts={})

    assert folder.plan(plain).refusal is None


@pytest.fixture
def officer(folder: Folder) -> str:
    return folder.world.services.officers.add("Ada@Shop.example", "Ada", Role.OWNER).officer_id


def implied_and_waived(officer: str = "ada@shop.example") -> Change:
    def change(site: dict[str, Any]) -> None:
        implied(site)
        waived("implied-consent", officer)(site)

    return change


def test_a_waiver_is_kept_by_the_notice_with_its_officer(folder: Folder, officer: str) -> None:
    (notice,) = folder.apply(implied_and_waived()).notices
    assert json.loads(notice.snapshot)["waivers"] == [
        {"rule": "implied-consent", "officer": officer, "reason": REASON}
    ]


def test_another_waiver_is_another_notice_that_asks_nobody(folder: Folder, officer: str) -> None:
    (first,) = folder.apply().notices
    assert "waivers" not in first.snapshot
    plan = folder.apply(waived("implied-consent"))
    assert [notice.number for notice in plan.notices] == [2]
    assert plan.asks_again(plan.notices[0]) == []


@pytest.mark.parametrize("disabled", [False, True])
def test_a_waiver_needs_an_officer_who_is_one(folder: Folder, officer: str, disabled: bool) -> None:
    name = "ada@shop.example" if disabled else "bob@shop.example"
    if disabled:
        folder.world.services.officers.disable(name)
    with pytest.raises(InvalidSiteError) as caught:
        folder.apply(implied_and_waived(name))
    (problem,) = caught.value.fields
    assert problem.field.startswith("site.yaml:")
    assert problem.field.endswith(": waivers.0.officer")
    assert name in problem.message


def test_a_folder_may_hand_a_new_site_to_the_console(folder: Folder) -> None:
    assert folder.apply(by_console).before is None
    assert folder.world.services.sites.get("tests").managed_by == "console"


def test_a_folder_hands_over_and_has_no_say_after_that(folder: Folder) -> None:
    folder.apply()
    plan = folder.apply(by_console)
    assert SettingChange(field="managed_by", old="folder", new="console") in plan.settings
    assert folder.apply(by_console).changes_nothing
    for edits in ((by_console, renamed), (renamed,), ()):
        assert isinstance(folder.plan(*edits).refusal, ManagedElsewhereError)
        with pytest.raises(ManagedElsewhereError):
            folder.apply(*edits)
    head = folder.plan(renamed).head
    with pytest.raises(ManagedElsewhereError):
        folder.apply(by_console, renamed, over=head)
    assert folder.world.services.sites.get("tests").name == "Shop"


def test_a_folder_takes_over_what_it_has_seen(folder: Folder) -> None:
    folder.apply(by_console)
    head = folder.plan(renamed).head
    assert head
    for other in ("0" * 64, head[:11]):
        with pytest.raises(HeadMovedError) as caught:
            folder.apply(renamed, over=other)
        assert head[:12] in caught.value.detail
    folder.apply(renamed, over=head[:12])
    site = folder.world.services.sites.get("tests")
    assert (site.managed_by, site.name) == ("folder", "Shop & Co")


def test_a_head_that_is_named_must_be_the_current_one_always(folder: Folder) -> None:
    with pytest.raises(HeadMovedError):
        folder.apply(over="0" * 64)
    folder.apply()
    head = folder.plan().head
    assert folder.apply(over=head).changes_nothing
    folder.apply(renamed, over=head)
    with pytest.raises(HeadMovedError):
        folder.apply(renamed, over=head)
