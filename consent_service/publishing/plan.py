"""Plans: what publishing a folder would change, as data and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from consent_service.core.clock import format_time
from consent_service.core.errors import ServiceError
from consent_service.documents.model import Accept, DocumentVersion
from consent_service.notices.model import Notice, Variant
from consent_service.notices.terms import terms_of
from consent_service.publishing.files import FileChange
from consent_service.publishing.lint import Finding
from consent_service.publishing.model import SiteSource
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """A setting that differs; `field` is a path such as `embed.mode`, values are JSON's."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What publishing a source would change; `before` and `head` are None for a new site.

    `visitors` tells by notice number how many would be asked again, where that is known.
    `versions` are those of the documents that stay, `newest` is the last notice once published.
    `refusal` is the error that publishing would end with.
    """

    before: Site | None
    site: Site
    head: str | None
    source: SiteSource
    files: Sequence[FileChange]
    documents: Sequence[DocumentVersion]
    notices: Sequence[Notice]
    versions: Mapping[str, Sequence[DocumentVersion]]
    newest: Notice
    visitors: Mapping[int, int]
    warnings: Sequence[str]
    findings: Sequence[Finding]
    refusal: ServiceError | None = None

    @property
    def settings(self) -> list[SettingChange]:
        """What changes of the settings of a site that exists."""
        if self.before is None:
            return []
        old, new = dict(_flat(_settings(self.before))), dict(_flat(_settings(self.site)))
        return [
            SettingChange(field=field, old=old.get(field), new=new.get(field))
            for field in dict.fromkeys([*old, *new])
            if old.get(field) != new.get(field)
        ]

    @property
    def settings_changed(self) -> bool:
        """True where settings change of a site that exists."""
        before = self.before
        return before is not None and before != replace(self.site, published_by=before.published_by)

    @property
    def changes_nothing(self) -> bool:
        """True where everything is published already."""
        changed = self.settings_changed or self.files or self.documents or self.notices
        return self.before is not None and not changed

    @property
    def dropped_locales(self) -> list[str]:
        """The locales that the site offers and would offer no more."""
        offered = self.before.locales if self.before else ()
        return [locale for locale in offered if locale not in self.site.locales]

    def asks_again(self, notice: Notice) -> list[str]:
        """Return the purposes and documents about which a new notice asks visitors anew.

        Of a new site's visitors nobody was asked before.
        """
        if self.before is None:
            return []
        asked = {key for variant in notice.variants for key in _asked(notice, variant)}
        return sorted(asked)


def change_of(version: DocumentVersion) -> str:
    """Return what a version is to the one before it: `first`, `material` or `cosmetic`."""
    if version.number == 1:
        return "first"
    return "material" if version.material else "cosmetic"


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON."""
    told: dict[str, Any] = {
        "site": plan.site.key,
        "new": plan.before is None,
        "changes_nothing": plan.changes_nothing,
        "settings_changed": plan.settings_changed,
        "settings": [
            {"field": each.field, "old": each.old, "new": each.new} for each in plan.settings
        ],
        "files": [
            {"name": e.name, "state": e.state, "added": e.added, "removed": e.removed}
            for e in plan.files
        ],
        "documents": [_document(version) for version in plan.documents],
        "notices": [_notice(plan, notice) for notice in plan.notices],
        "locales": {"offered": list(plan.site.locales), "dropped": plan.dropped_locales},
        "warnings": list(plan.warnings),
        "findings": [finding_json(finding) for finding in plan.findings],
    }
    if plan.head:
        told["head"] = plan.head
    if plan.refusal:
        told["refusal"] = {"code": plan.refusal.code, "detail": plan.refusal.detail}
    return told


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding of the linter as JSON."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "mend": finding.mend,
        "sources": list(finding.sources),
        "file": finding.file,
        "line": finding.line,
        "field": finding.field,
        "waived": finding.waived,
    }


def _document(version: DocumentVersion) -> dict[str, Any]:
    return {
        "kind": version.kind,
        "number": version.number,
        "sha256": version.sha256,
        "change": change_of(version),
        "locales": list(version.texts),
        "effective_at": format_time(version.effective_at),
    }


def _notice(plan: Plan, notice: Notice) -> dict[str, Any]:
    told = {
        "number": notice.number,
        "sha256": notice.sha256,
        "effective_at": format_time(notice.effective_at),
        "asks_again": plan.asks_again(notice),
    }
    visitors = plan.visitors.get(notice.number)
    return told if visitors is None else {**told, "visitors": visitors}


def _asked(notice: Notice, variant: Variant) -> Iterator[str]:
    terms = terms_of(variant)
    for purpose in terms.purposes.values():
        if purpose.choice and purpose.since == notice.number:
            yield purpose.key
    for document in terms.documents.values():
        if document.accept != Accept.INFORM and document.asked_since == notice.number:
            yield document.kind


def _settings(site: Site) -> dict[str, Any]:
    return {**site.settings(), "managed_by": site.managed_by}


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value
