"""Impressions: showings of notices, counted per hour without any identifier."""

import threading
from collections import Counter

from structlog import get_logger

from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError, ServiceError
from consent_service.db.engine import Database
from consent_service.notices import store
from consent_service.notices.model import Hour, Showing
from consent_service.notices.service import NoticeService
from consent_service.sites.model import Site

FLUSH_SECONDS = 10.0
_log = get_logger("consent_service.impressions")


class ImpressionService:
    """Adds showings up in memory and stores them from time to time."""

    def __init__(self, db: Database, notices: NoticeService, clock: Clock) -> None:
        self._db = db
        self._notices = notices
        self._clock = clock
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._counts: Counter[Hour] = Counter()

    def count(self, site: Site, kind: Showing, number: int, variant: str | None) -> None:
        """Count a showing of a notice, or of one of its variants by hash.

        Raises:
            InvalidRequestError: the site has no such notice, or it has no such variant.
        """
        now = self._clock.now()
        notice = self._notices.find(site, number)
        if notice is None or notice.effective_at > now:
            raise InvalidRequestError.of("notice", f"the site has no notice {number}")
        shown = notice.variant_of(variant) if variant else None
        if variant and shown is None:
            raise InvalidRequestError.of("variant", f"is no variant of notice {number}")
        hour = Hour(
            site_id=site.site_id,
            hour=now.replace(minute=0, second=0, microsecond=0),
            kind=kind,
            notice=number,
            profile=shown.profile if shown else "",
            locale=shown.locale if shown else "",
        )
        with self._lock:
            self._counts[hour] += 1

    def flush(self) -> int:
        """Store what was counted since the last time; return how many showings those were.

        What cannot be stored now is kept for the next time.
        """
        with self._flushing:
            return self._flush()

    def _flush(self) -> int:
        with self._lock:
            counts = self._counts.copy()
        if not counts:
            return 0
        with self._db.write() as tx:
            # Always in the same order: two processes that wait for each other's rows would stop.
            for hour in sorted(counts, key=repr):
                store.add_impressions(tx, hour, counts[hour])
        with self._lock:
            self._counts -= counts
        return counts.total()

    def run(self, stop: threading.Event) -> None:
        """Store every ten seconds until `stop` is set, and once more then."""
        while not stop.wait(FLUSH_SECONDS):
            self._flush_or_log()
        self._flush_or_log()

    def _flush_or_log(self) -> None:
        try:
            self.flush()
        except ServiceError as error:
            _log.warning("impressions wait", code=error.code)
