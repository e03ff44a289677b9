"""Makes, lists, ends and checks api keys; adds, lists and disables officers."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from consent_service.access import store
from consent_service.access.model import (
    LONGEST_NAME,
    ApiKey,
    Officer,
    Role,
    is_email,
    new_secret,
    secret_hash,
    unknown_scopes,
)
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError, NotFoundError, ServiceError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError


class ApiKeyRequiredError(ServiceError):
    """No api key came with the request, or none that is known."""

    code = "api_key_required"
    title = "An api key is needed"
    status = 401


class ApiKeyForbiddenError(ServiceError):
    """The key may not do this, or not for this site; or its time is over."""

    code = "api_key_forbidden"
    title = "This api key may not do that"
    status = 403


class OfficerRefusedError(ServiceError):
    """An address of nobody who is an officer now, or of one without the role."""

    code = "officer_refused"
    title = "This officer may not do that"
    status = 403


class AccessService:
    """Api keys."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    def create(
        self, name: str, scopes: Sequence[str], sites: Sequence[str], days: int | None
    ) -> tuple[ApiKey, str]:
        """Store a new key and return it with its secret, which is shown only this once.

        Raises:
            InvalidRequestError: a scope does not exist.
        """
        if unknown := unknown_scopes(scopes):
            raise InvalidRequestError.of("scopes", f"unknown: {', '.join(unknown)}")
        now, secret = self._clock.now(), new_secret(self._ids)
        key = ApiKey(
            key_id=self._ids.uuid7(),
            name=name,
            secret_hash=secret_hash(secret),
            scopes=tuple(scopes),
            sites=tuple(sites),
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
            revoked_at=None,
        )
        with self._db.write() as tx:
            store.insert_key(tx, key)
        return key, secret

    def list(self) -> Sequence[ApiKey]:
        """Return all keys, oldest first."""
        with self._db.read() as connection:
            return store.list_keys(connection)

    def revoke(self, key_id: str) -> None:
        """Revoke a key from now on.

        Raises:
            NotFoundError: there is no such key, or it is revoked already.
        """
        try:
            known = str(UUID(key_id))
        except ValueError:
            raise NotFoundError(f"{key_id} is no id of an api key") from None
        with self._db.write() as tx:
            if not store.revoke_key(tx, known, self._clock.now()):
                raise NotFoundError(f"no api key {key_id} is in use")

    def check(self, secret: str, scope: str, site: str | None) -> ApiKey:
        """Return the key of a secret that may do `scope` for a site, or about no one site (None).

        Raises:
            ApiKeyRequiredError: no such key.
            ApiKeyForbiddenError: it may not.
        """
        with self._db.read() as connection:
            key = store.find_by_hash(connection, secret_hash(secret))
        if key is None:
            raise ApiKeyRequiredError("send `Authorization: Bearer KEY`")
        if not key.allows(scope, site, self._clock.now()):
            raise ApiKeyForbiddenError(f"the key lacks the scope {scope} for {site or 'all sites'}")
        return key


class OfficerService:
    """Officers."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    def add(self, email: str, name: str, role: Role) -> Officer:
        """Store a new officer.

        Raises:
            InvalidRequestError: no e-mail address, one that is taken, or no name.
        """
        if not is_email(email):
            raise InvalidRequestError.of("email", f"is no e-mail address: {email}")
        if not 0 < len(name.strip()) <= LONGEST_NAME:
            raise InvalidRequestError.of("name", f"must have 1 to {LONGEST_NAME} characters")
        officer = Officer(
            officer_id=self._ids.uuid7(),
            email=email.lower(),
            name=name.strip(),
            role=role,
            created_at=self._clock.now(),
            disabled_at=None,
        )
        try:
            with self._db.write() as tx:
                store.insert_officer(tx, officer)
        except ConflictError as error:
            raise InvalidRequestError.of("email", f"{officer.email} is known already") from error
        return officer

    def list(self) -> Sequence[Officer]:
        """Return all officers by e-mail address, disabled ones too."""
        with self._db.read() as connection:
            return store.list_officers(connection)

    def require(self, email: str, role: Role) -> Officer:
        """Return an active officer who has a role.

        Raises:
            OfficerRefusedError: there is none.
        """
        with self._db.read() as connection:
            officer = store.find_officer(connection, email.lower())
        if officer is None or officer.disabled_at is not None:
            raise OfficerRefusedError(f"no officer {email} is active")
        if officer.role is not role:
            raise OfficerRefusedError(f"{officer.email} is {officer.role}; it takes an {role}")
        return officer

    def disable(self, email: str) -> None:
        """Disable an officer from now on; what refers to the officer stays.

        Raises:
            NotFoundError: there is no such officer, or it is disabled already.
        """
        with self._db.write() as tx:
            if not store.disable_officer(tx, email.lower(), self._clock.now()):
                raise NotFoundError(f"no officer {email} is active")
