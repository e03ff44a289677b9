"""`consent-service retention`: what goes when its time is over, and what a legal hold keeps."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consent_service.access.model import Role
from consent_service.bootstrap import Services
from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    require_schema,
    tell_errors,
)
from consent_service.consents.retention import Tally
from consent_service.consents.store_holds import Hold
from consent_service.core.clock import format_time
from consent_service.db.compaction import compact
from consent_service.exports.returned import missing_epochs, open_returned
from consent_service.settings import load_settings
from consent_service.sites.model import Site

AHEAD_DAYS = 30
TABLES = (
    "consent_event",
    "ledger_entry",
    "restricted_event",
    "restriction",
    "retention_hold",
    "subject_link",
    "visitor_link",
    "visitor_state",
)
"""Those that name visitors, or did."""
_site = click.option("--site", "key", required=True, help="The site's key.")
_one = click.option("--site", "key", help="The site's key.")
_all = click.option("--all", "every", is_flag=True, help="Every site.")
_officer = click.option("--officer", required=True, help="The owner who answers for it.")
_reason = click.option(
    "--reason", required=True, help="Why. It stands in the log for good: name the case, no person."
)


@click.group()
def retention() -> None:
    """Remove what is past its time, as site.yaml says, and keep it while a legal hold lasts."""


@retention.command()
@_one
@_all
@json_option
@tell_errors
def plan(key: str | None, *, every: bool, as_json: bool) -> None:
    """Show what is past its time now, what will be in 30 days, and the legal holds.

    \b
    Example:
      consent-service retention plan --all
    """
    with opened_services() as services:
        now = services.clock.now()
        moments = (now, now + timedelta(days=AHEAD_DAYS))
        plans = [
            (
                site,
                [services.retention.plan(site, at) for at in moments],
                services.retention.holds(site),
            )
            for site in _sites(services, key, every=every)
        ]
    if as_json:
        print_json([_plan_json(*each) for each in plans])
        return
    rows = [_row(site, "now", tallies[0]) for site, tallies, _ in plans]
    rows += [_row(site, f"in {AHEAD_DAYS} days", tallies[1]) for site, tallies, _ in plans]
    print_table(sorted(rows, key=lambda row: row["site"]), "There is no site yet.")
    for site, _, holds in plans:
        for hold in holds:
            whom = f"visitor {hold.visitor}" if hold.visitor else "all of it"
            click.echo(f"{site.key}: hold {hold.hold_id} keeps {whom}: {hold.reason}")


@retention.command()
@_one
@_all
@json_option
@tell_errors
def run(key: str | None, *, every: bool, as_json: bool) -> None:
    """Remove what is past its time now, in short transactions; the worker does so daily.

    \b
    Example:
      consent-service retention run --site shop
    """
    with opened_services() as services:
        done = [(site, _run(services, site)) for site in _sites(services, key, every=every)]
    if as_json:
        print_json([{"site": site.key, **_tally_json(tally)} for site, tally in done])
    else:
        print_table([_row(site, "removed", tally) for site, tally in done], "There is no site yet.")


@retention.command()
@_site
@_officer
@_reason
@click.option("--visitor", type=click.UUID, help="Only this visitor; the whole site when absent.")
@json_option
@tell_errors
def hold(key: str, officer: str, reason: str, visitor: UUID | None, *, as_json: bool) -> None:
    """Keep what a legal dispute needs: nothing that it covers is removed until it is released.

    A visitor who asks to be forgotten meanwhile is hidden, told so, and erased at the release.

    \b
    Example:
      consent-service retention hold --site shop --officer owner@example.com \\
        --reason "case 12 O 345/26" --visitor 0193a2b4-0000-7000-8000-000000000000
    """
    with opened_services() as services:
        who = services.officers.require(officer, Role.OWNER)
        site = _sites(services, key, every=False)[0]
        whom = str(visitor) if visitor else None
        placed = services.holds.place(site, reason, who.officer_id, whom)
    if as_json:
        print_json(_hold_json(placed))
    else:
        click.echo(placed.hold_id)


@retention.command()
@_site
@_officer
@_reason
@click.option("--hold", "hold_id", required=True, type=click.UUID, help="As `plan` shows it.")
@json_option
@tell_errors
def release(key: str, officer: str, reason: str, hold_id: UUID, *, as_json: bool) -> None:
    """End a legal hold, and erase those who asked for it and whom it alone kept.

    \b
    Example:
      consent-service retention release --site shop --officer owner@example.com \\
        --reason "settled" --hold 0193a2b4-0000-7000-8000-000000000000
    """
    with opened_services() as services:
        who = services.officers.require(officer, Role.OWNER)
        site = _sites(services, key, every=False)[0]
        erased = services.holds.release(site, str(hold_id), reason, who.officer_id)
    if as_json:
        print_json({"hold": str(hold_id), "erased": erased})
    else:
        click.echo(f"Released. Erased {erased} events that were hidden until then.")


@retention.command()
@_site
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@json_option
@tell_errors
def reapply(key: str, files: Sequence[Path], *, as_json: bool) -> None:
    """Erase again what was erased after the backup that was restored.

    FILES are bundles of whole epochs of the log, newer than the backup: one of each epoch since.
    They are checked by the keys that the restored log names. It ends with 1 where an epoch is
    missing; what the others say is done all the same.

    \b
    Example:
      consent-service retention reapply shop-1.zip shop-2.zip --site shop
    """
    with opened_services() as services:
        site = services.sites.get(key)
        given = open_returned(services.db, site, files)
        missing = missing_epochs(services.ledger.known_epochs(site.site_id), given)
        leaves = chain.from_iterable(each.leaves() for each in given)
        erased = services.reapplying.run(site, leaves)
        tally = _run(services, site)
    told = {
        "epochs": {str(each.epoch): each.size for each in given},
        "missing": missing,
        "visitors": erased.visitors,
        "erased": erased.events,
        "restricted": erased.restricted,
        "retention": _tally_json(tally),
    }
    if as_json:
        print_json(told)
    else:
        click.echo(
            f"Of {erased.visitors} visitors {erased.events} events are erased again, "
            f"{erased.restricted} restricted; {tally.total} more are past their time."
        )
        for each in given:
            click.echo(f"Read: {site.log_origin}/{each.epoch}, {each.size} leaves.")
    if missing:
        numbers = ", ".join(str(each) for each in missing)
        click.secho(
            f"No bundle of epoch {numbers} was given: whom it says to be erased is not. "
            "Give bundles of all epochs since the backup.",
            fg="red",
            err=True,
        )
        sys.exit(1)


@retention.command(name="compact")
@json_option
@tell_errors
def compact_tables(*, as_json: bool) -> None:
    """Rewrite the tables that named visitors, so that no trace of what went is in their files.

    Requests wait meanwhile: choose a quiet hour. On PostgreSQL it takes the role that owns the
    tables, and the write-ahead log and backups keep what they hold until they are recycled.

    \b
    Example:
      consent-service retention compact
    """
    settings = load_settings()
    require_schema(settings)
    flushed = compact(settings.migration_url, TABLES)
    if as_json:
        print_json({"tables": TABLES, "checkpoint": flushed})
        return
    click.echo("The tables are rewritten.")
    if not flushed:
        click.secho("This role may not run CHECKPOINT; the server does so later.", err=True)


def _sites(services: Services, key: str | None, *, every: bool) -> Sequence[Site]:
    if (key is None) is not every:
        raise click.UsageError("name one site by --site, or --all")
    if key is None:
        return services.sites.list()
    return [services.sites.get(key)]


def _run(services: Services, site: Site) -> Tally:
    total = Tally()
    steps = services.retention.run(site)
    hidden = not sys.stderr.isatty()
    with click.progressbar(steps, label=site.key, file=sys.stderr, hidden=hidden) as bar:
        for tally in bar:
            total.links += tally.links
            total.proofs += tally.proofs
            total.restricted += tally.restricted
    return total


def _plan_json(site: Site, tallies: Sequence[Tally], holds: Sequence[Hold]) -> dict[str, Any]:
    return {
        "site": site.key,
        "proof_months": site.retention.proof_months,
        "openings_days": site.retention.openings_days,
        "now": _tally_json(tallies[0]),
        f"in_{AHEAD_DAYS}_days": _tally_json(tallies[1]),
        "holds": [_hold_json(each) for each in holds],
    }


def _tally_json(tally: Tally) -> dict[str, int]:
    return {"links": tally.links, "proofs": tally.proofs, "restricted": tally.restricted}


def _hold_json(hold: Hold) -> dict[str, Any]:
    return {
        "hold": hold.hold_id,
        "visitor": hold.visitor,
        "reason": hold.reason,
        "since": format_time(hold.created_at),
    }


def _row(site: Site, when: str, tally: Tally) -> dict[str, str]:
    counts = {name: str(value) for name, value in _tally_json(tally).items()}
    return {"site": site.key, "when": when, **counts}
