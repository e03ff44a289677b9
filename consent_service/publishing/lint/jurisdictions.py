"""Rules of single countries."""

from collections.abc import Iterator

from consent_service.notices.localised import Duration
from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.keeping import exceeds
from consent_service.publishing.lint.view import Examined

_AUDIENCE_COOKIE = Duration(13, "month")
_AUDIENCE_DATA = Duration(25, "month")


def english_missing(site: Examined) -> Iterator[Breach]:
    """Find sites for India without English, in which everybody there may ask for the notice."""
    for shown in site.variants:
        if "IN" in shown.profile.places and not any(
            locale.partition("-")[0] == "en" for locale in site.source.notice.locales
        ):
            yield Breach(message=f"{shown.profile.key} needs a notice in English", field="locales")


def sale_without_opt_out(site: Examined) -> Iterator[Breach]:
    """Find sales and sharing of data on a site without rules for the United States."""
    profiles = site.source.notice.profiles
    if any("US" in profile.places for profile in profiles):
        return
    for position, purpose in enumerate(site.source.notice.purposes):
        if purpose["sale_or_sharing"]:
            yield Breach(
                message=f"{purpose['key']} sells or shares data, and no profile is made for the US",
                field=f"purposes.{position}.sale_or_sharing",
            )


def runs_until_objection(site: Examined) -> Iterator[Breach]:
    """Find purposes that a profile lets run until the visitor objects."""
    for shown in site.variants:
        for position, purpose in enumerate(site.source.notice.purposes):
            if purpose.get("use") in shown.profile.objection_uses:
                yield Breach(
                    message=f"{purpose['key']} runs under {shown.profile.key} until the visitor "
                    "objects",
                    field=f"purposes.{position}.use",
                )


def audience_measurement(site: Examined) -> Iterator[Breach]:
    """Find measurement without consent that is beyond what the exemption covers."""
    for position, purpose in enumerate(site.source.notice.purposes):
        if purpose.get("use") != "statistics" or purpose["legal_basis"] != "not_required":
            continue
        if exceeds(purpose["storage"]["retention"], _AUDIENCE_DATA):
            yield Breach(
                message=f"the data of {purpose['key']} is kept for "
                f"{purpose['storage']['retention']}, at most {_AUDIENCE_DATA} are exempt",
                field=f"purposes.{position}.storage.retention",
            )
        if purpose["sale_or_sharing"]:
            yield Breach(
                message=f"{purpose['key']} shares its data, and only own use is exempt",
                field=f"purposes.{position}.sale_or_sharing",
            )
        yield from _long_cookies(site, purpose["key"])


def _long_cookies(site: Examined, purpose: str) -> Iterator[Breach]:
    for number, service in site.services_of(purpose):
        for index, cookie in enumerate(service["cookies"]):
            if exceeds(cookie["duration"], _AUDIENCE_COOKIE):
                yield Breach(
                    message=f"{cookie['name']} stays for {cookie['duration']}, at most "
                    f"{_AUDIENCE_COOKIE} are exempt",
                    field=f"services.{number}.cookies.{index}.duration",
                )
