"""Spreads batches over processes, and keeps their order."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import ClassVar

from consent_service.evidence.batches import Batch, BatchChecker, Facts, Rules
from consent_service.evidence.outside import OutsideBatch, OutsideChecker

Work = Batch | OutsideBatch
_AHEAD = 2


class Checker:
    """Does any work."""

    def __init__(self, rules: Rules) -> None:
        self._batches = BatchChecker(rules)
        self._outside = OutsideChecker(self._batches)

    def check(self, work: Work) -> Facts:
        """Return what a batch shows."""
        if isinstance(work, Batch):
            return self._batches.check(work)
        return self._outside.check(work)


class _Here:
    """What a process of the pool keeps between its batches."""

    checker: ClassVar[Checker]


def _begin(rules: Rules) -> None:
    _Here.checker = Checker(rules)


def _check(work: Work) -> Facts:
    return _Here.checker.check(work)


class Workers:
    """Checks batches in some processes, or in this one where it is one. A context manager."""

    def __init__(self, rules: Rules, processes: int) -> None:
        self._most = processes * _AHEAD
        self._checker = Checker(rules)
        self._pool = (
            ProcessPoolExecutor(
                processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(rules,)
            )
            if processes > 1
            else None
        )

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def check(self, work: Iterable[Work]) -> Iterator[Facts]:
        """Yield what each batch shows, in order; only a few are held at once."""
        if self._pool is None:
            yield from map(self._checker.check, work)
            return
        waiting: deque[Future[Facts]] = deque()
        for each in work:
            waiting.append(self._pool.submit(_check, each))
            if len(waiting) >= self._most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
