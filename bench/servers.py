"""Servers to measure: the service on either database, and a bare Flask application beside it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SERVE = [sys.executable, "-m", "consent_service", "serve", "--no-worker"]
BARE = (
    "from flask import Flask; app = Flask('bare');"
    "app.add_url_rule('/', view_func=lambda: 'hello');"
    "from gunicorn.app.base import BaseApplication;"
    "S = type('S', (BaseApplication,), {"
    "'load_config': lambda s: [s.cfg.set(k, v) for k, v in {"
    "'bind': ['127.0.0.1:%d'], 'workers': 1, 'worker_class': 'gthread', 'threads': 8,"
    "'control_socket_disable': True, 'loglevel': 'warning', 'http_parser': 'python'}.items()],"
    "'load': lambda s: app}); S().run()"
)


@dataclass(frozen=True)
class Server:
    """A running server: its address and the process that began it."""

    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time of the process and all that it began."""
        return cpu_seconds(self.pid)


@contextmanager
def bare_flask() -> Iterator[Server]:
    """A Flask application that says hello, on the same server with the same settings."""
    port = free_port()
    with running([sys.executable, "-c", BARE % port], os.environ, f"http://127.0.0.1:{port}") as s:
        yield s


@contextmanager
def service(database_url: str | None) -> Iterator[Server]:
    """The service with its examples, on SQLite or on the database of a URL."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {
            **os.environ,
            "CONSENT_DATA_DIR": folder,
            "CONSENT_BIND": f"127.0.0.1:{port}",
            "CONSENT_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CONSENT_LOG_LEVEL": "warning",
            "CONSENT_WORKERS": "1",
        }
        if database_url:
            environment["CONSENT_DATABASE_URL"] = database_url
        command(environment, "db", "upgrade")
        for site in ("news", "shop"):
            command(environment, "site", "apply", str(Path("examples") / site))
        with running(SERVE, environment, f"http://127.0.0.1:{port}") as server:
            yield server


def command(environment: Mapping[str, str], *arguments: str) -> bytes:
    """Run a command of the service and return what it prints; end with what it says if it fails."""
    whole = [sys.executable, "-m", "consent_service", *arguments]
    done = subprocess.run(whole, env=dict(environment), check=False, capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return done.stdout


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and all that it began."""
    return sum(_cpu(each) for each in _family(pid))


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(run: list[str], environment: Mapping[str, str], address: str) -> Iterator[Server]:
    """A command that serves at an address, until the block ends."""
    process = subprocess.Popen(run, env=dict(environment))
    try:
        _wait_for(f"{address}/")
        yield Server(address, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


def _family(pid: int) -> Iterator[int]:
    """Yield a process and all that it began; one that has ended meanwhile has no children."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _cpu(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS
