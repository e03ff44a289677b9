"""What a visitor can do with a credential: read, take a link, erase."""

import json
from typing import Any

from tests.api.calls import act, decoded, history, leaf_of, refused, stored_events, values
from tests.support.world import World

ME = "/v1/sites/shop/consents/me"


def authorised(credential: str) -> dict[str, str]:
    return {"Authorization": f"Consent {credential}"}


def erase(world: World, credential: str, site: str = "shop") -> int:
    answer = world.client.delete(f"/v1/sites/{site}/consents/me", headers=authorised(credential))
    assert answer.status_code == 200, answer.text
    return int(answer.get_json()["erased"])


def link(world: World, credential: str, back: str = "http://localhost:8002/p?q=1#f") -> str:
    answer = world.client.post(f"{ME}/link", json={"return": back, "credential": credential})
    assert answer.status_code == 201, answer.text
    url = str(answer.get_json()["url"])
    assert url.startswith(f"{world.settings.public_url}/sites/shop/preferences?link=")
    return url.removeprefix(world.settings.public_url)


def test_me_answers_what_is_on_record(world: World) -> None:
    first = world.answer("shop", "accept")
    world.clock.move(minutes=1)
    second = world.answer("shop", "reject", credential=first["credential"])
    told = world.me("shop", first["credential"]).get_json()
    assert told["history"] == [second["consent"], first["consent"]]
    assert told["state"] == second["state"]
    assert told["agreed"] == {}
    assert told["reference"] == first["consent"]["reference"]
    assert "next" not in told


def test_me_renews_both_values(world: World) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(days=100)
    told = world.me("shop", given["credential"]).get_json()
    issued = json.loads(decoded(told["credential"].split(".")[0]))["iat"]
    token = json.loads(decoded(told["state_token"].split(".")[0]))
    assert issued == token["iat"] == 1795428000 + 100 * 86_400
    assert world.me("shop", told["credential"]).status_code == 200


def test_the_history_comes_in_pages_newest_first(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    for number in range(101):
        world.clock.move(seconds=1)
        action = "reject" if number % 2 else "accept"
        world.answer("shop", action, notice=1, credential=credential)
    pages: list[list[dict[str, Any]]] = []
    query: dict[str, int] = {}
    while True:
        answer = world.client.get(ME, query_string=query, headers=authorised(credential)).get_json()
        pages.append(answer["history"])
        if "next" not in answer:
            break
        query = {"before": answer["next"]}
    assert [len(page) for page in pages] == [50, 50, 2]
    ids = [event["id"] for page in pages for event in page]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 102


def test_visitors_see_only_themselves(world: World) -> None:
    mine = world.answer("shop", "accept")
    world.answer("shop", "reject")
    assert [event["id"] for event in history(world, "shop", mine["credential"])] == [
        mine["consent"]["id"]
    ]


def test_a_link_opens_once(world: World) -> None:
    path = link(world, world.answer("shop", "accept")["credential"])
    assert world.client.get(path).status_code == 200
    spent = world.client.get(path)
    assert spent.status_code == 410
    assert spent.mimetype == "text/html"


def test_a_link_lives_for_ten_minutes(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    early, late = link(world, credential), link(world, credential)
    world.clock.move(minutes=9, seconds=59)
    assert world.client.get(early).status_code == 200
    world.clock.move(seconds=1)
    assert world.client.get(late).status_code == 410


def test_a_link_of_one_site_opens_nothing_at_another(world: World) -> None:
    path = link(world, world.answer("shop", "accept")["credential"])
    assert world.client.get(path.replace("/shop/", "/news/")).status_code == 410
    assert world.client.get(path).status_code == 200


def test_erasing_clears_what_names_the_visitor(world: World) -> None:
    first = world.answer("shop", "accept")
    world.answer("shop", "reject", credential=first["credential"])
    other = world.answer("shop", "accept")
    assert erase(world, first["credential"]) == 2
    events = {str(event.event_id): event for event in stored_events(world)}
    kept = events.pop(other["consent"]["id"])
    assert kept.visitor
    assert len(events) == 2
    for event in events.values():
        assert (event.visitor, event.openings, event.reference) == (None, None, None)
        assert first["consent"]["visitor"] not in event.leaf


def test_what_was_granted_is_withdrawn_before_it_is_erased(world: World) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True, "marketing": False})
    assert erase(world, given["credential"]) == 2
    last = stored_events(world)[-1]
    leaf = json.loads(last.leaf)
    assert leaf["type"] == last.type == "consent.withdrawn"
    assert leaf["decisions"] == {"analytics": "denied"}
    assert leaf["method"] == "preferences"


def test_an_erased_acknowledgement_has_ended(world: World) -> None:
    given = world.answer("news", "acknowledge")
    assert erase(world, given["credential"], "news") == 2
    assert json.loads(stored_events(world)[-1].leaf)["type"] == "consent.withdrawn"


def test_each_erased_event_leaves_a_leaf_that_names_it(world: World) -> None:
    from sqlalchemy import text

    given = world.answer("shop", "accept")
    erase(world, given["credential"])
    with world.services.db.read() as connection:
        hashes = {
            bytes(row.leaf_hash).hex()
            for row in connection.execute(text("SELECT leaf_hash FROM consent_event"))
        }
        entries = connection.execute(text("SELECT leaf FROM ledger_entry")).scalars()
        leaves = [json.loads(leaf) for leaf in entries]
    erasures = [leaf for leaf in leaves if leaf["type"] == "log.erasure"]
    assert {leaf["leaf"] for leaf in erasures} == hashes
    assert len(erasures) == 2
    assert given["consent"]["visitor"] not in json.dumps(leaves)


def test_after_erasure_the_credential_counts_as_absent(world: World) -> None:
    given = world.answer("shop", "accept")
    old = given["credential"]
    path = link(world, old)
    erase(world, old)
    refused(world.me("shop", old), 401, "credential_required")
    again = world.client.post(
        f"{ME}/link", json={"return": "http://localhost:8002/", "credential": old}
    )
    refused(again, 401, "credential_required")
    assert world.client.get(path).status_code == 410
    assert erase(world, old) == 0
    fresh = world.answer("shop", "accept", credential=old)
    assert fresh["consent"]["visitor"] != given["consent"]["visitor"]
    assert fresh["consent"]["reference"] != given["consent"]["reference"]
    assert "prev" not in leaf_of(world, fresh)["priv"]


def test_a_choice_outlives_its_end_only_as_history(world: World) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(days=186)
    told = world.me("shop", given["credential"]).get_json()
    assert values(told)["analytics"] == "granted"
    assert told["state"]["analytics"]["until"] < "2027-05-28"
    assert len(told["history"]) == 1


def test_programs_may_send_the_credential_as_a_header(world: World) -> None:
    given = world.answer("shop", "accept")
    body = act(world, "shop", "reject")
    answer = world.post("shop", body, authorised(given["credential"])).get_json()
    assert answer["consent"]["visitor"] == given["consent"]["visitor"]
