"""The leaves that name the log's keys: where they stand, and what else they say of the log."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consent_service.evidence.context import Context
from consent_service.evidence.keys import KeyLeaf
from consent_service.evidence.manifest import Manifest

_GENESIS = "log.genesis"


def check_named(context: Context, leaves: Sequence[KeyLeaf]) -> None:
    """Check that one genesis begins the log, and that it is the one of its epoch."""
    if not leaves or leaves[0][0] != 0 or leaves[0][1]["type"] != _GENESIS:
        message = "the log's genesis, which names its keys, is not in the bundle"
        context.findings.add("KEYS", message)
    for index, leaf in leaves:
        if leaf["type"] == _GENESIS:
            for problem in _problems(context.manifest, index, leaf):
                context.findings.add("KEYS", problem, index=index)


def _problems(manifest: Manifest, index: int, genesis: Mapping[str, Any]) -> Iterator[str]:
    epoch, previous = manifest.epoch, genesis.get("previous")
    if index:
        yield "a genesis stands behind the first leaf"
    if genesis["epoch"] != epoch:
        yield f"the genesis is of epoch {genesis['epoch']}, the bundle of {epoch}"
    before = f"{manifest.log}/{epoch - 1}"
    if epoch == 1 and previous is not None:
        yield "the genesis of the first epoch names one before it"
    if epoch > 1 and (previous is None or previous["origin"] != before):
        yield f"the genesis does not say how {before} ended, the epoch before it"
