"""Seals the log every few seconds; keeps, expires and purges in between."""

import threading
import time
from collections.abc import Callable, Sequence

from structlog import get_logger

from consent_service.banners.keeping import KeepingService
from consent_service.consents.erasure import ErasureService
from consent_service.consents.expiry import ExpiryService
from consent_service.consents.retention import RetentionService
from consent_service.core.errors import ServiceError
from consent_service.ledger.attesting import AttestingService
from consent_service.ledger.service import LedgerService

SEAL_SECONDS = 2.0
ATTEST_SECONDS = 3600.0
KEEP_SECONDS = 10.0
EXPIRE_SECONDS = 60.0
PURGE_SECONDS = 3600.0
RETAIN_SECONDS = 60.0
_log = get_logger("consent_service.worker")


class Chore:
    """Something to do every so many seconds; it returns how much it did."""

    def __init__(self, name: str, run: Callable[[], int], seconds: float) -> None:
        self._name = name
        self._run = run
        self._seconds = seconds
        self._ran_at: float | None = None

    def run_if_due(self) -> None:
        """Do it unless it was done not long ago."""
        now = time.monotonic()
        if self._ran_at is not None and now - self._ran_at < self._seconds:
            return
        self._ran_at = now
        done = self._run()
        if done:
            _log.info(self._name, rows=done)


class Worker:
    """Runs until `stop` is set. A failure is logged and tried again at the next turn."""

    def __init__(
        self,
        *,
        ledger: LedgerService,
        attesting: AttestingService,
        expiry: ExpiryService,
        erasure: ErasureService,
        keeping: KeepingService,
        retention: RetentionService,
        stop: threading.Event,
    ) -> None:
        self._ledger = ledger
        self._stop = stop
        self._halted: set[str] = set()
        self._outward = (Chore("attested", attesting.run, ATTEST_SECONDS),)
        self._chores = (
            Chore("kept", keeping.run, KEEP_SECONDS),
            Chore("expired", expiry.run, EXPIRE_SECONDS),
            Chore("purged", erasure.purge, PURGE_SECONDS),
            Chore("retained", retention.work, RETAIN_SECONDS),
        )

    def run(self) -> None:
        """Take turns until the end, and seal once more then."""
        threading.Thread(target=self._run_outward, name="outward", daemon=True).start()
        while not self._stop.wait(SEAL_SECONDS):
            self.turn()
        self.turn()

    def _run_outward(self) -> None:
        """Do what waits for others, apart: nobody's silence holds up the log."""
        while not self._stop.wait(SEAL_SECONDS):
            self._do(self._outward)

    def turn(self) -> None:
        """Do what is due now."""
        try:
            self._seal()
        except ServiceError as error:
            _log.warning("sealing failed", code=error.code, detail=error.detail)
        self._do(self._chores)

    def _do(self, chores: Sequence[Chore]) -> None:
        try:
            for chore in chores:
                chore.run_if_due()
        except ServiceError as error:
            _log.warning("turn failed", code=error.code, detail=error.detail)

    def _seal(self) -> None:
        done = self._ledger.seal_all(wait=False)
        if done.leaves:
            _log.info("sealed", leaves=done.leaves)
        for site_id in done.halted.keys() - self._halted:
            error = done.halted[site_id]
            _log.error("log halted", halt=error.halt.value, detail=error.detail)
        self._halted = set(done.halted)
