"""Exports over HTTP: what is sealed, in the order of the log, and what a filter names."""

import csv
import hashlib
import io
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.calls import ask_for, refused, stored_events
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
def test_a_bad_parameter_is_named(sqlite_world: World, query: dict[str, str], field: str) -> None:
    world = sqlite_world
    refused(export(world, **{"form": "csv", **query}), 422, "invalid_request", field)


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
