"""`site plan` and `site apply`: what they print, and who may publish."""

import json
from pathlib import Path

import pytest

from consent_service.cli.context import opened_services
from consent_service.publishing.files import head as head_of
from consent_service.publishing.folder import folder_files
from consent_service.resources import bundled
from consent_service.sites.model import Manager
from tests.cli.conftest import Command, edit


def test_a_plan_tells_each_change(ready: Command, shop: Path) -> None:
    before = head_of(folder_files(shop))
    edit(shop / "site.yaml", "name: Linden & Oak\n", "name: Linden\n")
    edit(shop / "terms.en.md", "---\n", "---\nmaterial: true\n")
    edit(shop / "terms.en.md", "\n\n", "\n\nNew.\n\n")
    (shop / "privacy-policy.ar.md").unlink()
    told = ready("site", "plan", str(shop)).output
    assert f"shop: settings would change, over head {before[:12]}" in told
    assert '  name: "Linden & Oak" -> "Linden"' in told
    assert "  site.yaml +1 -1" in told
    assert "  terms.en.md +3 -0" in told
    assert "(gone)" in told
    assert "offered no more: ar" in told
    assert "would publish terms 2 (material; en, de, ar), from " in told
    assert "would publish notice 2, from " in told
    assert "\x1b" not in told


def test_a_first_version_is_not_called_cosmetic(ready: Command) -> None:
    told = ready("site", "plan", str(bundled("examples") / "news")).output
    assert "(first version; en)" in told
    assert "cosmetic" not in told
    assert "asks visitors again" not in told


def test_a_plan_that_would_be_refused_ends_with_status_1(ready: Command, shop: Path) -> None:
    edit(shop / "site.yaml", "the shop works either way.", "by using the shop you agree.")
    told = ready("site", "plan", str(shop), status=1).output
    assert "error implied-consent" in told
    refused = json.loads(ready("site", "plan", str(shop), "--json", status=1).stdout)
    assert refused["refusal"]["code"] == "lint_failed"
    assert {each["rule"] for each in refused["findings"]} >= {"implied-consent"}
    applied = ready("site", "apply", str(shop), status=1).output
    assert "implied-consent" in applied
    assert applied.count("site.yaml:") >= 1


def test_a_waiver_by_an_officer_lets_it_through(ready: Command, shop: Path) -> None:
    edit(shop / "site.yaml", "the shop works either way.", "by using the shop you agree.")
    with (shop / "site.yaml").open("a") as file:
        file.write("waivers:\n- rule: implied-consent\n  officer: Ada@Example.com\n")
        file.write("  reason: Our counsel holds that it does no harm.\n")
    assert "Ada@Example.com is no officer" in ready("site", "apply", str(shop), status=1).output
    ready("officer", "add", "ada@example.com", "--name", "Ada", "--role", "owner")
    told = ready("site", "apply", str(shop)).output
    assert "error (waived) implied-consent" in told
    assert "published notice 2" in told


def test_a_site_is_handed_to_the_console_and_taken_back(ready: Command, shop: Path) -> None:
    edit(shop / "site.yaml", "key: shop\n", "key: shop\nmanaged_by: console\n")
    assert 'managed_by: "folder" -> "console"' in ready("site", "apply", str(shop)).output
    assert "console" in ready("site", "list").output
    edit(shop / "site.yaml", "managed_by: console", "managed_by: folder")
    assert "--over" in ready("site", "apply", str(shop), status=1).output
    planned = json.loads(ready("site", "plan", str(shop), "--json", status=1).stdout)
    assert planned["refusal"]["code"] == "managed_elsewhere"
    moved = ready("site", "apply", str(shop), "--over", "0" * 12, status=1).output
    assert planned["head"][:12] in moved
    taken = ready("site", "apply", str(shop), "--over", planned["head"][:12]).output
    assert 'managed_by: "console" -> "folder"' in taken


def test_a_folder_does_not_replace_what_the_console_published_unseen(
    ready: Command, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENT_DATA_DIR", str(tmp_path / "data"))
    edit(shop / "site.yaml", "key: shop\n", "key: shop\nmanaged_by: console\n")
    ready("site", "apply", str(shop))
    newer = tmp_path / "terms.en.md"
    newer.write_text((shop / "terms.en.md").read_text().rstrip() + "\n\nOne more word.\n")
    ready("document", "publish", "shop", str(newer))
    with opened_services() as services:
        head = services.management.state("shop").head
        services.management.hand_over("shop", Manager.FOLDER, head)
    edit(shop / "site.yaml", "managed_by: console", "managed_by: folder")
    refused = ready("site", "apply", str(shop), status=1).output
    assert "the console published shop last" in refused
    assert head[:12] in refused
    ready("site", "apply", str(shop), "--over", head[:12])
    edit(shop / "terms.en.md", "## Ordering", "## How to order")
    ready("site", "apply", str(shop))
