"""The service as processes of its own, started and ended as an operator does."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port

COMMAND = (sys.executable, "-m", "consent_service")
READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Demo:
    """Addresses of a running demo, and where its data is; `beside` ends with it."""

    service: str
    news: str
    shop: str
    data: Path
    beside: ExitStack = field(default_factory=ExitStack)

    def export(self, site: str, *options: str) -> list[dict[str, Any]]:
        """Return the events of a site as an officer gets them, oldest first."""
        arguments = ("export", "--site", site, "--format", "jsonl", *options)
        return [json.loads(line) for line in run(self.data, *arguments).splitlines()]

    def stored(self, site: str) -> int:
        """Return how many events of a site the database file holds."""
        with closing(sqlite3.connect(self.data / "consent.db")) as connection:
            row = connection.execute(
                "SELECT count(*) FROM consent_event JOIN site USING (site_id) WHERE key = ?",
                (site,),
            ).fetchone()
        return int(row[0])


class Running:
    """A command that runs until it is stopped."""

    def __init__(self, data: Path, *arguments: str, **settings: str) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._errors = data / "errors.txt"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                (*COMMAND, *arguments),
                env=environment(data, **settings),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def wait_for_line(self, words: str) -> None:
        """Read what it prints until a line holds the words."""
        assert self.process.stdout
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError(f"it ended before {words!r}:\n{self._errors.read_text()}")

    def wait_for_page(self, address: str) -> None:
        """Ask for an address until it answers."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(address, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"{address} did not answer:\n{self._errors.read_text()}")

    def stop(self) -> int:
        """End it as Ctrl-C does; return its exit status once no process of it is left."""
        family = _descendants(self.process.pid)
        assert family, "it has no child processes"
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        left = family & set(_parents())
        assert not left, f"processes are left: {left}"
        return self.process.returncode


def run(data: Path, *arguments: str) -> str:
    """Run a command to its end and return what it prints."""
    done = subprocess.run(
        (*COMMAND, *arguments),
        env=environment(data),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(data: Path, **settings: str) -> dict[str, str]:
    return {**os.environ, "CONSENT_DATA_DIR": str(data), **settings}


def three_free_ports() -> int:
    """Return a port that is free, as are the two after it."""
    while True:
        port = free_port()
        if all(_is_free(port + step) for step in range(3)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _parents() -> dict[int, int]:
    """Return the parent of each process that runs."""
    listed = subprocess.run(
        ("ps", "-A", "-o", "pid=,ppid=,stat="), capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def _descendants(pid: int) -> set[int]:
    parents = _parents()
    family: set[int] = set()
    new = {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new}
        family |= new
    return family
