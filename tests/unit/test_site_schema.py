"""The JSON Schema of site.yaml: current, described, and of one mind with the service."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from marshmallow import ValidationError

from consent_service.publishing.jsonschema import site_json_schema
from consent_service.publishing.schemas import site_schema
from consent_service.publishing.starter import KINDS, write_starter
from consent_service.resources import bundled
from tests.unit.folders import Change, site_yaml
from tests.unit.test_lint import put, without

ROOT = Path(__file__).parents[2]
SCHEMA = site_json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def problems(data: Any) -> set[str]:
    return {".".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(data)}


def test_the_committed_schema_is_current() -> None:
    assert json.loads((ROOT / "docs" / "site.schema.json").read_text()) == SCHEMA


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", ["news", "shop"])
def test_the_examples_fit(example: str) -> None:
    text = (bundled("examples") / example / "site.yaml").read_text("utf-8")
    assert problems(yaml.safe_load(text)) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_new_site_begins_with_fits(tmp_path: Path, kind: str) -> None:
    write_starter(tmp_path, kind, key="mine", name="Mine", origin="https://a.example")
    assert problems(yaml.safe_load((tmp_path / "site.yaml").read_text("utf-8"))) == set()


FITTING: list[Change] = [
    put("texts", {"en": {"title": "Choose"}, "pt-BR": {"body": "Escolha"}}),
    put("purposes.0.name", "Measurement"),
    put("purposes.0.use", "statistics"),
    put("purposes.0.storage.retention", "session"),
    put("embed", {"mode": "path", "base_url": None}),
    put("theme", {"accent": "#1f6f54", "radius": "1.5rem"}),
    put("retention", {"consent_days": 365}),
    put("origins", ["http://localhost:8001", "http://[::1]:8000"]),
    put("child_directed", True),
    put("placement", "last"),
    put("release", "click"),
    put("services.0.storage", ["_tally", "_tally_*"]),
    put(
        "waivers",
        [
            {
                "rule": "no-refusal",
                "officer": "ada@a.example",
                "reason": "It does no harm to anyone.",
            }
        ],
    ),
]
MISTAKES: list[tuple[Change, str]] = [
    (without("controller"), ""),
    (without("purposes.0.storage"), "purposes.0"),
    (put("colour", "red"), ""),
    (put("key", "My Site"), "key"),
    (put("name", ""), "name"),
    (put("name", 7), "name"),
    (put("jurisdiction", "Germany"), "jurisdiction"),
    (put("jurisdiction", False), "jurisdiction"),
    (put("origins", "https://a.example"), "origins"),
    (put("origins", []), "origins"),
    (put("origins.0", "https://a.example/"), "origins.0"),
    (put("origins.0", "a.example"), "origins.0"),
    (put("locales", ["en", "en"]), "locales"),
    (put("locales.0", "english!"), "locales.0"),
    (put("profiles", ["gdpr"]), "profiles.0"),
    (put("layout", "popup"), "layout"),
    (put("managed_by", "me"), "managed_by"),
    (put("embed", {"mode": "iframe"}), "embed.mode"),
    (put("embed", {}), "embed"),
    (put("theme", {"accent": "green"}), "theme.accent"),
    (put("theme", {"color": "#fff"}), "theme"),
    (put("texts", {"en": {"titel": "x"}}), "texts.en"),
    (put("texts", {"en": {"title": ""}}), "texts.en.title"),
    (put("texts", {"EN": {"title": "x"}}), "texts"),
    (put("purposes.0.legal_basis", "because"), "purposes.0.legal_basis"),
    (put("purposes.0.name", {}), "purposes.0.name"),
    (put("purposes.0.name", {"en": "  "}), "purposes.0.name"),
    (put("purposes.0.name", {"EN": "x"}), "purposes.0.name"),
    (put("purposes.0.use", "advertising"), "purposes.0.use"),
    (put("purposes.0.sale_or_sharing", "yes"), "purposes.0.sale_or_sharing"),
    (put("purposes.0.data_categories", []), "purposes.0.data_categories"),
    (put("purposes.0.storage.location", ["France"]), "purposes.0.storage.location.0"),
    (put("purposes.0.storage.retention", "a while"), "purposes.0.storage.retention"),
    (put("purposes.0.revision", 0), "purposes.0.revision"),
    (put("services.0.cookies.0.duration", "1 fortnight"), "services.0.cookies.0.duration"),
    (put("services.0.provider.policy_url", "x"), "services.0.provider.policy_url"),
    (put("retention", {"consent_days": 366}), "retention.consent_days"),
    (put("retention", {"consent_days": "185"}), "retention.consent_days"),
    (put("child_directed", "yes"), "child_directed"),
    (put("waivers", [{"rule": "no-refusal"}]), "waivers.0"),
    (put("erasure", "shred"), "erasure"),
    (put("placement", "middle"), "placement"),
    (put("release", True), "release"),
    (put("services.0.storage", []), "services.0.storage"),
    (put("services.0.storage", ["a", "a"]), "services.0.storage"),
    (put("services.0.storage", ["*"]), "services.0.storage.0"),
    (put("services.0.storage", ["a*b"]), "services.0.storage.0"),
]


@pytest.mark.parametrize("change", FITTING)
def test_what_the_service_takes_fits(change: Change) -> None:
    data = yaml.safe_load(site_yaml(change))
    site_schema.load(data)
    assert problems(data) == set()


@pytest.mark.parametrize(("change", "field"), MISTAKES)
def test_a_mistake_is_told_at_its_place_and_refused_by_the_service_too(
    change: Change, field: str
) -> None:
    data = yaml.safe_load(site_yaml(change))
    if field != "texts.en":  # Only `check` knows the texts of the banner.
        with pytest.raises(ValidationError):
            site_schema.load(data)
    assert field in problems(data)


def test_every_field_is_described_and_nothing_else() -> None:
    file = ROOT / "consent_service" / "publishing" / "descriptions.yaml"
    described = yaml.safe_load(file.read_text())
    parts = {"Site": SCHEMA, **SCHEMA["$defs"]}
    fields = {name: set(part["properties"]) for name, part in parts.items() if "properties" in part}
    assert {name: set(texts) - {""} for name, texts in described.items()} == fields
    assert all(text for texts in described.values() for text in texts.values())
