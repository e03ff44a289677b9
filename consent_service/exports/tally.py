"""Counts the leaves of a bundle, and notes what they name."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from consent_service.exports.leaves import Held, Scope
from consent_service.ledger.model import EVENT


@dataclass(slots=True)
class Tally:
    """What was seen in the leaves of a bundle."""

    events: int = 0
    control: int = 0
    redacted: int = 0
    erased_fields: int = 0
    documents: set[str] = field(default_factory=set)
    banners: set[str] = field(default_factory=set)
    controls: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, held: Held, scope: Scope, *, openings: bool) -> None:
        """Count a leaf and note what it names."""
        self.controls.extend(index for index in held.controls if not scope.holds(index))
        if held.leaf is None:
            self.redacted += 1
            return
        leaf = held.body()
        if held.kind == EVENT:
            self.events += 1
        else:
            self.control += 1
        if openings:
            self.erased_fields += len(leaf.get("priv", ())) - len(held.openings)
        if "banner" in leaf:
            self.banners.add(leaf["banner"])
        named = [leaf.get("notice"), leaf.get("document"), *leaf.get("documents", {}).values()]
        for each in named:
            self.documents.update(
                each[key] for key in ("sha256", "variant") if each and key in each
            )

    @property
    def counts(self) -> Mapping[str, int]:
        """The counts of the manifest."""
        return {
            "control": self.control,
            "erased_fields": self.erased_fields,
            "events": self.events,
            "redacted": self.redacted,
        }
