"""What every check of a bundle works with."""

from dataclasses import dataclass, field
from typing import Any

from consent_service.core.checkpoints import Checkpoint
from consent_service.core.notes import Note
from consent_service.evidence.archive import Archive, ArchiveError
from consent_service.evidence.findings import Findings
from consent_service.evidence.manifest import Manifest, hashed_chunks
from consent_service.evidence.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint of the bundle, and the file that it stands in."""

    file: str
    checkpoint: Checkpoint
    note: Note
    content: bytes


@dataclass(slots=True, kw_only=True)
class Context:
    """A bundle that is being checked."""

    archive: Archive
    manifest: Manifest
    options: Options
    findings: Findings
    facts: dict[str, Any] = field(default_factory=dict)

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file's bytes, its hash checked; None where it is absent or too large."""
        if name not in self.archive or name not in self.manifest.files:
            return None
        if self.archive.size(name) > limit:
            message = f"the file is larger than the {limit} bytes that such a file may have"
            self.findings.add("FILE_HASH", message, file=name)
            return None
        return b"".join(hashed_chunks(self.archive, self.manifest, name, self.findings))

    def read_text(self, name: str, limit: int) -> str | None:
        """Return a file's text; None where it is absent, too large or not UTF-8."""
        content = self.read(name, limit)
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError:
            return None

    def check_hash(self, name: str) -> None:
        """Check the hash of a file of which nothing else is looked at."""
        try:
            for _ in hashed_chunks(self.archive, self.manifest, name, self.findings):
                pass
        except ArchiveError as error:
            self.findings.add("FILE_HASH", str(error), file=name)
