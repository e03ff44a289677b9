"""Erasure: what names a visitor goes, what was recorded stays."""

from datetime import timedelta

from sqlalchemy import Connection

from consent_service.consents import store, store_states, store_subjects
from consent_service.consents.model import Act, Action, ConsentEvent
from consent_service.consents.recording import Answer, Context, decide_answer, new_event
from consent_service.core.clock import Clock
from consent_service.core.errors import UnavailableError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.ledger import store as ledger_store
from consent_service.ledger.model import Leaf, control_leaf
from consent_service.notices.service import NoticeService, profile_for, served_variant
from consent_service.sites.model import Site

KEY_LIFETIME = timedelta(days=30)
_ATTEMPTS = 6


class ErasureService:
    """Erases visitors, and what is past its time."""

    def __init__(self, db: Database, notices: NoticeService, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._notices = notices
        self._clock = clock
        self._ids = ids

    def erase(self, site: Site, visitor: str, context: Context) -> int:
        """Withdraw what is granted, then clear all that names a visitor; return how many events.

        Each event leaves a `log.erasure` leaf that names its leaf hash.
        """
        notice = self._notices.current(site)
        shown = served_variant(site, notice, context.place)
        answer = Answer(
            act=Act(action=Action.WITHDRAW),
            notice=notice,
            shown=shown,
            ruling=shown,
            why=profile_for(site, context.place).why,
            context=context,
        )
        for _ in range(_ATTEMPTS):
            try:
                return self._erase(site, visitor, answer)
            except ConflictError:
                continue
        raise UnavailableError("too many answers of this visitor at once")

    def _erase(self, site: Site, visitor: str, answer: Answer) -> int:
        erased = 0
        with self._db.write() as tx:
            latest = store.find_latest(tx, site.site_id, visitor)
            if latest is None:
                return 0
            self._insert_change(tx, site, answer, latest)
            # An append that ran meanwhile shows in a later statement: go on until none is left.
            while rows := store.erase_events(tx, site.site_id, visitor):
                for _event_id, leaf_hash in rows:
                    ledger_store.insert_entry(tx, site.site_id, self._erasure_leaf(site, leaf_hash))
                erased += len(rows)
            store.delete_links_of(tx, site.site_id, visitor)
            store_subjects.delete_subject_links_of(tx, site.site_id, visitor)
            store_states.delete_state(tx, site.site_id, visitor)
        return erased

    def _insert_change(
        self, tx: Connection, site: Site, answer: Answer, latest: ConsentEvent
    ) -> None:
        ts = self._clock.now()
        change = decide_answer(answer, latest, ts)
        if change:
            event = new_event(site, change, answer.circumstances, latest, ts=ts, ids=self._ids)
            store.insert_event(tx, site.site_id, event)

    def purge(self) -> int:
        """Remove spent links and assertions and old idempotency keys; return how many rows went."""
        now = self._clock.now()
        with self._db.write() as tx:
            rows = store.delete_expired(tx, links_before=now, keys_before=now - KEY_LIFETIME)
            return rows + store_subjects.delete_spent(tx, before=now)

    def _erasure_leaf(self, site: Site, leaf_hash: bytes) -> Leaf:
        return control_leaf(
            "log.erasure",
            site.log_origin,
            self._clock.now(),
            self._ids,
            leaf=leaf_hash.hex(),
            fields=["visitor", "prev", "claimed_at"],
            reason="request",
        )
