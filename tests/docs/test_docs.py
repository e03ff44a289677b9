"""The documentation is complete: settings, problems, the fields of a site's folder, links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from marshmallow import fields

import consent_service.bootstrap  # noqa: F401 - loads every module that defines an error
from consent_service.core.errors import ServiceError
from consent_service.http.problems import CODES
from consent_service.publishing.schemas import front_matter_schema, site_schema
from consent_service.settings import SETTINGS

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "banner" / "README.md",
    ROOT / "banner" / "rules" / "README.md",
]


def all_errors(base: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    for error in base.__subclasses__():
        yield error
        yield from all_errors(error)


def documented_codes() -> dict[str, str]:
    text = (ROOT / "docs" / "interface.md").read_text()
    return dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE))


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    assert set(re.findall(r"^\| `(CONSENT_\w+)`", text, re.MULTILINE)) == set(SETTINGS)


def test_every_problem_is_documented_with_its_status() -> None:
    expected = {error.code: str(error.status) for error in all_errors()}
    expected |= {code: str(status) for status, code in CODES.items()}
    assert documented_codes() == expected | {"internal_error": "500"}


@pytest.mark.parametrize("name", [*site_schema.fields, *front_matter_schema.fields])
def test_every_field_of_a_site_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "site-folder.md").read_text()


def test_every_field_of_a_purpose_and_a_service_is_documented() -> None:
    text = (ROOT / "docs" / "site-folder.md").read_text()
    for group in ("purposes", "services"):
        nested = site_schema.fields[group].inner  # type: ignore[attr-defined]
        assert isinstance(nested, fields.Nested)
        for name in nested.schema.fields:
            assert name in text, f"{group}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target and re.search(r"[./]", target):
            assert (page.parent / target).exists(), target


def anchors(page: Path) -> set[str]:
    """Return the names by which GitHub's pages let others link to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_headings_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([\w./-]*)#([^)]+)\)", page.read_text()):
        named = page.parent / target if target else page
        if named.suffix == ".md":
            assert anchor in anchors(named), f"{target}#{anchor}"
