"""Officers look visitors up and erase them by the command."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, edit
from tests.cli.visiting import OWNER, answer, forget, link

SHOW = ("visitor", "show", "--site", "shop")
ERASE = ("visitor", "erase", "--site", "shop", "--officer", OWNER, "--reason", "letter", "--yes")


@pytest.fixture
def owned(ready: Command, shop: Path) -> Command:
    ready("officer", "add", OWNER, "--name", "Olga Owner", "--role", "owner")
    ready("officer", "add", "ed@example.com", "--name", "Ed Editor", "--role", "editor")
    return ready


def shown(command: Command, *whom: str) -> list[dict[str, Any]]:
    return list(json.loads(command(*SHOW, *whom, "--json").output))


def restrict(command: Command, shop: Path) -> None:
    """Let the shop keep proof for a year."""
    edit(
        shop / "site.yaml", "erasure: erase", "erasure: restrict\nerasure_reason: We must keep it."
    )
    command("site", "apply", str(shop))


def test_a_visitor_is_found_by_anything_that_names_them(owned: Command, tmp_path: Path) -> None:
    given = answer(tmp_path, "accept")
    answer(tmp_path, "reject", credential=given["credential"])
    consent = given["consent"]
    link(tmp_path, "u1", consent["visitor"])
    plain, file = tmp_path / "receipt.jws", tmp_path / "receipt.json"
    plain.write_text(given["receipt"] + "\n", "utf-8")
    file.write_text(json.dumps({"format": "consent-receipt/1", "receipt": given["receipt"]}))
    (record,) = shown(owned, "--visitor", consent["visitor"])
    for whom in (
        ("--reference", consent["reference"].lower()),
        ("--receipt", str(plain)),
        ("--receipt", str(file)),
        ("--subject", "u1"),
    ):
        assert shown(owned, *whom) == [record]
    assert record["history"][0] == consent
    assert [event["type"] for event in record["history"]] == ["consent.given", "consent.refused"]
    assert (record["subjects"], record["held"]) == (1, False)
    told = owned(*SHOW, "--visitor", consent["visitor"]).output
    assert consent["reference"] in told
    assert "consent.refused" in told
    assert "Linked users of the site: 1" in told


def test_whoever_is_not_on_record_is_not_found(owned: Command, tmp_path: Path) -> None:
    answer(tmp_path, "accept")
    for whom in (
        ("--visitor", "0193a2b4-0000-7000-8000-000000000000"),
        ("--reference", "000000000000"),
        ("--subject", "nobody"),
    ):
        assert "Nothing is on record" in owned(*SHOW, *whom, status=1).output
    assert "typing error" in owned(*SHOW, "--reference", "000000000001", status=1).output
    owned(*SHOW, "--visitor", "me", status=2)
    owned(*SHOW, status=2)
    owned(*SHOW, "--subject", "a", "--reference", "000000000000", status=2)


def test_a_receipt_counts_only_if_this_service_signed_it(owned: Command, tmp_path: Path) -> None:
    given = answer(tmp_path, "accept")
    head, claims, signature = given["receipt"].split(".")
    forged = ("A" if signature[0] != "A" else "B") + signature[1:]
    file = tmp_path / "receipt"
    for text in (f"{head}.{claims}.{forged}", "", "{}", "[]", '{"receipt": 1}', "a.b.c"):
        file.write_text(text, "utf-8")
        told = owned(*SHOW, "--receipt", str(file), status=1).output
        assert "no receipt of this service" in told, text
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in owned(*SHOW, "--receipt", str(file), status=1).output


def test_an_owner_erases_and_the_log_tells_it(owned: Command, tmp_path: Path) -> None:
    given = answer(tmp_path, "accept")
    whom = ("--reference", given["consent"]["reference"])
    told = json.loads(owned(*ERASE, *whom, "--json").output)
    assert told == {"visitors": 1, "erased": 2}
    assert "Nothing is on record" in owned(*SHOW, *whom, status=1).output
    assert "Nothing is on record" in owned(*ERASE, *whom, status=1).output


def test_erasing_a_user_of_the_site_takes_all_linked_visitors(
    owned: Command, tmp_path: Path
) -> None:
    visitors = [answer(tmp_path, "reject")["consent"]["visitor"] for _ in range(2)]
    for visitor in visitors:
        link(tmp_path, "u1", visitor)
    told = owned(*ERASE, "--subject", "u1").output
    assert told == "Erased 2 events; visitors: 2.\n"
    for visitor in visitors:
        owned(*SHOW, "--visitor", visitor, status=1)


def test_only_an_active_owner_erases(owned: Command, tmp_path: Path) -> None:
    given = answer(tmp_path, "accept")
    whom = ("--visitor", given["consent"]["visitor"])
    by = ("visitor", "erase", "--site", "shop", "--reason", "letter", "--yes", *whom)
    for officer in ("ed@example.com", "nobody@example.com"):
        assert "may not do that" in owned(*by, "--officer", officer, status=1).output
    owned("officer", "disable", OWNER)
    assert "may not do that" in owned(*by, "--officer", OWNER, status=1).output
    owned(*by, status=2)
    assert len(shown(owned, *whom)[0]["history"]) == 1


def test_nothing_is_erased_before_it_is_confirmed(owned: Command, tmp_path: Path) -> None:
    given = answer(tmp_path, "accept")
    whom = ("--visitor", given["consent"]["visitor"])
    asked = owned(*ERASE[:-1], *whom, status=1).output
    assert "1 visitors of shop, with what is withdrawn first: 2 events will be erased" in asked
    assert "for good. Go on?" in asked
    told = owned(*ERASE[:-1], *whom, "--json", status=1).output
    assert "--yes: is needed with --json where nobody can be asked" in told
    assert "Go on?" not in told
    assert "reason" in owned(*ERASE, *whom, "--reason", "", status=1).output
    assert len(shown(owned, *whom)) == 1


def test_a_restricted_visitor_is_found_by_an_owner_only(
    owned: Command, shop: Path, tmp_path: Path
) -> None:
    restrict(owned, shop)
    given = answer(tmp_path, "accept")
    link(tmp_path, "u1", given["consent"]["visitor"])
    assert forget(tmp_path, given["credential"]).get_json()["restricted"] == 2
    named = (
        ("--visitor", given["consent"]["visitor"]),
        ("--reference", given["consent"]["reference"]),
    )
    for whom in named:
        owned(*SHOW, *whom, status=1)
        owned(*ERASE, *whom, status=1)
        owned(*SHOW, *whom, "--officer", "ed@example.com", status=1)
        (record,) = shown(owned, *whom, "--officer", OWNER)
        assert record["visitor"] == given["consent"]["visitor"]
        assert record["reference"] == given["consent"]["reference"]
        assert record["subjects"] == 0
        assert record["restriction"]["reason"] == "duty"
        assert record["history"][0] == given["consent"]
        assert len(record["history"]) == 2
    owned(*SHOW, "--subject", "u1", "--officer", OWNER, status=1)
    assert "Restricted (duty) until" in owned(*SHOW, *named[0], "--officer", OWNER).output


def test_where_proof_must_be_kept_the_command_says_until_when(
    owned: Command, shop: Path, tmp_path: Path
) -> None:
    restrict(owned, shop)
    whom = ("--visitor", answer(tmp_path, "accept")["consent"]["visitor"])
    asked = owned(*ERASE[:-1], *whom, status=1).output
    told = json.loads(owned(*ERASE, *whom, "--json").output)
    assert re.search(rf"2 events will be hidden until {told['restricted_until'][:10]}T", asked)
    assert (told["erased"], told["restricted"], told["why"]) == (0, 2, "duty")
    assert told["restricted_until"]


def test_the_question_says_whom_a_hold_hides(owned: Command, tmp_path: Path) -> None:
    whom = ("--visitor", answer(tmp_path, "reject")["consent"]["visitor"])
    by = ("--site", "shop", "--officer", OWNER, "--reason", "case 1")
    owned("retention", "hold", *by, *whom)
    asked = owned(*ERASE[:-1], *whom, status=1).output
    assert "1 events will be hidden because of a legal hold" in asked
