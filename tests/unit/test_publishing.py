"""Publishing: what a plan says, how notices are numbered, what is asked again."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent_service.publishing.files import head
from consent_service.publishing.folder import folder_files, read_folder
from consent_service.publishing.model import InvalidSiteError
from consent_service.publishing.plan import Plan
from tests.support.world import World, unlinted
from tests.unit.folders import Change, document, make


class Publisher:
    """A site folder that is edited and published again and again."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self._service = unlinted(world.services)

    def plan(self, change: Change | None = None, **files: str | None) -> Plan:
        return self._service.plan(read_folder(make(self.folder, self._site(change), **files)))

    def apply(self, change: Change | None = None, **files: str | None) -> Plan:
        plan = self._service.apply(read_folder(make(self.folder, self._site(change), **files)))
        self.world.forget()
        return plan

    def problems(self, change: Change | None = None, **files: str | None) -> set[str]:
        with pytest.raises(InvalidSiteError) as caught:
            self.plan(change, **files)
        return {re.sub(r":\d+", "", each.field) for each in caught.value.fields}

    def asked_since(self) -> dict[str, int]:
        notice = self.world.notice("tests")
        parts = [*notice["purposes"], *notice["services"], *notice["documents"]]
        return {part.get("key") or part["kind"]: part["asked_since"] for part in parts}

    def in_days(self, days: int) -> str:
        return (self.world.clock.now() + timedelta(days=days)).isoformat()

    @staticmethod
    def _site(change: Change | None) -> Change:
        def named(site: dict[str, Any]) -> None:
            site["key"] = "tests"
            if change:
                change(site)

        return named


@pytest.fixture
def publisher(sqlite_world: World, tmp_path: Path) -> Publisher:
    return Publisher(sqlite_world, tmp_path / "site")


def numbers(plan: Plan) -> list[int]:
    return [notice.number for notice in plan.notices]


def renamed(site: dict[str, Any]) -> None:
    site["purposes"][0]["name"]["en"] = "Counting"


def revised(site: dict[str, Any]) -> None:
    site["purposes"][0]["revision"] = 2


def revised_service(site: dict[str, Any]) -> None:
    site["services"][0]["revision"] = 2


def test_a_plan_changes_nothing(publisher: Publisher) -> None:
    assert numbers(publisher.plan()) == numbers(publisher.plan()) == [1]
    answer = publisher.world.client.get("/v1/sites/tests/notice")
    assert answer.status_code == 404


def test_a_plan_of_what_is_published_is_empty(publisher: Publisher) -> None:
    publisher.apply()
    plan = publisher.plan()
    assert plan.changes_nothing
    assert not plan.settings_changed
    assert (plan.documents, plan.notices, plan.warnings) == ([], [], [])


def test_applying_again_publishes_nothing(publisher: Publisher) -> None:
    publisher.apply()
    before = publisher.world.notice("tests")
    assert publisher.apply().changes_nothing
    assert publisher.world.notice("tests") == before


def test_settings_that_no_notice_shows_need_no_new_notice(publisher: Publisher) -> None:
    publisher.apply()
    plan = publisher.apply(lambda site: site["origins"].append("https://www.shop.example"))
    assert plan.settings_changed
    assert numbers(plan) == []


def test_a_changed_comment_is_kept_and_publishes_nothing(publisher: Publisher) -> None:
    publisher.apply()
    path = publisher.folder / "site.yaml"
    path.write_text(f"# why\n{path.read_text('utf-8')}", "utf-8")
    service, sites = unlinted(publisher.world.services), publisher.world.services.sites
    before = sites.get("tests").revision
    plan = service.apply(read_folder(publisher.folder))
    publisher.world.forget()
    assert [(each.name, each.added, each.removed) for each in plan.files] == [("site.yaml", 1, 0)]
    assert not plan.changes_nothing
    assert not plan.settings_changed
    assert (plan.documents, plan.notices) == ([], [])
    assert service.files("tests") == folder_files(publisher.folder)
    assert sites.get("tests").revision == before + 1
    assert service.apply(read_folder(publisher.folder)).changes_nothing


def test_a_plan_names_the_head_that_applying_would_replace(publisher: Publisher) -> None:
    assert publisher.plan().head is None
    publisher.apply()
    first = head(folder_files(publisher.folder))
    assert publisher.plan(renamed).head == first
    publisher.apply(renamed)
    assert publisher.plan().head == head(publisher.world.services.publishing.files("tests"))
    assert publisher.plan().head != first


def test_notices_are_numbered_without_a_gap(publisher: Publisher) -> None:
    assert numbers(publisher.apply()) == [1]
    assert numbers(publisher.apply(renamed)) == [2]
    assert numbers(publisher.apply(renamed)) == []
    assert numbers(publisher.apply()) == [3]


def test_versions_are_numbered_per_document(publisher: Publisher) -> None:
    first = publisher.apply(imprint__en=document("Imprint"), imprint__de=document("Impressum"))
    assert [(each.kind, each.number) for each in first.documents] == [("imprint", 1), ("terms", 1)]
    second = publisher.apply(terms__en=document(text="Other."))
    assert [(each.kind, each.number) for each in second.documents] == [("terms", 2)]


def test_a_rewording_is_not_asked_again(publisher: Publisher) -> None:
    publisher.apply()
    plan = publisher.apply(renamed)
    assert plan.asks_again(plan.notices[0]) == []
    assert publisher.asked_since() == {"analytics": 1, "tally": 1, "terms": 1}


def test_a_raised_revision_is_asked_again(publisher: Publisher) -> None:
    publisher.apply()
    plan = publisher.apply(revised)
    assert plan.asks_again(plan.notices[0]) == ["analytics"]
    assert publisher.asked_since() == {"analytics": 2, "tally": 1, "terms": 1}


def test_a_revised_service_is_asked_again_by_itself(publisher: Publisher) -> None:
    publisher.apply()
    plan = publisher.apply(revised_service)
    assert plan.asks_again(plan.notices[0]) == ["analytics"]
    assert publisher.asked_since() == {"analytics": 1, "tally": 2, "terms": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipients", ["Tally", "Another"]),
        ("data_categories", [{"en": "Everything", "de": "Alles"}]),
        ("storage", {"location": ["US"], "retention": "13 months"}),
        ("storage", {"location": ["FR"], "retention": "25 months"}),
        ("sale_or_sharing", True),
    ],
)
def test_what_changes_the_meaning_is_asked_again(
    publisher: Publisher, field: str, value: object
) -> None:
    publisher.apply()
    publisher.apply(lambda site: site["purposes"][0].update({field: value}))
    assert publisher.asked_since()["analytics"] == 2


def test_what_a_service_keeps_in_the_browser_changes_its_meaning(publisher: Publisher) -> None:
    publisher.apply()
    publisher.apply(lambda site: site["services"][0].update(storage=["_tally_*"]))
    assert publisher.asked_since() == {"analytics": 1, "tally": 2, "terms": 1}
    assert publisher.world.notice("tests")["services"][0]["storage"] == ["_tally_*"]


def test_where_the_banner_stands_and_when_tags_open_is_told_where_it_is_unusual(
    publisher: Publisher,
) -> None:
    publisher.apply()
    assert not {"placement", "release"} & set(publisher.world.notice("tests"))
    named = publisher.apply(lambda site: site.update(placement="first", release="stored"))
    assert not named.notices
    publisher.apply(lambda site: site.update(placement="last", release="click"))
    notice = publisher.world.notice("tests")
    assert (notice["placement"], notice["release"]) == ("last", "click")
    assert publisher.asked_since() == {"analytics": 1, "tally": 1, "terms": 1}


def test_a_cosmetic_version_is_shown_and_not_asked_again(publisher: Publisher) -> None:
    publisher.apply()
    publisher.apply(terms__en=document(text="Typo mended."))
    (terms,) = publisher.world.notice("tests")["documents"]
    assert (terms["number"], terms["asked_since"]) == (2, 1)


def test_a_material_version_is_asked_again_and_voids_only_what_it_affects(
    publisher: Publisher,
) -> None:
    publisher.apply()
    publisher.apply(terms__en=document(text="New.", material=True))
    assert publisher.asked_since() == {"analytics": 1, "tally": 1, "terms": 2}
    publisher.apply(terms__en=document(text="Newer.", material=True, affects=["analytics"]))
    assert publisher.asked_since() == {"analytics": 3, "tally": 1, "terms": 3}


def test_what_a_cosmetic_version_names_as_affected_is_not_voided(publisher: Publisher) -> None:
    publisher.apply()
    publisher.apply(terms__en=document(text="Typo mended.", affects=["analytics"]))
    assert publisher.asked_since() == {"analytics": 1, "tally": 1, "terms": 1}


def test_a_later_cosmetic_version_does_not_void_again(publisher: Publisher) -> None:
    publisher.apply()
    publisher.apply(terms__en=document(text="New.", material=True, affects=["analytics"]))
    publisher.apply(terms__en=document(text="Newer."))
    assert publisher.asked_since() == {"analytics": 2, "tally": 1, "terms": 2}


def test_a_version_for_later_comes_into_force_by_itself(publisher: Publisher) -> None:
    publisher.apply()
    later = document(text="New.", effective_at=publisher.in_days(7))
    plan = publisher.apply(terms__en=later)
    assert numbers(plan) == [2]
    assert publisher.world.notice("tests")["number"] == 1
    publisher.world.clock.move(days=7)
    assert publisher.world.notice("tests")["number"] == 2
    assert publisher.apply(terms__en=later).changes_nothing


def test_publishing_while_another_waits_prepares_that_one_anew(publisher: Publisher) -> None:
    publisher.apply()
    later = document(text="New.", material=True, effective_at=publisher.in_days(7))
    publisher.apply(terms__en=later)
    plan = publisher.apply(revised, terms__en=later)
    assert numbers(plan) == [3, 4]
    assert publisher.asked_since()["analytics"] == 3
    publisher.world.clock.move(days=7)
    assert publisher.world.notice("tests")["number"] == 4
    assert publisher.asked_since() == {"analytics": 3, "tally": 1, "terms": 4}


def waits(publisher: Publisher) -> str:
    """Return terms that void the consent to analytics, in seven days."""
    later = publisher.in_days(7)
    return document(
        text="New.", accept="agree", material=True, affects=["analytics"], effective_at=later
    )


def test_a_version_that_is_overtaken_asks_nobody(publisher: Publisher) -> None:
    publisher.apply(terms__en=document(accept="agree"))
    publisher.apply(terms__en=waits(publisher))
    publisher.world.clock.move(days=1)
    now = document(text="Newest.", accept="agree")
    plan = publisher.apply(terms__en=now)
    (warning,) = plan.warnings
    assert warning.startswith("terms 2 will not come into force at 2026-11-30")
    assert warning.endswith("version 3 takes its place")
    before = publisher.asked_since()
    publisher.world.clock.move(days=7)
    assert publisher.asked_since() == before == {"analytics": 1, "tally": 1, "terms": 1}
    assert publisher.apply(terms__en=now).changes_nothing
    assert publisher.apply(renamed, terms__en=now).warnings == []
    assert publisher.asked_since() == before


def test_what_begins_together_with_a_material_change_carries_it(publisher: Publisher) -> None:
    publisher.apply(terms__en=document(accept="agree"))
    later = publisher.in_days(7)
    publisher.apply(terms__en=waits(publisher))
    plan = publisher.apply(terms__en=document(text="Mended.", accept="agree", effective_at=later))
    assert len(plan.warnings) == 1
    publisher.world.clock.move(days=7)
    assert publisher.world.notice("tests")["documents"][0]["number"] == 3
    assert publisher.asked_since() == {"analytics": 2, "tally": 1, "terms": 2}


def test_a_version_does_not_begin_before_the_one_that_it_follows(publisher: Publisher) -> None:
    publisher.apply(terms__en=document(effective_at="2020-01-01T00:00:00Z"))
    assert publisher.world.notice("tests")["documents"][0]["number"] == 1
    for early, bound in [
        ("2019-12-31T00:00:00Z", "2020-01-01T00:00:00.000Z, when version 1 began"),
        ("2020-01-01T00:00:00Z", "2026-11-23T10:00:00.000Z, when it is published"),
        (publisher.in_days(-1), "2026-11-23T10:00:00.000Z, when it is published"),
    ]:
        with pytest.raises(InvalidSiteError) as caught:
            publisher.apply(terms__en=document(text="New.", effective_at=early))
        (problem,) = caught.value.fields
        assert problem.field == "terms.en.md:2: effective_at"
        assert bound in problem.message
    publisher.apply(terms__en=document(text="New."))
    publisher.apply(terms__en=document(text="Newer.", effective_at=publisher.in_days(0)))


def test_a_locale_that_lacks_a_text_is_dropped_with_a_warning(publisher: Publisher) -> None:
    plan = publisher.apply(lambda site: site["withdrawal"].pop("de"), terms__de=None)
    (warning,) = plan.warnings
    assert warning.startswith("de is not offered")
    assert "site.yaml: withdrawal" in warning
    assert "terms.de.md" in warning
    assert {variant.locale for variant in plan.notices[0].variants} == {"en"}
    assert publisher.world.notice("tests", "de")["locale"] == "en"


def test_a_text_of_ones_own_is_needed_in_every_locale_that_is_offered(
    publisher: Publisher,
) -> None:
    def change(site: dict[str, Any]) -> None:
        site["texts"] = {"en": {"title": "Hello"}}

    (warning,) = publisher.plan(change).warnings
    assert "site.yaml: texts.de.title" in warning


def test_a_language_that_is_not_built_in_is_dropped_without_all_texts(
    publisher: Publisher,
) -> None:
    (warning,) = publisher.plan(lambda site: site["locales"].append("cy")).warnings
    assert warning.startswith("cy is not offered")
    assert "site.yaml: texts.cy.reject" in warning


def test_the_default_locale_must_be_complete(publisher: Publisher) -> None:
    def change(site: dict[str, Any]) -> None:
        del site["withdrawal"]["en"], site["services"][0]["description"]["en"]

    assert publisher.problems(change) == {
        "site.yaml: withdrawal",
        "site.yaml: services.0.description",
    }


def test_a_notice_may_not_link_to_what_is_not_in_force_by_then(publisher: Publisher) -> None:
    def change(site: dict[str, Any]) -> None:
        site["texts"] = {locale: {"body": "See [terms](terms)."} for locale in ("en", "de")}

    later = document(effective_at=publisher.in_days(7))
    assert publisher.problems(change, terms__en=later) == {"site.yaml: texts"}
    publisher.apply(change)


def test_a_plain_notice_takes_no_purpose_that_needs_consent(publisher: Publisher) -> None:
    plain = publisher.problems(lambda site: site.update(profiles=["notice-only"]))
    assert plain == {"site.yaml: profiles"}
    publisher.apply(lambda site: site.update(profiles=["notice-only"], purposes=[], services=[]))


def test_a_removed_document_leaves_the_notice_and_stays_readable(publisher: Publisher) -> None:
    publisher.apply()
    publisher.apply(terms__en=None, terms__de=None)
    assert publisher.world.notice("tests")["documents"] == []
    old = publisher.world.client.get("/v1/sites/tests/documents/terms/versions/1")
    assert old.status_code == 200


AFFECTING = document(text="New.", material=True, affects=["analytics"])


def test_a_document_that_goes_and_comes_back_voids_nothing(publisher: Publisher) -> None:
    publisher.apply()
    publisher.apply(terms__en=AFFECTING)
    publisher.apply(terms__en=None, terms__de=None)
    assert publisher.asked_since() == {"analytics": 2, "tally": 1}
    publisher.apply(renamed, terms__en=None, terms__de=None)
    assert publisher.asked_since() == {"analytics": 2, "tally": 1}
    publisher.apply(terms__en=AFFECTING)
    assert publisher.asked_since() == {"analytics": 2, "tally": 1, "terms": 5}


def test_a_version_that_waits_when_its_document_goes_voids_nothing(publisher: Publisher) -> None:
    publisher.apply()
    waiting = waits(publisher)
    publisher.apply(terms__en=waiting)
    publisher.apply(terms__en=None, terms__de=None)
    publisher.world.clock.move(days=8)
    assert publisher.asked_since() == {"analytics": 1, "tally": 1}
    publisher.apply(renamed, terms__en=None, terms__de=None)
    assert publisher.asked_since() == {"analytics": 1, "tally": 1}
    publisher.apply(terms__en=waiting)
    assert publisher.asked_since() == {"analytics": 5, "tally": 1, "terms": 5}


def test_each_variant_is_in_one_language_throughout(publisher: Publisher) -> None:
    publisher.apply()
    for locale in ("en", "de"):
        notice = publisher.world.notice("tests", locale)
        assert notice["locale"] == locale
        assert notice["purposes"][0]["name"] == {"en": "Measurement", "de": "Messung"}[locale]
        assert json.dumps(notice).count("13 Monate") == {"en": 0, "de": 2}[locale]
