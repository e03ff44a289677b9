"""A site's folder as a mapping of file names to texts: its names, its head, its differences."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from consent_service.core.canonical import canonical_json, sha256_hex

SITE_FILE = "site.yaml"
VENDOR_LIST = "vendor-list.json"
SHORT_HEAD = 12
_DOCUMENT = re.compile(r"([a-z][a-z0-9-]{0,31})\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.md")
_LONGEST_LOCALE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file that differs between two folders, in lines; `state` is new, changed or gone."""

    name: str
    state: str
    added: int
    removed: int


def document_name(name: str) -> tuple[str, str] | None:
    """Return the kind and the locale of a document's file; None for any other name."""
    found = _DOCUMENT.fullmatch(name)
    return (found[1], found[2]) if found and len(found[2]) <= _LONGEST_LOCALE else None


def is_site_file(name: str) -> bool:
    """Tell whether a name is one that a site's folder may hold."""
    return name in {SITE_FILE, VENDOR_LIST} or document_name(name) is not None


def head(files: Mapping[str, str]) -> str:
    """Return what names the state of a folder: a SHA-256 over the hash of each file, 64 hex."""
    return sha256_hex(canonical_json({name: sha256_hex(text) for name, text in files.items()}))


def names_head(given: str, current: str) -> bool:
    """Tell whether `given` names the current head, in full or by at least its first 12 digits."""
    return len(given) >= SHORT_HEAD and current.startswith(given)


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FileChange]:
    """Yield what differs between two folders, by file name."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            added, removed = _changed_lines(old or "", new or "")
            state = "new" if old is None else "gone" if new is None else "changed"
            yield FileChange(name=name, state=state, added=added, removed=removed)


def _changed_lines(old: str, new: str) -> tuple[int, int]:
    matcher = SequenceMatcher(None, old.splitlines(keepends=True), new.splitlines(keepends=True))
    added = removed = 0
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            removed += old_to - old_from
            added += new_to - new_from
    return added, removed
