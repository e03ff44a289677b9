"""Tells when pages that hold the head stub themselves need it anew."""

from collections.abc import Sequence
from datetime import datetime

from consent_service.banners.head import Head, HeadUnknownError, head_of
from consent_service.notices.model import Notice, notice_in_force
from consent_service.sites.model import Site


def stub_warnings(
    before: Site | None, after: Site, shown: Sequence[Notice], new: Sequence[Notice], now: datetime
) -> list[str]:
    """Return a sentence where publishing changes the stub that pages may hold."""
    old = _head(before, notice_in_force(shown, now)) if before else None
    changed = [head for notice in new or shown[-1:] if (head := _head(after, notice)) != old]
    if old is None or not changed:
        return []
    again = f"consent-service site embed {after.key} --head"
    return [f"the head stub changes: pages that hold it need what `{again}` prints by then"]


def _head(site: Site, notice: Notice | None) -> Head | None:
    if notice is None:
        return None
    try:
        return head_of(site, notice.variants)
    except HeadUnknownError:
        return None
