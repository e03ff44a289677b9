"""An older consent is worth what it proves."""

import pytest

from consent_service.consents.model import Agreement, EventType
from consent_service.consents.rules.imported import Older, adopt
from consent_service.core.errors import InvalidRequestError
from tests.unit.acts import DENIED, GRANTED, NOTICE, TERMS, at, opt_out, standing


def older(**decisions: bool) -> Older:
    return Older(at=at(-60), decisions=decisions, documents={})


def test_a_decision_counts_from_when_it_was_made() -> None:
    change = adopt(older(analytics=True, marketing=False), TERMS, NOTICE)
    assert change.type is EventType.IMPORTED
    assert change.decisions == {"analytics": GRANTED, "marketing": DENIED}
    assert change.services == {}
    granted, denied = (change.state.purposes[key] for key in ("analytics", "marketing"))
    assert granted.at == denied.at == at(-60)
    assert granted.until is not None
    assert denied.until is not None
    assert (granted.until - granted.at).days == TERMS.granted_days
    assert (denied.until - denied.at).days == TERMS.denied_days
    assert granted.notice == NOTICE
    assert not granted.override


def test_what_has_expired_by_now_allows_nothing() -> None:
    change = adopt(
        Older(at=at(-TERMS.granted_days * 24 * 60), decisions={"analytics": True}, documents={}),
        TERMS,
        NOTICE,
    )
    assert not standing(change.state).purposes["analytics"].allowed


def test_nothing_is_granted_that_was_not_named() -> None:
    change = adopt(older(analytics=True), TERMS, NOTICE)
    assert set(change.state.purposes) == {"analytics"}


def test_an_objection_to_what_runs_unasked_is_for_good() -> None:
    denied = adopt(older(analytics=False), opt_out(), NOTICE).state.purposes["analytics"]
    assert denied.until is None
    granted = adopt(older(analytics=True), opt_out(), NOTICE).state.purposes["analytics"]
    assert granted.until is not None


def test_an_agreement_to_documents_grants_nothing() -> None:
    agreement = Agreement(n=1, sha256="0" * 64, notice=NOTICE, at=at(-60))
    change = adopt(Older(at=at(-60), decisions={}, documents={"terms": agreement}), TERMS, NOTICE)
    assert change.documents == {"terms": agreement}
    assert change.state.documents == {"terms": agreement}
    assert change.state.purposes == {}


@pytest.mark.parametrize("key", ["necessary", "unheard-of"])
def test_only_what_visitors_decide_about_can_be_imported(key: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        adopt(older(**{key: True}), TERMS, NOTICE)
    assert [each.field for each in refusal.value.fields] == [f"decisions.{key}"]


def test_a_record_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        adopt(older(), TERMS, NOTICE)
