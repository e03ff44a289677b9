"""Rules about signals: who is told something before the visitor has decided."""

from collections.abc import Iterator

from consent_service.notices.signals import ADVANCED
from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.view import Examined

_INTERFACES = {"gpp": "GPP", "tcf": "TCF"}


def head_stub_missing(site: Examined) -> Iterator[Breach]:
    """Find signals that have to be there before every tag of the page, without the head stub."""
    signals = site.source.notice.signals
    if signals.get("head"):
        return
    if signals.get("mode") == ADVANCED:
        yield Breach(
            message="tags that load before the choice must find its defaults, and the async tag "
            "comes too late for that",
            field="signals.mode",
        )
    for name, what in _INTERFACES.items():
        if name in signals:
            yield Breach(
                message=f"{what} must answer from the first script on, and the async tag comes "
                "too late for that",
                field=f"signals.{name}",
            )


def pings_before_consent(site: Examined) -> Iterator[Breach]:
    """Find tags that load, and ping their company, before the visitor has allowed anything."""
    if site.source.notice.signals.get("mode") == ADVANCED:
        yield Breach(
            message="in advanced mode tags load and send pings before the visitor has decided, "
            "which reads from and writes to the device without consent",
            field="signals.mode",
        )
