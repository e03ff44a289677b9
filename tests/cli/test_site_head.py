"""`site embed KEY --head`, and what a plan and the linter say about the head stub."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command, edit

GOOGLE = "signals: {head: true, google: {ad_storage: marketing}}\npurposes:\n"


@pytest.fixture
def told(ready: Command, shop: Path) -> str:
    edit(shop / "site.yaml", "purposes:\n", GOOGLE)
    ready("site", "apply", str(shop))
    return ready("site", "embed", "shop", "--head").output


def test_the_stub_comes_with_its_hash_and_its_tag(ready: Command, told: str) -> None:
    script = re.search(r"<script>(.*)</script>", told)
    assert script
    assert "consent_state_shop=" in script[1]
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in told
    assert '<script src="http://127.0.0.1:8000/v1/sites/shop/head.js"></script>' in told
    as_json = json.loads(ready("site", "embed", "shop", "--head", "--json").output)
    assert as_json["inline"] == script[0]
    assert digest in as_json["policy"]


def test_a_site_without_the_stub_is_told_how_to_get_it(ready: Command, shop: Path) -> None:
    assert "head: true" in ready("site", "embed", "shop", "--head", status=1).output


def test_a_plan_says_when_pages_need_the_stub_anew(ready: Command, shop: Path, told: str) -> None:
    edit(shop / "site.yaml", "ad_storage: marketing", "ad_storage: analytics")
    assert "site embed shop --head" in ready("site", "plan", str(shop)).output
    edit(shop / "site.yaml", "ad_storage: analytics", "ad_storage: marketing")
    edit(shop / "site.yaml", "layout: bar", "layout: box")
    assert "--head" not in ready("site", "plan", str(shop)).output


@pytest.mark.parametrize("profile", ["eu-opt-in", "us-opt-out"])
def test_advanced_mode_without_the_stub_is_published_under_no_profile(
    ready: Command, shop: Path, profile: str
) -> None:
    edit(shop / "site.yaml", "purposes:\n", "signals: {mode: advanced}\npurposes:\n")
    edit(shop / "site.yaml", "profiles: [eu-opt-in]", f"profiles: [{profile}]")
    assert "error head-stub-missing" in ready("site", "lint", str(shop), status=1).output
    assert "head-stub-missing" in ready("site", "apply", str(shop), status=1).output
    edit(shop / "site.yaml", "mode: advanced", "mode: advanced, head: true")
    warned = "pings-before-consent" in ready("site", "lint", str(shop)).output
    assert warned == (profile == "eu-opt-in")
    ready("site", "apply", str(shop))
