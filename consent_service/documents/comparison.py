"""Chooses which two texts of a document to compare, from what a request or a command names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from consent_service.core.errors import InvalidRequestError
from consent_service.documents.diff import Difference, compare
from consent_service.documents.model import DocumentVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions, and the locale of each. `old` is what is compared from; it may be the newer."""

    old: DocumentVersion
    new: DocumentVersion
    old_locale: str
    new_locale: str

    def difference(self) -> Difference:
        """Return what changed."""
        return compare(self.old.text(self.old_locale), self.new.text(self.new_locale))


def choose(
    versions: Sequence[DocumentVersion],
    current: Callable[[], DocumentVersion],
    named: Mapping[str, str],
    preferred: Callable[[Sequence[str]], str],
) -> Comparison:
    """Return the comparison that is asked for.

    `named` may hold `from` and `to` (numbers), `lang`, `from_lang` and `to_lang`. Without `to` it
    is the version in force, which `current` returns; without `from` the one before `to`; without a
    locale `preferred` chooses among those that both versions have, else of each.

    Raises:
        InvalidRequestError: naming the member that is wrong.
    """
    new = _version(versions, named["to"], "to") if "to" in named else current()
    old = _version(versions, named["from"], "from") if "from" in named else _before(versions, new)
    common = tuple(locale for locale in new.texts if locale in old.texts)

    def locale_of(version: DocumentVersion, member: str) -> str:
        wanted = named.get(member) or named.get("lang")
        if not wanted:
            return preferred(common or tuple(version.texts))
        if wanted not in version.texts:
            offered = ", ".join(version.texts)
            raise InvalidRequestError.of(
                member if named.get(member) else "lang",
                f"version {version.number} is not in {wanted}, it is in: {offered}",
            )
        return wanted

    return Comparison(
        old=old,
        new=new,
        old_locale=locale_of(old, "from_lang"),
        new_locale=locale_of(new, "to_lang"),
    )


def _version(versions: Sequence[DocumentVersion], number: str, member: str) -> DocumentVersion:
    for version in versions:
        if str(version.number) == number:
            return version
    known = ", ".join(str(version.number) for version in versions)
    raise InvalidRequestError.of(member, f"must be the number of a version: {known}")


def _before(versions: Sequence[DocumentVersion], new: DocumentVersion) -> DocumentVersion:
    earlier = [version for version in versions if version.number < new.number]
    if not earlier:
        message = f"there is no version before {new.number}; name the one to compare from"
        raise InvalidRequestError.of("from", message)
    return max(earlier, key=lambda version: version.number)
