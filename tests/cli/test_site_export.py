"""`site export` gives back the folder that was applied, byte for byte."""

from pathlib import Path

import pytest

from consent_service.publishing.files import head
from consent_service.publishing.folder import folder_files
from consent_service.resources import bundled
from tests.cli.conftest import Command
from tests.unit.folders import document, make


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with line ends of another system, a comment, and a locale that lacks a document."""
    made = make(tmp_path / "mine", privacy__en=document("Privacy", "Ünïcode 🔒"))
    terms = made / "terms.en.md"
    terms.write_bytes(terms.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    site = made / "site.yaml"
    site.write_bytes(b"# a comment  \r\n" + site.read_bytes())
    return made


def test_an_applied_folder_comes_back_byte_for_byte(
    ready: Command, folder: Path, tmp_path: Path
) -> None:
    applied = ready("site", "apply", str(folder))
    assert "de is not offered" in applied.output
    target = tmp_path / "back"
    told = ready("site", "export", "shop", str(target))
    assert content(target) == content(folder)
    assert head(folder_files(folder))[:12] in told.output
    assert "nothing changed" in ready("site", "apply", str(target)).output


@pytest.mark.parametrize("site", ["news", "shop"])
def test_the_examples_come_back(ready: Command, tmp_path: Path, site: str) -> None:
    example = bundled("examples") / site
    ready("site", "apply", str(example))
    ready("site", "export", site, str(tmp_path / "back"))
    assert folder_files(tmp_path / "back") == folder_files(example)


def test_what_stands_beside_the_site_s_files_is_left_out(
    ready: Command, folder: Path, tmp_path: Path
) -> None:
    before = content(folder)
    (folder / "README.md").write_text("notes")
    (folder / "logo.svg").write_text("<svg/>")
    ready("site", "apply", str(folder))
    ready("site", "export", "shop", str(tmp_path / "back"))
    assert content(tmp_path / "back") == before


def test_a_folder_that_is_not_empty_is_written_over_only_by_force(
    ready: Command, folder: Path, tmp_path: Path
) -> None:
    ready("site", "apply", str(folder))
    target = tmp_path / "back"
    target.mkdir()
    (target / "site.yaml").write_text("mine")
    (target / "notes.txt").write_text("mine")
    refused = ready("site", "export", "shop", str(target), status=1)
    assert "--force" in refused.output
    assert (target / "site.yaml").read_text() == "mine"
    ready("site", "export", "shop", str(target), "--force")
    assert content(target) == {**content(folder), "notes.txt": b"mine"}


def test_an_unknown_site_and_an_unusable_folder_are_told(
    ready: Command, folder: Path, tmp_path: Path
) -> None:
    assert "no site" in ready("site", "export", "nowhere", str(tmp_path / "x"), status=1).output
    ready("site", "apply", str(folder))
    (tmp_path / "file").write_text("x")
    blocked = tmp_path / "file" / "inside"
    assert str(blocked) in ready("site", "export", "shop", str(blocked), status=1).output
