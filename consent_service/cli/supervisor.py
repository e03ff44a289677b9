"""Runs a few processes as one: ends them together, starts again what may be started again."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from consent_service.lifeline import PARENT_VARIABLE

_TURN_SECONDS = 0.2
_RESTART_SECONDS = 2.0
_GRACE_SECONDS = 40.0


@dataclass(slots=True, kw_only=True)
class Child:
    """A process. `restart`: an end that nobody asked for starts it again; else it ends all."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    restart: bool = False
    fresh_folder: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process, out of reach of the terminal's Ctrl-C: the supervisor passes it on."""
        if self.fresh_folder:
            shutil.rmtree(self.fresh_folder, ignore_errors=True)
            self.fresh_folder.mkdir(parents=True)
        environment = {**self.environment, PARENT_VARIABLE: str(os.getpid())}
        self.process = subprocess.Popen(self.command, env=environment, start_new_session=True)

    def send(self, number: int) -> None:
        """Send a signal where the process still runs."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)


class _Signals:
    """What was asked for meanwhile."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.stop = False
        self._children = children
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop = True

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        for child in self._children:
            if not child.restart:
                child.send(signal.SIGHUP)


def supervise(children: Sequence[Child], ready: Callable[[], None] | None = None) -> int:
    """Run the processes until a signal or the end of one; return the exit status.

    `ready` is called once they are started.
    """
    signals = _Signals(children)
    for child in children:
        child.start()
    if ready:
        ready()
    status = 0
    while not signals.stop:
        time.sleep(_TURN_SECONDS)
        ended = [c for c in children if c.process and c.process.poll() is not None]
        if lost := next((child for child in ended if not child.restart), None):
            click.echo(f"{lost.name} ended by itself; stopping", err=True)
            status = 1
            break
        _start_again(ended)
    _end(children)
    return status


def _start_again(ended: Sequence[Child]) -> None:
    for child in ended:
        status = child.process.returncode if child.process else None
        click.echo(f"{child.name} ended with status {status}; it is started again", err=True)
        time.sleep(_RESTART_SECONDS)
        child.start()


def _end(children: Sequence[Child]) -> None:
    """Let the processes finish what they do: requests first, so that the worker seals the last."""
    for child in children:
        child.send(signal.SIGTERM)
        if child.process:
            try:
                child.process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
