"""Finds notices and variants, and publishes new notices inside the publisher's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from consent_service.core.clock import Clock
from consent_service.core.errors import NotFoundError
from consent_service.core.ids import Ids
from consent_service.core.places import Place
from consent_service.db.engine import Database
from consent_service.documents.model import DocumentVersion, took_effect
from consent_service.ledger import store as ledger_store
from consent_service.ledger.model import control_leaf
from consent_service.notices import store
from consent_service.notices.drafting import NoticeSource, draft, publish_draft
from consent_service.notices.model import Notice, Variant, notice_in_force, notices_up_to
from consent_service.notices.profiles import all_profiles, profile_at, strictest
from consent_service.notices.terms import terms_of
from consent_service.sites.model import Site


class NoticeUnknownError(NotFoundError):
    """The site has no notice in force, or none of that number or hash."""

    code = "notice_unknown"
    title = "There is no such notice"


@dataclass(frozen=True, slots=True)
class AppliedProfile:
    """The profile that applies to a request, and why: a code that a person can read."""

    key: str
    why: str


class NoticeService:
    """A site's notices. They are kept in memory until the site's revision moves on."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, tuple[int, list[Notice]]] = {}

    def current(self, site: Site) -> Notice:
        """Return the notice in force now.

        Raises:
            NoticeUnknownError: none is.
        """
        notice = notice_in_force(self.list(site), self._clock.now())
        if notice is None:
            raise NoticeUnknownError(f"the site {site.key} has no notice in force")
        return notice

    def find(self, site: Site, number: int) -> Notice | None:
        """Return a notice by its number."""
        return next((notice for notice in self.list(site) if notice.number == number), None)

    def shown(self, site: Site, sha256: str) -> tuple[Notice, Variant]:
        """Return a variant of any notice of a site by its hash, with its notice.

        Raises:
            NoticeUnknownError: there is none.
        """
        for notice in self.list(site):
            if variant := notice.variant_of(sha256):
                return notice, variant
        raise NoticeUnknownError("no notice of this site has such a variant")

    def superseded_at(self, site: Site, notice: Notice) -> datetime | None:
        """Return when a later notice took a notice's place; None while none has."""
        now = self._clock.now()
        later = (n for n in self.list(site) if n.number > notice.number and n.effective_at <= now)
        return min((n.effective_at for n in later), default=None)

    def list(self, site: Site) -> Sequence[Notice]:
        """Return all notices of a site by number, future ones too."""
        known = self._known.get(site.site_id)
        if known is None or known[0] != site.revision:
            with self._db.read() as connection:
                known = site.revision, store.list_notices(connection, site.site_id)
            self._known[site.site_id] = known
        return known[1]


def profile_for(site: Site, place: Place | None) -> AppliedProfile:
    """Return the profile for a visitor at a place; None: nobody knows where."""
    profile, why = profile_at(site.profiles, place)
    return AppliedProfile(profile.key, why)


def served_variant(
    site: Site, notice: Notice, place: Place | None, locale: str | None = None
) -> Variant:
    """Return the variant for a visitor at a place, in a locale or else in the site's default one.

    Where the site's profile is newer than the notice, the strictest that the notice has applies.
    """
    return _variant_of(site, notice, profile_for(site, place).key, locale)


def ruling_variant(
    site: Site, notice: Notice, shown: Variant, place: Place | None
) -> tuple[Variant, str]:
    """Return the variant whose rules apply to an answer, and why its profile does.

    A client names the variant that was shown, but does not choose its jurisdiction: where the
    profile of its place is stricter, that one's rules apply. `variant` is the reason where the
    shown one is the stricter.
    """
    computed = profile_for(site, place)
    ruling = _variant_of(site, notice, computed.key, shown.locale)
    known = all_profiles()
    if known[ruling.profile].strictness > known[shown.profile].strictness:
        return ruling, computed.why
    return shown, computed.why if ruling.profile == shown.profile else "variant"


def _variant_of(site: Site, notice: Notice, wanted: str, locale: str | None) -> Variant:
    declared = {variant.profile for variant in notice.variants}
    profile = wanted if wanted in declared else strictest(declared).key
    offered = {each.locale: each for each in notice.variants if each.profile == profile}
    return offered.get(locale or "") or offered.get(site.default_locale) or offered[min(offered)]


def prepare(
    site_id: str,
    source: NoticeSource,
    documents: Mapping[str, list[DocumentVersion]],
    published: Sequence[Notice],
    clock: Clock,
    *,
    removed: Mapping[str, list[DocumentVersion]],
) -> list[Notice]:
    """Return the notices that publishing now would add: one for now and one for each later date.

    `documents` are all versions of those that the site has, `removed` of those it has no more.
    A notice that waits for its date is prepared anew where an earlier one changed, because the
    highest number wins.
    """
    now = clock.now()
    waiting = {v.effective_at for versions in documents.values() for v in versions}
    notices = list(published)
    for moment in [now, *sorted(date for date in waiting if date > now)]:
        made = draft(source, documents, moment, _shown_once(removed, notices, moment))
        previous = notice_in_force(notices, moment)
        if previous is None or previous.content != made.content:
            number = max((notice.number for notice in notices), default=0) + 1
            notices.append(
                publish_draft(
                    made, site_id=site_id, number=number, previous=previous, moment=moment, now=now
                )
            )
    return notices[len(published) :]


def _shown_once(
    removed: Mapping[str, list[DocumentVersion]], notices: Sequence[Notice], moment: datetime
) -> list[DocumentVersion]:
    """Return the versions of removed documents that took effect before their document went.

    One that waited then was never shown, so it counts only once its document is back.
    """
    if not removed:
        return []
    newest: dict[str, int] = {}
    for notice in notices_up_to(notices, moment):
        for shown in terms_of(notice.variants[0]).documents.values():
            newest[shown.kind] = max(shown.number, newest.get(shown.kind, 0))
    return [
        version
        for kind, versions in removed.items()
        for version in took_effect(versions, moment)
        if version.number <= newest.get(kind, 0)
    ]


def publish(tx: Connection, site: Site, notices: Sequence[Notice], clock: Clock, ids: Ids) -> None:
    """Store new notices, each with its leaf in the log."""
    for notice in notices:
        store.insert_notice(tx, notice)
        leaf = control_leaf(
            "notice.published",
            site.log_origin,
            clock.now(),
            ids,
            notice={"n": notice.number, "sha256": notice.sha256},
        )
        ledger_store.insert_entry(tx, site.site_id, leaf)
