"""The composition root: builds every service from the settings, and the application from those."""

from dataclasses import dataclass
from functools import partial

from flask import Flask, g, request
from sqlalchemy import MetaData, make_url

from consent_service.access import tables as access_tables
from consent_service.access.service import AccessService, ApiKeyRequiredError, OfficerService
from consent_service.backends.asking_api import AskingApi
from consent_service.backends.checks import CheckService
from consent_service.backends.erasing_api import ErasingApi
from consent_service.backends.recording_api import RecordingApi
from consent_service.backends.service import BackendService
from consent_service.banners import tables as banner_tables
from consent_service.banners.api import BannerApi
from consent_service.banners.head_api import HeadApi
from consent_service.banners.keeping import KeepingService
from consent_service.banners.kit import read_kit
from consent_service.banners.model import Kit
from consent_service.banners.service import BannerService
from consent_service.consents import tables as consent_tables
from consent_service.consents import tables_restriction as restriction_tables
from consent_service.consents.answers import Answers
from consent_service.consents.api import ConsentApi
from consent_service.consents.erasure import ErasureService
from consent_service.consents.exchange import TokenExchange
from consent_service.consents.expiry import ExpiryService
from consent_service.consents.holds import HoldService
from consent_service.consents.keyed import KeyedHashes
from consent_service.consents.links import LinkService
from consent_service.consents.population import count_asked_again
from consent_service.consents.projection import project_states
from consent_service.consents.reapplying import ReapplyService
from consent_service.consents.rebuilding import RebuildingService
from consent_service.consents.receipts import Receipts
from consent_service.consents.retention import RetentionService
from consent_service.consents.service import ConsentService
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import Tokens
from consent_service.consents.visitors import VisitorService
from consent_service.core.clock import Clock, SystemClock
from consent_service.core.ids import Ids
from consent_service.core.keyring import Keyring, ensure_keyring
from consent_service.db.engine import Database, open_database
from consent_service.db.metadata import metadata
from consent_service.db.migrate import Migrations, check_revision
from consent_service.documents import tables as document_tables
from consent_service.documents.api import DocumentApi
from consent_service.documents.pages import DocumentPages
from consent_service.documents.service import DocumentService
from consent_service.exports.api import ExportApi
from consent_service.exports.service import ExportService
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
from consent_service.imports.service import ImportService
from consent_service.ledger import outgoing
from consent_service.ledger import tables as ledger_tables
from consent_service.ledger.anchor import AnchorFile
from consent_service.ledger.attesting import AttestingService
from consent_service.ledger.keys import LogKeys
from consent_service.ledger.model import MAX_MERGE_DELAY_SECONDS
from consent_service.ledger.naming import fix_log_name
from consent_service.ledger.outgoing import Post
from consent_service.ledger.published import PublishedLogs
from consent_service.ledger.service import LedgerService
from consent_service.ledger.stamping import read_authority
from consent_service.ledger.witnesses import read_witnesses
from consent_service.notices import tables as notice_tables
from consent_service.notices.api import NoticeApi
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.service import NoticeService
from consent_service.notices.serving import Serving
from consent_service.preferences.pages import PreferencePages
from consent_service.preferences.receipts import Takeaways
from consent_service.preferences.session import Sessions
from consent_service.proofs.api import LogApi
from consent_service.proofs.audit import AuditService
from consent_service.proofs.verification import VerificationService
from consent_service.proofs.verifying import VerifyApi
from consent_service.publishing import tables as publishing_tables
from consent_service.publishing.api import SiteApi
from consent_service.publishing.draft_api import DraftApi
from consent_service.publishing.drafts import DraftService
from consent_service.publishing.folder import read_files
from consent_service.publishing.lint import lint
from consent_service.publishing.management import ManagementService
from consent_service.publishing.planning import Planner
from consent_service.publishing.service import PublishingService
from consent_service.resources import bundled
from consent_service.settings import Settings
from consent_service.sites import tables as site_tables
from consent_service.sites.service import SiteService

LAG = "consent_log_lag_seconds"
TABLES = (
    access_tables,
    banner_tables,
    consent_tables,
    document_tables,
    ledger_tables,
    notice_tables,
    publishing_tables,
    restriction_tables,
    site_tables,
)
"""Every module of tables; importing them fills the shared metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Every service of one process."""

    settings: Settings
    db: Database
    clock: Clock
    ids: Ids
    log_name: str
    access: AccessService
    officers: OfficerService
    sites: SiteService
    documents: DocumentService
    notices: NoticeService
    impressions: ImpressionService
    banners: BannerService
    keeping: KeepingService
    publishing: PublishingService
    drafts: DraftService
    management: ManagementService
    consents: ConsentService
    subjects: SubjectService
    checks: CheckService
    tokens: Tokens
    expiry: ExpiryService
    imports: ImportService
    links: LinkService
    erasure: ErasureService
    visitors: VisitorService
    retention: RetentionService
    holds: HoldService
    reapplying: ReapplyService
    ledger: LedgerService
    logs: PublishedLogs
    attesting: AttestingService
    audit: AuditService
    rebuilding: RebuildingService
    exports: ExportService

    def warm(self) -> None:
        """Read what is published, so that it is served even if the database goes away."""
        for site in self.sites.remember_all():
            self.notices.list(site)
            self.documents.list_current(site)


def full_metadata() -> MetaData:
    """Return the metadata of all tables."""
    return metadata


def build_migrations(settings: Settings) -> Migrations:
    """Return the migrations of the settings' database."""
    owner, service = make_url(settings.migration_url), make_url(settings.database_url)
    role = service.username if owner.username != service.username else None
    return Migrations(settings.migration_url, bundled("migrations"), metadata, role)


def build_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    kit: Kit | None = None,
    post: Post = outgoing.post,
    with_log_keys: bool = False,
) -> Services:
    """Build the services of a process. Only one that seals asks for the log's keys.

    `kit` is the banner's code; without one, that of this release. `post` makes outgoing calls.
    """
    clock = clock or SystemClock()
    ids = ids or Ids(clock)
    db = open_database(settings.database_url, threads=settings.threads)
    ledger = LedgerService(
        db,
        AnchorFile(settings.anchor_file),
        clock,
        ids,
        keys=_log_keys(settings, clock, ids) if with_log_keys else None,
        projections=(project_states,),
    )
    log_name = fix_log_name(db, ids, settings.log_name)
    sites = SiteService(db)
    notices = NoticeService(db, clock)
    banners = BannerService(db, notices, kit or read_kit(bundled("static")))
    keyring = partial(_keyring, settings, clock, ids)
    states = keyring("state")
    names = keyring("subject")
    subjects = SubjectService(db, KeyedHashes(names, "subject"), states, clock)
    documents = DocumentService(db, clock)
    tokens = Tokens(keyring("credential"), states, clock)
    planner = Planner(
        clock=clock, ids=ids, log_name=log_name, lint=lint, asked_again=count_asked_again
    )
    erasure = ErasureService(db=db, notices=notices, subjects=subjects, clock=clock, ids=ids)
    return Services(
        settings=settings,
        db=db,
        clock=clock,
        ids=ids,
        log_name=log_name,
        access=AccessService(db, clock, ids),
        officers=OfficerService(db, clock, ids),
        sites=sites,
        documents=documents,
        notices=notices,
        impressions=ImpressionService(db, notices, clock),
        banners=banners,
        keeping=KeepingService(db, sites, notices, banners, clock),
        publishing=PublishingService(db, planner),
        drafts=DraftService(db, planner, read_files, clock),
        management=ManagementService(db, clock),
        consents=ConsentService(db=db, notices=notices, subjects=subjects, clock=clock, ids=ids),
        subjects=subjects,
        checks=CheckService(db=db, notices=notices, subjects=subjects, tokens=tokens, clock=clock),
        tokens=tokens,
        imports=ImportService(
            db=db,
            notices=notices,
            documents=documents,
            subjects=subjects,
            hashes=KeyedHashes(names, "import"),
            clock=clock,
            ids=ids,
        ),
        expiry=ExpiryService(db, sites, clock, ids),
        links=LinkService(db, clock, ids),
        visitors=VisitorService(db, subjects, keyring("receipt")),
        erasure=erasure,
        retention=RetentionService(db=db, sites=sites, erasure=erasure, clock=clock, ids=ids),
        holds=HoldService(db, erasure, clock, ids),
        reapplying=ReapplyService(db, erasure),
        ledger=ledger,
        logs=PublishedLogs(db),
        attesting=_attesting(settings, db, clock, post),
        audit=AuditService(db),
        rebuilding=RebuildingService(db),
        exports=ExportService(db, keyring("export")),
    )


def build_app(services: Services) -> Flask:
    """Build the web application."""
    routes = build_routes(services)
    gate = OriginGate(partial(_origin_rules, services.sites))
    return create_app(routes, gate, partial(_check_key, services.access))


def build_routes(services: Services) -> list[Route]:
    """Return every route that the application serves."""
    keyring = partial(_keyring, services.settings, services.clock, services.ids)
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
        VerifyApi(VerificationService(keyring("receipt"), services.logs, sites, services.log_name)),
        StaticApi(),
        HealthApi(
            {"database": partial(_check_schema, services)},
            {"log": partial(_told_lag, services)},
            [Measure(LAG, "Seconds that the oldest leaf waits", partial(_lag, services))],
        ),
    )
    routes = [route for interface in interfaces for route in interface.routes()]
    return [*routes, *DescriptionApi(routes, public_url).routes()]


def _keyring(settings: Settings, clock: Clock, ids: Ids, use: str) -> Keyring:
    return ensure_keyring(settings.keys_dir, use, clock, ids)


def _places(settings: Settings, peers: Peers) -> PlaceFinder:
    file = CountryFile(settings.country_file) if settings.country_file else None
    return PlaceFinder(peers, settings.country_header, file)


def _attesting(settings: Settings, db: Database, clock: Clock, post: Post) -> AttestingService:
    witnesses = read_witnesses(settings.witnesses) if settings.witnesses else ()
    authority = None
    if settings.timestamp_url and settings.timestamp_ca:
        authority = read_authority(settings.timestamp_url, settings.timestamp_ca)
    return AttestingService(db, clock, post, witnesses=witnesses, authority=authority)


def _log_keys(settings: Settings, clock: Clock, ids: Ids) -> LogKeys:
    keyring = partial(_keyring, settings, clock, ids)
    return LogKeys(
        receipt=keyring("receipt"),
        checkpoint=keyring("checkpoint"),
        export=keyring("export"),
        clock=keyring("clock"),
    )


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
