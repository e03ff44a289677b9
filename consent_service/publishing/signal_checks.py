"""Checks of a site's signals: purposes that they name, who may use them, what TCF is pinned to."""

from collections.abc import Iterator, Mapping
from typing import Any

from consent_service.core.errors import FieldError
from consent_service.notices.drafting import NEEDS_CONSENT
from consent_service.publishing.files import VENDOR_LIST
from consent_service.publishing.model import InvalidSiteError, SiteSource
from consent_service.publishing.vendor_list import VendorList, read_vendor_list

_MAPPED = ("google", "uet", "clarity")
_WITH_PURPOSE = ("meta", "matomo")
_UNITED_STATES = "US"


def pinned(signals: Mapping[str, Any], country: str, files: Mapping[str, str]) -> Mapping[str, Any]:
    """Return signals with what TCF's strings name of the vendor list and of the controller.

    Where there is no such list they stay as they are, for the check to say so.
    """
    tcf = signals.get("tcf")
    if not tcf:
        return signals
    try:
        vendors = read_vendor_list(files.get(VENDOR_LIST, ""))
    except InvalidSiteError:
        return signals
    told = {
        "cmp_id": tcf["cmp_id"],
        "cmp_version": tcf["cmp_version"],
        "country": country,
        "list_version": vendors.version,
        "policy_version": vendors.policy_version,
    }
    return {**signals, "tcf": told}


def signal_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield why a site's signals could not be told."""
    signals = source.notice.signals
    yield from _unknown_purposes(source, signals)
    if "google" in signals and not signals["google"]:
        yield _problem("google", "maps nothing to a purpose: say which, or remove it")
    if "gpp" in signals:
        yield from _gpp_problems(source)
    if "tcf" in signals:
        yield from _tcf_problems(source)
    else:
        yield from _needless_tcf(source)


def _unknown_purposes(source: SiteSource, signals: Mapping[str, Any]) -> Iterator[FieldError]:
    known = {purpose["key"] for purpose in source.notice.purposes}
    named = {
        f"{name}.{key}": value for name in _MAPPED for key, value in signals.get(name, {}).items()
    }
    named |= {
        f"{name}.purpose": signals[name]["purpose"] for name in _WITH_PURPOSE if name in signals
    }
    for path, purpose in named.items():
        if purpose not in known:
            yield _problem(path, f"names no purpose of this site: {purpose}")


def _gpp_problems(source: SiteSource) -> Iterator[FieldError]:
    notice = source.notice
    if not any(_UNITED_STATES in profile.places for profile in notice.profiles):
        yield _problem("gpp", "needs a profile that is made for the US, such as us-opt-out")
    if not any(purpose["sale_or_sharing"] for purpose in notice.purposes):
        yield _problem("gpp", "needs a purpose with sale_or_sharing: true, which it tells about")


def _needless_tcf(source: SiteSource) -> Iterator[FieldError]:
    for group, name in (("purposes", "tcf_purposes"), ("services", "tcf_vendor")):
        for position, part in enumerate(getattr(source.notice, group)):
            if name in part:
                yield FieldError(f"site.yaml: {group}.{position}.{name}", "needs signals.tcf")


def _tcf_problems(source: SiteSource) -> Iterator[FieldError]:
    if all(profile.model != "opt-in" for profile in source.notice.profiles):
        yield _problem("tcf", "needs a profile that asks for consent, such as eu-opt-in")
    if VENDOR_LIST not in source.files:
        yield _problem("tcf.vendor_list", f"{VENDOR_LIST} is missing in the folder")
        return
    try:
        vendors = read_vendor_list(source.files[VENDOR_LIST])
    except InvalidSiteError as error:
        yield from error.fields
        return
    yield from _purpose_problems(source, vendors)
    yield from _vendor_problems(source, vendors)


def _purpose_problems(source: SiteSource, vendors: VendorList) -> Iterator[FieldError]:
    for position, purpose in enumerate(source.notice.purposes):
        path = f"site.yaml: purposes.{position}.tcf_purposes"
        unknown = sorted(set(purpose.get("tcf_purposes", ())) - vendors.purposes)
        if unknown:
            yield FieldError(path, f"names what {VENDOR_LIST} does not have: {_told(unknown)}")
        if "tcf_purposes" in purpose and purpose["legal_basis"] != NEEDS_CONSENT:
            yield FieldError(path, f"needs legal_basis: {NEEDS_CONSENT}, which is all that is told")


def _vendor_problems(source: SiteSource, vendors: VendorList) -> Iterator[FieldError]:
    purposes = {each["key"]: set(each.get("tcf_purposes", ())) for each in source.notice.purposes}
    named = set().union(*purposes.values())
    mapped = [
        (position, service)
        for position, service in enumerate(source.notice.services)
        if "tcf_vendor" in service
    ]
    if not mapped:
        yield _problem("tcf", "needs a service with tcf_vendor")
    for position, service in mapped:
        path = f"site.yaml: services.{position}.tcf_vendor"
        vendor = vendors.vendors.get(service["tcf_vendor"])
        if vendor is None or vendor.deleted:
            what = "is not in" if vendor is None else "was deleted from"
            yield FieldError(path, f"vendor {service['tcf_vendor']} {what} {VENDOR_LIST}")
        elif not purposes.get(service["purpose"]):
            yield FieldError(path, f"needs tcf_purposes of the purpose {service['purpose']}")
        elif vendor.purposes - named:
            missing = _told(sorted(vendor.purposes - named))
            yield FieldError(
                path, f"{vendor.name} asks for IAB purposes that no tcf_purposes name: {missing}"
            )


def _told(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _problem(path: str, message: str) -> FieldError:
    return FieldError(f"site.yaml: signals.{path}", message)
