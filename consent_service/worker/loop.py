"""Seals the log every few seconds and removes what is past its time every hour."""

import threading
import time

from structlog import get_logger

from consent_service.consents.erasure import ErasureService
from consent_service.core.errors import ServiceError
from consent_service.ledger.service import LedgerService

SEAL_SECONDS = 2.0
PURGE_SECONDS = 3600.0
_log = get_logger("consent_service.worker")


class Worker:
    """Runs until `stop` is set. A failure is logged and tried again at the next turn."""

    def __init__(
        self, ledger: LedgerService, erasure: ErasureService, stop: threading.Event
    ) -> None:
        self._ledger = ledger
        self._erasure = erasure
        self._stop = stop
        self._purged_at: float | None = None

    def run(self) -> None:
        """Take turns until the end, and seal once more then."""
        while not self._stop.wait(SEAL_SECONDS):
            self.turn()
        self.turn()

    def turn(self) -> None:
        """Do what is due now."""
        try:
            sealed = self._ledger.seal_all()
            if sealed:
                _log.info("sealed", leaves=sealed)
            self._purge_if_due()
        except ServiceError as error:
            _log.warning("turn failed", code=error.code, detail=error.detail)

    def _purge_if_due(self) -> None:
        now = time.monotonic()
        if self._purged_at is None or now - self._purged_at >= PURGE_SECONDS:
            self._purged_at = now
            removed = self._erasure.purge()
            if removed:
                _log.info("purged", rows=removed)
