"""Derived files: made from leaves, openings and notices alone, fit their schemas, claim no more."""

import base64
import csv
import io
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from consent_service.core.canonical import canonical_json
from consent_service.core.commitments import opened
from consent_service.core.merkle import leaf_hash
from consent_service.evidence.derived import FILES, Recorded
from consent_service.evidence.derived.table import COLUMNS
from tests.evidence.exported import (
    ALL_DERIVED,
    Exported,
    erase,
    export,
    filled,
    redact,
)
from tests.support.world import World

SCHEMAS = {
    "receipts27560.jsonl": "record27560.schema.json",
    "kantara.jsonl": "kantara.schema.json",
}
LEAF = {
    "v": 1,
    "log": "log-1/shop",
    "id": "018bcfe5-6800-7000-8000-000000000001",
    "type": "consent.updated",
    "ts": "2026-11-23T10:00:00.123Z",
    "decisions": {"analytics": "granted", "marketing": "denied", "necessary": "not_subject"},
    "services": {"tally": "denied", "adverra": "granted"},
    "notice": {"n": 3, "sha256": "cd" * 32, "variant": "ef" * 32},
    "locale": "de",
    "method": "banner",
    "profile": "eu-opt-in",
    "why": "site:only",
    "signals": {"gpc": True, "tc": "CPXxRfAPXxRfA"},
    "priv": {"visitor": "x", "prev": "y"},
}
SHOWN: dict[str, Any] = {
    "name": "Shop",
    "jurisdiction": "DE",
    "withdrawal": "At the foot of each page.",
    "controller": {"name": "Shop Ltd", "address": "1 Road", "email": "a@b.example", "phone": "+49"},
    "authority": {"name": "Watch", "url": "https://watch.example/"},
    "documents": [{"kind": "privacy-policy", "url": "/p"}],
    "lifetime": {"granted_days": 185},
    "purposes": [
        {
            "key": "analytics",
            "name": "Messung",
            "legal_basis": "consent",
            "data_categories": ["Seiten"],
            "special_categories": ["health"],
            "recipients": ["Tally SAS"],
            "storage_locations": ["FR"],
            "retention": "13 Monate",
        },
        {"key": "marketing", "name": "Werbung", "legal_basis": "consent", "recipients": []},
    ],
    "services": [
        {"key": "tally", "name": "Tally", "purpose": "analytics"},
        {"key": "count", "name": "Count", "purpose": "analytics"},
        {"key": "adverra", "name": "Adverra", "purpose": "marketing"},
    ],
}


def made(name: str, *leaves: Recorded, shown: Mapping[str, Any] = SHOWN) -> list[dict[str, Any]]:
    data = b"".join(FILES[name](iter(leaves), lambda _: json.dumps(shown).encode()))
    return [json.loads(line) for line in data.splitlines()]


def event(**changes: Any) -> Recorded:
    return 7, canonical_json({**LEAF, **changes}), {"visitor": "somebody"}


def rows(*leaves: Recorded) -> list[dict[str, str]]:
    data = b"".join(FILES["events.csv"](iter(leaves), lambda _: None))
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def validator(name: str) -> Draft202012Validator:
    folder = files("consent_service.evidence") / "schemas"
    schema = json.loads((folder / SCHEMAS[name]).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def recorded(bundle: Exported) -> Iterator[Recorded]:
    for index, leaf in bundle.leaves.items():
        text = leaf.decode() if isinstance(leaf, bytes) else base64.b64decode(leaf["$redacted"])
        yield index, text, opened(bundle.openings.get(index, []))


@pytest.mark.parametrize("of", ["whole", "visitor", "withheld"])
def test_whoever_has_the_bundle_makes_the_same_bytes(sqlite_world: World, of: str) -> None:
    world = sqlite_world
    answers = filled(world)
    erase(world, answers[3])
    redact(world, answers[2])
    world.services.ledger.seal_all()
    chosen: dict[str, Any] = {
        "whole": {},
        "visitor": {"visitor": answers[0]["consent"]["visitor"]},
        "withheld": {"openings": False},
    }[of]
    bundle = export(world, derived=ALL_DERIVED, **chosen)
    assert set(FILES) <= set(bundle.files)
    for name, make in FILES.items():
        again = b"".join(
            make(recorded(bundle), lambda digest: bundle.files.get(f"documents/{digest}.json"))
        )
        assert again == bundle.files[name]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_line_fits_its_schema(sqlite_world: World, name: str) -> None:
    world = sqlite_world
    answers = filled(world)
    erase(world, answers[0])
    world.services.ledger.seal_all()
    found = export(world, derived=ALL_DERIVED).lines(name)
    assert found
    for line in found:
        assert not list(validator(name).iter_errors(line))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_line_is_canonical_and_does_not_depend_on_its_neighbours(name: str) -> None:
    several = [
        event(),
        event(locale="fr"),
        event(method="preferences"),
        event(decisions={"analytics": "granted"}),
        event(decisions={"marketing": "granted"}),
        event(services={"tally": "granted"}),
        event(decisions={"analytics": "denied", "marketing": "granted"}, services={}),
        event(id="018bcfe5-6800-7000-8000-000000000002", ts="2026-11-23T10:00:01.000Z"),
        event(),
    ]
    together = made(name, *several)
    assert together == [line for each in several for line in made(name, each)]
    data = b"".join(FILES[name](iter(several), lambda _: json.dumps(SHOWN).encode()))
    assert data.decode().splitlines() == [canonical_json(line) for line in together]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_refuse_what_lacks_a_field(name: str) -> None:
    (line,) = made(name, event())
    checks = validator(name)
    assert checks.is_valid(line)
    for key in line:
        broken = {each: value for each, value in line.items() if each != key}
        assert checks.is_valid(broken) == (key == "language")
    assert not checks.is_valid({**line, "more": 1})


def test_a_record_tells_each_purposes_state() -> None:
    (record,) = made("receipts27560.jsonl", event())
    assert record["record"] == {
        "schema_version": "ISO/IEC TS 27560:2023",
        "record_id": LEAF["id"],
        "pii_principal_id": "somebody",
    }
    states = [(e["purpose"], e["event_state"], e["validity_duration"]) for e in record["event"]]
    assert states == [
        ("analytics", "ConsentGiven", "P185D"),
        ("marketing", "ConsentRefused", "unlimited"),
    ]
    told = record["pii_processing"]
    assert told["privacy_notice"] == f"sha256:{'ef' * 32}"
    first = told["purposes"][0]
    assert first["pii_information"] == [
        {"pii_type": "Seiten", "pii_optional": True, "special_pii_category": True}
    ]
    assert (first["lawful_basis"], first["service"]) == ("eu-gdpr:A6-1-a", ["Tally", "Count"])


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        ("consent.given", "granted", "ConsentGiven"),
        ("consent.refused", "denied", "ConsentRefused"),
        ("consent.withdrawn", "denied", "ConsentWithdrawn"),
        ("consent.expired", "granted", "ConsentExpired"),
        ("consent.imported", "granted", "ConsentGiven"),
        ("optout.signal", "denied", "ConsentRefused"),
    ],
)
def test_refusals_withdrawals_and_lapses_have_states_of_their_own(
    kind: str, value: str, state: str
) -> None:
    told = event(type=kind, decisions={"analytics": value}, services={})
    (record,) = made("receipts27560.jsonl", told)
    assert [each["event_state"] for each in record["event"]] == [state]
    granting = value == "granted" and kind != "consent.expired"
    assert len(made("kantara.jsonl", told)) == granting


def test_a_kantara_receipt_names_what_was_granted_only() -> None:
    (receipt,) = made("kantara.jsonl", event())
    assert [each["service"] for each in receipt["services"]] == ["Count", "Adverra"]
    assert receipt["consentTimestamp"] == 1795428000
    assert (receipt["sensitive"], receipt["spiCat"]) == (True, ["health"])
    assert receipt["services"][0]["purposes"][0]["thirdPartyName"] == "Tally SAS"
    assert not receipt["services"][1]["purposes"][0]["thirdPartyDisclosure"]


def test_without_a_telephone_in_the_notice_there_is_no_kantara_receipt() -> None:
    silent = {**SHOWN, "controller": {**SHOWN["controller"], "phone": ""}}
    assert made("kantara.jsonl", event(), shown=silent) == []
    assert len(made("receipts27560.jsonl", event(), shown=silent)) == 1


def test_where_the_notice_is_not_known_the_record_says_so() -> None:
    (record,) = made("receipts27560.jsonl", event(), shown={})
    assert validator("receipts27560.jsonl").is_valid(record)
    assert record["party_identification"][0]["party_name"] == "not recorded"


@pytest.mark.parametrize("name", FILES)
def test_control_leaves_are_in_no_derived_file(name: str) -> None:
    control = canonical_json({**LEAF, "type": "notice.published", "nonce": "n"})
    assert not (rows if name == "events.csv" else lambda *each: made(name, *each))((0, control, {}))


@pytest.mark.parametrize("name", SCHEMAS)
def test_agreements_and_redacted_events_have_no_record(name: str) -> None:
    agreed = event(type="documents.agreed", decisions={}, services={})
    assert made(name, agreed, (8, b"h" * 32, {})) == []


def test_a_row_tells_what_is_missing() -> None:
    here, gone = rows(event(), (8, b"\xab" * 32, {}))
    assert (here["visitor"], here["erased"]) == ("somebody", "prev")
    assert here["leaf_hash"] == leaf_hash(canonical_json(LEAF).encode()).hex()
    assert here["signals"] == "gpc=true;tc=CPXxRfAPXxRfA"
    assert {column: cell for column, cell in gone.items() if cell} == {
        "index": "8",
        "leaf_hash": "ab" * 32,
        "erased": "leaf",
    }
    assert tuple(here) == COLUMNS


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_cell_is_a_formula_and_none_is_lost(text: str) -> None:
    (row,) = rows((7, canonical_json({**LEAF, "why": text}), {"visitor": text}))
    for cell in (row["why"], row["visitor"]):
        assert not cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
        assert cell in (text, f"'{text}")


def test_makers_yield_as_they_read() -> None:
    taken = []

    def leaves() -> Iterator[Recorded]:
        for _ in range(100):
            taken.append(1)
            yield event()

    for name, make in FILES.items():
        pieces = make(leaves(), lambda _: json.dumps(SHOWN).encode())
        next(pieces)
        assert len(taken) <= 2, name
        taken.clear()
