"""The banner's built files: read whole or not at all, and composed of sections."""

import hashlib
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from consent_service.banners.kit import (
    SECTIONS,
    compose,
    read_kit,
    sections_for,
    sections_of,
    with_sections,
)
from consent_service.core.errors import SettingsError
from consent_service.resources import bundled
from tests.support import kits

SCRIPT = "consent-banner.js"


def own_digest(code: str) -> str:
    """Return the one digest in code, after checking that it is the code's own."""
    (digest,) = re.findall(r"[0-9a-f]{64}", code)
    assert hashlib.sha256(code.replace(digest, "0" * 64).encode()).hexdigest() == digest
    return str(digest)


def test_a_kit_is_read_as_it_was_built(tmp_path: Path) -> None:
    built = kits.files()
    kit = kits.kit(tmp_path)
    assert kit.whole.code == built[SCRIPT]
    assert kit.whole.digest == own_digest(built[SCRIPT])
    assert f'KIT="{kit.name}"' in built[SCRIPT]
    assert kit.parts == {"a": built[SCRIPT], "c": built["b/c.js"], "h": built["b/h.js"]}
    algorithm, _, hashed = kit.integrity.partition("-")
    assert algorithm == "sha384"
    assert b64decode(hashed) == hashlib.sha384(built[SCRIPT].encode()).digest()


def test_another_release_is_another_kit(tmp_path: Path) -> None:
    one, two = kits.kit(tmp_path, "one"), kits.kit(tmp_path, "two")
    assert one.name != two.name
    assert one.whole.digest != two.whole.digest


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (SCRIPT, "console", "consol2", "is not what its digest says"),
        (SCRIPT, "BANNER_DIGEST=", f'OTHER="{"a" * 64}",BANNER_DIGEST=', "one digest, not 2"),
        ("b/c.js", "centre", "center", "of another kit"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    built = kits.files()
    changed = built | {file: built[file].replace(old, new)}
    assert changed != built
    with pytest.raises(SettingsError, match=told):
        read_kit(kits.write(tmp_path, changed))


def test_code_without_a_digest_is_refused(tmp_path: Path) -> None:
    built = kits.files()
    built[SCRIPT] = re.sub("[0-9a-f]{64}", "", built[SCRIPT])
    with pytest.raises(SettingsError, match="one digest, not 0"):
        read_kit(kits.write(tmp_path, built))


def test_code_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"consent-banner\.js cannot be read"):
        read_kit(tmp_path)
    (tmp_path / SCRIPT).write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"consent-banner\.js cannot be read"):
        read_kit(tmp_path)


def test_only_the_named_sections_stay(tmp_path: Path) -> None:
    whole = kits.kit(tmp_path).whole
    build = compose(whole.code, frozenset({"box", "google"}))
    assert 'LAYOUTS={box:".box{}",},' in build.code
    assert "SIGNALS.google=1})();\n" in build.code
    for absent in ("/*", ".bar", ".dialog", "matomo"):
        assert absent not in build.code
    assert build.digest == own_digest(build.code)
    assert build.digest != whole.digest


def test_a_section_that_nobody_knows_when_to_leave_out_stays(tmp_path: Path) -> None:
    code = kits.kit(tmp_path).whole.code.replace("/*{close*/", "/*{closing*/")
    assert "HOOKS.addClose" in compose(code, frozenset({"bar"})).code


def test_the_service_knows_when_to_leave_out_each_section_of_its_banner() -> None:
    assert sections_of(read_kit(bundled("static")).whole.code) <= SECTIONS


def test_a_section_that_the_code_does_not_have_changes_nothing(tmp_path: Path) -> None:
    code = kits.kit(tmp_path).whole.code
    assert compose(code, frozenset({"bar", "gpp"})) == compose(code, frozenset({"bar"}))


def test_sections_are_found_by_name() -> None:
    code = "a/*{one*/b/*}*/c/*{two*/\nd\n/*}*/e"
    assert sections_of(code) == {"one", "two"}
    assert with_sections(code, []) == "ace"
    assert with_sections(code, ["two"]) == "ac\nd\ne"


BODY: dict[str, Any] = {
    "layout": "bar",
    "model": "opt-in",
    "lifetime": {"granted_days": 185},
    "close_refuses": False,
    "purposes": [
        {"key": "necessary", "choice": False, "before_choice": "allowed"},
        {"key": "analytics", "choice": True, "before_choice": "denied"},
    ],
    "documents": [{"kind": "privacy-policy", "accept": "inform"}],
}


@pytest.mark.parametrize(
    ("difference", "needed"),
    [
        ({}, {"bar"}),
        ({"layout": "dialog"}, {"dialog"}),
        ({"documents": [{"kind": "terms", "accept": "agree"}]}, {"bar", "agreements"}),
        ({"model": "opt-out"}, {"bar", "optout"}),
        ({"model": "notice"}, {"bar", "links"}),
        ({"close_refuses": True}, {"bar", "close"}),
        ({"lifetime": {"quiet_days": 365}}, {"bar", "objections"}),
        (
            {"purposes": [{"key": "ads", "choice": True, "before_choice": "allowed"}]},
            {"bar", "objections"},
        ),
        (
            {"signals": {"google": {"ad_storage": "ads"}, "mode": "advanced", "head": True}},
            {"bar", "google", "signal"},
        ),
        # Its encoder is a part of its own; what starts it is not.
        ({"signals": {"gpp": {"cmp_id": 5}}}, {"bar", "signal"}),
    ],
)
def test_a_variant_needs_few_sections(difference: dict[str, Any], needed: set[str]) -> None:
    assert sections_for(BODY | difference) == needed
