"""What the service exports and hands out, judged by the verifier; derived files made again."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from consent_service.core.encoding import b64url_decode
from consent_service.core.notes import parse_verifier_key
from consent_service.evidence import verify_receipt
from consent_service.evidence.derived import FILES
from tests.evidence.building import Files, Log, shop
from tests.evidence.checking import anchors, checked, codes, errors, told
from tests.evidence.exported import ALL_DERIVED, erase, export, filled, vkey_of
from tests.support.world import World


def test_every_kind_of_export_holds(world: World, tmp_path: Path) -> None:
    answers = filled(world)
    before = export(world)
    erase(world, answers[0])
    world.services.ledger.seal_all()
    trusted: dict[str, Any] = {"verifiers": [parse_verifier_key(vkey_of(world))]}
    kept = anchors(before.files["checkpoint"].decode(), *(each["receipt"] for each in answers))
    whole = export(world, derived=ALL_DERIVED)
    report = checked(tmp_path, whole.data, anchors=kept, **trusted)
    assert not codes(report), told(report)
    assert report.facts["gone"]["erased"] == {"visitor": 3}
    visitor = answers[2]["consent"]["visitor"]
    for wanted in ({"visitor": visitor}, {"consent": answers[0]["consent"]["id"]}):
        report = checked(tmp_path, export(world, **wanted).data, **trusted)
        assert codes(report) == {"NO_ANCHOR"}, told(report)
    report = checked(tmp_path, export(world, openings=False).data, **trusted)
    assert codes(report) == {"NO_ANCHOR"}, told(report)
    forgotten = checked(
        tmp_path, before.data, anchors=anchors(whole.files["checkpoint"].decode()), **trusted
    )
    assert errors(forgotten) == {"ROLLBACK"}


def test_the_receipt_of_an_answer_holds(sqlite_world: World) -> None:
    answer = sqlite_world.answer("shop", "accept", locale="de")
    keys = sqlite_world.client.get("/.well-known/consent/jwks.json").get_json()["keys"]
    known = {key["kid"]: b64url_decode(key["x"]) for key in keys}
    report = verify_receipt(answer["receipt"], receipt_keys=known)
    assert codes(report) == {"NOT_SEALED_YET"}
    file = {key: answer[key] for key in ("receipt", "openings")}
    content = json.dumps({"format": "consent-receipt/1", **file})
    report = verify_receipt(content, receipt_keys=known)
    assert codes(report) == {"NOT_SEALED_YET"}
    assert report.facts["opened"]["visitor"] == answer["consent"]["visitor"]
    assert report.facts["id"] == answer["consent"]["id"]


def derived(log: Log) -> Files:
    def recorded() -> Any:
        for index, leaf in enumerate(log.leaves):
            opened = {}
            for opening in log.openings.get(index, ()):
                padded = opening + "=" * (-len(opening) % 4)
                _, name, value = json.loads(base64.urlsafe_b64decode(padded))
                opened[name] = value
            yield index, leaf[0] if isinstance(leaf, tuple) else leaf.decode(), opened

    def document(digest: str) -> bytes | None:
        return log.documents.get(f"{digest}.json")

    return {name: b"".join(make(recorded(), document)) for name, make in FILES.items()}


@pytest.mark.parametrize("name", FILES)
def test_a_derived_file_is_what_follows_from_the_leaves(name: str, tmp_path: Path) -> None:
    log = shop(events=40)
    made = derived(log)
    sound = log.bundle(derived=made)
    assert codes(checked(tmp_path, sound, log)) == {"NO_ANCHOR"}
    for content in (made[name] + b"x\n", b"x" + made[name], made[name][:-1] + b"!", b""):
        if content != made[name]:
            files = log.seal(sound | {name: content})
            assert errors(checked(tmp_path, files, log)) == {"CSV_MISMATCH"}
