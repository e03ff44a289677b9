"""What holds and what is asked: the cases that the banner judges too, from the state token."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consent_service.consents.model import Agreement, Decision, State, Value
from consent_service.consents.rules.standing import standing_of
from consent_service.consents.tokens import Tokens, longest_state_token
from consent_service.core.clock import epoch_seconds
from consent_service.core.ids import Ids
from consent_service.core.keyring import Keyring, ensure_keyring
from consent_service.core.tokens import TokenSigner
from consent_service.sites.model import Embed, Manager, Site
from tests.support.clock import FakeClock
from tests.support.standing_cases import CASES, NOW, in_days, state_of, terms_named

EVENT = "018bcfe5-6800-7000-8000-000000000002"
SITE = Site(
    site_id="018bcfe5-6800-7000-8000-000000000001",
    key="shop",
    log_origin="log.example/shop",
    name="Shop",
    controller={},
    origins=(),
    embed=Embed(mode="external"),
    locales=("en",),
    profiles=("eu-opt-in",),
    erasure="erase",
    managed_by=Manager.FOLDER,
    published_by=Manager.FOLDER,
    revision=1,
    closed_at=None,
)


class Issuer:
    """Makes state tokens, and reads what they say."""

    def __init__(self, folder: Path) -> None:
        clock = FakeClock()
        ids = Ids(clock)
        self._states: Keyring = ensure_keyring(folder, "state", clock, ids)
        self._tokens = Tokens(ensure_keyring(folder, "credential", clock, ids), self._states, clock)

    def text(self, state: State) -> str:
        return self._tokens.state_token(SITE, state, EVENT)

    def payload(self, state: State) -> dict[str, Any]:
        return dict(TokenSigner(self._states).read(SITE.site_id, self.text(state)))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("keys"))


def in_seconds(token: dict[str, Any]) -> dict[str, Any]:
    """Return a case's token as it is issued: with times since 1970 instead of days from now."""
    decisions = {
        group: {
            key: [value, notice, epoch_seconds(in_days(until)) if until else 0, *override]
            for key, (value, notice, until, *override) in token.get(group, {}).items()
        }
        for group in ("purposes", "services")
    }
    objected = (
        {"objected": epoch_seconds(in_days(token["objected"]))} if "objected" in token else {}
    )
    return {**decisions, "documents": token.get("documents", {}), **objected}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_stands_as_its_file_says(case: dict[str, Any], issuer: Issuer) -> None:
    state, terms = state_of(case["token"]), terms_named(case["terms"])
    found = standing_of(state, terms, NOW, gpc=case.get("gpc", False))
    purposes = {key: [ruling.allowed, ruling.why.value] for key, ruling in found.purposes.items()}
    assert purposes == {**always_on(purposes), **case["purposes"]}
    services = {key: ruling.allowed for key, ruling in found.services.items()}
    assert services == case.get("services", {})
    assert [question.key for question in found.questions] == case["asked"]
    assert issuer.payload(state).items() >= in_seconds(case["token"]).items()


def always_on(purposes: dict[str, Any]) -> dict[str, Any]:
    return {"necessary": [True, "not_subject"]} if "necessary" in purposes else {}


def test_the_cases_tell_each_reason_and_have_names_of_their_own() -> None:
    reasons = {why for case in CASES for _, why in case["purposes"].values()}
    assert reasons >= {"granted", "denied", "signal", "opted_out", "not_asked"}
    assert reasons >= {"undecided", "expired", "changed"}
    assert len({case["name"] for case in CASES}) == len(CASES) >= 40


def test_a_token_tells_the_newest_denial_and_nothing_where_there_is_none(issuer: Issuer) -> None:
    granted = Decision(value=Value.GRANTED, notice=1, at=NOW, until=in_days(1))
    older = Decision(value=Value.DENIED, notice=1, at=in_days(-9), until=None)
    newer = replace(older, at=in_days(-2))
    assert "objected" not in issuer.payload(State(purposes={"a": granted}))
    told = issuer.payload(State(purposes={"a": granted, "b": newer, "c": older}))
    assert told["objected"] == epoch_seconds(in_days(-2))


def test_a_token_leaves_out_grants_that_ended_and_keeps_objections(issuer: Issuer) -> None:
    ended = Decision(value=Value.GRANTED, notice=1, at=in_days(-9), until=in_days(-1), ended=True)
    state = State(purposes={"a": ended, "b": replace(ended, value=Value.DENIED)})
    assert issuer.payload(state)["purposes"] == {
        "b": ["denied", 1, epoch_seconds(in_days(-1))],
    }


@pytest.mark.parametrize("denied", [0, 1, 2])
def test_no_state_needs_a_longer_token_than_foretold(issuer: Issuer, denied: int) -> None:
    granted = Decision(value=Value.GRANTED, notice=99_999, at=NOW, until=in_days(1), override=True)
    refused = replace(granted, value=Value.DENIED, override=False)
    state = State(
        purposes={"a": refused if denied else granted, "b": refused if denied > 1 else granted},
        services={"s": granted},
        documents={"terms": Agreement(n=99_999, sha256="", notice=99_999, at=NOW)},
    )
    foretold = longest_state_token("shop", ["a", "b"], ["s"], ["terms"])
    assert len(issuer.text(state)) <= foretold
    if denied == 1:
        assert len(issuer.text(state)) == foretold
