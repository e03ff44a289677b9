"""The service as it runs for real: `consent-service serve`, on a free port, as a process."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from consent_service.resources import bundled
from tests.ports import free_port

ORIGIN = "http://localhost:8002"


@dataclass
class Running:
    """A running service."""

    port: int
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def command(self, *arguments: str) -> str:
        """Run a command against the same settings and return what it prints."""
        return run_command(self.environment, *arguments)

    def get(self, path: str) -> tuple[int, bytes]:
        return self.request("GET", path)

    def post(self, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Post an answer to the shop's notice."""
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        data = json.dumps({"key": str(uuid4()), "notice": 1, **body}).encode()
        status, content = self.request("POST", "/v1/sites/shop/consents", data, headers)
        return status, json.loads(content)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def events(self) -> list[dict[str, Any]]:
        """Return the events of the shop as the export has them."""
        lines = self.command("export", "--site", "shop", "--format", "jsonl").splitlines()
        return [json.loads(line) for line in lines]

    def children(self) -> list[int]:
        """Return the ids of the processes that the supervisor began."""
        return _children(self.process.pid)

    def gunicorn(self) -> list[int]:
        """Return the id of gunicorn's first process."""
        # It gives itself another name where a library for that is installed.
        names = ("consent_service.server", "gunicorn")
        return [pid for pid in self.children() if any(name in _command_line(pid) for name in names)]

    def web_processes(self) -> list[int]:
        """Return the ids of gunicorn's own processes that serve requests."""
        return [child for pid in self.gunicorn() for child in _children(pid)]


@contextmanager
def running_service(database_url: str, folder: Path) -> Iterator[Running]:
    """Run the service on a migrated database, with the shop published."""
    port = free_port()
    environment = {
        **os.environ,
        "CONSENT_DATA_DIR": str(folder / "data"),
        "CONSENT_DATABASE_URL": database_url,
        "CONSENT_BIND": f"127.0.0.1:{port}",
        "CONSENT_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    run_command(environment, "site", "apply", str(bundled("examples") / "shop"))
    log = folder / "service.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "consent_service", "serve"], env=environment, stderr=file
        )
    running = Running(port=port, environment=environment, process=process, log=log)
    try:
        wait_until_ready(running)
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def run_command(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a command of the service, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "consent_service", *arguments],
        env=dict(environment),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def wait_until_ready(running: Running) -> None:
    """Wait until the service says that it can serve."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/readyz", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            assert running.process.poll() is None, running.log.read_text()
            time.sleep(0.1)
    raise AssertionError(running.log.read_text())


def is_alive(pid: int) -> bool:
    """Tell whether a process still runs."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()
