"""Leaves of the log: what an event or an act of administration leaves behind for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_service.core.canonical import canonical_json
from consent_service.core.checkpoints import Checkpoint
from consent_service.core.clock import format_time
from consent_service.core.encoding import b64url
from consent_service.core.ids import Ids
from consent_service.core.merkle import leaf_hash

FIRST_EPOCH = 1
MAX_MERGE_DELAY_SECONDS = 60
EVENT = "event"
CONTROL = "control"
NONCE_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One leaf: its canonical JSON is stored verbatim and never made again from columns."""

    entry_id: str
    kind: str
    ts: datetime
    text: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A stored leaf that has no index yet."""

    entry_id: str
    kind: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The log of a site; `origin` is NAME/KEY, without the epoch."""

    site_id: str
    epoch: int
    origin: str

    @property
    def tree(self) -> str:
        """The origin of its checkpoints, NAME/KEY/EPOCH."""
        return f"{self.origin}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest epoch of a log. `keys_hash` says which keys it has named."""

    log: Log
    keys_hash: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A stored checkpoint with its signatures."""

    checkpoint: Checkpoint
    note: str
    created_at: datetime
    published_at: datetime | None


def event_leaf(body: Mapping[str, Any], ts: datetime) -> Leaf:
    """Return the leaf of an event whose body is complete."""
    return _leaf(body, EVENT, ts)


def control_leaf(kind: str, origin: str, ts: datetime, ids: Ids, /, **members: Any) -> Leaf:
    """Return a leaf that records an act of administration, such as `document.published`.

    Its nonce keeps the hash from being guessed from its contents.
    """
    body = {
        "v": 1,
        "log": origin,
        "id": ids.uuid7(),
        "type": kind,
        "ts": format_time(ts),
        "nonce": b64url(ids.random(NONCE_SIZE)),
        **members,
    }
    return _leaf(body, CONTROL, ts)


def _leaf(body: Mapping[str, Any], kind: str, ts: datetime) -> Leaf:
    text = canonical_json(dict(body))
    return Leaf(entry_id=body["id"], kind=kind, ts=ts, text=text, hash=leaf_hash(text.encode()))
