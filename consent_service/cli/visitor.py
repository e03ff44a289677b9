"""`consent-service visitor`: what is on record about one person, and erasing it."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click

from consent_service.access.model import Role
from consent_service.bootstrap import Services
from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.consents.answers import event_json
from consent_service.consents.erasure import Erased
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.marks import Cause, Order
from consent_service.consents.model import Method, State
from consent_service.consents.recording import Context
from consent_service.consents.store_erasure import Restriction
from consent_service.consents.visitors import Record, Wanted
from consent_service.core.clock import format_time
from consent_service.core.errors import InvalidRequestError
from consent_service.core.ids import parse_reference
from consent_service.preferences.model import can_withdraw
from consent_service.sites.model import Site

LONGEST_REASON = 500
T = TypeVar("T")
_site = click.option("--site", "key", required=True, help="The site's key.")
_OPTIONS = (
    click.option("--visitor", "visitor_id", type=click.UUID, help="The visitor's id."),
    click.option("--reference", help="The code that the visitor was given, as typed."),
    click.option(
        "--receipt",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="A file with a receipt of the visitor.",
    ),
    click.option("--subject", help="The site's own user, with all linked visitors."),
)


def about_somebody(command: Callable[..., T]) -> Callable[..., T]:
    """Let a command take whom it is about by one of four options, as `wanted`."""

    @wraps(command)
    def run(
        *,
        visitor_id: UUID | None,
        reference: str | None,
        receipt: Path | None,
        subject: str | None,
        **others: Any,
    ) -> T:
        return command(wanted=_wanted(visitor_id, reference, receipt, subject), **others)

    decorated: Callable[..., T] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


@click.group()
def visitor() -> None:
    """Look up one person by id, reference, receipt or user of the site; erase what names them."""


@visitor.command()
@_site
@click.option("--officer", help="Who asks; an owner also finds those whose record is restricted.")
@json_option
@tell_errors
@about_somebody
def show(
    key: str,
    wanted: Wanted,
    officer: str | None,
    *,
    as_json: bool,
) -> None:
    """Show the history, the reference, how many users are linked, and what restricts it.

    \b
    Examples:
      consent-service visitor show --site shop --reference "7K4M 2Q9D XW3R"
      consent-service visitor show --site shop --receipt receipt.json --json
      consent-service visitor show --site shop --visitor ID --officer owner@example.com
    """
    with opened_services() as services:
        hidden = officer is not None
        if officer is not None:
            services.officers.require(officer, Role.OWNER)
        site = services.sites.get(key)
        records = services.visitors.find(site, wanted, hidden=hidden)
    if as_json:
        print_json([_record_json(each) for each in records])
        return
    for record in records:
        _print_record(record)


@visitor.command()
@_site
@click.option("--officer", required=True, help="The owner who answers for it.")
@click.option("--reason", required=True, help="Why; the log commits to it without showing it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@tell_errors
@about_somebody
def erase(
    key: str,
    wanted: Wanted,
    officer: str,
    reason: str,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Withdraw what somebody granted, and erase all that names them.

    Where the site must keep proof, or a legal hold lasts, it is hidden until then.

    \b
    Example:
      consent-service visitor erase --site shop --reference "7K4M 2Q9D XW3R" \\
        --officer owner@example.com --reason "letter of 3 November"
    """
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InvalidRequestError.of("reason", f"must have 1 to {LONGEST_REASON} characters")
    if as_json and not yes and not sys.stdin.isatty():
        raise InvalidRequestError.of("--yes", "is needed with --json where nobody can be asked")
    with opened_services() as services:
        who = services.officers.require(officer, Role.OWNER)
        site = services.sites.get(key)
        records = services.visitors.find(site, wanted)
        if not yes:
            click.confirm(_question(services, site, records), abort=True, err=True)
        order = Order(cause=Cause.OFFICER, personal={"officer": who.officer_id, "reason": reason})
        erased = _erase(services, site, wanted, records, order)
    if not erased.visitors:
        raise VisitorUnknownError("erased meanwhile")
    if as_json:
        print_json(_erased_json(erased))
    else:
        _print_erased(erased)


def _question(services: Services, site: Site, records: list[Record]) -> str:
    """Say what an erasure will do to these visitors by the rules that hold now."""
    now = services.clock.now()
    counts: dict[str, int] = {}
    for record in (each for each in records if each.events):
        newest = record.events[-1]
        withdraws = can_withdraw(State.load(newest.state), now)
        newest_at = now if withdraws else newest.ts
        fate = _fate(services.erasure.foresee(site, record.visitor, newest_at))
        counts[fate] = counts.get(fate, 0) + len(record.events) + withdraws
    told = "; ".join(f"{count} events will be {fate}" for fate, count in counts.items())
    told = told or "no event is left, only links"
    return f"{len(records)} visitors of {site.key}, with what is withdrawn first: {told}. Go on?"


def _fate(restriction: Restriction | None) -> str:
    if restriction is None:
        return "erased for good"
    if restriction.until is None:
        return "hidden because of a legal hold, and erased when it is released"
    return f"hidden until {format_time(restriction.until)}, and erased then"


def _erase(
    services: Services, site: Site, wanted: Wanted, records: list[Record], order: Order
) -> Erased:
    context = Context(method=Method.API)
    if wanted.subject is not None:
        return services.erasure.erase_subject(site, wanted.subject, context, order)
    return services.erasure.erase(site, records[0].visitor, context, order)


def _wanted(
    visitor_id: UUID | None, reference: str | None, receipt: Path | None, subject: str | None
) -> Wanted:
    named = [each for each in (visitor_id, reference, receipt, subject) if each is not None]
    if len(named) != 1:
        raise click.UsageError("name one: --visitor, --reference, --receipt or --subject")
    try:
        return Wanted(
            visitor=str(visitor_id) if visitor_id else None,
            reference=parse_reference(reference) if reference is not None else None,
            receipt=receipt.read_text("utf-8") if receipt else None,
            subject=subject,
        )
    except UnicodeDecodeError as error:
        raise InvalidRequestError.of("receipt", "is no text in UTF-8") from error
    except ValueError as error:
        raise InvalidRequestError.of("reference", str(error)) from error


def _record_json(record: Record) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "visitor": record.visitor,
        "reference": record.reference,
        "subjects": record.subjects,
        "held": record.held,
        "history": [event_json(event) for event in record.events],
    }
    if record.restriction:
        until = record.restriction.until
        shown["restriction"] = {
            "reason": record.restriction.reason,
            "since": format_time(record.restriction.created_at),
            **({"until": format_time(until)} if until else {}),
        }
    return shown


def _print_record(record: Record) -> None:
    click.echo(f"Visitor {record.visitor}, reference {record.reference or 'none'}")
    click.echo(f"Linked users of the site: {record.subjects}")
    if record.restriction:
        until = record.restriction.until
        ends = format_time(until) if until else "a legal hold is released"
        click.echo(f"Restricted ({record.restriction.reason}) until {ends}, then erased")
    if record.held:
        click.echo("Under a legal hold")
    print_table([_event_row(event_json(event)) for event in record.events], "No event is left.")


def _event_row(event: dict[str, Any]) -> dict[str, str]:
    chosen = [f"{key}: {value}" for key, value in event["decisions"].items()]
    agreed = [f"{kind}: version {each['n']}" for kind, each in event["documents"].items()]
    return {
        "received": event["received_at"],
        "type": event["type"],
        "notice": str(event["notice"]["number"]),
        "method": event.get("method", ""),
        "decisions": ", ".join([*chosen, *agreed]),
    }


def _erased_json(erased: Erased) -> dict[str, Any]:
    shown: dict[str, Any] = {"visitors": erased.visitors, "erased": erased.events}
    if erased.restriction:
        until = erased.restriction.until
        shown |= {"restricted": erased.restricted, "why": erased.restriction.reason}
        shown |= {"restricted_until": format_time(until)} if until else {}
    return shown


def _print_erased(erased: Erased) -> None:
    click.echo(f"Erased {erased.events} events; visitors: {erased.visitors}.")
    if erased.restriction:
        until = erased.restriction.until
        ends = format_time(until) if until else "the legal hold is released"
        click.echo(f"Hidden, not erased yet: {erased.restricted} events, until {ends}.")
