"""The name that all logs of an installation begin with, fixed at the first start."""

from consent_service.core.errors import SettingsError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.ledger import store


def fix_log_name(db: Database, ids: Ids, configured: str | None) -> str:
    """Return the installation's log name, fixing it at the first start.

    Raises:
        SettingsError: another name was fixed before.
    """
    with db.read() as connection:
        fixed = store.find_log_name(connection)
    if fixed is None:
        fixed = _insert(db, configured or f"log-{ids.random(6).hex()}")
    if configured not in (None, fixed):
        raise SettingsError(
            f"CONSENT_LOG_NAME is {configured}, but the logs of this database are named {fixed}"
        )
    return fixed


def _insert(db: Database, name: str) -> str:
    try:
        with db.write() as tx:
            store.insert_log_name(tx, name)
    except ConflictError:
        # Another process starts at the same moment, and was first.
        with db.read() as connection:
            return store.find_log_name(connection) or name
    return name
