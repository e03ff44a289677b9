"""Lines of canonical JSON that are the same for the most part, as one notice serves many events."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from consent_service.core.canonical import canonical_json

_KEPT = 256


class Lines:
    """Writes such lines; encodes what they share once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Mapping[str, str]] = {}

    def line(
        self, key: Hashable, shared: Callable[[], Mapping[str, Any]], own: Mapping[str, Any]
    ) -> bytes:
        """Return a line with the members of `own` and of what `shared` answers for `key`."""
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = _encoded(shared())
        members = {**self._known[key], **_encoded(own)}
        return f"{{{','.join(members[name] for name in sorted(members))}}}\n".encode()


def _encoded(members: Mapping[str, Any]) -> dict[str, str]:
    """Return each member by its name, as it stands in an object."""
    return {name: f'"{name}":{canonical_json(value)}' for name, value in members.items()}
