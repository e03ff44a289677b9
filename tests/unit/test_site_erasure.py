"""What site.yaml may say of erasure and retention."""

from typing import Any

import pytest

from consent_service.publishing.folder import read_files
from consent_service.publishing.model import InvalidSiteError, with_complete_locales
from consent_service.resources import bundled
from consent_service.sites.model import Retention
from tests.support.keeping import REASON
from tests.support.world import World

RETENTION = "retention: {consent_days: 185, refusal_days: 185, proof_months: 36}"
REASONS = f"erasure_reason: {{en: {REASON}, de: Wir müssen., ar: نلتزم.}}"


def shop(**replaced: str) -> dict[str, str]:
    """Return the files of the example with other lines in place of `retention` and `erasure`."""
    folder = bundled("examples") / "shop"
    files = {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.is_file()}
    text = files["site.yaml"].replace("erasure: erase", replaced.get("erasure", "erasure: erase"))
    files["site.yaml"] = text.replace(RETENTION, replaced.get("retention", RETENTION))
    return files


def problems(**replaced: str) -> str:
    with pytest.raises(InvalidSiteError) as refused:
        read_files(shop(**replaced))
    return "; ".join(f"{each.field} {each.message}" for each in refused.value.fields)


def test_a_site_erases_unless_it_says_otherwise() -> None:
    source = read_files(shop(erasure="", retention=""))
    assert (source.erasure, source.erasure_reason) == ("erase", None)
    assert source.retention == Retention(proof_months=36, openings_days=None)


def test_a_site_may_keep_proof_for_a_reason_in_every_locale() -> None:
    source = read_files(shop(erasure=f"erasure: restrict\n{REASONS}"))
    assert source.erasure == "restrict"
    assert source.erasure_reason is not None
    assert source.erasure_reason.text("de") == "Wir müssen."
    _, warnings = with_complete_locales(source)
    assert warnings == []


def test_a_locale_without_the_reason_is_not_offered() -> None:
    reason = f"erasure_reason: {{en: {REASON}, de: Wir müssen.}}"
    _, warnings = with_complete_locales(read_files(shop(erasure=f"erasure: restrict\n{reason}")))
    assert warnings == ["ar is not offered: site.yaml: erasure_reason missing"]


def test_the_reason_and_the_restriction_go_together() -> None:
    assert "erasure_reason is needed" in problems(erasure="erasure: restrict")
    assert "goes with erasure: restrict only" in problems(erasure=f"erasure: erase\n{REASONS}")


@pytest.mark.parametrize("days", ["0", "7301", "soon", "1.5", "true"])
def test_days_are_a_number_within_reason(days: str) -> None:
    told = problems(retention=f"retention: {{openings_days: {days}}}")
    assert "retention.openings_days" in told


def test_what_a_site_says_reaches_the_service(sqlite_world: World) -> None:
    folder: Any = sqlite_world.folder("shop")
    path = folder / "site.yaml"
    text = path.read_text("utf-8").replace(
        RETENTION, "retention: {proof_months: 12, openings_days: 30}"
    )
    path.write_text(text.replace("erasure: erase", f"erasure: restrict\n{REASONS}"), "utf-8")
    sqlite_world.apply("shop")
    site = sqlite_world.services.sites.get("shop")
    assert site.retention == Retention(proof_months=12, openings_days=30)
    assert (site.erasure, site.erasure_reason["en"]) == ("restrict", REASON)
    assert sqlite_world.apply("shop").changes_nothing
