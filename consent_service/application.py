"""The web application: every interface, built from the services."""

from functools import partial

from flask import Flask, g, request

from consent_service.access.service import AccessService, ApiKeyRequiredError
from consent_service.backends.asking_api import AskingApi
from consent_service.backends.erasing_api import ErasingApi
from consent_service.backends.recording_api import RecordingApi
from consent_service.backends.service import BackendService
from consent_service.banners.api import BannerApi
from consent_service.banners.head_api import HeadApi
from consent_service.bootstrap import Services, build_migrations, keyring_of
from consent_service.consents.answers import Answers
from consent_service.consents.api import ConsentApi
from consent_service.consents.exchange import TokenExchange
from consent_service.consents.receipts import Receipts
from consent_service.db.migrate import check_revision
from consent_service.documents.api import DocumentApi
from consent_service.documents.pages import DocumentPages
from consent_service.exports.api import ExportApi
from consent_service.http.app import create_app
from consent_service.http.country import PlaceFinder
from consent_service.http.country_file import CountryFile
from consent_service.http.description import DescriptionApi
from consent_service.http.health import HealthApi
from consent_service.http.limits import WriteLimits
from consent_service.http.metrics import Measure
from consent_service.http.origins import OriginGate, OriginRules
from consent_service.http.peers import Peers
from consent_service.http.routes import Route
from consent_service.http.static import StaticApi
from consent_service.ledger.model import MAX_MERGE_DELAY_SECONDS
from consent_service.notices.api import NoticeApi
from consent_service.notices.serving import Serving
from consent_service.preferences.pages import PreferencePages
from consent_service.preferences.receipts import Takeaways
from consent_service.preferences.session import Sessions
from consent_service.proofs.api import LogApi
from consent_service.proofs.verification import VerificationService
from consent_service.proofs.verifying import VerifyApi
from consent_service.publishing.api import SiteApi
from consent_service.publishing.draft_api import DraftApi
from consent_service.settings import Settings
from consent_service.sites.service import SiteService

LAG = "consent_log_lag_seconds"


def build_app(services: Services) -> Flask:
    """Build the web application."""
    routes = build_routes(services)
    gate = OriginGate(partial(_origin_rules, services.sites))
    return create_app(routes, gate, partial(_check_key, services.access))


def build_routes(services: Services) -> list[Route]:
    """Return every route that the application serves."""
    keyring = partial(keyring_of, services.settings, services.clock, services.ids)
    credentials, public_url = keyring("credential"), services.settings.public_url
    exchange = TokenExchange(services.tokens)
    receipts = Receipts(keyring("receipt"), public_url, services.logs)
    answers = Answers(exchange, receipts)
    sessions = Sessions(credentials, services.clock, services.ids)
    sites, clock = services.sites, services.clock
    peers = Peers(services.settings.trusted_proxies)
    places = _places(services.settings, peers)
    serving = Serving(services.notices, places)
    limits = WriteLimits(peers, services.settings.address_limit, services.settings.site_limit)
    backends = BackendService(services.db, services.consents, services.subjects)
    interfaces = (
        ConsentApi(
            consents=services.consents,
            links=services.links,
            erasure=services.erasure,
            sites=sites,
            exchange=exchange,
            answers=answers,
            receipts=receipts,
            subjects=services.subjects,
            places=places,
            limits=limits,
            impressions=services.impressions,
            clock=clock,
            public_url=public_url,
        ),
        RecordingApi(
            consents=services.consents,
            backends=backends,
            subjects=services.subjects,
            notices=services.notices,
            sites=sites,
            exchange=exchange,
            answers=answers,
            clock=clock,
        ),
        ErasingApi(erasure=services.erasure, visitors=services.visitors, sites=sites),
        AskingApi(
            backends=backends,
            checks=services.checks,
            subjects=services.subjects,
            documents=services.documents,
            sites=sites,
            clock=clock,
        ),
        NoticeApi(
            notices=services.notices,
            sites=sites,
            serving=serving,
            limits=limits,
            impressions=services.impressions,
        ),
        BannerApi(services.banners, sites, serving),
        HeadApi(services.banners, sites, serving),
        DocumentApi(services.documents, sites),
        DocumentPages(services.documents, sites, clock),
        PreferencePages(
            consents=services.consents,
            links=services.links,
            erasure=services.erasure,
            notices=services.notices,
            sites=sites,
            exchange=exchange,
            sessions=sessions,
            takeaways=Takeaways(receipts, services.logs),
            places=places,
            limits=limits,
            clock=clock,
        ),
        SiteApi(services.management, services.publishing),
        DraftApi(services.drafts),
        ExportApi(services.exports, sites),
        LogApi(services.logs, sites),
        VerifyApi(
            VerificationService(
                keyring("receipt"), services.logs, sites, log_name=services.log_name, clock=clock
            )
        ),
        StaticApi(),
        HealthApi(
            {"database": partial(_check_schema, services)},
            {"log": partial(_told_lag, services)},
            [Measure(LAG, "Seconds that the oldest leaf waits", partial(_lag, services))],
        ),
    )
    routes = [route for interface in interfaces for route in interface.routes()]
    return [*routes, *DescriptionApi(routes, public_url).routes()]


def _places(settings: Settings, peers: Peers) -> PlaceFinder:
    file = CountryFile(settings.country_file) if settings.country_file else None
    return PlaceFinder(peers, settings.country_header, file)


def _origin_rules(sites: SiteService, key: str) -> OriginRules:
    site = sites.get(key)
    return OriginRules(site.origins, site.embed.server_sets_cookies)


def _check_key(access: AccessService, route: Route, site: str | None) -> None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not secret or route.scope is None:
        raise ApiKeyRequiredError("send `Authorization: Bearer KEY`")
    g.api_key = access.check(secret, route.scope, site)


def _lag(services: Services) -> float:
    return services.logs.lag(services.clock.now())


def _told_lag(services: Services) -> str | None:
    seconds = _lag(services)
    if seconds < MAX_MERGE_DELAY_SECONDS / 2:
        return None
    return f"a leaf waits for {seconds:.0f} seconds: does a worker run? See `ledger status`"


def _check_schema(services: Services) -> None:
    head = build_migrations(services.settings).head()
    with services.db.read() as connection:
        check_revision(connection, head)
