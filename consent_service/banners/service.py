"""Composes the banner of a site, and finds what was composed before."""

import json
from functools import lru_cache

from consent_service.banners import store
from consent_service.banners.brief import brief, without_empty
from consent_service.banners.kit import compose, sections_for
from consent_service.banners.model import Kit, Script, script_of
from consent_service.core.canonical import canonical_json
from consent_service.core.errors import NotFoundError
from consent_service.db.engine import Database
from consent_service.notices.around import embedding, style
from consent_service.notices.model import Variant
from consent_service.notices.service import NoticeService, NoticeUnknownError
from consent_service.sites.model import Embed, Site


class BannerUnknownError(NotFoundError):
    """No banner, and no part of one, was ever served under this hash."""

    code = "banner_unknown"
    title = "There is no such banner"


class BannerService:
    """Banners, composed in memory from this release's kit; earlier ones come from the database."""

    def __init__(self, db: Database, notices: NoticeService, kit: Kit) -> None:
        self._db = db
        self._notices = notices
        self.kit = kit
        # What has a hash never changes, so none of these is ever out of date.
        self._composed = lru_cache(maxsize=512)(self._compose)
        self._kept_code = lru_cache(maxsize=256)(self._read_code)
        self._kept_part = lru_cache(maxsize=64)(self._read_part)

    def script(self, site: Site, variant: Variant) -> Script:
        """Return the script of a site with a variant of one of its notices."""
        return self._composed(variant, site.embed)

    def find_code(self, site: Site, sha256: str) -> str:
        """Return a script of a site by the SHA-256 of its bytes, or a build by its digest.

        Raises:
            BannerUnknownError: there was none.
        """
        return self._current_code(site, sha256) or self._kept_code(site.site_id, sha256)

    def find_part(self, kit: str, name: str) -> str:
        """Return a part of this release's kit, or of an earlier one.

        Raises:
            BannerUnknownError: there was none.
        """
        if kit == self.kit.name and name in self.kit.parts:
            return self.kit.parts[name]
        return self._kept_part(kit, name)

    def _current_code(self, site: Site, sha256: str) -> str | None:
        """Return what is served now, which the database may not have yet."""
        if sha256 == self.kit.whole.digest:
            return self.kit.whole.code
        try:
            notice = self._notices.current(site)
        except NoticeUnknownError:
            return None
        for variant in notice.variants:
            script = self.script(site, variant)
            if sha256 in (script.sha256, script.build.digest):
                return script.code if sha256 == script.sha256 else script.build.code
        return None

    def _read_code(self, site_id: str, sha256: str) -> str:
        with self._db.read() as connection:
            code = store.find_code(connection, site_id, sha256)
        if code is None:
            raise BannerUnknownError("no banner of this site has such a hash")
        return code

    def _read_part(self, kit: str, name: str) -> str:
        with self._db.read() as connection:
            code = store.find_part(connection, kit, name)
        if code is None:
            raise BannerUnknownError("no banner has such a part")
        return code

    def _compose(self, variant: Variant, embed: Embed) -> Script:
        body = json.loads(variant.body)
        told = {
            "brief": True,
            "variant": variant.sha256,
            "embed": without_empty(embedding(embed)),
            "style": style(body["theme"]),
        }
        build = compose(self.kit.whole.code, sections_for(body))
        return script_of(canonical_json({**brief(body), **without_empty(told)}), build)
