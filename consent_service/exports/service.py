"""Streams a site's events with constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from consent_service.db.engine import Database
from consent_service.exports import store
from consent_service.exports.model import Exported, Filter, Format, header, lines
from consent_service.ledger import store as ledger_store
from consent_service.sites.model import Site

_PAGE = 2000
_BEFORE_FIRST = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export that has begun: gapless and the same each time for the same `as_of`.

    `as_of` is the size of the log it is taken from; `pending` events have no index yet and are
    not in it.
    """

    site: Site
    form: Format
    wanted: Filter
    epoch: int
    as_of: int
    pending: int
    after: int


class ExportService:
    """Exports of all sites."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, site: Site, form: Format, wanted: Filter, resume: int | None = None) -> Export:
        """Fix what an export is taken from; `resume` is the last index that is there already."""
        with self._db.read() as connection:
            epoch = ledger_store.get_epoch(connection, site.site_id)
            return Export(
                site=site,
                form=form,
                wanted=wanted,
                epoch=epoch,
                as_of=ledger_store.count_leaves(connection, site.site_id, epoch),
                pending=ledger_store.count_pending(connection, site.site_id),
                after=_BEFORE_FIRST if resume is None else resume,
            )

    def count(self, export: Export) -> int:
        """Return how many events an export holds."""
        with self._db.read() as connection:
            return store.count_events(
                connection,
                export.site.site_id,
                export.epoch,
                after=export.after,
                below=export.as_of,
                wanted=export.wanted,
            )

    def stream(self, export: Export) -> Iterator[tuple[str, int]]:
        """Yield chunks of the file, each with how many events it holds."""
        if export.after == _BEFORE_FIRST:
            yield header(export.form), 0
        after = export.after
        while events := self._page(export, after):
            yield lines(export.form, events), len(events)
            after = events[-1].index

    def _page(self, export: Export, after: int) -> list[Exported]:
        """Read one page in a statement of its own: a slow reader holds no snapshot."""
        with self._db.read() as connection:
            return store.list_page(
                connection,
                export.site.site_id,
                export.epoch,
                after=after,
                below=export.as_of,
                wanted=export.wanted,
                limit=_PAGE,
            )
