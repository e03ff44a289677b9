"""Subjects: a site's own users, linked to visitors and kept as keyed hashes only.

A link needs two proofs: the visitor's credential, and the word of the site's backend, which is an
api key or a signed assertion.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from consent_service.consents import store, store_subjects
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.keyed import KeyedHashes
from consent_service.consents.store_subjects import SubjectLink
from consent_service.core.clock import Clock, epoch_seconds
from consent_service.core.errors import ServiceError
from consent_service.core.keyring import Keyring
from consent_service.core.tokens import InvalidTokenError, TokenSigner
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.sites.model import Site

ASSERTION_LIFETIME = timedelta(minutes=5)
ASSERTION_USE = "subject"
LONGEST_SUBJECT = 200
LONGEST_NONCE = 128
_CLOCK_SKEW = timedelta(seconds=60)


class AssertionRefusedError(ServiceError):
    """An assertion that the site's state key did not sign, an old one, or one that was used."""

    code = "assertion_refused"
    title = "The assertion is not valid"
    status = 422


class SubjectService:
    """Links subjects to visitors and finds them."""

    def __init__(self, db: Database, hashes: KeyedHashes, states: Keyring, clock: Clock) -> None:
        self._db = db
        self._hashes = hashes
        self._assertions = TokenSigner(states, use=ASSERTION_USE)
        self._clock = clock

    def link(self, site: Site, subject: str, visitor: str) -> bool:
        """Link a subject to a visitor whose credential was shown; tell whether that is new.

        Raises:
            VisitorUnknownError: nothing is on record about the visitor.
        """
        with self._db.write() as tx:
            return self._insert(tx, site, subject, visitor)

    def link_asserted(self, site: Site, assertion: str, visitor: str) -> bool:
        """Link the subject that the site's backend asserts; an assertion can be used once.

        Raises:
            AssertionRefusedError: it is not valid.
            VisitorUnknownError: nothing is on record about the visitor.
        """
        subject, nonce, issued = self._read(site, assertion)
        nonce_hash = hashlib.sha256(nonce.encode()).digest()
        spent_until = issued + ASSERTION_LIFETIME + _CLOCK_SKEW
        try:
            with self._db.write() as tx:
                store_subjects.insert_spent(tx, site.site_id, nonce_hash, spent_until)
                return self._insert(tx, site, subject, visitor)
        except ConflictError as error:
            raise AssertionRefusedError("the assertion was used before") from error

    def new_link(self, site: Site, subject: str, visitor: str, now: datetime) -> SubjectLink:
        """Return the link of a subject to a visitor, to be stored."""
        subject_hash = self._hashes.newest(site.site_id, subject)
        return SubjectLink(subject_hash=subject_hash, visitor=visitor, linked_at=now)

    def links(self, site: Site, subject: str) -> list[SubjectLink]:
        """Return the links of a subject, oldest first."""
        with self._db.read() as connection:
            return store_subjects.list_subject_links(
                connection, site.site_id, self.hashes(site, subject)
            )

    def hashes(self, site: Site, subject: str) -> Sequence[bytes]:
        """Return the hashes under which a subject may be stored."""
        return self._hashes.every(site.site_id, subject)

    def unlink(self, site: Site, subject: str) -> int:
        """Forget a subject; return how many visitors it had. Their events stay."""
        with self._db.write() as tx:
            return store_subjects.delete_subject(tx, site.site_id, self.hashes(site, subject))

    def _insert(self, tx: Connection, site: Site, subject: str, visitor: str) -> bool:
        """Store a link unless it is there, be it under an older key; tell whether it is new."""
        if not store.hold_visitor(tx, site.site_id, visitor):
            raise VisitorUnknownError("erased, or never there")
        hashes = self.hashes(site, subject)
        known = store_subjects.list_subject_links(tx, site.site_id, hashes)
        if any(link.visitor == visitor for link in known):
            return False
        new = self.new_link(site, subject, visitor, self._clock.now())
        return store_subjects.insert_subject_link(tx, site.site_id, new)

    def _read(self, site: Site, assertion: str) -> tuple[str, str, datetime]:
        try:
            payload = self._assertions.read(site.site_id, assertion)
        except InvalidTokenError as error:
            raise AssertionRefusedError(f"the assertion is refused: {error}") from error
        if not _is_complete(payload):
            raise AssertionRefusedError("the assertion is refused: it needs sub, iat and nonce")
        now, issued = self._clock.now(), payload["iat"]
        oldest = epoch_seconds(now - ASSERTION_LIFETIME)
        if not oldest < issued <= epoch_seconds(now + _CLOCK_SKEW):
            raise AssertionRefusedError("the assertion is refused: it holds for five minutes")
        age = timedelta(seconds=epoch_seconds(now) - issued)
        return payload["sub"], payload["nonce"], now - age


def _is_complete(payload: Mapping[str, Any]) -> bool:
    subject, nonce, issued = (payload.get(name) for name in ("sub", "nonce", "iat"))
    return (
        isinstance(subject, str)
        and 1 <= len(subject) <= LONGEST_SUBJECT
        and isinstance(nonce, str)
        and 8 <= len(nonce) <= LONGEST_NONCE
        and type(issued) is int
    )
