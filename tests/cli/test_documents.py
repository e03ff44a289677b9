"""`consent-service document`: what changed between two versions."""

import shutil
from pathlib import Path

import pytest

from consent_service.resources import bundled
from tests.cli.conftest import Command


@pytest.fixture
def published(ready: Command, tmp_path: Path) -> Command:
    """The command where the shop's policy has two versions."""
    folder = tmp_path / "shop"
    shutil.copytree(bundled("examples") / "shop", folder)
    ready("site", "apply", str(folder))
    policy = folder / "privacy-policy.en.md"
    policy.write_text(policy.read_text("utf-8").replace("linden and oak wood", "ash wood"), "utf-8")
    ready("site", "apply", str(folder))
    return ready


def test_the_last_change_is_shown(published: Command) -> None:
    shown = published("document", "diff", "shop", "privacy-policy").output
    assert "furniture from [-linden and oak-] {+ash+} wood" in shown


def test_sides_languages_and_form_can_be_named(published: Command) -> None:
    arguments = ("document", "diff", "shop", "privacy-policy", "--from", "2", "--to", "1")
    html = published(*arguments, "--lang", "en", "--format", "html").output
    assert "<del>ash</del> <ins>linden and oak</ins>" in html
    assert "[-" not in published(*arguments, "--lang", "de").output
    both = published(*arguments, "--from-lang", "en", "--to-lang", "de").output
    assert "[-Privacy Policy-]" in both
    assert "{+Datenschutzerklärung+}" in both


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("privacy-policy", "--from", "7"), "from: must be the number of a version: 1, 2"),
        (("privacy-policy", "--to", "1"), "from: there is no version before 1"),
        (("privacy-policy", "--lang", "fr"), "lang: version 1 is not in fr"),
        (("imprint",), "no document imprint"),
    ],
)
def test_what_cannot_be_compared_is_told(
    published: Command, arguments: tuple[str, ...], told: str
) -> None:
    assert told in published("document", "diff", "shop", *arguments, status=1).output
