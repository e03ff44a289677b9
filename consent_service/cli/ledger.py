"""`consent-service ledger`: the logs."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from consent_service.bootstrap import Services
from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.core.checkpoints import Checkpoint, read_checkpoint
from consent_service.core.clock import format_time
from consent_service.core.errors import InvalidRequestError
from consent_service.core.notes import NoteError
from consent_service.ledger.model import Log
from consent_service.ledger.service import LogStatus
from consent_service.proofs.audit import Audited
from consent_service.sites.model import Site

F = TypeVar("F", bound=Callable[..., object])


@click.group()
def ledger() -> None:
    """Look at the logs of all sites, seal them, check them, decide how one goes on."""


def _which(command: F) -> F:
    chosen = click.option("--site", help="Only this site's log.")
    return chosen(command)


def _deciding(command: F) -> F:
    """Let a command name its log, and have the operator say what only they can know."""
    site = click.option("--site", required=True, help="The site whose log it is about.")
    sure = click.option(
        "--only-copy",
        is_flag=True,
        help="I made sure that no other copy of this database is in use, and that none is newer.",
    )
    return site(sure(command))


@ledger.command()
@_which
@json_option
@tell_errors
def status(*, site: str | None, as_json: bool) -> None:
    """Show how much of each log is published, what waits, and what is at a halt.

    Ends with status 1 where a log is at a halt.

    \b
    Examples:
      consent-service ledger status
      consent-service ledger status --site shop --json
    """
    with opened_services() as services:
        found = [(each, services.ledger.status(each.site_id)) for each in _sites(services, site)]
    if as_json:
        print_json([_row(each, of) for each, of in found])
    else:
        rows = [{k: _shown(v) for k, v in _row(each, of).items()} for each, of in found]
        print_table(
            [{k: v for k, v in row.items() if k != "halted"} for row in rows],
            "There is no site yet.",
        )
    for each, of in found:
        if of.halted and not as_json:
            click.secho(f"\n{each.key} is at a halt: {of.halted}", fg="red", err=True)
    sys.exit(1 if any(of.halted for _, of in found) else 0)


@ledger.command()
@_which
@tell_errors
def seal(*, site: str | None) -> None:
    """Seal and publish everything that waits, and return when that is done.

    \b
    Examples:
      consent-service ledger seal
      consent-service ledger seal --site shop
    """
    with opened_services(seals=True) as services:
        if site is None:
            done = services.ledger.seal_all()
            halted, leaves = list(done.halted.values()), done.leaves
        else:
            halted, leaves = [], services.ledger.seal(services.sites.get(site).site_id)
    click.echo(f"Sealed {leaves} leaves.")
    for error in halted:
        click.secho(error.detail, fg="red", err=True)
    sys.exit(1 if halted else 0)


@ledger.command()
@_which
@click.option("--rebuild", is_flag=True, help="Make projections anew where they are wrong.")
@json_option
@tell_errors
def audit(*, site: str | None, rebuild: bool, as_json: bool) -> None:
    """Recompute logs from their rows, and name the first difference of each.

    Every leaf, opening, tile, checkpoint and signature is checked, that each stored event is
    sealed or waits to be, and that the projections say what the events say. Ends with status 1
    where something differs.

    \b
    Examples:
      consent-service ledger audit
      consent-service ledger audit --site shop --rebuild
    """
    with opened_services() as services:
        found = [_audited(services, each, rebuild) for each in _sites(services, site)]
    if as_json:
        print_json(found)
    else:
        for each in found:
            _tell(each)
    sys.exit(1 if any(each["differences"] for each in found) else 0)


def _audited(services: Services, site: Site, rebuild: bool) -> dict[str, Any]:
    """Check all that belongs to a site's log."""
    done = [_walked(services, log) for log in services.audit.logs(site.site_id)]
    differences = [each.difference for each in done if each.difference]
    if unsealed := services.audit.audit_rows(site.site_id):
        differences.append(unsealed)
    states = services.rebuilding
    projected = states.rebuild(site.site_id) if rebuild else states.compare(site.site_id)
    named = [asdict(each) for each in differences]
    if projected.wrong and not rebuild:
        what = f"the projection is wrong about {projected.wrong} visitors: use --rebuild"
        named.append({"log": site.log_origin, "index": None, "what": what})
    return {
        "site": site.key,
        "logs": [
            {
                "log": each.log,
                "leaves": each.leaves,
                "checkpoints": each.checkpoints,
                "redacted": each.redacted,
            }
            for each in done
        ],
        "visitors": projected.visitors,
        "rebuilt": projected.wrong if rebuild else 0,
        "differences": named,
    }


def _walked(services: Services, log: Log) -> Audited:
    hidden = not sys.stderr.isatty()
    length = services.audit.size(log)
    with click.progressbar(length=length, label=log.tree, file=sys.stderr, hidden=hidden) as bar:
        return services.audit.audit(log, lambda leaves: bar.update(leaves - bar.pos))


def _tell(found: dict[str, Any]) -> None:
    for each in found["logs"]:
        click.echo(
            f"{each['log']}: {each['leaves']} leaves, {each['checkpoints']} checkpoints, "
            f"{each['redacted']} redacted."
        )
    if found["rebuilt"]:
        click.echo(f"{found['site']}: the projection of {found['rebuilt']} visitors was put right.")
    for each in found["differences"]:
        where = "" if each["index"] is None else f" at index {each['index']}"
        click.secho(f"{each['log']}{where}: {each['what']}", fg="red", err=True)
    if not found["differences"]:
        click.echo(f"{found['site']}: everything is as its rows say.")


@ledger.command()
@_deciding
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint of this log that was kept elsewhere; the database must hold it.",
)
@tell_errors
def adopt(*, site: str, only_copy: bool, checkpoint: Path | None) -> None:
    """Go on sealing after the database moved or the anchor was lost.

    The anchor is set to what the database has published. Where a newer copy of the database
    published more, going on would contradict it: then begin a new epoch instead.

    \b
    Examples:
      consent-service ledger adopt --site shop --only-copy
      consent-service ledger adopt --site shop --only-copy --checkpoint kept-checkpoint
    """
    _require_only_copy(only_copy)
    known = _read(checkpoint) if checkpoint else None
    with opened_services() as services:
        was_halted = services.ledger.adopt(services.sites.get(site).site_id, known)
    if was_halted:
        click.echo(f"{site} is sealed again from now on.")
    else:
        click.echo(f"{site} was not at a halt; nothing was changed.")


@ledger.command()
@_deciding
@tell_errors
def epoch(*, site: str, only_copy: bool) -> None:
    """End a log where it is and begin its next epoch, with a tree of its own.

    Its first leaf names the last that is known of the epoch before. What no published checkpoint
    holds is sealed again in the new one. For a database that was set back to a backup.

    \b
    Example:
      consent-service ledger epoch --site shop --only-copy
    """
    _require_only_copy(only_copy)
    with opened_services(seals=True) as services:
        site_id = services.sites.get(site).site_id
        new = services.ledger.begin_epoch(site_id)
        services.ledger.seal(site_id)
    click.echo(f"{new.tree} has begun.")


def _sites(services: Services, key: str | None) -> list[Site]:
    return [services.sites.get(key)] if key else list(services.sites.list())


def _row(site: Site, of: LogStatus) -> dict[str, object]:
    return {
        "site": site.key,
        "log": f"{site.log_origin}/{of.epoch}",
        "size": of.size,
        "published_at": format_time(of.published_at) if of.published_at else None,
        "pending": of.pending,
        "oldest_pending": format_time(of.oldest_pending) if of.oldest_pending else None,
        "halted": of.halted,
    }


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _require_only_copy(only_copy: bool) -> None:
    if not only_copy:
        raise InvalidRequestError.of(
            "--only-copy",
            "say by this option that you made sure that no other copy of this database is in use; "
            "two copies that both seal contradict each other, which others can prove",
        )


def _read(path: Path) -> Checkpoint:
    try:
        return read_checkpoint(path.read_text("utf-8"))
    except (NoteError, UnicodeDecodeError) as error:
        raise InvalidRequestError.of("--checkpoint", f"{path} holds none: {error}") from error
