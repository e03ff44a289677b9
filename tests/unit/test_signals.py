"""Signals of a site: what site.yaml may say, what is refused, and what variants tell of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from consent_service.notices.profiles import all_profiles
from consent_service.notices.signals import resolve_signals
from consent_service.publishing.folder import folder_files, read_folder
from consent_service.publishing.lint.view import examine
from consent_service.publishing.vendor_list import MOST_BYTES
from tests.unit.folders import Change, make, problems

VENDOR_LIST: dict[str, Any] = {
    "gvlSpecificationVersion": 3,
    "vendorListVersion": 178,
    "tcfPolicyVersion": 5,
    "lastUpdated": "2026-09-24T16:00:19Z",
    "purposes": {str(number): {"id": number, "name": f"P{number}"} for number in range(1, 12)},
    "vendors": {
        "28": {"id": 28, "name": "Tally", "purposes": [7, 8], "legIntPurposes": [9]},
        "755": {"id": 755, "name": "Big Ads", "purposes": [1, 3, 4], "legIntPurposes": []},
        "900": {"id": 900, "name": "Gone", "purposes": [], "deletedDate": "2025-01-01T00:00:00Z"},
    },
}
TCF = {"cmp_id": 431, "cmp_version": 2, "vendor_list": "vendor-list.json"}
GPP = {"cmp_id": 5, "sections": ["usnat", "usca"]}


def signals(**told: Any) -> Change:
    return lambda site: site.update(signals=told)


def for_sale(site: dict[str, Any]) -> None:
    site["profiles"] = ["eu-opt-in", "us-opt-out"]
    site["purposes"][0]["sale_or_sharing"] = True
    site["signals"] = {"head": True, "gpp": GPP}


def with_vendors(site: dict[str, Any]) -> None:
    site["purposes"][0]["tcf_purposes"] = [7, 8]
    site["services"][0]["tcf_vendor"] = 28
    site["signals"] = {"head": True, "tcf": TCF}


def both(*changes: Change) -> Change:
    def change(site: dict[str, Any]) -> None:
        for each in changes:
            each(site)

    return change


def pin(folder: Path, **changed: Any) -> Path:
    """Write the vendor list into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "vendor-list.json").write_text(json.dumps({**VENDOR_LIST, **changed}), "utf-8")
    return folder


def told(folder: Path, profile: str = "eu-opt-in") -> dict[str, Any]:
    notice = read_folder(folder).notice
    return resolve_signals(
        notice.signals, notice.purposes, notice.services, all_profiles()[profile]
    )


def test_a_site_without_signals_tells_none(tmp_path: Path) -> None:
    assert told(make(tmp_path / "site")) == {}
    assert told(make(tmp_path / "site", signals())) == {}


def test_what_is_switched_on_is_told_in_the_words_of_each(tmp_path: Path) -> None:
    change = signals(
        google={"analytics_storage": "analytics"},
        uet={"ad_storage": "analytics"},
        clarity={"ad_storage": "analytics", "analytics_storage": "analytics"},
        meta={"purpose": "analytics"},
        matomo={"purpose": "analytics"},
        data_layer={"event": "consent_update"},
    )
    assert told(make(tmp_path / "site", change)) == {
        "google": {"analytics_storage": "analytics"},
        "uet": {"ad_storage": "analytics"},
        "clarity": {"ad_Storage": "analytics", "analytics_Storage": "analytics"},
        "meta": {"purpose": "analytics"},
        "matomo": {"purpose": "analytics", "asks": "cookies"},
        "data_layer": {"event": "consent_update", "purposes": ["analytics"]},
    }


def test_the_mode_and_the_stub_are_told_where_they_are_not_the_usual(tmp_path: Path) -> None:
    assert told(make(tmp_path / "site", signals(mode="basic", head=False))) == {}
    change = signals(mode="advanced", head=True)
    assert told(make(tmp_path / "site", change)) == {"mode": "advanced", "head": True}


def test_gpp_has_sections_only_where_the_law_of_the_us_holds(tmp_path: Path) -> None:
    folder = make(tmp_path / "site", for_sale)
    assert told(folder, "us-opt-out")["gpp"] == GPP
    assert told(folder, "eu-opt-in")["gpp"] == {"cmp_id": 5, "sections": []}


def test_tcf_names_what_is_pinned(tmp_path: Path) -> None:
    assert told(pin(make(tmp_path / "site", with_vendors)))["tcf"] == {
        "cmp_id": 431,
        "cmp_version": 2,
        "country": "DE",
        "list_version": 178,
        "policy_version": 5,
        "purposes": {"analytics": [7, 8]},
        "vendors": {"tally": 28},
    }


def test_the_vendor_list_is_a_file_of_the_folder_byte_for_byte(tmp_path: Path) -> None:
    folder = pin(make(tmp_path / "site", with_vendors))
    written = (folder / "vendor-list.json").read_text("utf-8")
    assert folder_files(folder)["vendor-list.json"] == written
    assert read_folder(folder).files["vendor-list.json"] == written


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (signals(google={}), "signals.google", "maps nothing"),
        (signals(google={"ad_storage": "ads"}), "signals.google.ad_storage", "no purpose"),
        (signals(google={"ads": "analytics"}), "signals.google.ads", "is no field here"),
        (signals(uet={"ad_storage": "ads"}), "signals.uet.ad_storage", "no purpose of this site"),
        (signals(meta={"purpose": "ads"}), "signals.meta.purpose", "no purpose of this site: ads"),
        (signals(matomo={"purpose": "x", "asks": "no"}), "signals.matomo.asks", "must be one of"),
        (signals(data_layer={"event": "a b"}), "signals.data_layer.event", "must be a name"),
        (signals(mode="expert"), "signals.mode", "must be one of"),
        (
            both(for_sale, lambda site: site.update(profiles=["eu-opt-in"])),
            "signals.gpp",
            "needs a profile that is made for the US",
        ),
        (
            both(for_sale, lambda site: site["purposes"][0].update(sale_or_sharing=False)),
            "signals.gpp",
            "needs a purpose with sale_or_sharing",
        ),
        (signals(gpp={**GPP, "cmp_id": 1}), "signals.gpp.cmp_id", "0 and 1 stand for none"),
        (signals(gpp={**GPP, "cmp_id": 0}), "signals.gpp.cmp_id", "0 and 1 stand for none"),
        (signals(gpp={**GPP, "sections": []}), "signals.gpp.sections", "must name"),
        (signals(gpp={**GPP, "sections": ["uspv1"]}), "signals.gpp.sections.0", "must be one of"),
        (signals(tcf={**TCF, "cmp_id": 1}), "signals.tcf.cmp_id", "0 and 1 stand for none"),
        (signals(tcf={**TCF, "cmp_id": 4096}), "signals.tcf.cmp_id", "the IAB gave your CMP"),
        (signals(tcf={**TCF, "vendor_list": "a.json"}), "signals.tcf.vendor_list", "must be one"),
        (signals(tcf=TCF), "signals.tcf", "needs a service with tcf_vendor"),
        (
            both(with_vendors, lambda site: site.update(signals={})),
            "services.0.tcf_vendor",
            "needs signals.tcf",
        ),
        (
            both(with_vendors, lambda site: site["services"][0].update(tcf_vendor=29)),
            "services.0.tcf_vendor",
            "vendor 29 is not in vendor-list.json",
        ),
        (
            both(with_vendors, lambda site: site["services"][0].update(tcf_vendor=900)),
            "services.0.tcf_vendor",
            "vendor 900 was deleted from vendor-list.json",
        ),
        (
            both(with_vendors, lambda site: site["services"][0].update(tcf_vendor=755)),
            "services.0.tcf_vendor",
            "Big Ads asks for IAB purposes that no tcf_purposes name: 1, 3, 4",
        ),
        (
            both(with_vendors, lambda site: site["purposes"][0].pop("tcf_purposes")),
            "services.0.tcf_vendor",
            "needs tcf_purposes of the purpose analytics",
        ),
        (
            both(with_vendors, lambda site: site["purposes"][0].update(tcf_purposes=[7, 8, 12])),
            "purposes.0.tcf_purposes",
            "names what vendor-list.json does not have: 12",
        ),
        (
            both(with_vendors, lambda site: site["purposes"][0].update(tcf_purposes=[7, 7])),
            "purposes.0.tcf_purposes",
            "names 7 twice",
        ),
        (
            both(with_vendors, lambda site: site["purposes"][0].update(legal_basis="contract")),
            "purposes.0.tcf_purposes",
            "needs legal_basis: consent",
        ),
        (
            both(with_vendors, lambda site: site.update(profiles=["us-opt-out"])),
            "signals.tcf",
            "needs a profile that asks for consent",
        ),
    ],
)
def test_what_could_not_be_told_is_refused(
    tmp_path: Path, change: Change, field: str, message: str
) -> None:
    found = problems(pin(make(tmp_path / "site", change)))
    assert message in found[f"site.yaml: {field}"]


def test_tcf_without_a_vendor_list_is_refused(tmp_path: Path) -> None:
    found = problems(make(tmp_path / "site", with_vendors))
    assert found == {
        "site.yaml: signals.tcf.vendor_list": "vendor-list.json is missing in the folder"
    }


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("{", "vendor-list.json", "is not JSON"),
        ("[" * 100_000, "vendor-list.json", "is not JSON"),
        ("[]", "vendor-list.json", "must be an object"),
        (" " * (MOST_BYTES + 1), "vendor-list.json", "4194304 at most are taken"),
        (
            {"gvlSpecificationVersion": 2},
            "vendor-list.json: gvlSpecificationVersion",
            "must be 3",
        ),
        ({"tcfPolicyVersion": 4}, "vendor-list.json: tcfPolicyVersion", "from 5 to 63"),
        ({"vendorListVersion": True}, "vendor-list.json: vendorListVersion", "a whole number"),
        ({"purposes": {"one": {}}}, "vendor-list.json: purposes", "whose names are numbers"),
        ({"vendors": []}, "vendor-list.json: vendors", "whose names are numbers"),
        ({"vendors": {"28": {}}}, "vendor-list.json: vendors.28", "an object with a name"),
        (
            {"vendors": {"28": {"name": "Tally", "purposes": ["7"]}}},
            "vendor-list.json: vendors.28.purposes",
            "must be a list of purposes",
        ),
    ],
)
def test_a_vendor_list_that_is_none_is_refused(
    tmp_path: Path, text: str | dict[str, Any], field: str, message: str
) -> None:
    folder = make(tmp_path / "site", with_vendors)
    if isinstance(text, str):
        (folder / "vendor-list.json").write_text(text, "utf-8")
    else:
        pin(folder, **text)
    assert message in problems(folder)[field]


def test_variants_without_signals_are_what_they_were(tmp_path: Path) -> None:
    for shown in examine(read_folder(make(tmp_path / "site"))).variants:
        assert "signals" not in shown.body
        for part in (*shown.body["purposes"], *shown.body["services"]):
            assert not {"tcf_purposes", "tcf_vendor"} & set(part)
