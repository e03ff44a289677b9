"""A folder as a mapping of names to texts: its head, its differences, its names."""

import pytest

from consent_service.publishing.files import (
    FileChange,
    changes,
    document_name,
    head,
    is_site_file,
    names_head,
)

FILES = {"site.yaml": "key: shop\n", "terms.en.md": "one\ntwo\nthree\n"}


def test_the_head_names_every_name_and_every_byte() -> None:
    heads = {
        head(FILES),
        head({}),
        head({**FILES, "site.yaml": "key: shop"}),
        head({**FILES, "site.yaml": "key: shop\r\n"}),
        head({**FILES, "terms.de.md": FILES["terms.en.md"]}),
        head({"site.yaml": FILES["terms.en.md"], "terms.en.md": FILES["site.yaml"]}),
    }
    assert len(heads) == 6
    assert all(len(each) == 64 for each in heads)


def test_the_head_does_not_depend_on_the_order_of_the_files() -> None:
    assert head(dict(reversed(FILES.items()))) == head(FILES)


def test_the_head_is_the_hash_that_the_documentation_describes() -> None:
    assert head({"site.yaml": "x"}) == (
        "0ce31cd28cee803a86cc13e2c5c26f4ceff23cc13db30a147eb4ba2123aeedb7"
    )


@pytest.mark.parametrize(("length", "named"), [(64, True), (12, True), (11, False), (0, False)])
def test_a_head_is_named_by_its_first_twelve_digits_or_more(length: int, named: bool) -> None:
    current = head(FILES)
    assert names_head(current[:length], current) is named
    assert not names_head("0" * length, current)


def test_changes_count_lines_by_file() -> None:
    after = {"site.yaml": "key: shop\nname: x\n", "terms.de.md": "eins\nzwei\n"}
    assert list(changes(FILES, after)) == [
        FileChange(name="site.yaml", state="changed", added=1, removed=0),
        FileChange(name="terms.de.md", state="new", added=2, removed=0),
        FileChange(name="terms.en.md", state="gone", added=0, removed=3),
    ]
    assert list(changes(FILES, dict(FILES))) == []


def test_other_line_ends_are_a_change() -> None:
    crlf = {**FILES, "terms.en.md": FILES["terms.en.md"].replace("\n", "\r\n")}
    (change,) = changes(FILES, crlf)
    assert (change.added, change.removed) == (3, 3)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("terms.en.md", ("terms", "en")),
        ("privacy-policy.pt-BR.md", ("privacy-policy", "pt-BR")),
        ("Terms.en.md", None),
        ("terms.md", None),
        ("../terms.en.md", None),
        ("terms.en.md\n", None),
        (f"{'a' * 33}.en.md", None),
        ("terms.en-abcdefgh-abcdefgh.md", None),
        ("site.yaml", None),
    ],
)
def test_a_document_is_named_by_kind_and_locale(name: str, parts: tuple[str, str] | None) -> None:
    assert document_name(name) == parts
    assert is_site_file(name) is (parts is not None or name == "site.yaml")
