"""Rules about informing: who asks, for what, who receives it, in which language."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.refusing import has_words
from consent_service.publishing.lint.view import Examined, Shown
from consent_service.publishing.lint.wording import Wording, plain

_POLICY = re.compile(r"privacy|cookie|data-protection|datenschutz|donnees|confidential")


def controller_not_named(site: Examined) -> Iterator[Breach]:
    """Find questions that do not say who asks."""
    notice = site.source.notice
    names = [plain(name).casefold() for name in (notice.name, notice.controller["name"])]
    for shown in site.by_locale():
        text = plain(f"{shown.text('title')} {shown.text('body')}").casefold()
        if shown.wording and not any(name in text for name in names):
            yield Breach(
                message=f"names neither {notice.name} nor {notice.controller['name']}",
                field=shown.field("body"),
            )


def purposes_not_named(site: Examined) -> Iterator[Breach]:
    """Find purposes whose name or description tells nothing."""
    for shown in site.by_locale():
        for position, purpose in enumerate(shown.body["purposes"]):
            name, description = purpose["name"], purpose["description"]
            vague = shown.wording and shown.wording.find("vague_purpose", name)
            if purpose["legal_basis"] != "consent":
                continue
            if not has_words(name) or (vague and vague == plain(name)):
                yield Breach(
                    message=f"“{name}” does not say what the data is used for",
                    field=f"purposes.{position}.name.{shown.locale}",
                )
            if not has_words(description) or plain(name).lower() == plain(description).lower():
                yield Breach(
                    message=f"the description of {purpose['key']} says no more than its name",
                    field=f"purposes.{position}.description.{shown.locale}",
                )


def recipients_not_named(site: Examined) -> Iterator[Breach]:
    """Find purposes that rest on consent and name no recipient."""
    for position, purpose in site.consents():
        if not purpose["recipients"]:
            yield Breach(
                message=f"{purpose['key']} names nobody who receives the data",
                field=f"purposes.{position}.recipients",
            )


def provider_not_a_recipient(site: Examined) -> Iterator[Breach]:
    """Find providers of services whom the purpose does not name, in the default locale."""
    shown = next(iter(site.variants))
    if shown.wording is None:
        return
    for position, purpose in site.consents():
        named = plain(" ".join(shown.body["purposes"][position]["recipients"])).casefold()
        for _, service in site.services_of(purpose["key"]):
            provider = service["provider"]["name"]
            begins = plain(provider).casefold().split(" ")[0]
            if named and begins not in named and plain(service["name"]).casefold() not in named:
                yield Breach(
                    message=f"{provider} receives data for {purpose['key']} and is not named",
                    field=f"purposes.{position}.recipients",
                )


def third_parties_not_counted(site: Examined) -> Iterator[Breach]:
    """Find questions that do not say how many others receive data."""
    providers = _third_parties(site)
    if not providers:
        return
    for shown in site.by_locale():
        text = f"{shown.text('title')} {shown.text('body')}"
        if shown.wording and not _counts(text, providers, shown.wording):
            yield Breach(
                message=f"does not say how many other companies receive data: {len(providers)}",
                field=shown.field("body"),
            )


def policy_not_linked(site: Examined) -> Iterator[Breach]:
    """Find notices that link to no privacy policy."""
    for shown in site.by_locale():
        if not any(_is_policy(document, shown) for document in shown.body["documents"]):
            yield Breach(message=f"links to no privacy policy in {shown.locale}", field="texts")


def cookie_duration_missing(site: Examined) -> Iterator[Breach]:
    """Find services that visitors consent to without being told what is stored, and how long."""
    for position, purpose in site.consents():
        services = list(site.services_of(purpose["key"]))
        if not services:
            yield Breach(
                message=f"{purpose['key']} names no service, so no cookie and no duration",
                field=f"purposes.{position}",
            )
        for number, service in services:
            if not service["cookies"]:
                yield Breach(
                    message=f"{service['key']} names no cookie, so no duration",
                    field=f"services.{number}",
                )


def exemption_missing(site: Examined) -> Iterator[Breach]:
    """Find purposes that are said to need no consent without a reason."""
    for position, purpose in enumerate(site.source.notice.purposes):
        if purpose["legal_basis"] == "not_required" and not purpose.get("exemption"):
            yield Breach(
                message=f"{purpose['key']} does not say why it needs no consent",
                field=f"purposes.{position}.legal_basis",
            )


def special_categories(site: Examined) -> Iterator[Breach]:
    """Find sensitive data that is used without consent."""
    for position, purpose in enumerate(site.source.notice.purposes):
        if purpose["special_categories"] and purpose["legal_basis"] != "consent":
            yield Breach(
                message=f"{purpose['key']} uses sensitive data on the basis of "
                f"{purpose['legal_basis']}",
                field=f"purposes.{position}.legal_basis",
            )


def _third_parties(site: Examined) -> list[Mapping[str, Any]]:
    """Return one service of each other company that receives data with consent."""
    own = plain(site.source.notice.controller["name"]).casefold()
    found: dict[str, Mapping[str, Any]] = {}
    for _, purpose in site.consents():
        for _, service in site.services_of(purpose["key"]):
            name = plain(service["provider"]["name"]).casefold()
            if name != own:
                found.setdefault(name, service)
    return list(found.values())


def _counts(text: str, services: list[Mapping[str, Any]], wording: Wording) -> bool:
    """Tell whether a text gives the number of companies, in digits or words, or names them all."""
    text = plain(text).casefold()
    numbers = [str(len(services)), *wording.numbers[len(services) - 1 : len(services)]]
    if any(re.search(rf"(?<!\w)(?:{number})(?!\w)", text) for number in numbers):
        return True
    return all(
        service["name"].casefold() in text or service["provider"]["name"].casefold() in text
        for service in services
    )


def _is_policy(document: Mapping[str, Any], shown: Shown) -> bool:
    if shown.wording is None or _POLICY.search(document["kind"]):
        return True
    return shown.wording.find("privacy_policy", document["title"]) is not None
