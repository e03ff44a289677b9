"""Erasing visitors for a site's backend."""

from flask import Response, g, jsonify

from consent_service.backends import schemas
from consent_service.consents.erasure import Erased, ErasureService
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.marks import Cause, Order
from consent_service.consents.model import Method
from consent_service.consents.recording import Context
from consent_service.consents.telling import erased_json
from consent_service.consents.visitors import VisitorService, Wanted
from consent_service.core.errors import InvalidRequestError
from consent_service.core.ids import parse_reference
from consent_service.http.body import load, read_json
from consent_service.http.languages import wanted_locale
from consent_service.http.routes import Route
from consent_service.notices.service import NoticeUnknownError
from consent_service.sites.model import Site
from consent_service.sites.routing import SITE, described, managed
from consent_service.sites.service import SiteService

_erasure_in = schemas.ErasureIn()


class ErasingApi:
    """Erases on behalf of visitors who asked the site itself."""

    def __init__(
        self, *, erasure: ErasureService, visitors: VisitorService, sites: SiteService
    ) -> None:
        self._erasure = erasure
        self._visitors = visitors
        self._sites = sites

    def erase(self, key: str) -> Response:
        """Erase a visitor, or every visitor of a user of the site."""
        site = self._sites.get(key)
        data = load(_erasure_in, read_json())
        erased = self._erase(site, data, {"key": g.api_key.key_id, "reason": data["reason"]})
        if not erased.visitors:
            raise VisitorUnknownError("erased, restricted, or never there")
        told = erased_json(site, erased, wanted_locale(site.locales))
        return jsonify({"visitors": erased.visitors, **told})

    def _erase(self, site: Site, data: dict[str, str], personal: dict[str, str]) -> Erased:
        context = Context(method=Method.API)
        if "subject" in data:
            order = Order(cause=Cause.SUBJECT, personal=personal)
            return self._erasure.erase_subject(site, data["subject"], context, order)
        visitor = str(data["visitor"]) if "visitor" in data else None
        reference = _reference(data["reference"]) if "reference" in data else None
        (record,) = self._visitors.find(site, Wanted(visitor=visitor, reference=reference))
        order = Order(cause=Cause.OFFICER, personal=personal)
        return self._erasure.erase(site, record.visitor, context, order)

    def routes(self) -> list[Route]:
        """Return the call that erases."""
        return [
            managed(
                "POST",
                f"{SITE}/erasures",
                self.erase,
                "Erase a visitor, or every visitor of a user of the site",
                described("What was erased, or is hidden from now on", schemas.ManagedErasedOut()),
                scope="consents:erase",
                request=_erasure_in,
                problems=(VisitorUnknownError, NoticeUnknownError),
            )
        ]


def _reference(typed: str) -> str:
    try:
        return parse_reference(typed)
    except ValueError as error:
        raise InvalidRequestError.of("reference", str(error)) from error
