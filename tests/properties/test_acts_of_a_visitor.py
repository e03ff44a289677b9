"""Any sequence of acts of one visitor, against a small model of what it must come to."""

from dataclasses import dataclass, field
from itertools import chain

from hypothesis import assume, given, note
from hypothesis import strategies as st

from consent_service.consents.model import Act, Action, Change, EventType, State, Value
from tests.unit.acts import DENIED, GRANTED, NOT_SUBJECT, TERMS, at, changed, decided

CHOICES = ["analytics", "marketing"]
SALE = "marketing"
SERVICES = {"tally": "analytics", "heatmap": "analytics", "adverra": "marketing"}
ASKED = {Action.AGREE: "terms", Action.ACKNOWLEDGE: "rules"}

GPC = st.booleans()
CHOSEN = st.dictionaries(st.sampled_from(CHOICES), st.booleans(), min_size=1)
NAMED = st.dictionaries(st.sampled_from(CHOICES), st.just(value=False), min_size=1)
ACTS = st.one_of(
    st.builds(Act, action=st.just(Action.ACCEPT), gpc=GPC, override=GPC),
    st.builds(Act, action=st.just(Action.REJECT), gpc=GPC),
    st.builds(Act, action=st.just(Action.CHOOSE), decisions=CHOSEN, gpc=GPC, override=GPC),
    st.builds(Act, action=st.just(Action.WITHDRAW)),
    st.builds(Act, action=st.just(Action.WITHDRAW), decisions=NAMED),
    st.builds(Act, action=st.just(Action.WITHDRAW), documents=st.just({"terms": 1})),
    st.builds(Act, action=st.sampled_from([Action.AGREE, Action.ACKNOWLEDGE])),
)
SERVICE_ACTS = st.builds(
    Act,
    action=st.just(Action.CHOOSE),
    decisions=st.dictionaries(st.sampled_from(CHOICES), st.booleans()),
    services=st.dictionaries(st.sampled_from(sorted(SERVICES)), st.booleans(), min_size=1),
)
MIXED = st.booleans().flatmap(lambda of_services: SERVICE_ACTS if of_services else ACTS)


@dataclass
class Model:
    """What a visitor has decided, told by a dict and a set, without time."""

    values: dict[str, Value] = field(default_factory=dict)
    agreed: set[str] = field(default_factory=set)
    is_new: bool = True

    def act(self, act: Act) -> EventType | None:
        """Return what the event is called; None where nothing changes."""
        is_new, self.is_new = self.is_new, False
        if act.action in ASKED:
            self.agreed.add(ASKED[act.action])
            return EventType.AGREED if act.action is Action.AGREE else EventType.ACKNOWLEDGED
        if act.action is not Action.WITHDRAW:
            return self._answer(act)
        if is_new and not act.documents:
            action = Action.CHOOSE if act.decisions else Action.REJECT
            return self._answer(Act(action=action, decisions=act.decisions))
        self.is_new = is_new
        return self._withdraw(act)

    def _answer(self, act: Act) -> EventType:
        had_decided = bool(self.values)
        if act.action is Action.CHOOSE:
            asked = dict(act.decisions)
        else:
            asked = dict.fromkeys(CHOICES, act.action is Action.ACCEPT)
            self.values["necessary"] = NOT_SUBJECT
        if act.gpc and not act.override and SALE in asked:
            asked[SALE] = False
        self.values |= {key: GRANTED if allowed else DENIED for key, allowed in asked.items()}
        if GRANTED not in self.values.values():
            return EventType.REFUSED
        is_given = act.action is Action.ACCEPT or not had_decided
        return EventType.GIVEN if is_given else EventType.UPDATED

    def _withdraw(self, act: Act) -> EventType | None:
        everything = not (act.decisions or act.documents)
        purposes = {
            key
            for key, value in self.values.items()
            if value is GRANTED and (everything or key in act.decisions)
        }
        documents = {kind for kind in self.agreed if everything or kind in act.documents}
        self.values |= dict.fromkeys(purposes, DENIED)
        self.agreed -= documents
        return EventType.WITHDRAWN if purposes or documents else None


def run(acts: list[Act]) -> list[tuple[State, Change | None, State]]:
    """Return the state before each act, what it changed, and the state after."""
    state, steps = State(), []
    for minutes, act in enumerate(acts, start=1):
        change = decided(act, state, minutes=minutes)
        after = change.state if change else state
        steps.append((state, change, after))
        state = after
    return steps


def allowed(state: State, service: str) -> bool:
    """Tell whether a service may run, as a tag would ask."""
    decision = state.services.get(service) or state.purposes.get(SERVICES[service])
    return decision is not None and decision.value is GRANTED


@given(st.lists(ACTS, max_size=12))
def test_any_sequence_of_acts_comes_to_what_the_model_says(acts: list[Act]) -> None:
    model = Model()
    for act, (_, change, after) in zip(acts, run(acts), strict=True):
        note(f"{act}")
        assert (change.type if change else None) == model.act(act)
        assert {key: each.value for key, each in after.purposes.items()} == model.values
        assert set(after.agreed()) == model.agreed


@given(st.lists(MIXED, max_size=12))
def test_only_what_an_act_decides_changes(acts: list[Act]) -> None:
    for before, change, after in run(acts):
        decided_now = set(change.decisions) if change else set()
        for key in TERMS.purposes:
            if key not in decided_now:
                assert after.purposes.get(key) == before.purposes.get(key)


@given(st.lists(MIXED, max_size=12))
def test_nothing_is_granted_but_by_an_act_that_grants(acts: list[Act]) -> None:
    for act, (before, _, after) in zip(acts, run(acts), strict=True):
        if not act.is_grant:
            for service in SERVICES:
                assert allowed(before, service) or not allowed(after, service)


@given(st.lists(MIXED, max_size=12))
def test_withdrawing_everything_ends_everything(acts: list[Act]) -> None:
    *_, (_, _, last) = run([*acts, Act(action=Action.WITHDRAW)])
    assert not any(allowed(last, service) for service in SERVICES)
    assert last.agreed() == {}


@given(st.lists(MIXED, max_size=12), st.sampled_from(CHOICES))
def test_withdrawing_a_purpose_ends_all_under_it(acts: list[Act], purpose: str) -> None:
    withdrawal = Act(action=Action.WITHDRAW, decisions={purpose: False})
    *_, (_, _, last) = run([*acts, withdrawal])
    of_purpose = [service for service, owner in SERVICES.items() if owner == purpose]
    assert not any(allowed(last, service) for service in of_purpose)


@given(st.lists(MIXED, max_size=12))
def test_refusing_denies_everything(acts: list[Act]) -> None:
    *_, (_, change, last) = run([*acts, Act(action=Action.REJECT)])
    assert change is not None
    assert change.type is EventType.REFUSED
    assert not any(allowed(last, service) for service in SERVICES)


@given(st.lists(MIXED, max_size=12))
def test_exceptions_are_kept_only_where_they_differ_from_their_purpose(acts: list[Act]) -> None:
    for _, _, state in run(acts):
        for service, exception in state.services.items():
            purpose = state.purposes.get(SERVICES[service])
            assert purpose is None or exception.value is not purpose.value


@given(st.lists(MIXED, max_size=12))
def test_an_event_names_the_decisions_that_its_state_holds(acts: list[Act]) -> None:
    for _, change, after in run(acts):
        if change:
            named = chain(
                ((change.decisions[key], after.purposes[key]) for key in change.decisions),
                ((value, after.services.get(key)) for key, value in change.services.items()),
            )
            assert all(held is None or held.value is value for value, held in named)


@given(st.lists(MIXED, max_size=8), MIXED, st.integers(0, 10))
def test_a_late_grant_opens_nothing_that_was_decided_after_it(
    acts: list[Act], late: Act, made: int
) -> None:
    *_, (_, _, before) = run([*acts, Act(action=Action.WITHDRAW)])
    kept = Act(
        action=late.action,
        decisions=late.decisions,
        services=late.services,
        gpc=late.gpc,
        override=late.override,
        made_at=at(made),
    )
    change = decided(kept, before, minutes=30)
    after = change.state if change else before
    for service, purpose in SERVICES.items():
        decision = before.services.get(service) or before.purposes.get(purpose)
        if decision is not None and decision.at > at(made):
            assert not allowed(after, service)


@given(st.lists(MIXED, max_size=8))
def test_a_late_acceptance_leaves_what_was_refused_after_it(acts: list[Act]) -> None:
    steps = run([Act(action=Action.ACCEPT), *acts])
    before = steps[-1][2]
    after = changed_or(before, Act(action=Action.ACCEPT, made_at=at(1.5)))
    for service in SERVICES:
        assert allowed(before, service) or not allowed(after, service)


def changed_or(state: State, act: Act) -> State:
    change = decided(act, state, minutes=30)
    return change.state if change else state


def test_the_model_knows_every_action() -> None:
    assert changed(Action.ACCEPT).type is Model().act(Act(action=Action.ACCEPT))
    assert set(Action) - {Action.SIGNAL} == {
        Action.ACCEPT,
        Action.REJECT,
        Action.CHOOSE,
        Action.WITHDRAW,
        *ASKED,
    }


@given(st.lists(MIXED, max_size=8))
def test_a_refused_service_stays_refused_when_its_purpose_is_chosen(acts: list[Act]) -> None:
    refusal = Act(action=Action.CHOOSE, services={"tally": False})
    choice = Act(action=Action.CHOOSE, decisions={SERVICES["tally"]: True})
    *_, (_, _, refused), (_, _, after) = run([*acts, refusal, choice])
    assume("tally" in refused.services)
    assert after.services["tally"].value is DENIED
