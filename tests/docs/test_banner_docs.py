"""The banner's documentation is complete: interface, attributes, messages, files, pictures."""

import re
from pathlib import Path

import pytest

from consent_service.banners.kit import SECTIONS

ROOT = Path(__file__).parents[2]
BANNER = ROOT / "banner"
EMBEDDING = (ROOT / "docs" / "embedding.md").read_text()
README = (BANNER / "README.md").read_text()
TYPES = (BANNER / "site-consent.d.ts").read_text()
SOURCES = sorted((BANNER / "src").rglob("*.ts"))
SOURCE = "".join(file.read_text() for file in SOURCES)
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))
MOST_BYTES = 120_000


def members() -> set[str]:
    body = re.search(r"interface SiteConsent \{(.*?)\n\}", TYPES, re.DOTALL)
    assert body
    return set(re.findall(r"^  (?:readonly )?(\w+)[:(]", body[1], re.MULTILINE))


def documented_members() -> set[str]:
    rows = re.search(r"\| `window\.siteConsent` \|(.*?)\n\n", EMBEDDING, re.DOTALL)
    assert rows
    firsts = re.findall(r"^\| (.+?) \|", rows[1], re.MULTILINE)
    return set(re.findall(r"`(\w+)", " ".join(firsts)))


def attributes() -> set[str]:
    """Return the data attributes that the banner reads from pages."""
    names = set(re.findall(r"\[(data-[a-z-]+)", SOURCE))
    read = re.findall(r"dataset\.(\w+)", SOURCE)
    for listed in re.findall(r"\{([^{}]*)\} = (?:\w+\.)?dataset\b", SOURCE):
        read += re.findall(r"(?:^|,)\s*(\w+)", listed)
    return names | {"data-" + re.sub("([A-Z])", r"-\1", name).lower() for name in read}


def messages() -> set[str]:
    """Return what the banner says on the console, up to where it is filled in."""
    said = re.findall(r"""[`"']consent: ([^`"$]+(?:"KEY"[^'`]+)?)""", SOURCE)
    return {text.rstrip(": '") for text in said}


def test_every_member_of_the_interface_is_documented_and_nothing_else() -> None:
    assert len(members()) > 10
    assert documented_members() == members()


def test_every_event_and_value_is_documented() -> None:
    names = re.findall(r'"(consent:\w+)"', TYPES)
    assert len(names) == 3
    for name in names:
        assert f"| `{name}` |" in EMBEDDING
    values = re.search(r"type StateValue = (.*);", TYPES)
    assert values
    for value in re.findall(r'"(\w+)"', values[1]):
        assert f"`{value}`" in EMBEDDING


def test_every_attribute_that_is_read_is_documented() -> None:
    assert attributes() >= {"data-consent", "data-consent-service", "data-site", "data-lang"}
    for name in attributes():
        assert f"`{name}`" in EMBEDDING, name


def test_every_message_is_documented() -> None:
    assert len(messages()) > 8
    for text in messages():
        assert text.partition(" names a ")[0] in EMBEDDING.replace(" …", ""), text


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_every_module_is_named(file: Path) -> None:
    name = str(file.relative_to(BANNER / "src")).removeprefix("lazy/")
    assert f"`{name}`" in README


def test_every_section_and_every_built_file_is_named() -> None:
    built = {f"b/{file.name}" for file in (ROOT / "static" / "b").glob("*.js")}
    for name in SECTIONS | built:
        assert f"`{name}`" in README


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_every_picture_is_small_and_shown_in_words_too(picture: Path) -> None:
    assert picture.stat().st_size <= MOST_BYTES
    assert re.search(rf"!\[[^\]]{{20,}}\]\(pictures/{picture.name}\)", EMBEDDING)
