"""When document versions begin: none of them before what visitors saw until now."""

from collections.abc import Iterator, Mapping, Sequence

from consent_service.core.clock import format_time
from consent_service.core.errors import FieldError
from consent_service.documents.model import DocumentVersion, in_force
from consent_service.publishing.model import InvalidSiteError


def check_beginnings(
    new: Sequence[DocumentVersion], published: Sequence[DocumentVersion], locale: str
) -> None:
    """Check that no new version of a known document begins in the past.

    What a first version says may have been in force before this service published it. A later one
    would change what visitors were shown, and agreed to, after the fact. `locale` is the default
    one, whose file says when a version begins.

    Raises:
        InvalidSiteError: naming each such version.
    """
    problems = [
        FieldError(f"{version.kind}.{locale}.md: effective_at", _too_early(version, published))
        for version in new
        if version.number > 1 and version.effective_at < version.published_at
    ]
    if problems:
        raise InvalidSiteError(problems)


def _too_early(version: DocumentVersion, published: Sequence[DocumentVersion]) -> str:
    known = [each for each in published if each.kind == version.kind]
    current = in_force(known, version.published_at)
    if current and version.effective_at < current.effective_at:
        bound = f"{format_time(current.effective_at)}, when version {current.number} began"
    else:
        bound = f"{format_time(version.published_at)}, when it is published"
    return f"must not be before {bound}: without it, version {version.number} begins at once"


def overtaken(
    new: Sequence[DocumentVersion], versions: Mapping[str, Sequence[DocumentVersion]]
) -> Iterator[str]:
    """Yield a sentence about each version that waits and that a new one takes the place of."""
    for version in new:
        for waiting in versions[version.kind]:
            is_earlier = version.published_at < waiting.effective_at
            is_replaced = version.effective_at <= waiting.effective_at
            if waiting.number < version.number and is_earlier and is_replaced:
                yield (
                    f"{waiting.kind} {waiting.number} will not come into force at "
                    f"{format_time(waiting.effective_at)}: version {version.number} takes its place"
                )
