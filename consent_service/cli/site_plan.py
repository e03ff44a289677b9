"""How the commands show a plan: for people with colours on a terminal, or as JSON."""

import json
from collections.abc import Iterator
from typing import Any

import click

from consent_service.cli.context import print_json
from consent_service.cli.site_lint import finding_line
from consent_service.core.clock import format_time
from consent_service.publishing.files import SHORT_HEAD
from consent_service.publishing.plan import Plan, change_of, plan_json

_CHANGES = {"first": "first version", "material": "material", "cosmetic": "cosmetic"}


def show_plan(plan: Plan, *, as_json: bool, done: bool) -> None:
    """Print what a plan changes; `done` says that it was carried out."""
    if as_json:
        print_json(plan_json(plan))
        return
    for warning in plan.warnings:
        click.secho(warning, fg="yellow", err=True)
    for finding in plan.findings:
        click.echo(finding_line(finding), err=True)
    if plan.changes_nothing:
        click.echo(f"{plan.site.key}: nothing changed.")
        return
    click.echo(_title(plan, done=done))
    for line in _changes(plan, done=done):
        click.echo(line)
    if plan.refusal and not done:
        click.secho(f"{plan.refusal.title}: {plan.refusal.detail}", fg="red", err=True)


def _title(plan: Plan, *, done: bool) -> str:
    if plan.before is None:
        return click.style(f"{plan.site.key}: new site", bold=True)
    changes = "changed" if done else "would change"
    over = f", over head {plan.head[:SHORT_HEAD]}" if plan.head else ""
    what = f"settings {changes}" if plan.settings_changed else changes
    return click.style(f"{plan.site.key}: {what}{over}", bold=True)


def _changes(plan: Plan, *, done: bool) -> Iterator[str]:
    for change in plan.settings:
        yield f"  {change.field}: {_value(change.old)} -> {_value(change.new)}"
    for file in plan.files if plan.before else ():
        added = click.style(f"+{file.added}", fg="green")
        removed = click.style(f"-{file.removed}", fg="red")
        state = "" if file.state == "changed" else f" ({file.state})"
        yield f"  {file.name} {added} {removed}{state}"
    if plan.dropped_locales:
        yield f"  offered no more: {', '.join(plan.dropped_locales)}"
    yield from _publications(plan, "published" if done else "would publish")


def _publications(plan: Plan, verb: str) -> Iterator[str]:
    for version in plan.documents:
        about = f"{_CHANGES[change_of(version)]}; {', '.join(version.texts)}"
        since = format_time(version.effective_at)
        yield f"{verb} {version.kind} {version.number} ({about}), from {since}"
    for notice in plan.notices:
        yield f"{verb} notice {notice.number}, from {format_time(notice.effective_at)}"
        asked = plan.asks_again(notice)
        if plan.before:
            visitors = plan.visitors.get(notice.number)
            of = f" ({visitors} visitors)" if visitors is not None else ""
            yield f"  asks visitors again about: {', '.join(asked) or 'nothing'}{of}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
