"""Each problem of a folder names its file, its line and its field."""

from pathlib import Path
from typing import Any

import pytest

from consent_service.publishing import strict_yaml
from consent_service.publishing.folder import read_folder
from consent_service.publishing.model import InvalidSiteError
from consent_service.publishing.positions import Positions
from consent_service.publishing.strict_yaml import YamlError
from tests.unit.folders import document, make

SITE = """\
# a comment

key: shop
purposes:
  - key: necessary
    storage: {location: [DE],
      retention: 13 months}
  - key: analytics
    name:
      en: >-
        Measurement
texts: {en: {title: x}}
"""


def told(folder: Path) -> set[str]:
    with pytest.raises(InvalidSiteError) as caught:
        read_folder(folder)
    return {each.field for each in caught.value.fields}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1),
        ("key", 3),
        ("purposes", 4),
        ("purposes.0", 5),
        ("purposes.0.storage.retention", 7),
        ("purposes.1.name.en", 10),
        ("texts.en.title", 12),
    ],
)
def test_a_field_stands_on_the_line_of_its_key(path: str, line: int) -> None:
    assert Positions.of({"site.yaml": SITE}).line("site.yaml", path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [("name", 1), ("purposes.1.description", 8), ("texts.en.body", 12), ("purposes.7.key", 4)],
)
def test_what_is_missing_stands_where_it_would_belong(path: str, line: int) -> None:
    assert Positions.of({"site.yaml": SITE}).line("site.yaml", path) == line


def test_lines_of_front_matter_count_from_the_start_of_the_file() -> None:
    positions = Positions.of({"terms.en.md": "---\ntitle: Terms\naccept: agree\n---\nText.\n"})
    assert positions.line("terms.en.md", "accept") == 3
    assert positions.line("terms.en.md") == 1
    assert positions.line("terms.de.md") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: {c: 2\nd: 3", 3),
        ("a: 1\nb: 2\nwhen: 2026-13-45\n", 3),
        ("a: 1\nb: \x01\n", 2),
        ("a: 1\n{b: 2}: 3\n", 2),
        ("a: 1\nb: !!python/object:os.system x\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("[" * 5000, 1),
        ('a: 1\nb: !!int ""\n', 2),
        ('a: 1\nb: !!float ""\n', 2),
        ("a: 1\nb: !!bool foo\n", 2),
        ("a: 1\nb: [1,\n  !!timestamp foo]\n", 3),
        ("a: 1\nb: 9e9\nc: " + "9:" * 200 + "9.5\n", 3),
        ('a: 1\nb: "\\ud800"\n', 2),
        ('a: 1\n"\\udfff": 2\n', 2),
        ('a: 1\nb:\n  - "x\\0"\n', 3),
        ('a: 1\n? ["\\0"]\n: 2\n', 2),
    ],
)
def test_what_is_no_yaml_is_told_by_its_line(text: str, line: int) -> None:
    with pytest.raises(YamlError) as caught:
        strict_yaml.load(text)
    assert caught.value.line == line


def test_a_bracket_that_stays_open_is_told_with_the_line_that_opened_it() -> None:
    with pytest.raises(YamlError, match="a flow sequence from line 2"):
        strict_yaml.load("a: 1\nb: [1,\n\nc: 2\n")


@pytest.mark.parametrize(
    "text", ["a: 1\nb: 2\na: 3\n", "c:\n  a: 1\n  a: 1\n", "- b: 0\n- {a: 1,\n   a: 2}\n"]
)
def test_a_key_that_stands_twice_is_an_error(text: str) -> None:
    with pytest.raises(YamlError, match="has the key a twice") as caught:
        strict_yaml.load(text)
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: {b: 1}\nc: {b: 1}\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("'1': a\n1: b\n", {"1": "a", 1: "b"}),
        ("", None),
    ],
)
def test_what_is_no_repetition_is_read(text: str, data: Any) -> None:
    assert strict_yaml.load(text) == data


def test_aliases_neither_loop_nor_multiply() -> None:
    assert strict_yaml.lines("a: &x [*x]\n") == {"": 1, "a": 1, "a.0": 1}
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    assert len(strict_yaml.lines(bomb)) < 500


def test_a_problem_of_a_schema_has_its_line(tmp_path: Path) -> None:
    def change(site: dict[str, Any]) -> None:
        site["purposes"][0]["storage"]["retention"] = "a while"
        site["layout"] = "popup"
        del site["name"]

    folder = make(tmp_path / "site", change, terms__en=document(accept="maybe"))
    text = (folder / "site.yaml").read_text().splitlines()
    retention = next(n for n, each in enumerate(text, 1) if "retention:" in each)
    assert told(folder) == {
        f"site.yaml:{retention}: purposes.0.storage.retention",
        f"site.yaml:{len(text)}: layout",
        "site.yaml:1: name",
        "terms.en.md:2: accept",
    }


def test_a_problem_between_parts_has_its_line(tmp_path: Path) -> None:
    def change(site: dict[str, Any]) -> None:
        site["services"][0]["purpose"] = "marketing"

    folder = make(tmp_path / "site", change, terms__en=document(affects=["sales"]))
    text = (folder / "site.yaml").read_text().splitlines()
    line = text.index("  purpose: marketing") + 1
    assert told(folder) == {f"site.yaml:{line}: services.0.purpose", "terms.en.md:2: affects"}


def test_a_problem_of_a_whole_file_is_told_at_its_first_line(tmp_path: Path) -> None:
    assert told(make(tmp_path / "site", terms__en="Just text.\n")) == {"terms.en.md:1"}


def test_a_problem_of_yaml_is_told_once_with_its_line(tmp_path: Path) -> None:
    folder = make(tmp_path / "site", terms__en="---\ntitle: x\ntitle: y\n---\nText.\n")
    path = folder / "site.yaml"
    path.write_text(path.read_text() + "key: other\n")
    lines = path.read_text().count("\n")
    assert told(folder) == {f"site.yaml:{lines}", "terms.en.md:3"}


def test_a_file_that_is_not_there_has_no_line(tmp_path: Path) -> None:
    assert told(tmp_path) == {"site.yaml"}
