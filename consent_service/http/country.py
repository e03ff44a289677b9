"""Where the visitor of a request is, as far as the operator lets the service know.

What a proxy says is believed only where the connection itself comes from a trusted one. Addresses
are looked at and forgotten: none is stored or logged.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from flask import request

from consent_service.core.places import Place, place_of
from consent_service.http.country_file import CountryFile

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d{1,5})?|(?P<v4>[^:]+):\d{1,5}")


class PlaceFinder:
    """Finds the place of the visitor.

    `trusted` are the networks of proxies, `header` is the one in which they name the country, and
    `file` knows the countries of addresses.
    """

    def __init__(
        self, trusted: Sequence[Network], header: str | None, file: CountryFile | None
    ) -> None:
        self._trusted = tuple(trusted)
        self.header = header
        self._file = file

    def find(self) -> Place | None:
        """Return the place of the current request's visitor, None where it is unknown.

        The header of a trusted proxy goes first; the file answers where it says nothing.
        """
        peer = _address(request.remote_addr or "")
        if peer is None or not self._trusts(peer):
            return self._looked_up(peer)
        return self._named() or self._looked_up(self._forwarded())

    def _named(self) -> Place | None:
        return place_of(request.headers.get(self.header, "").strip()) if self.header else None

    def _looked_up(self, address: Address | None) -> Place | None:
        return self._file.find(address) if self._file and address else None

    def _forwarded(self) -> Address | None:
        """Return the visitor's address: the rightmost that no trusted proxy has.

        What stands to its left was written by the visitor, and may be anything.
        """
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
