"""Streams a site's events with constant memory."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection

from consent_service.core.errors import InvalidRequestError, NotFoundError, UnavailableError
from consent_service.core.keyring import Keyring
from consent_service.db.engine import Database
from consent_service.exports import store, store_bundle
from consent_service.exports.bundle import Bundle, BundleWriter
from consent_service.exports.leaves import Terms, UnexplainedError, by_leaf, is_restricted
from consent_service.exports.model import DERIVED, Exported, Filter, Format, header, lines
from consent_service.exports.naming import created_at, signer_of, signing_key, vkeys_of
from consent_service.exports.reading import LeafReader
from consent_service.exports.scoping import find_chosen, find_scope
from consent_service.ledger import store as ledger_store
from consent_service.ledger import store_attestations, store_tree
from consent_service.ledger.model import FIRST_EPOCH, Log, SignedCheckpoint
from consent_service.sites.model import Site

WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.2
_PAGE = 2000
_BEFORE_FIRST = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an export is asked for.

    `resume` is the last index that is there already, `as_of` the size of a published checkpoint,
    `derived` names files to add to a bundle. `restricted` shows openings that are for the owner
    role only.
    """

    form: Format
    filter: Filter = field(default_factory=Filter)
    resume: int | None = None
    as_of: int | None = None
    epoch: int | None = None
    derived: Sequence[str] = ()
    openings: bool = True
    restricted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export that has begun: gapless and the same each time for the same `as_of`.

    `as_of` is the size of the published tree it is taken from; `pending` events have no index yet
    and are not in it. `bundle` is what to write where the format is a bundle.
    """

    wanted: Wanted
    log: Log
    as_of: int
    pending: int
    after: int
    bundle: Bundle | None = None


class ExportService:
    """Exports of all sites."""

    def __init__(
        self,
        db: Database,
        keyring: Keyring,
        authority: Path | None = None,
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        """`authority` holds the certificates of who stamps checkpoints, in PEM."""
        self._db = db
        self._keyring = keyring
        self._authority = authority
        self._wait_seconds = wait_seconds

    def begin(self, site: Site, wanted: Wanted) -> Export:
        """Fix what an export is taken from.

        Raises:
            InvalidRequestError: a part of what is wanted does not fit the format or the site.
            NotFoundError: there is no such epoch.
            UnavailableError: nothing is published yet, or an erasure waits to be sealed.
            UnexplainedError: the epoch has ended, and what was erased since no bundle can tell.
        """
        _require_fitting(site, wanted)
        log = self._log(site, wanted.epoch)
        if wanted.form is Format.BUNDLE and wanted.as_of is None:
            self._await_controls(log)
        with self._db.read() as connection:
            signed = _checkpoint(connection, log, wanted.as_of)
            export = Export(
                wanted=wanted,
                log=log,
                as_of=signed.checkpoint.size if signed else 0,
                pending=ledger_store.count_pending(connection, site.site_id),
                after=_BEFORE_FIRST if wanted.resume is None else wanted.resume,
            )
            _require_here(connection, export)
            if wanted.form is not Format.BUNDLE:
                return export
            if signed is None:
                raise UnavailableError("nothing of this log is published yet: does the worker run?")
            export = replace(export, bundle=self._bundle(connection, export, signed))
        self._require_tellable(export)
        return export

    def count(self, export: Export) -> int:
        """Return how many steps a whole export takes, as `stream` tells them."""
        if export.bundle:
            return export.bundle.steps
        with self._db.read() as connection:
            return store.count_events(
                connection,
                export.log,
                after=export.after,
                below=export.as_of,
                wanted=export.wanted.filter,
                restricted=export.wanted.restricted,
            )

    def stream(self, export: Export) -> Iterator[tuple[bytes, int]]:
        """Yield chunks of the file, each with the steps since the one before: events, or leaves.

        Raises:
            OvertakenError: something was erased meanwhile that a bundle still had to hold.
        """
        return self._packed(export.bundle) if export.bundle else self._lines(export)

    def _packed(self, bundle: Bundle) -> Iterator[tuple[bytes, int]]:
        writer, told = BundleWriter(self._db, bundle), 0
        for chunk in writer.stream():
            yield chunk, writer.read - told
            told = writer.read

    def _lines(self, export: Export) -> Iterator[tuple[bytes, int]]:
        form, after = export.wanted.form, export.after
        if after == _BEFORE_FIRST:
            yield header(form).encode(), 0
        while events := self._page(export, after):
            yield lines(form, events).encode(), len(events)
            after = events[-1].index

    def _page(self, export: Export, after: int) -> list[Exported]:
        """Read one page in statements of its own: a slow reader holds no snapshot."""
        with self._db.read() as connection:
            page = store.list_page(
                connection,
                export.log,
                after=after,
                below=export.as_of,
                wanted=export.wanted.filter,
                limit=_PAGE,
                restricted=export.wanted.restricted,
            )
            mentions = store_bundle.list_mentions(
                connection, export.log, [each.leaf_hash for each in page]
            )
        if export.wanted.restricted:
            return page
        restricted = {digest for digest, of in by_leaf(mentions).items() if is_restricted(of)}
        return [_hidden(each) if each.leaf_hash in restricted else each for each in page]

    def _log(self, site: Site, epoch: int | None) -> Log:
        with self._db.read() as connection:
            log = store_bundle.find_log(connection, site.site_id, epoch)
        if log is None:
            raise NotFoundError(f"the log of {site.key} has no epoch {epoch}")
        return log

    def _require_tellable(self, export: Export) -> None:
        """Refuse an ended epoch that lacks what only the newer epoch says to be erased."""
        log, bundle = export.log, export.bundle
        with self._db.read() as connection:
            newest = store_bundle.find_log(connection, log.site_id, None)
        if bundle is None or newest is None or newest.epoch == log.epoch:
            return
        bare = replace(bundle.terms, openings=False)
        if count := LeafReader(self._db, log, bundle.scope, bare).count_overtaken():
            raise UnexplainedError(
                f"{log.tree} has ended; the texts of {count} of its leaves were removed since, "
                "which only the newer epoch says: export a range without them, or keep to the "
                "bundles that were made before"
            )
        if count := LeafReader(self._db, log, bundle.scope, bundle.terms).count_overtaken():
            raise UnexplainedError(
                f"{log.tree} has ended; {count} of its leaves were erased since, "
                "which only the newer epoch says: export it with --without-openings"
            )

    def _await_controls(self, log: Log) -> None:
        """Wait until every control leaf that is there now is published.

        What it erased is gone already, and a bundle must hold the leaf that says so.
        """
        until = time.monotonic() + self._wait_seconds
        with self._db.read() as connection:
            last = store_bundle.find_last_control(connection, log, _published(connection, log))
        while last is not None and self._is_behind(log, last):
            if time.monotonic() > until:
                raise UnavailableError(
                    "an erasure or another control leaf waits to be sealed: does the worker run?"
                )
            time.sleep(_POLL_SECONDS)

    def _is_behind(self, log: Log, last: str) -> bool:
        with self._db.read() as connection:
            size = _published(connection, log)
            return store_bundle.is_behind(connection, log, size, last)

    def _bundle(self, connection: Connection, export: Export, signed: SignedCheckpoint) -> Bundle:
        wanted, log, size = export.wanted, export.log, export.as_of
        key_leaves = store_bundle.list_key_leaves(connection, log, size)
        vkeys = vkeys_of(store_bundle.list_at(connection, log, key_leaves[-1:])[0])
        return Bundle(
            log=log,
            signed=signed,
            note=store_attestations.full_note(connection, log, signed),
            stamp=store_attestations.find_stamp(connection, log, size),
            authority=self._authority.read_bytes() if self._authority else None,
            created=created_at(signed, vkeys),
            vkeys=vkeys,
            vkey=signer_of(signed, vkeys),
            key_leaves=key_leaves,
            key=signing_key(self._keyring, log, vkeys),
            scope=find_scope(connection, log, wanted.filter, size, restricted=wanted.restricted),
            terms=Terms(as_of=size, openings=wanted.openings, restricted=wanted.restricted),
            derived=[path for name, path in DERIVED.items() if name in wanted.derived],
        )


def _require_fitting(site: Site, wanted: Wanted) -> None:
    """Refuse what the format does not do."""
    chosen = wanted.filter
    if wanted.form is not Format.BUNDLE:
        if wanted.derived or not wanted.openings:
            name = "with" if wanted.derived else "openings"
            raise InvalidRequestError.of(name, "is for the format bundle only")
        return
    if chosen.type is not None:
        raise InvalidRequestError.of(
            "type", "a bundle holds every leaf of its range: choose times, a visitor or an event"
        )
    if wanted.resume is not None:
        raise InvalidRequestError.of("resume", "a bundle is signed as a whole: begin anew")
    named = [name for name in ("visitor", "consent") if getattr(chosen, name) is not None]
    if named and (len(named) > 1 or chosen.since or chosen.until):
        raise InvalidRequestError.of(
            named[0], "a bundle is of a range of times, of a visitor or of an event, not of two"
        )
    if "kantara" in wanted.derived and not site.controller.get("phone"):
        raise InvalidRequestError.of(
            "controller.phone", "a Kantara receipt names it, and the site does not"
        )


def _require_here(connection: Connection, export: Export) -> None:
    """Refuse to look for a visitor or an event where only other epochs hold them."""
    log, below = export.log, export.as_of
    chosen, restricted = export.wanted.filter, export.wanted.restricted
    if find_chosen(connection, log, chosen, below, restricted=restricted) != []:
        return
    newest = store_bundle.find_log(connection, log.site_id, None)
    epochs = []
    for epoch in range(FIRST_EPOCH, newest.epoch + 1 if newest else FIRST_EPOCH):
        other = replace(log, epoch=epoch)
        size = _published(connection, other)
        if epoch != log.epoch and find_chosen(
            connection, other, chosen, size, restricted=restricted
        ):
            epochs.append(str(epoch))
    if epochs:
        name = "visitor" if chosen.visitor else "consent"
        raise InvalidRequestError.of(
            name,
            f"has nothing in {log.tree}, but in epoch {', '.join(epochs)}: "
            f"use --epoch {epochs[-1]}",
        )


def _checkpoint(connection: Connection, log: Log, as_of: int | None) -> SignedCheckpoint | None:
    if as_of is None:
        return store_tree.find_newest(connection, log, published=True)
    found = store_tree.find_checkpoint(connection, log, as_of)
    if found is None or found.published_at is None:
        raise InvalidRequestError.of("as_of", f"no checkpoint of {as_of} leaves is published")
    return found


def _published(connection: Connection, log: Log) -> int:
    newest = store_tree.find_newest(connection, log, published=True)
    return newest.checkpoint.size if newest else 0


def _hidden(event: Exported) -> Exported:
    return replace(event, visitor=None, reference=None, openings=None)
