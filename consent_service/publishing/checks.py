"""Rules that hold between the parts of a site."""

from collections.abc import Iterator

from consent_service.consents.tokens import STATE_TOKEN_LIMIT, longest_state_token
from consent_service.core.errors import FieldError
from consent_service.notices.drafting import NEEDS_CONSENT
from consent_service.publishing.embed_checks import embed_problems
from consent_service.publishing.model import InvalidSiteError, SiteSource
from consent_service.publishing.signal_checks import signal_problems
from consent_service.publishing.text_checks import link_problems, text_problems


def check(source: SiteSource) -> None:
    """Check what holds between the parts of a site.

    Raises:
        InvalidSiteError: naming every breach.
    """
    problems = [
        *_reference_problems(source),
        *text_problems(source),
        *link_problems(source),
        *profile_problems(source),
        *embed_problems(source),
        *erasure_problems(source),
        *size_problems(source),
        *signal_problems(source),
    ]
    if problems:
        raise InvalidSiteError(problems)


def _reference_problems(source: SiteSource) -> Iterator[FieldError]:
    notice = source.notice
    purposes = [purpose["key"] for purpose in notice.purposes]
    yield from _repeated("purposes", purposes)
    yield from _repeated("services", [service["key"] for service in notice.services])
    for position, service in enumerate(notice.services):
        if service["purpose"] not in purposes:
            path = f"site.yaml: services.{position}.purpose"
            yield FieldError(path, f"names no purpose of this site: {service['purpose']}")
    for document in source.documents:
        for purpose in sorted(set(document.affects) - set(purposes)):
            path = f"{document.kind}.{notice.locales[0]}.md: affects"
            yield FieldError(path, f"names no purpose of this site: {purpose}")


def _repeated(group: str, keys: list[str]) -> Iterator[FieldError]:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield FieldError(f"site.yaml: {group}", f"has {key} twice")


def profile_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield that purposes need consent where no profile asks for it."""
    consent = [
        each["key"] for each in source.notice.purposes if each["legal_basis"] == NEEDS_CONSENT
    ]
    if consent and all(profile.model == "notice" for profile in source.notice.profiles):
        yield FieldError(
            "site.yaml: profiles",
            f"a plain notice asks for no consent, but these purposes need it: {', '.join(consent)}",
        )


def erasure_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield that visitors would not be told why their record is hidden and not erased."""
    path = "site.yaml: erasure_reason"
    if source.erasure == "restrict" and source.erasure_reason is None:
        yield FieldError(path, "is needed with erasure: restrict, which visitors are told by it")
    if source.erasure != "restrict" and source.erasure_reason is not None:
        yield FieldError(path, "goes with erasure: restrict only")


def size_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield that the state token could grow too large: browsers drop such a cookie."""
    longest = longest_state_token(
        source.key,
        [purpose["key"] for purpose in source.notice.purposes],
        [service["key"] for service in source.notice.services],
        [document.kind for document in source.documents],
    )
    if longest > STATE_TOKEN_LIMIT:
        yield FieldError(
            "site.yaml: purposes",
            f"the state cookie could grow to {longest} of {STATE_TOKEN_LIMIT} bytes: "
            "use fewer purposes and services, or shorter keys",
        )
