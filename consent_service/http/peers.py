"""Where a request comes from: the connection itself, and what a trusted proxy says about it."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from flask import request

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d{1,5})?|(?P<v4>[^:]+):\d{1,5}")


class Peers:
    """Knows which proxies are trusted. Addresses are looked at and forgotten."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def is_trusted_proxy(self) -> bool:
        """Tell whether the connection of the current request is one of a trusted proxy."""
        peer = _address(request.remote_addr or "")
        return peer is not None and self._trusts(peer)

    def visitor(self) -> Address | None:
        """Return the visitor's address; None where a proxy hides it.

        A peer that is no trusted proxy is the visitor. Behind one it is the rightmost forwarded
        address that no trusted proxy has: what stands to its left was written by the visitor, and
        may be anything.
        """
        peer = _address(request.remote_addr or "")
        if peer is None or not self._trusts(peer):
            return peer
        for entry in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            address = _address(entry.strip())
            if address is None or not self._trusts(address):
                return address
        return None

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    """Return the address in a text, without its port; IPv4 inside IPv6 as IPv4."""
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((with_port["v6"] or with_port["v4"]) if with_port else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
