"""Rate limits of what visitors may write, per address and per site.

They slow down who floods; they are no proof against many addresses. Nothing of them is stored, and
they never stop a withdrawal or an erasure that carries a valid credential: their callers see to
that.
"""

import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_network

from consent_service.core.errors import ServiceError
from consent_service.http.peers import Address, Peers

IPV6_PREFIX = 64
VISITOR_LIMIT = 30
_MOST_KEYS = 100_000


class TooManyRequestsError(ServiceError):
    """An address, or all of a site's visitors together, write too much at once."""

    code = "too_many_requests"
    title = "Too many requests"
    status = 429

    def __init__(self, wait_seconds: float) -> None:
        super().__init__("slow down")
        self.retry_after: int = max(1, round(wait_seconds + 0.5))


class Rate:
    """So many per minute for each key, a whole minute's worth at once at most.

    The generic cell rate algorithm: per key one number, the time at which it has paid for all that
    it took.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._cost = 60.0 / per_minute
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._paid_at: dict[str, float] = {}

    def take(self, key: str) -> float:
        """Take one; return 0, or for how many seconds to wait before there is one to take."""
        with self._lock:
            now = self._monotonic()
            paid_at = max(self._paid_at.get(key, now), now) + self._cost
            wait = paid_at - now - 60.0
            if wait > 0:
                return wait
            self._paid_at[key] = paid_at
            if len(self._paid_at) > _MOST_KEYS:
                self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Forget who has paid; where all owe, everyone: memory has an end, too."""
        owing = {key: paid_at for key, paid_at in self._paid_at.items() if paid_at > now}
        self._paid_at = owing if len(owing) <= _MOST_KEYS // 2 else {}


class WriteLimits:
    """The limits of one process. A limit of 0 is none."""

    def __init__(self, peers: Peers, per_address: int, per_site: int) -> None:
        self._peers = peers
        self._addresses = Rate(per_address) if per_address else None
        self._sites = Rate(per_site) if per_site else None
        self._visitors = Rate(VISITOR_LIMIT) if per_address else None

    def check(self, site: str) -> None:
        """Count a write of the current request to a site.

        Raises:
            TooManyRequestsError: the limit is reached.
        """
        address = self._peers.visitor()
        # Behind a proxy that is not declared, everyone would share its address.
        known = address is not None and not address.is_private
        if self._addresses and known and address is not None:
            _refuse_after(self._addresses.take(_prefix(address)))
        if self._sites:
            _refuse_after(self._sites.take(site))

    def check_visitor(self, visitor: str) -> None:
        """Count a refusal of a visitor who shows a credential: as many as nobody needs.

        Raises:
            TooManyRequestsError: the limit is reached.
        """
        if self._visitors:
            _refuse_after(self._visitors.take(visitor))


def _refuse_after(wait: float) -> None:
    if wait:
        raise TooManyRequestsError(wait)


def _prefix(address: Address) -> str:
    """Return what one visitor has: an IPv4 address, or a network of IPv6."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)
