"""Which variant a request gets, and how long caches may keep what depends on it."""

from flask import Response

from consent_service.http.caching import Prebuilt
from consent_service.http.country import PlaceFinder
from consent_service.http.languages import wanted_locale
from consent_service.http.origins import allow_everyone
from consent_service.notices.model import Notice, Variant
from consent_service.notices.service import NoticeService, served_variant
from consent_service.sites.model import Site

_FRESH = "max-age=300, stale-while-revalidate=300"


class Serving:
    """Chooses by the visitor's language and place."""

    def __init__(self, notices: NoticeService, places: PlaceFinder) -> None:
        self._notices = notices
        self._places = places

    def chosen(self, site: Site) -> tuple[Notice, Variant]:
        """Return the notice in force and its variant for this request."""
        notice = self._notices.current(site)
        locale = wanted_locale(site.locales)
        return notice, served_variant(site, notice, self._places.find(), locale)

    def respond(self, prebuilt: Prebuilt, site: Site) -> Response:
        """Let shared caches keep what depends on the language only, or on a header they see too."""
        header = self._places.header if len(site.profiles) > 1 else None
        is_shared = len(site.profiles) == 1 or header
        scope = "public" if is_shared else "private"
        varying = ("Accept-Language", *([header] if header else []))
        return allow_everyone(prebuilt.respond(f"{scope}, {_FRESH}", *varying))
