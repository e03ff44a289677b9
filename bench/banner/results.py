"""What a run found out about each banner, in figures that can be compared."""

import gzip
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import brotli

from bench.banner.behaviour import Behaviour
from bench.banner.measure import Load
from bench.banner.pages import Peer, inline_bytes
from bench.banner.tracing import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of all scripts and styles of a first visit, with what stands in the page itself."""

    raw: int
    gzip: int
    brotli: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure of several loads."""

    median: float
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All about one banner; what the page takes without any is subtracted where `added`.

    Attributes:
        lag: from the first paint of the page until the banner stands.
        largest_on_text: whether the banner is the largest paint on a page without pictures.
    """

    peer: Peer
    version: str
    requests: int
    sizes: Sizes
    visible: Spread
    settled: Spread
    lag: Spread
    largest_paint: Spread
    is_largest: bool
    is_largest_on_text: bool
    shifts: float
    blocking_added: float
    longest_task: Spread
    script_added: Spread
    elements_added: int
    gone: Spread
    stored: Spread
    delay: Spread
    behaviour: Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The loads of one form of the page, without or with a banner."""

    loads: Sequence[Load]
    traces: Sequence[Trace]


def result(
    peer: Peer,
    version: str,
    measured: Measured,
    *,
    bare: Measured,
    text: Load,
    seen: Behaviour,
) -> Result:
    """Draw the figures of one banner together.

    Args:
        bare: the loads of the page without any banner.
        text: a load of the page without pictures.
    """
    loads = quietest(measured.loads)
    without = quietest(bare.loads)

    def spread(of: Callable[[Load], float | None]) -> Spread:
        return _spread(peer, [of(load) for load in loads])

    return Result(
        peer=peer,
        version=version,
        requests=max(load.requests for load in loads),
        sizes=sizes([*loads[0].files.values(), inline_bytes(peer)]),
        visible=spread(lambda load: load.visible),
        settled=spread(lambda load: load.settled),
        lag=spread(lambda load: (load.settled or 0) - load.first_paint),
        largest_paint=spread(lambda load: load.largest_paint),
        is_largest=any(load.is_banner_largest for load in loads),
        is_largest_on_text=text.is_banner_largest,
        shifts=max(load.shifts for load in loads),
        blocking_added=_median(loads, _blocking) - _median(without, _blocking),
        longest_task=_spread(peer, [trace.longest_task for trace in measured.traces]),
        script_added=_spread(peer, [trace.script for trace in measured.traces]),
        elements_added=loads[0].elements - without[0].elements,
        gone=spread(lambda load: load.gone),
        stored=spread(lambda load: load.stored),
        delay=spread(lambda load: load.delay),
        behaviour=seen,
    )


def quietest(loads: Sequence[Load]) -> list[Load]:
    """Return the loads that others disturbed least: seven of nine."""
    kept = max(1, round(len(loads) * 7 / 9))
    return sorted(loads, key=lambda load: load.other_load)[:kept]


def sizes(parts: Sequence[bytes]) -> Sizes:
    """Return the bytes of all parts, as they are and each compressed as well as can be."""
    return Sizes(
        raw=sum(len(part) for part in parts),
        gzip=sum(len(gzip.compress(part, 9)) for part in parts),
        brotli=sum(len(brotli.compress(part)) for part in parts),
    )


def _blocking(load: Load) -> float:
    return load.blocking


def _median(loads: Sequence[Load], of: Callable[[Load], float]) -> float:
    return statistics.median(of(load) for load in loads)


def _spread(peer: Peer, values: Sequence[float | None]) -> Spread:
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        message = f"{peer.name}: a load lacks a figure"
        raise ValueError(message)
    return Spread(median=statistics.median(found), least=min(found))
