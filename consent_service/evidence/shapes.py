"""Reads leaves: canonical JSON of the right form, checked as a whole once for each shape.

Leaves differ mostly in id, time, commitments, decisions and country. What is left when those are
cut out is a leaf's shape. Another leaf of a shape that was checked can differ only in texts of
the same kinds at the same places, none of which needs escaping, so it is canonical and of the
right form as well. Texts in other places cannot be cut out by mistake: a colon and a quote follow
each other in front of a value only, or inside a text whose quote is escaped, which is left alone.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from consent_service.core.canonical import canonical_json
from consent_service.evidence.leaves import (
    CONTROL,
    DIGEST,
    MAX_LEAF,
    TIME,
    UUID7,
    check_leaf,
    is_time,
)

# Ids (for centuries) and times begin with a digit, which spares the engine many attempts; of a leaf
# with another id no shape is kept.
_ID = UUID7.removeprefix("[0-9a-f]{8}")
_DAY = TIME.removeprefix("[0-9]{4}")
_CUT = re.compile(
    f':"([0-9](?:[0-9a-f]{{7}}{_ID}|[0-9]{{3}}{_DAY})|country:[A-Z]{{2}}|{DIGEST})"'.encode(),
    re.ASCII,
)
_MOST_SHAPES = 8192


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a line is no leaf."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What many leaves have in common: their log, their type, and what they name.

    Notices, variants, documents and banners are named by hashes in hexadecimal.
    """

    log: str
    type: str
    notices: frozenset[str]
    variants: frozenset[str]
    documents: frozenset[str]
    banners: frozenset[str]

    @property
    def is_control(self) -> bool:
        """True for a control leaf."""
        return self.type in CONTROL


class Leaf(NamedTuple):
    """What later checks need of a leaf. `commitments` gives the field of each commitment.

    `control` is the whole leaf where it is a control leaf.
    """

    id: bytes
    ts: bytes
    kind: Kind
    commitments: dict[bytes, bytes]
    control: dict[str, Any] | None


class _Shape(NamedTuple):
    """Of which of the texts that were cut out each is."""

    id: int
    ts: int
    kind: Kind
    commitments: tuple[tuple[int, bytes], ...]


class LeafReader:
    """Reads leaves, and remembers the shapes of events."""

    def __init__(self) -> None:
        self._shapes: dict[bytes, _Shape] = {}
        self._kinds: dict[tuple[Any, ...], Kind] = {}

    def read(self, line: bytes) -> Leaf | Wrong:
        """Return a line's leaf, or what is wrong with it."""
        parts = _CUT.split(line.replace(b':"granted"', b':"denied"'))
        cut = parts[1::2]
        key = b"\n".join(parts[::2]) + bytes(map(len, cut))
        shape = self._shapes.get(key)
        if shape is None or b"\n" in line:
            return self._whole(line, key)
        id_at, ts_at, kind, fields = shape
        ts, commitments = cut[ts_at], {cut[at]: field for at, field in fields}
        if len(commitments) < len(fields) or not is_time(ts.decode()):
            return self._whole(line, key)
        return Leaf(cut[id_at], ts, kind, commitments, None)

    def _whole(self, line: bytes, key: bytes) -> Leaf | Wrong:
        leaf = parse_leaf(line)
        if isinstance(leaf, Wrong):
            return leaf
        is_control = leaf["type"] in CONTROL
        kind = self._kind(leaf)
        has_shape = leaf["id"][0].isdigit() and b"\\" not in line and b"\n" not in line
        if has_shape and not is_control:
            self._shapes[key] = _shape(leaf, kind)
        if max(len(self._shapes), len(self._kinds)) > _MOST_SHAPES:
            self._shapes.clear()
            self._kinds.clear()
        return Leaf(
            leaf["id"].encode(),
            leaf["ts"].encode(),
            kind,
            {value.encode(): field.encode() for field, value in leaf.get("priv", {}).items()},
            leaf if is_control else None,
        )

    def _kind(self, leaf: dict[str, Any]) -> Kind:
        """Return the kind of a leaf, one for all that have it in common."""
        notice = leaf.get("notice", {})
        documents = list(leaf.get("documents", {}).values())
        documents += [leaf["document"]] if "document" in leaf else []
        common = (
            leaf["log"],
            leaf["type"],
            _some(notice, "sha256"),
            _some(notice, "variant"),
            frozenset(each["sha256"] for each in documents),
            _some(leaf, "banner"),
        )
        kind = self._kinds.get(common)
        if kind is None:
            kind = self._kinds[common] = Kind(*common)
        return kind


def parse_leaf(line: bytes) -> dict[str, Any] | Wrong:
    """Read a leaf without any memory of others."""
    if len(line) > MAX_LEAF:
        return Wrong("LEAF_SCHEMA", "the leaf is longer than 16 KiB")
    try:
        text = line.decode()
        leaf = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        is_canonical = canonical_json(leaf) == text
    except UnicodeError:
        return Wrong("LEAF_NOT_CANONICAL", "the leaf is not UTF-8")
    except _TwiceError as error:
        return Wrong("LEAF_DUPLICATE_KEY", str(error))
    except (ValueError, RecursionError) as error:
        return Wrong("LEAF_SCHEMA", f"the leaf is not JSON as leaves are: {error}"[:200])
    if not is_canonical:
        return Wrong("LEAF_NOT_CANONICAL", "the leaf is not spelled as RFC 8785 says")
    problem = check_leaf(leaf) or _repeated(leaf)
    return Wrong("LEAF_SCHEMA", problem) if problem else dict(leaf)


def _repeated(leaf: dict[str, Any]) -> str | None:
    commitments = leaf.get("priv", {}).values()
    return None if len(set(commitments)) == len(commitments) else "two fields have one commitment"


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _shape(leaf: dict[str, Any], kind: Kind) -> _Shape:
    cut = list(_cut_out(leaf, ""))
    return _Shape(
        id=cut.index("id"),
        ts=cut.index("ts"),
        kind=kind,
        commitments=tuple(
            (at, path.removeprefix("priv.").encode())
            for at, path in enumerate(cut)
            if path.startswith("priv.")
        ),
    )


def _cut_out(members: dict[str, Any], before: str) -> Any:
    """Yield the paths of the texts that are cut out, in the order of the line."""
    for key, value in members.items():
        if isinstance(value, dict):
            yield from _cut_out(value, f"{before}{key}.")
        elif isinstance(value, str) and _CUT.fullmatch(f':"{value}"'.encode()):
            yield f"{before}{key}"


def _some(members: dict[str, Any], key: str) -> frozenset[str]:
    return frozenset([members[key]]) if key in members else frozenset()
