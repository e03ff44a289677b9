"""Drafts: how a site's source becomes the exact thing a visitor is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from consent_service.core.canonical import canonical_json, sha256_hex
from consent_service.core.clock import format_time
from consent_service.documents.model import DocumentVersion, in_force, took_effect
from consent_service.notices.localised import in_locale
from consent_service.notices.meanings import asked_since, meanings
from consent_service.notices.model import Notice, Variant
from consent_service.notices.profiles import Profile
from consent_service.notices.signals import resolve_signals
from consent_service.notices.texts import direction, resolve

NEEDS_CONSENT = "consent"
FIRST, STORED = "first", "stored"
"""Where the banner stands in the body, and when a grant opens tags, where a site names neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSource:
    """What an author wrote about a site's notice; trees hold `Localised` and `Duration` values."""

    site: str
    name: str
    controller: Mapping[str, Any]
    jurisdiction: str
    authority: Mapping[str, Any]
    locales: tuple[str, ...]
    profiles: tuple[Profile, ...]
    layout: str
    theme: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]]
    purposes: Sequence[Mapping[str, Any]]
    services: Sequence[Mapping[str, Any]]
    withdrawal: Any
    retention: Mapping[str, int]
    child_directed: bool = False
    placement: str = FIRST
    release: str = STORED
    signals: Mapping[str, Any] = field(default_factory=dict)
    waivers: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notice before it has a number: bodies by profile and locale, and what each part means."""

    source: NoticeSource
    bodies: Mapping[tuple[str, str], Mapping[str, Any]]
    meanings: Mapping[str, Mapping[str, str]]

    @property
    def content(self) -> str:
        """The hash by which an unchanged notice is recognised."""
        ordered = [self.bodies[key] for key in sorted(self.bodies)]
        return sha256_hex(canonical_json([ordered, dict(self.meanings), *self.source.waivers]))


def draft(
    source: NoticeSource,
    documents: Mapping[str, list[DocumentVersion]],
    moment: datetime,
    removed: Sequence[DocumentVersion] = (),
) -> Draft:
    """Resolve a source with the documents that are in force at a moment.

    `removed` are versions that visitors were shown of documents which the site has no more: what
    they changed stays changed.
    """
    current = {kind: in_force(versions, moment) for kind, versions in sorted(documents.items())}
    shown = [version for version in current.values() if version]
    bodies = {
        (profile.key, locale): _body(source, shown, profile, locale)
        for profile in source.profiles
        for locale in source.locales
    }
    held = chain.from_iterable(took_effect(versions, moment) for versions in documents.values())
    history = [*held, *removed]
    meant = meanings(
        source.purposes, source.services, source.locales[0], shown=shown, history=history
    )
    return Draft(source=source, bodies=bodies, meanings=meant)


def publish_draft(
    made: Draft,
    *,
    site_id: str,
    number: int,
    previous: Notice | None,
    moment: datetime,
    now: datetime,
) -> Notice:
    """Give a draft its number; parts whose meaning did not change keep their `asked_since`."""
    asked = asked_since(made.meanings, previous, number)
    variants = tuple(
        _variant(profile, locale, _numbered(body, number, asked))
        for (profile, locale), body in sorted(made.bodies.items())
    )
    hashes: dict[str, dict[str, str]] = {}
    for variant in variants:
        hashes.setdefault(variant.profile, {})[variant.locale] = variant.sha256
    snapshot = canonical_json(
        {
            "v": 1,
            "site": made.source.site,
            "number": number,
            "effective_at": format_time(moment),
            "content": made.content,
            "asked_since": asked,
            "variants": hashes,
            **({"waivers": list(made.source.waivers)} if made.source.waivers else {}),
        }
    )
    return Notice(
        site_id=site_id,
        number=number,
        sha256=sha256_hex(snapshot),
        snapshot=snapshot,
        effective_at=moment,
        published_at=now,
        variants=variants,
    )


def is_choice(purpose: Mapping[str, Any], profile: Profile, *, child_directed: bool) -> bool:
    """Tell whether visitors decide about a purpose under a profile.

    Children are not asked: consent for them is their parents' to give (GDPR Article 8; DPDP Act
    section 9; LGPD Article 14; Cal. Civ. Code 1798.120(c)).
    """
    if child_directed or profile.model == "notice":
        return False
    return bool(purpose["legal_basis"] == NEEDS_CONSENT)


def before_choice(purpose: Mapping[str, Any], profile: Profile, *, child_directed: bool) -> str:
    """Return `allowed` or `denied`: how a purpose stands while the visitor has not decided.

    Sensitive data waits for a yes under every profile, and children's data for their parents'.
    """
    if purpose["legal_basis"] != NEEDS_CONSENT:
        return "allowed"
    if child_directed or purpose.get("special_categories"):
        return "denied"
    if purpose.get("use") in profile.objection_uses:
        return "allowed"
    return profile.before_choice


def _body(
    source: NoticeSource, documents: list[DocumentVersion], profile: Profile, locale: str
) -> dict[str, Any]:
    texts = resolve(locale, profile.model, source.name, source.texts.get(locale, {}))

    def shown(part: Any) -> Any:
        return in_locale(part, locale, lambda each: each.in_locale(locale, str(texts["session"])))

    return {
        "v": 1,
        "site": source.site,
        "name": source.name,
        "locale": locale,
        "dir": direction(locale),
        "profile": profile.key,
        "model": profile.model,
        "controller": shown(source.controller),
        "jurisdiction": source.jurisdiction,
        "authority": shown(source.authority),
        "purposes": [
            {
                **shown(_purpose(purpose)),
                "choice": is_choice(purpose, profile, child_directed=source.child_directed),
                "before_choice": before_choice(
                    purpose, profile, child_directed=source.child_directed
                ),
            }
            for purpose in source.purposes
        ],
        "services": [shown(_without_revision(each)) for each in source.services],
        "documents": [_document(source.site, version, locale) for version in documents],
        "texts": texts,
        "layout": source.layout,
        "theme": dict(source.theme),
        "withdrawal": shown(source.withdrawal),
        "lifetime": _lifetime(source, profile),
        "child_directed": source.child_directed,
        "close_refuses": profile.close_refuses,
        "proof_months": source.retention["proof_months"],
        **_unusual(source),
        **_signals(source, profile),
    }


def _signals(source: NoticeSource, profile: Profile) -> dict[str, Any]:
    told = resolve_signals(source.signals, source.purposes, source.services, profile)
    return {"signals": told} if told else {}


def _unusual(source: NoticeSource) -> dict[str, Any]:
    """Return what a body names only where it differs, so that older bodies read the same."""
    usual = {"placement": FIRST, "release": STORED}
    chosen = {name: getattr(source, name) for name in usual}
    return {name: value for name, value in chosen.items() if value != usual[name]}


def _lifetime(source: NoticeSource, profile: Profile) -> dict[str, int]:
    """Return for how many days decisions hold; an opt-out holds for good, and nobody asks soon."""
    lifetime = {"granted_days": source.retention["consent_days"]}
    if profile.model != "opt-out":
        lifetime["denied_days"] = source.retention["refusal_days"]
    if profile.quiet_days:
        lifetime["quiet_days"] = profile.quiet_days
    return lifetime


def _without_revision(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "revision"}


def _purpose(purpose: Mapping[str, Any]) -> dict[str, Any]:
    storage = purpose["storage"]
    hidden = ("storage", "use")
    parts = {key: value for key, value in _without_revision(purpose).items() if key not in hidden}
    return {
        **parts,
        "storage_locations": storage["location"],
        "retention": storage["retention"],
    }


def _document(site: str, version: DocumentVersion, locale: str) -> dict[str, Any]:
    return {
        "kind": version.kind,
        "number": version.number,
        "sha256": version.sha256,
        "title": version.title(locale),
        "url": f"/sites/{site}/documents/{version.kind}/{version.number}?lang={locale}",
        "accept": version.accept.value,
    }


def _numbered(
    body: Mapping[str, Any], number: int, asked: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    groups = {
        group: [
            {**part, "asked_since": asked[group][part.get("key") or part["kind"]]["since"]}
            for part in body[group]
        ]
        for group in ("purposes", "services", "documents")
    }
    return {**body, **groups, "number": number}


def _variant(profile: str, locale: str, body: dict[str, Any]) -> Variant:
    text = canonical_json(body)
    return Variant(profile=profile, locale=locale, sha256=sha256_hex(text), body=text)
