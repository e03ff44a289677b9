"""Where the visitor of a request is, as far as the operator lets the service know.

What a proxy says is believed only where the connection itself comes from a trusted one.
"""

from flask import request

from consent_service.core.places import Place, place_of
from consent_service.http.country_file import CountryFile
from consent_service.http.peers import Peers


class PlaceFinder:
    """Finds the place of the visitor.

    `header` is the one in which trusted proxies name the country, and `file` knows the countries
    of addresses.
    """

    def __init__(self, peers: Peers, header: str | None, file: CountryFile | None) -> None:
        self._peers = peers
        self.header = header
        self._file = file

    def find(self) -> Place | None:
        """Return the place of the current request's visitor, None where it is unknown.

        The header of a trusted proxy goes first; the file answers where it says nothing.
        """
        return self._named() or self._looked_up()

    def _named(self) -> Place | None:
        if not self.header or not self._peers.is_trusted_proxy():
            return None
        return place_of(request.headers.get(self.header, "").strip())

    def _looked_up(self) -> Place | None:
        address = self._peers.visitor() if self._file else None
        return self._file.find(address) if self._file and address else None
