"""Makes plans and carries them out, inside the caller's transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Connection

from consent_service.access import store as access_store
from consent_service.core.clock import Clock
from consent_service.core.errors import FieldError, ServiceError
from consent_service.core.ids import Ids
from consent_service.documents import service as documents
from consent_service.documents import store as document_store
from consent_service.ledger import store as ledger_store
from consent_service.notices import service as notices
from consent_service.notices import store as notice_store
from consent_service.notices.drafting import NoticeSource
from consent_service.notices.model import Notice, dangling_links
from consent_service.publishing import store
from consent_service.publishing.errors import (
    HeadMovedError,
    LintFailedError,
    ManagedElsewhereError,
)
from consent_service.publishing.files import SHORT_HEAD, changes, head, names_head
from consent_service.publishing.lint import UNWAIVABLE, Finding, blocking
from consent_service.publishing.model import InvalidSiteError, SiteSource, with_complete_locales
from consent_service.publishing.plan import Plan
from consent_service.publishing.positions import located
from consent_service.publishing.schedule import check_beginnings, overtaken
from consent_service.publishing.stub import stub_warnings
from consent_service.sites import store as site_store
from consent_service.sites.model import Manager, Site

_LINTED = "opt-in"
Lint = Callable[[SiteSource], list[Finding]]


class AskedAgain(Protocol):
    """Counts whom a new notice would ask again."""

    def __call__(self, connection: Connection, site_id: str, notice: Notice, /) -> int | None:
        """Return how many visitors would be asked again; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans of all sites. `lint` looks at what visitors would see, `asked_again` counts them."""

    clock: Clock
    ids: Ids
    log_name: str
    lint: Lint
    asked_again: AskedAgain | None = None

    def plan(
        self, connection: Connection, source: SiteSource, by: Manager, over: str | None = None
    ) -> Plan:
        """Return what publishing a source would change and whether it would be refused.

        `by` is the side that publishes; `over` names the head that it has seen.

        Raises:
            InvalidSiteError: the folder cannot be published.
        """
        with located(source.files):
            complete, warnings = with_complete_locales(source)
            findings = self.lint(source)
            waivers = list(_waivers(connection, source))
            notice = replace(complete.notice, waivers=waivers)
            plan = self._compare(connection, complete, by, notice)
        warnings += [*overtaken(plan.documents, plan.versions), *plan.warnings]
        plan = replace(plan, warnings=warnings, findings=findings)
        return replace(plan, refusal=_refusal(plan, by, over))

    def carry_out(self, tx: Connection, plan: Plan) -> None:
        """Publish what a plan says; nothing where it changes nothing.

        Raises:
            ServiceError: the plan's refusal.
        """
        if plan.refusal:
            raise plan.refusal
        if plan.changes_nothing:
            return
        site = replace(plan.site, revision=plan.site.revision + 1)
        if plan.before is None:
            now = self.clock.now()
            site_store.insert_site(tx, site, now)
            ledger_store.insert_log(tx, site.site_id, site.log_origin, now)
        else:
            site_store.update_site(tx, site)
        store.replace_files(tx, site.site_id, plan.source.files)
        documents.publish(tx, site, list(plan.documents), self.clock, self.ids)
        notices.publish(tx, site, plan.notices, self.clock, self.ids)

    def _compare(
        self, connection: Connection, source: SiteSource, by: Manager, notice: NoticeSource
    ) -> Plan:
        before = site_store.find_site(connection, source.key)
        site = self._site(source, before, by)
        published = document_store.list_versions(connection, site.site_id)
        new_versions = documents.prepare(site, list(source.documents), published, self.clock)
        kept = {document.kind for document in source.documents}
        check_beginnings(new_versions, published, site.default_locale)
        known = documents.by_kind([*published, *new_versions])
        versions = {kind: known[kind] for kind in known if kind in kept}
        removed = {kind: known[kind] for kind in known if kind not in kept}
        shown = notice_store.list_notices(connection, site.site_id)
        new_notices = notices.prepare(
            site.site_id, notice, versions, shown, self.clock, removed=removed
        )
        _check_links(new_notices)
        files = store.list_files(connection, site.site_id)
        return Plan(
            before=before,
            site=site,
            head=head(files) if before else None,
            source=source,
            files=list(changes(files, source.files)),
            documents=new_versions,
            notices=new_notices,
            versions=versions,
            newest=[*shown, *new_notices][-1],
            visitors=self._visitors(connection, new_notices) if before else {},
            warnings=stub_warnings(before, site, shown, new_notices, self.clock.now()),
            findings=(),
        )

    def _site(self, source: SiteSource, before: Site | None, by: Manager) -> Site:
        return Site(
            site_id=before.site_id if before else self.ids.uuid7(),
            key=source.key,
            log_origin=before.log_origin if before else f"{self.log_name}/{source.key}",
            name=source.notice.name,
            controller=source.notice.controller,
            origins=source.origins,
            embed=source.embed,
            locales=source.notice.locales,
            profiles=tuple(profile.key for profile in source.notice.profiles),
            erasure=source.erasure,
            erasure_reason=source.erasure_reason.texts if source.erasure_reason else {},
            retention=source.retention,
            log=source.log,
            managed_by=before.managed_by if before and by is Manager.CONSOLE else source.managed_by,
            published_by=by,
            revision=before.revision if before else 0,
            closed_at=before.closed_at if before else None,
        )

    def _visitors(self, connection: Connection, new: Sequence[Notice]) -> dict[int, int]:
        if self.asked_again is None:
            return {}
        counted = ((n, self.asked_again(connection, n.site_id, n)) for n in new)
        return {notice.number: count for notice, count in counted if count is not None}


def _refusal(plan: Plan, by: Manager, over: str | None) -> ServiceError | None:
    if over is not None and (plan.head is None or not names_head(over, plan.head)):
        return HeadMovedError(_current(plan))
    if plan.changes_nothing:
        return None
    if plan.before and plan.before.managed_by != by and not _takes_over(plan, by, over):
        return ManagedElsewhereError(_how_to_take_over(plan.before, by))
    if by is Manager.FOLDER and over is None and _is_unseen(plan):
        return HeadMovedError(_console_was_last(plan))
    errors = blocking(plan.findings)
    asks = any(profile.model == _LINTED for profile in plan.source.notice.profiles)
    refused = errors if asks else [each for each in errors if each.rule in UNWAIVABLE]
    return _lint_failed(refused) if refused else None


def _takes_over(plan: Plan, by: Manager, over: str | None) -> bool:
    """A folder takes a site back where it says so and has seen what it replaces."""
    return by is Manager.FOLDER and plan.site.managed_by is by and over is not None


def _is_unseen(plan: Plan) -> bool:
    """Tell whether the console published what a folder is about to replace."""
    return plan.before is not None and plan.before.published_by is not Manager.FOLDER


def _console_was_last(plan: Plan) -> str:
    return (
        f"the console published {plan.site.key} last: look at it with "
        f"`consent-service site export`, then name its head with --over: {_short(plan)}"
    )


def _current(plan: Plan) -> str:
    if plan.head is None:
        return f"there is no site {plan.site.key} yet, so it has no head"
    return f"its head is {_short(plan)}: look at it, then name this one"


def _short(plan: Plan) -> str:
    return (plan.head or "")[:SHORT_HEAD]


def _how_to_take_over(before: Site, by: Manager) -> str:
    if by is Manager.CONSOLE:
        return f"{before.key} is managed by its folder: publish with `consent-service site apply`"
    return (
        f"{before.key} is managed by the console. To take it over: look at it with "
        "`consent-service site export`, say `managed_by: folder` and name its head with --over"
    )


def _lint_failed(errors: Sequence[Finding]) -> LintFailedError:
    fields = [FieldError(f"{e.file}:{e.line}: {e.rule}", e.message) for e in errors]
    return LintFailedError(f"{len(errors)} finding(s) of the linter are errors", fields)


def _waivers(connection: Connection, source: SiteSource) -> Iterator[dict[str, str]]:
    """Yield the waivers with the id of the officer in place of the address."""
    problems = []
    for position, waiver in enumerate(source.waivers):
        officer = access_store.find_officer(connection, waiver.officer.lower())
        if officer is None or officer.disabled_at is not None:
            what = "is no officer" if officer is None else "is an officer no more"
            path = f"site.yaml: waivers.{position}.officer"
            problems.append(FieldError(path, f"{waiver.officer} {what}"))
        else:
            yield {"rule": waiver.rule, "officer": officer.officer_id, "reason": waiver.reason}
    if problems:
        raise InvalidSiteError(problems)


def _check_links(new: Sequence[Notice]) -> None:
    """A notice may only link to documents that are in force when it is."""
    problems = [
        FieldError(
            "site.yaml: texts",
            f"the notice in force from {notice.effective_at:%Y-%m-%d} links to {kind}, "
            "which is not in force by then",
        )
        for notice in new
        for kind in sorted(dangling_links(notice))
    ]
    if problems:
        raise InvalidSiteError(problems)
