"""Rules about keeping: how long data, cookies and proofs stay."""

from collections.abc import Iterator

from consent_service.notices.localised import Duration
from consent_service.publishing.checks import size_problems
from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.view import Examined

_DAYS = {
    "session": 0.0,
    "second": 1 / 86400,
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": 30.4375,
    "year": 365.25,
}
_ALMOST = 1.02
"""Months and years have no fixed length: 732 days are two years."""
_LONGEST_YEARS = 10
_LONGEST_COOKIE_MONTHS = 24


def retention_without_end(site: Examined) -> Iterator[Breach]:
    """Find data and proofs that are kept so long that it has no end."""
    longest = Duration(_LONGEST_YEARS, "year")
    for position, purpose in enumerate(site.source.notice.purposes):
        retention = purpose["storage"]["retention"]
        if exceeds(retention, longest):
            yield Breach(
                message=f"the data of {purpose['key']} is kept for {retention}",
                field=f"purposes.{position}.storage.retention",
            )
    months = site.source.notice.retention["proof_months"]
    if exceeds(Duration(months, "month"), longest):
        yield Breach(message=f"proofs are kept for {months} months", field="retention.proof_months")


def cookie_too_long(site: Examined) -> Iterator[Breach]:
    """Find cookies that outlive what authorities accept for a consent."""
    longest = Duration(_LONGEST_COOKIE_MONTHS, "month")
    for _, purpose in site.consents():
        for number, service in site.services_of(purpose["key"]):
            for index, cookie in enumerate(service["cookies"]):
                if exceeds(cookie["duration"], longest):
                    yield Breach(
                        message=f"{cookie['name']} stays for {cookie['duration']}",
                        field=f"services.{number}.cookies.{index}.duration",
                    )


def state_token_size(site: Examined) -> Iterator[Breach]:
    """Find sites whose state cookie could grow larger than browsers keep."""
    for problem in size_problems(site.source):
        yield Breach(message=problem.message, field="purposes")


def exceeds(duration: Duration, limit: Duration) -> bool:
    """Tell whether a duration is clearly longer than a limit."""
    return _days(duration) > _days(limit) * _ALMOST


def _days(duration: Duration) -> float:
    return duration.count * _DAYS[duration.unit]
