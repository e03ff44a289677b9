"""`VERIFY.md`, the page in a bundle that tells how to check it."""

from collections.abc import Sequence
from importlib.resources import files

from consent_service.ledger.model import Log


def text(log: Log, vkeys: Sequence[tuple[str, str]], *, vkey: str, export: str) -> str:
    """Return the page for a log; `vkeys` are its verifier keys by their use.

    `vkey` signed the checkpoint, `export` the manifest.
    """
    template = (files("consent_service.exports") / "guide.md").read_text(encoding="utf-8")
    return template.format(
        origin=log.tree,
        vkeys="\n".join(f"{use:<10} {key}" for use, key in vkeys),
        vkey=vkey,
        export=export,
    )
