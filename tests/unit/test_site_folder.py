"""Reading a site's folder: every error is told with its file and field."""

from datetime import date
from operator import setitem
from pathlib import Path
from typing import Any

import pytest

from consent_service.documents.model import Accept
from consent_service.publishing.folder import read_folder
from consent_service.publishing.model import InvalidSiteError
from tests.unit.folders import Change, document, make, problems


def put(*path: Any, to: Any) -> Change:
    """Return a change that sets what stands at a path of site.yaml."""

    def change(site: dict[str, Any]) -> None:
        found: Any = site
        for step in path[:-1]:
            found = found[step]
        setitem(found, path[-1], to)

    return change


def without(key: str) -> Change:
    return lambda site: site.pop(key)


def under(base: str, domain: str, *origins: str) -> Change:
    """Return a change to the mode of a subdomain."""

    def change(site: dict[str, Any]) -> None:
        site["embed"] = {"mode": "subdomain", "base_url": base, "cookie_domain": domain}
        site["origins"] = list(origins) or ["https://shop.example"]

    return change


PURPOSE, SERVICE = ("purposes", 0), ("services", 0)
WRONG: list[tuple[Change, str]] = [
    *[
        (without(key), key)
        for key in ("key", "name", "controller", "origins", "locales", "profiles", "jurisdiction")
    ],
    *[(without(key), key) for key in ("purposes", "withdrawal")],
    (put("key", to="Shop"), "key"),
    (put("key", to="shop\n"), "key"),
    (put("key", to="a" * 33), "key"),
    (put("unknown", to=1), "unknown"),
    (put("name", to=""), "name"),
    (put("controller", "email", to="nobody"), "controller.email"),
    (put("controller", "url", to="javascript:alert(1)"), "controller.url"),
    (put("controller", "fax", to="1"), "controller.fax"),
    (put("controller", to="Shop Ltd"), "controller"),
    (put("authority", to={"url": "https://a.example"}), "authority.name"),
    (put("jurisdiction", to="Germany"), "jurisdiction"),
    (put("jurisdiction", to=False), "jurisdiction"),
    (put("origins", to=[]), "origins"),
    (put("origins", 0, to="https://shop.example/"), "origins.0"),
    (put("origins", 0, to="https://Shop.example"), "origins.0"),
    (put("origins", 0, to="https://*.shop.example"), "origins.0"),
    (put("origins", 0, to="https://u:p@shop.example"), "origins.0"),
    (put("origins", 0, to="ftp://shop.example"), "origins.0"),
    (put("origins", 0, to="null"), "origins.0"),
    (put("origins", 0, to="https://shop.example:99999"), "origins.0"),
    (put("origins", 0, to="https://shop.example:443"), "origins.0"),
    (put("origins", 0, to="http://shop.example:80"), "origins.0"),
    (put("origins", 0, to="https://[::1"), "origins.0"),
    (put("embed", to={"mode": "iframe"}), "embed.mode"),
    (put("embed", to={}), "embed.mode"),
    (put("origins", to=["https://a.example", "https://a.example"]), "origins"),
    (put("embed", to={"mode": "path"}), "embed.base_url"),
    *[
        (put("embed", to={"mode": "path", "base_url": address}), "embed.base_url")
        for address in (
            "https://other.example/c",
            "http://shop.example/c",
            "https://shop.example:8443/c",
            "https://shop.example/c?x=1",
            "https://shop.example/c#x",
            "https://u@shop.example/c",
        )
    ],
    *[
        (under("https://consent.shop.example", domain), "embed.cookie_domain")
        for domain in ("example", "other.example", "hop.example", ".shop.example", "Shop.example")
    ],
    (under("https://consent.shop.example", "consent.shop.example"), "origins.0"),
    (under("https://10.0.0.1", "0.0.1", "https://10.0.0.1"), "embed.cookie_domain"),
    (
        put("embed", to={"mode": "subdomain", "base_url": "https://a.example"}),
        "embed.cookie_domain",
    ),
    (put("locales", to=[]), "locales"),
    (put("locales", 1, to="deutsch!"), "locales.1"),
    (put("locales", 1, to=False), "locales.1"),
    (put("locales", to=["en", "de", "en"]), "locales"),
    (put("profiles", to=["moon"]), "profiles.0"),
    (put("profiles", to=["notice-only"]), "profiles"),
    (put("layout", to="popup"), "layout"),
    (put("theme", to={"accent": "red; background: url(//evil.example)"}), "theme.accent"),
    (put("theme", to={"radius": "10%"}), "theme.radius"),
    (put("texts", to={"en": {"titel": "x"}}), "texts.en.titel"),
    (put("texts", to={"en": {"title": ["x"]}}), "texts.en.title"),
    (put("texts", to={"!": {"title": "x"}}), "texts.!"),
    (put("texts", to={"en": {"body": "[x](imprint)"}}), "texts.en.body"),
    (put("texts", to={"en": {"body": "Welcome to {nme}"}}), "texts.en.body"),
    (put("texts", to={"en": {"title": "Welcome to {}"}}), "texts.en.title"),
    (put("texts", to={"en": {"accept": "\u202eOK"}}), "texts.en.accept"),
    (put("name", to="Sh\u2066op"), "name"),
    (put("controller", "name", to="\u202eShop"), "controller.name"),
    (put("purposes", 0, "name", to={"en": "Count\u2069"}), "purposes.0.name"),
    (put(*PURPOSE, "key", to="Analytics"), "purposes.0.key"),
    (put(*PURPOSE, "legal_basis", to="because"), "purposes.0.legal_basis"),
    (put(*PURPOSE, "name", to={}), "purposes.0.name"),
    (put(*PURPOSE, "name", to={"en": "  "}), "purposes.0.name"),
    (put(*PURPOSE, "name", to=7), "purposes.0.name"),
    (put(*PURPOSE, "name", to={"en": "x", False: "y"}), "purposes.0.name"),
    (put(*PURPOSE, "data_categories", to=[]), "purposes.0.data_categories"),
    (put(*PURPOSE, "storage", "retention", to="a while"), "purposes.0.storage.retention"),
    (put(*PURPOSE, "storage", "location", to=["France"]), "purposes.0.storage.location.0"),
    (put(*PURPOSE, "revision", to=0), "purposes.0.revision"),
    (put(*SERVICE, "purpose", to="marketing"), "services.0.purpose"),
    (put(*SERVICE, "provider", "policy_url", to="x"), "services.0.provider.policy_url"),
    (put(*SERVICE, "cookies", 0, "duration", to="1 fortnight"), "services.0.cookies.0.duration"),
    (put(*SERVICE, "cookies", 0, "description", to={}), "services.0.cookies.0.description"),
    (put("retention", to={"consent_days": 0}), "retention.consent_days"),
    (put("erasure", to="shred"), "erasure"),
    (lambda site: site["purposes"].append(site["purposes"][0]), "purposes"),
    (lambda site: site["services"].append(site["services"][0]), "services"),
]


@pytest.mark.parametrize(("change", "field"), WRONG, ids=[field for _, field in WRONG])
def test_each_error_in_site_yaml_is_told_by_its_field(
    tmp_path: Path, change: Change, field: str
) -> None:
    assert f"site.yaml: {field}" in problems(make(tmp_path / "site", change))


FITTING: list[Change] = [
    put("embed", to={"mode": "path", "base_url": "https://Shop.example:443/c/"}),
    under("https://consent.shop.example/", "shop.example"),
    under("https://shop.example", "shop.example", "https://shop.example", "https://a.shop.example"),
    under("http://consent.localhost:1", "localhost", "http://localhost:2", "http://a.localhost"),
    under("https://10.0.0.1", "10.0.0.1", "https://10.0.0.1:8443"),
    put("texts", to={"en": {"body": "{name} \u2066(x)\u2069", "title": "Hello {name}"}}),
    put("texts", to={"en": {"frame_always": "Show {service} on {name}"}}),
    put("purposes", 0, "description", to={"en": "\u2067x\u2069", "de": "x"}),
]


@pytest.mark.parametrize("change", FITTING)
def test_what_can_work_is_read(tmp_path: Path, change: Change) -> None:
    base = read_folder(make(tmp_path / "site", change)).embed.base_url
    assert base is None or not base.endswith("/")


WORDS: list[tuple[Change, str, str]] = [
    (without("name"), "name", "is missing"),
    (put("name", to=["x"]), "name", "must be a text"),
    (put("name", to=None), "name", "is empty"),
    (put("name", to=""), "name", "must have 1 to 200 characters"),
    (put("name", to=2027), "name", 'YAML reads 2027 as a number or a date: quote it, "2027"'),
    (put("locales", to=["en", False]), "locales.1", 'YAML reads no as false: quote it, "no"'),
    (put("locales", to=["en", "en"]), "locales", "names en twice"),
    (put("locales", to="en"), "locales", "must be a list"),
    (put("locales", to=[]), "locales", "must name 1 to 200 things"),
    (put("purposes", 0, "name", to={False: "x"}), "purposes.0.name", 'quote it, "no"'),
    (put("unknown", to=1), "unknown", "is no field here"),
    (put("controller", to="x"), "controller", "must be a mapping"),
    (put("texts", to="x"), "texts", "must be a mapping"),
    (put("texts", to={False: {"title": "x"}}), "texts.False", 'quote it, "no"'),
    (put("controller", "email", to="x"), "controller.email", "must be an e-mail address"),
    (put("controller", "url", to="x"), "controller.url", "must be an address such as https://"),
    (put("theme", to={"accent": "green"}), "theme.accent", "a colour such as #1f6f54"),
    (put("theme", to={"accent": "#12345"}), "theme.accent", "a colour such as #1f6f54"),
    (put("theme", to={"radius": "x"}), "theme.radius", "a length such as 10px"),
    (put("layout", to="x"), "layout", "must be one of: bar, box, dialog"),
    (put("retention", to={"consent_days": 0}), "retention.consent_days", "between 1 and 365"),
    (put("purposes", 0, "revision", to=0), "purposes.0.revision", "must be 1 or more"),
    (put("texts", to={"en": {"title": "{nme}"}}), "texts.en.title", "holds {nme}; only {name}"),
    (
        put("texts", to={"en": {"title": "{service}"}}),
        "texts.en.title",
        "holds {service}; only {name}",
    ),
]


@pytest.mark.parametrize(("change", "field", "words"), WORDS)
def test_what_is_wrong_is_told_in_plain_words(
    tmp_path: Path, change: Change, field: str, words: str
) -> None:
    assert words in problems(make(tmp_path / "site", change))[f"site.yaml: {field}"]


@pytest.mark.parametrize(
    ("matter", "field", "words"),
    [
        ({"title": "x", "accept": "maybe"}, "accept", "one of: inform, acknowledge, agree"),
        ({"title": "x", "effective_at": "soon"}, "effective_at", "must be a time such as 2027"),
        ({"title": "x", "effective_at": "2027-01-01T00:00"}, "effective_at", "must name its zone"),
        ({"title": "x", "summary": "x" * 2001}, "summary", "at most 2000 characters"),
    ],
)
def test_what_is_wrong_in_front_matter_is_told_in_plain_words(
    tmp_path: Path, matter: dict[str, str], field: str, words: str
) -> None:
    folder = make(tmp_path / "site", terms__en=document(**matter))
    assert words in problems(folder)[f"terms.en.md: {field}"]


def test_a_link_to_a_document_that_is_not_there_is_told_by_its_line(tmp_path: Path) -> None:
    text = (
        "\n# Terms\n\nSee [terms](terms), [here](#terms)\nand [imprint](imprint).\n\n- [x](Terms)"
    )
    linked = make(tmp_path / "site", terms__en=document(text=text))
    with pytest.raises(InvalidSiteError) as caught:
        read_folder(linked)
    assert [(each.field, each.message) for each in caught.value.fields] == [
        ("terms.en.md:8", "links to imprint, which is no document of this site"),
        ("terms.en.md:10", "links to Terms, which is no document of this site"),
    ]
    make(tmp_path / "site", terms__en=document(text="[a](https://x.example) [b](mailto:a@b.c)"))
    read_folder(linked)


def test_several_errors_in_site_yaml_are_told_at_once(tmp_path: Path) -> None:
    def change(site: dict[str, Any]) -> None:
        site |= {"key": "!", "layout": "popup", "jurisdiction": "x"}
        del site["name"], site["purposes"][0]["description"]

    assert set(problems(make(tmp_path / "site", change))) == {
        "site.yaml: key",
        "site.yaml: layout",
        "site.yaml: jurisdiction",
        "site.yaml: name",
        "site.yaml: purposes.0.description",
    }


def test_several_breaches_between_parts_are_told_at_once(tmp_path: Path) -> None:
    def change(site: dict[str, Any]) -> None:
        site["services"][0]["purpose"] = "marketing"
        site["texts"] = {"en": {"body": "[x](imprint)", "other": "x"}}
        site["embed"] = {"mode": "path"}

    found = problems(make(tmp_path / "site", change, terms__en=document(affects=["sales"])))
    assert set(found) == {
        "site.yaml: services.0.purpose",
        "site.yaml: texts.en.body",
        "site.yaml: texts.en.other",
        "site.yaml: embed.base_url",
        "terms.en.md: affects",
    }


def test_errors_in_several_files_are_told_at_once(tmp_path: Path) -> None:
    files = {"terms__en": document(accept="maybe"), "terms__de": "no front matter"}
    found = problems(make(tmp_path / "site", put("layout", to="popup"), **files))
    assert set(found) == {"site.yaml: layout", "terms.en.md: accept", "terms.de.md"}


@pytest.mark.parametrize("text", ["{", "a: b: c", "\t- x", "key: [", "when: 2026-13-45"])
def test_a_site_yaml_that_is_no_yaml_is_told(tmp_path: Path, text: str) -> None:
    folder = make(tmp_path / "site")
    (folder / "site.yaml").write_text(text)
    assert set(problems(folder)) == {"site.yaml"}


@pytest.mark.parametrize("text", ["", "- a", "text", "7"])
def test_a_site_yaml_that_is_no_mapping_is_told(tmp_path: Path, text: str) -> None:
    folder = make(tmp_path / "site")
    (folder / "site.yaml").write_text(text)
    assert all(field.startswith("site.yaml") for field in problems(folder))


def test_a_missing_site_yaml_is_told(tmp_path: Path) -> None:
    assert "is missing" in problems(tmp_path)["site.yaml"]


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    folder = make(tmp_path / "site")
    (folder / "terms.en.md").write_bytes(b"---\ntitle: Gesch\xe4ft\n---\nx")
    assert "UTF-8" in problems(folder)["terms.en.md"]


MATTERS: list[tuple[str, str]] = [
    ("Just text.", "terms.en.md"),
    (document(text="a\0b"), "terms.en.md"),
    ("---\ntitle: x\nText", "terms.en.md"),
    ("---\ntitle: [\n---\nText", "terms.en.md"),
    ("---\neffective_at: 2026-13-45\ntitle: x\n---\nText", "terms.en.md"),
    ("---\naccept: inform\n---\nText", "terms.en.md: title"),
    (document(title=""), "terms.en.md: title"),
    (document(writer="me"), "terms.en.md: writer"),
    (document(accept="maybe"), "terms.en.md: accept"),
    (document(material="perhaps"), "terms.en.md: material"),
    (document(affects="analytics"), "terms.en.md: affects"),
    (document(affects=["!"]), "terms.en.md: affects.0"),
    (document(affects=["sales"]), "terms.en.md: affects"),
    (document(effective_at="soon"), "terms.en.md: effective_at"),
    ("---\ntitle: x\neffective_at: 0001-01-01T00:00:00+14:00\n---\nx", "terms.en.md: effective_at"),
    ("---\ntitle: x\neffective_at: 9999-12-31T23:00:00-10:00\n---\nx", "terms.en.md: effective_at"),
    ('---\ntitle: "\\ud83d"\n---\nText', "terms.en.md"),
    (document(title="Terms\u202e"), "terms.en.md: title"),
    (document(summary="x" * 2001), "terms.en.md: summary"),
]


@pytest.mark.parametrize(("text", "field"), MATTERS)
def test_each_error_in_front_matter_is_told_by_file_and_field(
    tmp_path: Path, text: str, field: str
) -> None:
    assert field in problems(make(tmp_path / "site", terms__en=text, terms__de=None))


@pytest.mark.parametrize(
    "name", ["terms.md", "Terms.en.md", "terms.EN.md", "terms.en.fr.md", ".en.md", "terms.en .md"]
)
def test_a_wrong_file_name_is_told(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "site")
    (folder / name).write_text(document())
    assert problems(folder) == {name: "must be named KIND.LOCALE.md"}


def test_a_readme_and_other_files_may_stand_beside(tmp_path: Path) -> None:
    folder = make(tmp_path / "site")
    (folder / "README.md").write_text("notes")
    (folder / "logo.svg").write_text("<svg/>")
    assert [each.kind for each in read_folder(folder).documents] == ["terms"]


def test_a_locale_that_the_site_does_not_have_is_told(tmp_path: Path) -> None:
    assert "terms.fr.md" in problems(make(tmp_path / "site", terms__fr=document()))


def test_a_document_without_the_default_locale_is_told(tmp_path: Path) -> None:
    assert "terms.en.md" in problems(make(tmp_path / "site", terms__en=None))


@pytest.mark.parametrize(
    "matter", [{"accept": "agree"}, {"material": True}, {"affects": ["analytics"]}]
)
def test_locales_that_contradict_each_other_are_told(
    tmp_path: Path, matter: dict[str, object]
) -> None:
    (field,) = matter
    folder = make(tmp_path / "site", terms__de=document("AGB", "Text.", **matter))
    assert f"terms.de.md: {field}" in problems(folder)


def test_what_goes_for_all_locales_stands_in_the_default_ones_file(tmp_path: Path) -> None:
    shared = document(
        accept="agree", material=True, affects=["analytics"], effective_at=date(2027, 1, 1)
    )
    (terms,) = read_folder(make(tmp_path / "site", terms__en=shared)).documents
    assert terms.accept is Accept.AGREE
    assert terms.material
    assert terms.affects == ("analytics",)
    assert str(terms.effective_at) == "2027-01-01 00:00:00+00:00"
    assert list(terms.texts) == ["en", "de"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2027-01-01", "2027-01-01 00:00:00+00:00"),
        ("2027-01-01 12:30:00", "2027-01-01 12:30:00+00:00"),
        ("2027-01-01T12:30:00+02:00", "2027-01-01 10:30:00+00:00"),
        ('"2027-01-01T12:30:00Z"', "2027-01-01 12:30:00+00:00"),
    ],
)
def test_a_date_is_read_as_utc_where_it_names_no_zone(
    tmp_path: Path, written: str, read: str
) -> None:
    text = f"---\ntitle: Terms\neffective_at: {written}\n---\nText.\n"
    (terms,) = read_folder(make(tmp_path / "site", terms__en=text)).documents
    assert str(terms.effective_at) == read


def test_line_ends_of_another_system_change_nothing(tmp_path: Path) -> None:
    unix = read_folder(make(tmp_path / "unix", terms__en=document(text="a\n\nb")))
    folder = make(tmp_path / "other", terms__en=document(text="a\n\nb"))
    path = folder / "terms.en.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_folder(folder).documents == unix.documents
