"""Exports over HTTP: what is sealed, in the order of the log, and what a filter names."""

import base64
import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bench.bundle import fill
from consent_service.exports.model import OvertakenError
from tests.api.calls import ask_for, refused, stored_events
from tests.evidence.exported import Exported, erase, redact, verify, vkey_of
from tests.support.running import running_service
from tests.support.world import World

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")


def export(world: World, site: str = "shop", form: str = "jsonl", **query: Any) -> TestResponse:
    _, secret = world.services.access.create("export", ["export"], [site], None)
    return world.client.get(
        f"/v1/manage/sites/{site}/export",
        query_string={"format": form, **query},
        headers={"Authorization": f"Bearer {secret}"},
    )


def lines(world: World, **query: Any) -> list[dict[str, Any]]:
    answer = export(world, **query)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def filled(world: World) -> list[dict[str, Any]]:
    """Record a few acts of three visitors, an hour apart, and seal them."""
    ask_for(world, "shop", "terms", "acknowledge")
    first = world.answer("shop", "accept", locale="de")
    answers = [first]
    for action, credential in (
        ("withdraw", first["credential"]),
        ("reject", None),
        ("acknowledge", first["credential"]),
        ("choose", None),
    ):
        world.clock.move(hours=1)
        members: dict[str, Any] = {"credential": credential} if credential else {}
        if action == "choose":
            members["decisions"] = {"analytics": True}
        answers.append(world.answer("shop", action, **members))
    world.answer("news", "acknowledge")
    world.services.ledger.seal_all()
    return answers


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["event"]["id"] for each in found]


def test_both_formats_hold_every_event_in_the_order_of_the_log(world: World) -> None:
    answers = filled(world)
    expected = [answer["consent"]["id"] for answer in answers]
    json_lines, rows = lines(world), table(export(world, form="csv"))
    assert ids(json_lines) == [row["id"] for row in rows] == expected
    indexes = [each["index"] for each in json_lines]
    assert indexes == sorted(set(indexes)) == [int(row["index"]) for row in rows]
    site_id = world.services.sites.get("shop").site_id
    stored = [event for event in stored_events(world) if str(event.site_id) == site_id]
    assert len(stored) == len(json_lines)


def test_each_line_holds_the_leaf_verbatim(world: World) -> None:
    answers = filled(world)
    leaves = {str(event.event_id): event.leaf for event in stored_events(world)}
    texts = export(world).text.splitlines()
    for text, found, answer in zip(texts, lines(world), answers, strict=True):
        leaf = leaves[found["event"]["id"]]
        assert f'"event": {leaf}}}' in text
        assert found["leaf_hash"] == hashlib.sha256(b"\0" + leaf.encode()).hexdigest()
        assert found["visitor"] == answer["consent"]["visitor"]
        assert found["openings"] == answer["openings"]
        assert found["reference"] == answer["consent"]["reference"]


def test_rows_name_documents_with_versions_and_hashes(sqlite_world: World) -> None:
    world = sqlite_world
    answers = filled(world)
    rows = table(export(world, form="csv"))
    shown = answers[3]["consent"]["documents"]["terms"]
    assert rows[3]["documents"] == f"terms@2:{shown['sha256']}"
    assert rows[0]["decisions"] == (
        "analytics=granted;functional=granted;marketing=granted;necessary=not_subject"
    )
    assert (rows[0]["locale"], rows[0]["notice"], rows[0]["signals"]) == ("de", "2", "gpc=false")
    assert rows[0]["notice_sha256"] == answers[0]["consent"]["notice"]["sha256"]


def test_no_cell_is_a_formula(sqlite_world: World) -> None:
    world = sqlite_world
    filled(world)
    for row in table(export(world, form="csv")):
        assert not [cell for cell in row.values() if cell.startswith(FORMULA)]


def test_headers_tell_how_much_there_is(world: World) -> None:
    filled(world)
    world.answer("shop", "accept")
    answer = export(world, form="csv")
    assert answer.headers["Consent-Export-Pending"] == "1"
    assert int(answer.headers["Consent-Export-As-Of"]) > 5
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="shop.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(table(answer)) == 5


def test_a_bundle_streams_with_what_it_is_taken_from(world: World) -> None:
    answers = filled(world)
    world.answer("shop", "accept")
    answer = export(world, form="bundle", **{"with": "csv,27560", "openings": "withheld"})
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="shop.zip"'
    assert answer.headers["Consent-Export-Pending"] == "1"
    bundle = Exported(answer.data)
    verify(bundle, vkey_of(world))
    assert bundle.manifest["tree_size"] == int(answer.headers["Consent-Export-As-Of"])
    assert {"events.csv", "receipts27560.jsonl"} < set(bundle.files)
    assert answers[0]["consent"]["visitor"].encode() not in b"".join(bundle.files.values())
    one = Exported(export(world, form="bundle", consent=answers[2]["consent"]["id"]).data)
    verify(one, vkey_of(world))
    assert len(one.manifest["range"]["indexes"]) == 1


def test_an_older_checkpoint_gives_the_older_bytes(sqlite_world: World) -> None:
    world = sqlite_world
    filled(world)
    whole = {form: export(world, form=form) for form in ("csv", "jsonl", "bundle")}
    world.clock.move(hours=1)
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    for form, before in whole.items():
        size = before.headers["Consent-Export-As-Of"]
        assert export(world, form=form, as_of=size).data == before.data
        assert export(world, form=form).data != before.data


def test_what_is_sealed_and_not_published_is_in_no_export(sqlite_world: World) -> None:
    world = sqlite_world
    world.answer("shop", "accept")
    assert export(world, form="jsonl").headers["Consent-Export-As-Of"] == "0"
    assert lines(world) == []
    world.services.ledger.seal_all()
    assert len(lines(world)) == 1


def test_a_redacted_event_keeps_its_line(sqlite_world: World) -> None:
    world = sqlite_world
    answers = filled(world)
    digest = redact(world, answers[2])
    found = lines(world)[2]
    assert found["event"] == {"$redacted": base64.b64encode(digest).decode()}
    assert (found["leaf_hash"], found["openings"]) == (digest.hex(), [])
    row = table(export(world, form="csv"))[2]
    assert {column: cell for column, cell in row.items() if cell} == {
        "index": str(found["index"]),
        "id": answers[2]["consent"]["id"],
        "visitor_seq": "1",
        "leaf_hash": digest.hex(),
        "erased": "leaf",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"type": "consent.given"}, "type"),
        ({"resume": "3"}, "resume"),
        ({"with": "pdf"}, "with"),
        ({"with": "csv;27560"}, "with"),
        ({"with": ""}, "with"),
        ({"openings": "some"}, "openings"),
        ({"as_of": "7777"}, "as_of"),
        ({"as_of": "0"}, "as_of"),
        ({"epoch": "0"}, "epoch"),
        ({"visitor": "01a207d9-2100-744e-bb2d-6d83deb28131"}, "visitor"),
        ({"from": "2030-01-01T00:00:00Z"}, "from"),
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
    ],
)
def test_what_a_bundle_cannot_be_is_named(
    shared_world: World, query: dict[str, str], field: str
) -> None:
    shared_world.services.ledger.seal_all()
    refused(export(shared_world, form="bundle", **query), 422, "invalid_request", field)


def test_a_bundle_of_an_unknown_epoch_is_not_found(sqlite_world: World) -> None:
    filled(sqlite_world)
    refused(export(sqlite_world, form="bundle", epoch=2), 404, "not_found")


def test_an_ended_epoch_that_was_erased_from_is_a_problem_before_the_first_byte(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    answers = filled(world)
    world.services.ledger.begin_epoch(world.services.sites.get("shop").site_id)
    erase(world, answers[0])
    world.services.ledger.seal_all()
    problem = refused(export(world, form="bundle", epoch=1), 409, "evidence_incomplete")
    assert "export it with --without-openings" in problem["detail"]
    told = export(world, form="bundle", epoch=1, openings="withheld")
    assert told.status_code == 200


def test_a_bundle_that_an_erasure_overtakes_has_no_end(sqlite_world: World) -> None:
    world = sqlite_world
    answers = filled(world)
    fill(world.services, "shop", 1500)
    world.services.ledger.seal_all()
    _, secret = world.services.access.create("export", ["export"], ["shop"], None)
    begun = world.client.get(
        "/v1/manage/sites/shop/export?format=bundle",
        headers={"Authorization": f"Bearer {secret}"},
        buffered=False,
    )
    chunks = begun.iter_encoded()
    got = [next(chunks)]
    assert len(got[0]) >= 1 << 16
    world.client.delete(
        "/v1/sites/shop/consents/me",
        headers={"Authorization": f"Consent {answers[0]['credential']}"},
    )
    with pytest.raises(OvertakenError):
        got.extend(chunks)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(got)))


def test_a_real_server_streams_a_bundle(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path) as service:
        for _ in range(20):
            status, _ = service.post({"action": "accept"})
            assert status == 201
        service.command("ledger", "seal")
        secret = service.command(
            "token", "create", "auditor", "--scope", "export", "--site", "shop"
        ).split()[-1]
        status, data = service.request(
            "GET",
            "/v1/manage/sites/shop/export?format=bundle&with=csv,27560,kantara",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert status == 200, data
    bundle = Exported(data)
    assert bundle.manifest["counts"]["events"] == 20
    verify(bundle, bundle.manifest["log"]["vkeys"][0])


def test_filters_choose_events(world: World) -> None:
    answers = filled(world)
    every = [answer["consent"]["id"] for answer in answers]
    visitor = answers[0]["consent"]["visitor"]
    assert ids(lines(world, visitor=visitor)) == [every[0], every[1], every[3]]
    assert ids(lines(world, type="consent.refused")) == [every[2]]
    assert ids(lines(world, consent=every[3])) == [every[3]]
    assert ids(lines(world, **{"from": "2026-11-23T11:00:00Z"})) == every[1:]
    assert ids(lines(world, to="2026-11-23T11:00:00Z")) == every[:1]
    between = {"from": "2026-11-23T12:00:00+01:00", "to": "2026-11-23T13:00:00.000Z"}
    assert ids(lines(world, **between)) == every[1:3]
    assert ids(lines(world, visitor=visitor, type="consent.given")) == [every[0]]
    assert lines(world, visitor=every[0]) == []


def test_an_export_goes_on_behind_what_is_there(world: World) -> None:
    filled(world)
    whole = lines(world)
    assert lines(world, resume=whole[1]["index"]) == whole[2:]
    assert lines(world, resume=whole[-1]["index"]) == []
    first = export(world, form="csv").text
    index = whole[1]["index"]
    rest = export(world, form="csv", resume=index).text
    assert first.endswith(rest)
    assert "leaf_hash" not in rest


def test_an_export_of_another_site_s_event_is_empty(world: World) -> None:
    answers = filled(world)
    assert lines(world, site="news", consent=answers[0]["consent"]["id"]) == []
    assert len(lines(world, site="news")) == 1


def test_an_erased_visitor_is_in_no_export(world: World) -> None:
    answers = filled(world)
    world.client.delete(
        "/v1/sites/shop/consents/me",
        headers={"Authorization": f"Consent {answers[0]['credential']}"},
    )
    world.services.ledger.seal_all()
    text = export(world).text
    assert answers[0]["consent"]["visitor"] not in text
    assert answers[0]["consent"]["reference"] not in text
    found = next(
        each for each in lines(world) if each["event"]["id"] == answers[0]["consent"]["id"]
    )
    assert (found["visitor"], found["openings"], found["reference"]) == (None, [], None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "xlsx"}, "format"),
        ({"format": "CSV"}, "format"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-11-23"}, "from"),
        ({"to": "2026-11-23T10:00:00"}, "to"),
        ({"type": "consent"}, "type"),
        ({"visitor": "x"}, "visitor"),
        ({"consent": "%00"}, "consent"),
        ({"resume": "x"}, "resume"),
        ({"resume": "-1"}, "resume"),
        ({"resume": "9" * 30}, "resume"),
        ({"limit": "5"}, "limit"),
    ],
)
def test_a_bad_parameter_is_named(shared_world: World, query: dict[str, str], field: str) -> None:
    refused(export(shared_world, **{"form": "csv", **query}), 422, "invalid_request", field)


def test_a_format_must_be_named(sqlite_world: World) -> None:
    world = sqlite_world
    _, secret = world.services.access.create("export", ["export"], [], None)
    answer = world.client.get(
        "/v1/manage/sites/shop/export", headers={"Authorization": f"Bearer {secret}"}
    )
    refused(answer, 422, "invalid_request", "format")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_time_are_no_failure(world: World, moment: str) -> None:
    filled(world)
    for name in ("from", "to"):
        assert export(world, **{name: moment}).status_code in (200, 422)


def test_an_unknown_site_has_no_export(sqlite_world: World) -> None:
    world = sqlite_world
    refused(export(world, "nowhere"), 404, "site_unknown")
