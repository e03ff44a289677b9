"""Whether an act fits the notice that it answers."""

from consent_service.consents.model import Act, Action, State
from consent_service.core.errors import FieldError, InvalidRequestError
from consent_service.notices.terms import DocumentTerms, Terms


def check_fits(act: Act, terms: Terms, state: State) -> None:
    """Check that an act names only what its notice shows, in the way that its action allows.

    Raises:
        InvalidRequestError: naming each field that does not fit.
    """
    problems = [
        *_purpose_problems(act, terms, state),
        *_service_problems(act, terms),
        *_document_problems(act, terms, state),
        *_signal_problems(act),
    ]
    if problems:
        raise InvalidRequestError("the act does not fit the notice", problems)


def _purpose_problems(act: Act, terms: Terms, state: State) -> list[FieldError]:
    problems = []
    if act.decisions and act.action not in (Action.CHOOSE, Action.WITHDRAW):
        problems.append(FieldError("decisions", "go with choose and withdraw only"))
    for key, allowed in act.decisions.items():
        known = terms.purposes.get(key)
        withdrawable = act.action is Action.WITHDRAW and key in state.purposes
        if known is None and not withdrawable:
            problems.append(FieldError(f"decisions.{key}", "is no purpose of this notice"))
        elif known is not None and not known.choice:
            problems.append(
                FieldError(f"decisions.{key}", "is nothing that visitors decide about here")
            )
        elif allowed and act.action is Action.WITHDRAW:
            problems.append(FieldError(f"decisions.{key}", "must be false in a withdrawal"))
    return problems


def _service_problems(act: Act, terms: Terms) -> list[FieldError]:
    problems = []
    if act.services and act.action not in (Action.CHOOSE, Action.WITHDRAW):
        problems.append(FieldError("services", "go with choose and withdraw only"))
    for key, allowed in act.services.items():
        purpose = terms.purpose_of(key)
        if not purpose or not terms.purposes[purpose].choice:
            problems.append(FieldError(f"services.{key}", "is no service that can be chosen here"))
        elif allowed and act.action is Action.WITHDRAW:
            problems.append(FieldError(f"services.{key}", "must be false in a withdrawal"))
    return problems


def _document_problems(act: Act, terms: Terms, state: State) -> list[FieldError]:
    problems = []
    if act.documents and act.action not in (Action.ACKNOWLEDGE, Action.AGREE, Action.WITHDRAW):
        problems.append(FieldError("documents", "consent is never bundled with documents"))
    for kind, number in act.documents.items():
        known = terms.documents.get(kind)
        withdrawable = act.action is Action.WITHDRAW and kind in state.documents
        if known is None and not withdrawable:
            problems.append(FieldError(f"documents.{kind}", "is no document of this notice"))
        elif known is not None and not withdrawable and not _shows(known, number, act):
            message = f"the notice shows version {known.number}, to {known.accept}"
            problems.append(FieldError(f"documents.{kind}", message))
    return problems


def _shows(known: DocumentTerms, number: int, act: Act) -> bool:
    only_acknowledged = act.action is Action.ACKNOWLEDGE and known.accept == Action.AGREE.value
    return known.number == number and not only_acknowledged


def _signal_problems(act: Act) -> list[FieldError]:
    if act.action is Action.SIGNAL and not act.gpc:
        return [FieldError("signals.gpc", "must be true with signal")]
    return []
