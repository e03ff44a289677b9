"""The composition root: builds every service from the settings."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import MetaData, make_url

from consent_service.access import tables as access_tables
from consent_service.access.service import AccessService, OfficerService
from consent_service.backends.checks import CheckService
from consent_service.banners import tables as banner_tables
from consent_service.banners.keeping import KeepingService
from consent_service.banners.kit import read_kit
from consent_service.banners.model import Kit
from consent_service.banners.service import BannerService
from consent_service.consents import tables as consent_tables
from consent_service.consents import tables_restriction as restriction_tables
from consent_service.consents.erasure import ErasureService
from consent_service.consents.expiry import ExpiryService
from consent_service.consents.holds import HoldService
from consent_service.consents.keyed import KeyedHashes
from consent_service.consents.links import LinkService
from consent_service.consents.population import count_asked_again
from consent_service.consents.projection import project_states
from consent_service.consents.reapplying import ReapplyService
from consent_service.consents.rebuilding import RebuildingService
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
from consent_service.db.migrate import Migrations
from consent_service.documents import tables as document_tables
from consent_service.documents.service import DocumentService
from consent_service.exports.service import ExportService
from consent_service.imports.service import ImportService
from consent_service.ledger import outgoing
from consent_service.ledger import tables as ledger_tables
from consent_service.ledger.anchor import AnchorFile
from consent_service.ledger.attesting import AttestingService
from consent_service.ledger.keys import LogKeys
from consent_service.ledger.naming import fix_log_name
from consent_service.ledger.outgoing import Post
from consent_service.ledger.published import PublishedLogs
from consent_service.ledger.service import LedgerService
from consent_service.ledger.stamping import read_authority
from consent_service.ledger.witnesses import read_witnesses
from consent_service.notices import tables as notice_tables
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.service import NoticeService
from consent_service.proofs.audit import AuditService
from consent_service.publishing import tables as publishing_tables
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
    keyring = partial(keyring_of, settings, clock, ids)
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
        reapplying=ReapplyService(db, erasure, clock),
        ledger=ledger,
        logs=PublishedLogs(db),
        attesting=_attesting(settings, db, clock, post),
        audit=AuditService(db),
        rebuilding=RebuildingService(db),
        exports=ExportService(db, keyring("export"), settings.timestamp_ca),
    )


def keyring_of(settings: Settings, clock: Clock, ids: Ids, use: str) -> Keyring:
    """Return the keyring of a use, made where there is none."""
    return ensure_keyring(settings.keys_dir, use, clock, ids)


def _attesting(settings: Settings, db: Database, clock: Clock, post: Post) -> AttestingService:
    witnesses = read_witnesses(settings.witnesses) if settings.witnesses else ()
    authority = None
    if settings.timestamp_url and settings.timestamp_ca:
        authority = read_authority(settings.timestamp_url, settings.timestamp_ca)
    return AttestingService(db, clock, post, witnesses=witnesses, authority=authority)


def _log_keys(settings: Settings, clock: Clock, ids: Ids) -> LogKeys:
    keyring = partial(keyring_of, settings, clock, ids)
    return LogKeys(
        receipt=keyring("receipt"),
        checkpoint=keyring("checkpoint"),
        export=keyring("export"),
        clock=keyring("clock"),
    )
