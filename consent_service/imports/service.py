"""Takes over older consents: each once, in batches, never stronger than what it proves."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from consent_service.consents import store as consent_store
from consent_service.consents import store_subjects
from consent_service.consents.keyed import KeyedHashes
from consent_service.consents.model import Agreement, ConsentEvent, Method
from consent_service.consents.recording import new_event
from consent_service.consents.rules.imported import Older, adopt
from consent_service.consents.store_subjects import SubjectLink
from consent_service.consents.subjects import SubjectService
from consent_service.core.canonical import canonical_json
from consent_service.core.clock import Clock, format_time, to_milliseconds
from consent_service.core.errors import FieldError, InvalidRequestError, UnavailableError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.documents.model import in_force
from consent_service.documents.service import DocumentService, DocumentUnknownError
from consent_service.imports import store
from consent_service.imports.model import Record, Tally, Wrong
from consent_service.imports.store import Imported
from consent_service.notices.service import NoticeService, served_variant
from consent_service.notices.terms import terms_of
from consent_service.sites.model import Site

BATCH = 500
_WHY = "import"
Told = Callable[[Wrong], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A record that can be imported, as it will be stored."""

    imported: Imported
    event: ConsentEvent
    link: SubjectLink | None


class ImportService:
    """Imports the records of a file into a site."""

    def __init__(
        self,
        *,
        db: Database,
        notices: NoticeService,
        documents: DocumentService,
        subjects: SubjectService,
        hashes: KeyedHashes,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db = db
        self._notices = notices
        self._documents = documents
        self._subjects = subjects
        self._hashes = hashes
        self._clock = clock
        self._ids = ids

    def run(
        self,
        site: Site,
        records: Iterable[Record | Wrong],
        tally: Tally,
        *,
        notice: int | None,
        dry_run: bool,
        tell: Told,
    ) -> Iterator[None]:
        """Import records batch by batch, adding to a tally; pauses after each batch.

        `notice` stands for records that name none; `tell` hears of each line that is not imported.
        What was imported before is left alone, however often it comes; a dry run stores nothing.

        Raises:
            UnavailableError: the same records are imported elsewhere at this moment.
        """
        entries = iter(records)
        while batch := list(islice(entries, BATCH)):
            self._import(site, batch, tally, notice=notice, dry_run=dry_run, tell=tell)
            yield

    def _import(
        self,
        site: Site,
        batch: Sequence[Record | Wrong],
        tally: Tally,
        *,
        notice: int | None,
        dry_run: bool,
        tell: Told,
    ) -> None:
        with self._db.read() as connection:
            known = self._known(connection, site, batch)
        taken: list[Taken] = []
        wrong: list[Wrong] = []
        for entry in batch:
            made = self._take(site, entry, known, notice)
            if isinstance(made, Wrong):
                wrong.append(made)
            elif made is None:
                tally.repeated += 1
            else:
                taken.append(made)
                known[made.imported.record_hash] = made.imported.content_hash
        if taken and not dry_run:
            self._store(site, taken)
        tally.imported += len(taken)
        tally.wrong += len(wrong)
        for each in wrong:
            tell(each)

    def _known(
        self, connection: Connection, site: Site, batch: Sequence[Record | Wrong]
    ) -> dict[bytes, bytes]:
        hashes = [
            each
            for entry in batch
            if isinstance(entry, Record)
            for each in self._hashes.every(site.site_id, entry.id)
        ]
        return store.find_imported(connection, site.site_id, hashes)

    def _take(
        self, site: Site, entry: Record | Wrong, known: dict[bytes, bytes], notice: int | None
    ) -> Taken | Wrong | None:
        """Return what to store of a record; None where it was imported before."""
        if isinstance(entry, Wrong):
            return entry
        content = _content_hash(entry, notice)
        before = [
            known[each] for each in self._hashes.every(site.site_id, entry.id) if each in known
        ]
        if before:
            if content in before:
                return None
            message = "was imported before with another content"
            return Wrong(entry.line, [FieldError("id", message)])
        try:
            event = self._event(site, entry, notice)
        except InvalidRequestError as error:
            return Wrong(entry.line, error.fields)
        now = self._clock.now()
        link = None
        if entry.subject:
            link = self._subjects.new_link(site, entry.subject, str(event.visitor), now)
        imported = Imported(
            record_hash=self._hashes.newest(site.site_id, entry.id),
            content_hash=content,
            event_id=event.event_id,
        )
        return Taken(imported=imported, event=event, link=link)

    def _event(self, site: Site, record: Record, notice: int | None) -> ConsentEvent:
        number = record.notice or notice
        if number is None:
            raise InvalidRequestError.of("notice", "name the notice whose purposes mean the same")
        found = self._notices.find(site, number)
        if found is None or found.effective_at > self._clock.now():
            raise InvalidRequestError.of("notice", f"the site has no notice {number}")
        at, ts = to_milliseconds(record.at), self._clock.now()
        if at > ts:
            raise InvalidRequestError.of("at", "lies in the future")
        variant = served_variant(site, found, None, record.locale)
        if record.locale not in (None, variant.locale):
            raise InvalidRequestError.of("locale", f"notice {number} is not in {record.locale}")
        documents = self._agreements(site, record, number, at)
        older = Older(at=at, decisions=record.decisions, documents=documents)
        change = adopt(older, terms_of(variant), number)
        told = {
            "notice": {"n": found.number, "sha256": found.sha256},
            "profile": variant.profile,
            "why": _WHY,
            "method": Method.IMPORT.value,
            **({"locale": record.locale} if record.locale else {}),
        }
        return new_event(site, change, told, None, ts=ts, ids=self._ids, made_at=at)

    def _agreements(
        self, site: Site, record: Record, notice: int, at: datetime
    ) -> dict[str, Agreement]:
        """Return what was agreed to. Nobody agrees to a version that is not in force."""
        agreed = {}
        for kind, number in record.documents.items():
            try:
                version = self._documents.version(site, kind, number)
                current = in_force(self._documents.versions(site, kind), at)
            except DocumentUnknownError as error:
                raise InvalidRequestError.of(f"documents.{kind}", error.detail) from error
            if current is None or current.number != number:
                message = f"version {number} was not in force at {format_time(at)}"
                raise InvalidRequestError.of(f"documents.{kind}", message)
            agreed[kind] = Agreement(n=number, sha256=version.sha256, notice=notice, at=at)
        return agreed

    def _store(self, site: Site, taken: Sequence[Taken]) -> None:
        links = [each.link for each in taken if each.link]
        try:
            with self._db.write() as tx:
                consent_store.insert_events(tx, site.site_id, [each.event for each in taken])
                store.insert_imported(tx, site.site_id, [each.imported for each in taken])
                store_subjects.insert_subject_links(tx, site.site_id, links)
        except ConflictError as error:
            message = "the same records are being imported elsewhere: run this again when that ends"
            raise UnavailableError(message) from error


def _content_hash(record: Record, notice: int | None) -> bytes:
    said = {
        "at": format_time(to_milliseconds(record.at)),
        "decisions": dict(record.decisions),
        "documents": dict(record.documents),
        "notice": record.notice or notice or 0,
        "locale": record.locale or "",
        "subject": record.subject or "",
    }
    return hashlib.sha256(canonical_json(said).encode()).digest()
