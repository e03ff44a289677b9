"""Ids that the service makes: UUIDv7 (RFC 9562), references, random secrets."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from consent_service.core.clock import Clock, epoch_milliseconds

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 12
_LOOKALIKES = str.maketrans("ILOU", "110V", "- ")


class Ids:
    """Makes ids from a clock and a source of random bytes, both handed in."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._random = random_bytes

    def uuid7(self, after: str | None = None) -> str:
        """Return a new UUIDv7, one that sorts behind `after` even if the clock went back."""
        milliseconds = epoch_milliseconds(self._clock.now())
        made = self._uuid7(milliseconds)
        if after is not None and made <= after:
            made = self._uuid7((UUID(after).int >> 80) + 1)
        return made

    def _uuid7(self, milliseconds: int) -> str:
        random = int.from_bytes(self._random(10), "big")
        high, low = random >> 62 & 0xFFF, random & (1 << 62) - 1
        return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))

    def random(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return self._random(size)

    def reference(self) -> str:
        """Return a new reference: 11 random Crockford characters and their check character."""
        body = "".join(CROCKFORD[byte & 31] for byte in self._random(REFERENCE_LENGTH - 1))
        return body + _check_character(body)


def uuid7_time(id_: str) -> datetime:
    """Return when a UUIDv7 was made, by the clock of whoever made it."""
    return datetime.fromtimestamp((UUID(id_).int >> 80) / 1000, UTC)


def parse_reference(text: str) -> str:
    """Return a reference as it is stored, from what a person typed or said.

    Letter case, spaces and hyphens do not matter; I and L read as 1, O as 0, U as V.

    Raises:
        ValueError: wrong length, a foreign character, or the check character does not fit.
    """
    typed = text.upper().translate(_LOOKALIKES)
    if len(typed) != REFERENCE_LENGTH or any(char not in CROCKFORD for char in typed):
        raise ValueError(f"a reference has {REFERENCE_LENGTH} letters and digits")
    if _check_character(typed[:-1]) != typed[-1]:
        raise ValueError("the reference has a typing error: its check character does not fit")
    return typed


def _check_character(body: str) -> str:
    """Luhn's algorithm to base 32: finds each single error and nearly all swaps of neighbours."""
    total = 0
    for position, char in enumerate(reversed(body)):
        doubled = CROCKFORD.index(char) * (2 - position % 2)
        total += doubled // 32 + doubled % 32
    return CROCKFORD[-total % 32]
