"""What changed between versions of a document: by the interface, and as a page."""

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.api.calls import refused, rewrite
from tests.support.world import World
from tests.unit.test_markdown import Reader

DIFF = "/v1/sites/shop/documents/privacy-policy/diff"
PAGES = "/sites/shop/documents/privacy-policy"
ENGLISH = "furniture from [-linden and oak-]{+ash+} wood"
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def revised(shared_world: World) -> World:
    """A shop whose policy has three versions; the third is not in Arabic any more."""
    rewrite(shared_world, "shop", "privacy-policy.en.md", "linden and oak wood", "ash wood")
    shared_world.apply("shop")
    rewrite(shared_world, "shop", "privacy-policy.de.md", "Eichenholz", "<b>Eschenholz</b>")
    (shared_world.folder("shop") / "privacy-policy.ar.md").unlink()
    shared_world.apply("shop")
    return shared_world


def plain(world: World, query: str) -> str:
    answer = world.client.get(f"{DIFF}?{query}", headers={"Accept": "text/plain"})
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/plain; charset=utf-8"
    return answer.text.replace("-] {+", "-]{+")


def test_two_versions_are_compared_word_by_word(revised: World) -> None:
    assert ENGLISH in plain(revised, "from=1&to=2")
    assert ENGLISH in plain(revised, "from=1&to=3&lang=en")
    assert "[-ash-]{+linden and oak+}" in plain(revised, "from=2&to=1")
    assert "{+" not in plain(revised, "from=2&to=2")


def test_without_numbers_the_version_in_force_is_compared_to_the_one_before(
    revised: World,
) -> None:
    assert plain(revised, "lang=de") == plain(revised, "from=2&to=3&lang=de")
    assert plain(revised, "to=2") == plain(revised, "from=1&to=2")


def test_the_language_is_negotiated_and_may_differ(revised: World) -> None:
    german = revised.client.get(f"{DIFF}?from=1&to=3", headers={"Accept-Language": "de-AT"})
    assert "<del>Eichenholz</del>" in german.text
    assert german.headers["Content-Language"] == "de"
    arabic = revised.client.get(f"{DIFF}?from=1&to=3", headers={"Accept-Language": "ar"})
    assert arabic.headers["Content-Language"] == "en"
    both = revised.client.get(f"{DIFF}?from=1&to=3&from_lang=ar&to_lang=de")
    assert set(both.headers["Content-Language"].split(", ")) == {"ar", "de"}
    assert "<del>سياسة الخصوصية</del>" in both.text


def test_html_is_a_fragment_in_which_the_text_is_escaped(revised: World) -> None:
    answer = revised.client.get(f"{DIFF}?from=2&to=3&lang=de", headers={"Accept": "text/html"})
    assert answer.content_type == "text/html; charset=utf-8"
    assert "&lt;b&gt;Eschenholz&lt;/b&gt;" in answer.text.replace("</ins>", "").replace("<ins>", "")
    reader = Reader()
    reader.feed(answer.text)
    assert {"p", "h2", "ul", "li", "ins", "del"} <= set(reader.tags)
    assert "b" not in reader.tags


def test_json_names_both_sides_and_counts(revised: World) -> None:
    headers = {"Accept": "application/json"}
    told = revised.client.get(f"{DIFF}?from=1&to=2&lang=en", headers=headers).get_json()
    one = revised.client.get("/v1/sites/shop/documents/privacy-policy/versions/1", headers=headers)
    assert told["kind"] == "privacy-policy"
    assert told["from"] == {
        "number": 1,
        "sha256": one.get_json()["sha256"],
        "locale": "en",
        "title": "Privacy Policy",
        "markdown_sha256": one.get_json()["texts"]["en"]["markdown_sha256"],
    }
    assert (told["to"]["number"], told["words"]) == (2, {"added": 1, "removed": 3})
    assert told["identical"] is False
    assert "<del>linden and oak</del>" in told["html"]
    assert "{+ash+}" in told["text"]
    same = revised.client.get(f"{DIFF}?from=1&to=2&lang=de", headers=headers).get_json()
    assert same["identical"] is True


def test_what_is_named_by_both_numbers_is_kept_for_a_year(revised: World) -> None:
    for accept in ("text/html", "text/plain", "application/json"):
        answer = revised.client.get(f"{DIFF}?from=1&to=2", headers={"Accept": accept})
        assert answer.headers["Cache-Control"] == YEAR
        assert {"Accept", "Accept-Language"} <= set(answer.headers["Vary"].split(", "))
    for query in ("", "from=1", "to=2"):
        answer = revised.client.get(f"{DIFF}?{query}")
        assert answer.headers["Cache-Control"] == "public, max-age=300"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert revised.client.get(f"{DIFF}?to=2", headers=tag).status_code == 304


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("from=9", "from", "1, 2, 3"),
        ("from=x", "from", "1, 2, 3"),
        ("from=01", "from", "1, 2, 3"),
        ("from=", "from", "1, 2, 3"),
        ("to=0", "to", "1, 2, 3"),
        ("to=-1", "to", "1, 2, 3"),
        ("to=1", "from", "no version before 1"),
        ("lang=fr", "lang", "en, de"),
        ("from=2&to=3&lang=ar", "lang", "version 3 is not in ar"),
        ("from_lang=fr", "from_lang", "en, de, ar"),
        ("to_lang=ar", "to_lang", "en, de"),
    ],
)
def test_what_cannot_be_compared_is_named(
    revised: World, query: str, field: str, words: str
) -> None:
    problem = refused(revised.client.get(f"{DIFF}?{query}"), 422, "invalid_request", field)
    assert words in problem["errors"][0]["message"]


def test_an_unknown_document_or_media_type_is_refused(revised: World) -> None:
    unknown = revised.client.get("/v1/sites/shop/documents/none/diff")
    refused(unknown, 404, "document_unknown")
    refused(revised.client.get(DIFF, headers={"Accept": "image/png"}), 406, "not_acceptable")


@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("de", "ltr"), ("ar", "rtl")])
def test_the_page_shows_the_changes_and_lets_choose(
    revised: World, lang: str, direction: str
) -> None:
    page = revised.client.get(f"{PAGES}/diff?from=1&to=2&lang={lang}")
    assert page.status_code == 200
    assert f'<html lang="{lang}" dir="{direction}">' in page.text
    assert ("<del>linden and oak</del>" in page.text) == (lang == "en")
    for name in ("from", "to", "from_lang", "to_lang"):
        assert f'name="{name}"' in page.text
    chosen = [line.split('"')[1] for line in page.text.splitlines() if " selected" in line]
    assert chosen == ["1", lang, "2", lang]
    assert f'href="?from=1&amp;to=2&amp;lang={"de" if lang == "en" else "en"}"' in page.text


def test_each_later_version_links_to_what_changed_in_it(revised: World) -> None:
    address = f"http://localhost{PAGES}/3"
    page = revised.client.get(f"{PAGES}/3?lang=en")
    links = [value.replace("&amp;", "&") for value in page.text.split('"') if "/diff?" in value]
    links += [value for value in page.text.split('"') if value.startswith("diff?")]
    found = {tuple(parse_qs(urlsplit(link).query)["from"]) for link in links}
    assert found == {("1",), ("2",)}
    for link in links:
        whole = urlsplit(urljoin(address, link))
        assert whole.path == f"{PAGES}/diff"
        assert revised.client.get(f"{whole.path}?{whole.query}").status_code == 200


def test_a_page_that_cannot_compare_says_why(revised: World) -> None:
    page = revised.client.get(f"{PAGES}/diff?from=9")
    assert (page.status_code, page.mimetype) == (422, "text/html")
    assert "1, 2, 3" in page.text


def test_the_title_of_a_document_stands_alone(revised: World) -> None:
    page = revised.client.get(f"{PAGES}?lang=en")
    assert ">privacy-policy<" not in page.text
