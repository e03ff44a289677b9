"""Rate limits: so many per minute for each key, and whose address counts."""

from collections.abc import Mapping

import pytest
from flask import Flask

from consent_service.http import limits
from consent_service.http.limits import Rate, TooManyRequestsError, WriteLimits
from consent_service.http.peers import Peers
from consent_service.settings import load_settings


class Seconds:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_s_worth_may_come_at_once_and_then_one_after_another() -> None:
    clock = Seconds()
    rate = Rate(60, clock)
    assert [rate.take("a") for _ in range(60)] == [0.0] * 60
    assert rate.take("a") == pytest.approx(1.0)
    clock.now += 0.5
    assert rate.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert rate.take("a") == 0.0
    assert rate.take("a") == pytest.approx(1.0)


def test_who_is_refused_pays_nothing_for_it() -> None:
    clock = Seconds()
    rate = Rate(1, clock)
    rate.take("a")
    for _ in range(100):
        assert rate.take("a") == pytest.approx(60.0)
    clock.now += 60
    assert rate.take("a") == 0.0


def test_keys_do_not_share() -> None:
    rate = Rate(1, Seconds())
    assert [rate.take(key) for key in "abc"] == [0.0] * 3


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 10)
    clock = Seconds()
    rate = Rate(1, clock)
    for number in range(10):
        rate.take(str(number))
    clock.now += 120
    rate.take("new")
    assert set(rate._paid_at) == {"new"}
    for number in range(10):
        rate.take(f"flood {number}")
    assert len(rate._paid_at) < 10


def refused(
    peer: str, headers: Mapping[str, str] | None = None, *, trusted: str = "", count: int = 5
) -> list[bool]:
    """Return which of some writes in a row are refused, where one a minute is allowed."""
    networks = load_settings({"CONSENT_TRUSTED_PROXIES": trusted}).trusted_proxies
    limit = WriteLimits(Peers(networks), per_address=1, per_site=0)
    return [is_refused(limit, peer, headers or {}) for _ in range(count)]


def is_refused(limit: WriteLimits, peer: str, headers: Mapping[str, str]) -> bool:
    base = {"REMOTE_ADDR": peer}
    with Flask(__name__).test_request_context(headers=headers, environ_base=base):
        try:
            limit.check("shop")
        except TooManyRequestsError:
            return True
    return False


def test_who_is_refused_is_told_when_to_come_back() -> None:
    limit = WriteLimits(Peers(()), per_address=1, per_site=0)
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": "8.8.8.8"}):
        limit.check("shop")
        with pytest.raises(TooManyRequestsError) as refusal:
            limit.check("shop")
    assert 59 <= refusal.value.retry_after <= 61


def test_an_address_of_the_internet_is_limited() -> None:
    assert refused("8.8.8.8") == [False, *[True] * 4]


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.7", "::1", "192.168.1.1", "fd00::1"])
def test_behind_a_proxy_that_nobody_declared_all_visitors_are_one_and_none_is_limited(
    peer: str,
) -> None:
    assert not any(refused(peer, {"X-Forwarded-For": "8.8.8.8"}))


def test_behind_a_trusted_proxy_the_forwarded_address_counts() -> None:
    limited = refused("127.0.0.1", {"X-Forwarded-For": "1.1.1.1, 8.8.8.8"}, trusted="loopback")
    assert limited == [False, *[True] * 4]


def test_a_network_of_ipv6_is_one_visitor() -> None:
    limit = WriteLimits(Peers(()), per_address=1, per_site=0)
    assert not is_refused(limit, "2a00:1450:4001:81b::1", {})
    assert is_refused(limit, "2a00:1450:4001:81b::2", {})
    assert not is_refused(limit, "2a00:1450:4001:81c::1", {})


def test_a_site_is_limited_whoever_writes() -> None:
    limit = WriteLimits(Peers(()), per_address=0, per_site=2)
    found = [is_refused(limit, f"8.8.8.{number}", {}) for number in range(4)]
    assert found == [False, False, True, True]
