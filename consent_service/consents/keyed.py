"""Keyed hashes: what names somebody elsewhere is recognised here, and cannot be read back."""

import hashlib
import hmac
from collections.abc import Sequence

from consent_service.core.keyring import Keyring


class KeyedHashes:
    """Hashes texts of one kind with a keyring; each site and kind has keys of its own."""

    def __init__(self, keyring: Keyring, kind: str) -> None:
        self._keyring = keyring
        self._kind = kind

    def newest(self, site_id: str, text: str) -> bytes:
        """Return the hash under which a text is stored."""
        return self._hash(self._keyring.signing_key().derive(self._context(site_id)), text)

    def every(self, site_id: str, text: str) -> Sequence[bytes]:
        """Return the hashes under which a text may be stored: they outlive a rotation."""
        context = self._context(site_id)
        return [self._hash(key.derive(context), text) for key in self._keyring.accepted()]

    def _context(self, site_id: str) -> str:
        return f"{self._kind}:{site_id}"

    @staticmethod
    def _hash(key: bytes, text: str) -> bytes:
        return hmac.digest(key, text.encode(errors="surrogatepass"), hashlib.sha256)
