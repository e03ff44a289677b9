"""Documents: negotiated by media type and language."""

import pytest

from tests.api.calls import refused
from tests.support.world import World

POLICY = "/v1/sites/shop/documents/privacy-policy"


@pytest.mark.parametrize("path", [POLICY, f"{POLICY}/versions/1"])
@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html", "text/html"),
        ("text/markdown", "text/markdown"),
        ("application/json", "application/json"),
        ("text/markdown;q=0.5, text/html;q=0.4", "text/markdown"),
        ("text/html;q=0, text/markdown", "text/markdown"),
        ("application/xml, */*;q=0.1", "text/html"),
        ("application/*", "application/json"),
    ],
)
def test_the_media_type_is_negotiated(
    shared_world: World, path: str, accept: str | None, media: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = shared_world.client.get(path, headers=headers)
    assert answer.mimetype == media
    assert {"Accept", "Accept-Language"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.parametrize("accept", ["application/xml", "image/png", "text/html;q=0", "text/plain"])
def test_what_cannot_be_had_is_not_acceptable(shared_world: World, accept: str) -> None:
    answer = shared_world.client.get(POLICY, headers={"Accept": accept})
    refused(answer, 406, "not_acceptable")


def test_the_text_comes_in_the_asked_language(shared_world: World) -> None:
    world = shared_world
    words = {"en": "Who is responsible", "de": "Wer verantwortlich ist", "ar": "الجهة المسؤولة"}
    for lang, heading in words.items():
        answer = world.client.get(f"{POLICY}?lang={lang}", headers={"Accept": "text/markdown"})
        assert heading in answer.text
        assert answer.headers["Content-Language"] == lang


def test_versions_are_kept_for_a_year_and_the_current_one_for_minutes(shared_world: World) -> None:
    world = shared_world
    one = world.client.get(f"{POLICY}/versions/1")
    assert one.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    current = world.client.get(POLICY)
    assert current.headers["Cache-Control"] == "public, max-age=300"
    tag = {"If-None-Match": current.headers["ETag"]}
    assert world.client.get(POLICY, headers=tag).status_code == 304


def test_the_list_names_what_is_in_force(shared_world: World) -> None:
    world = shared_world
    listed = world.client.get("/v1/sites/shop/documents").get_json()["versions"]
    assert [(each["kind"], each["number"]) for each in listed] == [
        ("privacy-policy", 1),
        ("terms", 1),
    ]
    assert listed[0]["titles"] == {
        "en": "Privacy Policy",
        "de": "Datenschutzerklärung",
        "ar": "سياسة الخصوصية",
    }


def test_pages_show_every_language(shared_world: World) -> None:
    world = shared_world
    for lang, direction in (("en", "ltr"), ("de", "ltr"), ("ar", "rtl")):
        for path in ("", "/privacy-policy", "/terms/1"):
            page = world.client.get(f"/sites/shop/documents{path}?lang={lang}")
            assert page.status_code == 200
            assert f'lang="{lang}"' in page.text
            assert f'dir="{direction}"' in page.text


@pytest.mark.parametrize("path", ["/sites/x/documents", "/sites/shop/documents/terms/9"])
def test_a_page_that_is_not_there_is_told_to_people(shared_world: World, path: str) -> None:
    world = shared_world
    page = world.client.get(path)
    assert (page.status_code, page.mimetype) == (404, "text/html")
