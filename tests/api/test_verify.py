"""`/v1/verify`: what a receipt proves, and the file that a visitor takes home."""

import io
import json
import re
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from consent_service.core import keyring
from consent_service.core.canonical import canonical_json
from consent_service.core.encoding import b64url, b64url_decode
from consent_service.core.merkle import leaf_hash
from tests.storage.rows import disable_guards, owner
from tests.support.world import World

FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def verify(world: World, receipt: str, **members: Any) -> dict[str, Any]:
    answer = world.client.post("/v1/verify", json={"receipt": receipt, **members})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def codes(checked: dict[str, Any]) -> list[str]:
    return [found["code"] for found in checked["findings"]]


@pytest.fixture
def answer(world: World) -> dict[str, Any]:
    return world.answer("shop", "accept")


def test_a_sealed_receipt_proves_what_was_recorded_and_where_the_log_holds_it(
    world: World, answer: dict[str, Any]
) -> None:
    world.services.ledger.seal_all()
    checked = verify(world, answer["receipt"])
    assert (checked["verdict"], codes(checked)) == ("ok", [])
    assert checked["summary"] == "This receipt holds."
    assert checked["facts"]["id"] == answer["consent"]["id"]
    assert checked["facts"]["decisions"] == answer["consent"]["decisions"]
    proves = " ".join(checked["proves"])
    assert answer["consent"]["notice"]["sha256"] in proves
    assert "log holds the record at place" in proves
    assert "which visitor the record is of" in proves
    assert any("read the notice" in each for each in checked["does_not_prove"])


def test_a_receipt_with_its_openings_shows_whose_it_is(
    world: World, answer: dict[str, Any]
) -> None:
    world.services.ledger.seal_all()
    file = {
        "format": "consent-receipt/1",
        "receipt": answer["receipt"],
        "openings": answer["openings"],
    }
    checked = verify(world, json.dumps(file))
    assert checked["verdict"] == "ok"
    assert answer["consent"]["visitor"] in " ".join(checked["proves"])


def test_a_receipt_that_is_not_sealed_yet_is_said_to_prove_less(
    world: World, answer: dict[str, Any]
) -> None:
    checked = verify(world, answer["receipt"])
    assert (checked["verdict"], codes(checked)) == ("weak", ["NOT_SEALED_YET"])
    assert any("within 60 seconds" in each for each in checked["does_not_prove"])
    assert not any("log holds" in each for each in checked["proves"])


def test_a_proof_from_an_epoch_that_has_ended_still_holds(
    world: World, answer: dict[str, Any]
) -> None:
    world.services.ledger.seal_all()
    world.services.ledger.begin_epoch(world.services.sites.get("shop").site_id)
    world.services.ledger.seal_all()
    assert verify(world, answer["receipt"])["verdict"] == "ok"


def altered(receipt: str, old: str, new: str) -> str:
    header, payload, signature = receipt.split(".")
    text = b64url_decode(payload).decode()
    assert old in text
    return f"{header}.{b64url(text.replace(old, new).encode())}.{signature}"


@pytest.mark.parametrize(
    ("old", "new"), [("granted", "denied"), ('"sv": "27560:2023"', '"sv": "27560:2024"')]
)
def test_a_receipt_that_somebody_changed_does_not_hold(
    world: World, answer: dict[str, Any], old: str, new: str
) -> None:
    checked = verify(world, altered(answer["receipt"], old, new))
    assert checked["verdict"] == "bad"
    assert codes(checked)
    assert checked["proves"] == checked["does_not_prove"] == []


def test_the_opening_of_another_visitor_does_not_hold(world: World, answer: dict[str, Any]) -> None:
    other = world.answer("shop", "accept")
    file = {
        "format": "consent-receipt/1",
        "receipt": answer["receipt"],
        "openings": other["openings"],
    }
    checked = verify(world, json.dumps(file))
    assert (checked["verdict"], "OPENING_MISMATCH" in codes(checked)) == ("bad", True)


def test_the_proof_of_another_event_does_not_hold(world: World, answer: dict[str, Any]) -> None:
    other = world.answer("shop", "reject")
    world.services.ledger.seal_all()
    proof = world.client.get(other["proof_url"]).text
    checked = verify(world, answer["receipt"], proof=proof)
    assert (checked["verdict"], codes(checked)) == ("bad", ["RECEIPT_NOT_INCLUDED"])


def test_a_receipt_that_was_signed_before_its_key_was_revoked_still_holds(
    world: World, answer: dict[str, Any]
) -> None:
    directory, clock = world.settings.keys_dir, world.clock
    (old,) = keyring.Keyring(directory, "receipt", clock).all_keys()
    keyring.rotate(directory, "receipt", clock, world.services.ids)
    keyring.revoke(directory, "receipt", old.kid, clock)
    world.clock.move(hours=1)
    world.services.ledger.seal_all()
    assert verify(world, answer["receipt"])["verdict"] == "ok"


def test_a_receipt_of_another_service_cannot_be_checked_here(
    world: World, answer: dict[str, Any]
) -> None:
    foreign = answer["receipt"]
    for part in ('"log": "', '"log":"'):
        foreign = altered(foreign, f"{part}{world.services.log_name}/", f"{part}log-other/")
    claims = json.loads(b64url_decode(foreign.split(".")[1]))
    claims["leaf"] = b64url(leaf_hash(canonical_json(claims["evt"]).encode()))
    header, _, signature = foreign.split(".")
    foreign = f"{header}.{b64url(json.dumps(claims).encode())}.{signature}"
    checked = verify(world, foreign)
    assert checked["verdict"] == "weak"
    assert checked["summary"] == "This receipt cannot be checked here."
    assert not checked["proves"]
    shown = world.client.post("/v1/verify", data={"receipt": foreign}).text
    assert "cannot be checked here" in shown
    assert "Rules that applied" not in shown


def test_a_receipt_whose_event_the_log_lost_does_not_hold(
    world: World, answer: dict[str, Any]
) -> None:
    with owner(world) as connection:
        disable_guards(connection, "consent_event")
        connection.execute(text("DELETE FROM consent_event"))
        connection.execute(text("DELETE FROM ledger_pending"))
    assert verify(world, answer["receipt"])["verdict"] == "weak"
    world.clock.move(seconds=62)
    checked = verify(world, answer["receipt"])
    assert (checked["verdict"], codes(checked)) == ("bad", ["RECEIPT_NOT_INCLUDED"])


@pytest.mark.parametrize("receipt", ["x", "a.b.c", "{}", '{"format":"consent-receipt/1"}', "é.é.é"])
def test_what_is_no_receipt_is_said_to_be_none(world: World, receipt: str) -> None:
    checked = verify(world, receipt)
    assert checked["verdict"] == "bad"
    assert codes(checked) in (["RECEIPT"], ["RECEIPT_ALG"])


def test_a_body_without_a_receipt_names_the_field(world: World) -> None:
    refused = world.client.post("/v1/verify", json={"recipt": "x"})
    assert refused.status_code == 422
    assert {each["field"] for each in refused.get_json()["errors"]} == {"receipt", "recipt"}


def test_it_is_told_in_the_language_that_is_asked_for(world: World, answer: dict[str, Any]) -> None:
    told = world.client.post("/v1/verify?lang=de", json={"receipt": answer["receipt"]}).get_json()
    assert told["summary"].startswith("An diesem Beleg ist nichts falsch")


# ------------------------------------------------------------------ the page


def test_the_page_checks_a_file_without_javascript(world: World, answer: dict[str, Any]) -> None:
    world.services.ledger.seal_all()
    empty = world.client.get("/v1/verify")
    assert "Check a receipt" in empty.text
    sent = {"file": (io.BytesIO(answer["receipt"].encode()), "receipt.jws")}
    shown = world.client.post("/v1/verify", data=sent, content_type="multipart/form-data")
    assert shown.status_code == 200
    assert "This receipt holds." in shown.text
    assert "script" not in shown.headers["Content-Security-Policy"].replace("script-src 'none'", "")


def test_the_page_shows_what_was_pasted_and_never_runs_it(world: World) -> None:
    shown = world.client.post("/v1/verify", data={"receipt": "</textarea><b>x</b>"})
    assert shown.status_code == 200
    assert "<b>x</b>" not in shown.text
    assert "This receipt does not hold." in shown.text


def test_the_page_says_that_nothing_was_sent(world: World) -> None:
    assert "Choose a file, or paste" in world.client.post("/v1/verify", data={"receipt": " "}).text


# ------------------------------------------------------------------ what a visitor takes home


def taken_home(world: World, credential: str) -> list[TestResponse]:
    """Open the preference page as a visitor, and press the button of each receipt."""
    headers = {"Authorization": f"Consent {credential}", "Origin": "http://localhost:8002"}
    link = world.client.post(
        "/v1/sites/shop/consents/me/link",
        json={"return": "http://localhost:8002/"},
        headers=headers,
    ).get_json()["url"]
    page = world.client.get(link[link.index("/sites/") :]).text
    (session,) = set(re.findall(r'name="session" value="([^"]+)"', page))
    events = re.findall(r'name="event" value="([^"]+)"', page)
    return [
        world.client.post(
            "/sites/shop/preferences",
            data={"session": session, "action": "receipt", "event": event},
            headers={"Origin": world.settings.public_url, "Sec-Fetch-Site": "same-origin"},
        )
        for event in events
    ]


def test_the_preference_page_hands_out_each_receipt_with_its_proof_as_one_file(
    world: World, answer: dict[str, Any]
) -> None:
    world.answer("shop", "reject", credential=answer["credential"])
    world.services.ledger.seal_all()
    world.forget()
    files = taken_home(world, answer["credential"])
    assert len(files) == 2
    for file in files:
        assert file.status_code == 200, file.text
        assert file.headers["Cache-Control"] == "private, no-store"
        assert re.fullmatch(
            rf'attachment; filename="receipt-{answer["consent"]["reference"]}-[12]\.json"',
            file.headers["Content-Disposition"],
        )
        content = file.get_json()
        assert set(content) == {"format", "receipt", "openings", "proof"}
        checked = verify(world, file.text)
        assert (checked["verdict"], codes(checked)) == ("ok", [])
        assert answer["consent"]["visitor"] in " ".join(checked["proves"])


def test_before_it_is_sealed_the_file_has_no_proof(world: World, answer: dict[str, Any]) -> None:
    (file,) = taken_home(world, answer["credential"])
    assert set(file.get_json()) == {"format", "receipt", "openings"}


def test_nobody_gets_the_receipt_of_another_visitor(world: World, answer: dict[str, Any]) -> None:
    other = world.answer("shop", "accept")
    headers = {
        "Authorization": f"Consent {answer['credential']}",
        "Origin": "http://localhost:8002",
    }
    link = world.client.post(
        "/v1/sites/shop/consents/me/link",
        json={"return": "http://localhost:8002/"},
        headers=headers,
    ).get_json()["url"]
    page = world.client.get(link[link.index("/sites/") :]).text
    session = re.findall(r'name="session" value="([^"]+)"', page)[0]
    for event in (other["consent"]["id"], "x", ""):
        refused = world.client.post(
            "/sites/shop/preferences",
            data={"session": session, "action": "receipt", "event": event},
            headers={"Origin": world.settings.public_url, "Sec-Fetch-Site": "same-origin"},
        )
        assert refused.mimetype == "text/html"
        assert other["consent"]["reference"] not in refused.text
