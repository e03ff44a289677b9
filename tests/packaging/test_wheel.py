"""The wheel is complete: installed elsewhere, it migrates, publishes and serves the banner."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 30


@dataclass(frozen=True)
class Installation:
    """A virtual environment that holds the wheel, and a data folder of its own."""

    folder: Path
    data: Path
    port: int

    @property
    def site_packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "CONSENT_DATA_DIR": str(self.data),
            "CONSENT_BIND": f"127.0.0.1:{self.port}",
            "CONSENT_PUBLIC_URL": self.address,
        }

    def command(self, *arguments: str) -> list[str]:
        return [str(self.folder / "bin" / "consent-service"), *arguments]

    def run(self, *command: str) -> str:
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = tmp_path_factory.mktemp("installation")
    installation = Installation(folder=home / "venv", data=home / "data", port=free_port())
    venv.create(installation.folder, with_pip=False, symlinks=True)
    python = str(installation.folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    options = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, str(wheel)], check=True, cwd=home)
    # The dependencies come from the environment of the tests, so that nothing is downloaded. Path
    # files found through a path file are not read: the checkout itself stays out.
    packages = sysconfig.get_paths()["purelib"]
    (installation.site_packages / "dependencies.pth").write_text(f"{packages}\n")
    return installation


def test_an_exported_bundle_is_verified_by_the_command_of_its_own(
    installation: Installation,
) -> None:
    bundled = installation.site_packages / "consent_service" / "_bundled"
    installation.run(*installation.command("db", "upgrade"))
    installation.run(*installation.command("site", "apply", str(bundled / "examples" / "news")))
    output = str(installation.folder / "news.zip")
    exported = installation.command("export", "--site", "news", "--format", "bundle")
    installation.run(*exported, "--output", output)
    shown = json.loads(installation.run(*installation.command("ledger", "status", "--json")))
    assert shown[0]["pending"] == 0
    verify = str(installation.folder / "bin" / "consent-verify")
    checked = subprocess.run(
        [verify, output, "--json"],
        cwd=installation.folder,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(checked.stdout)
    assert (checked.returncode, report["verdict"]) == (3, "weak"), checked.stderr
    assert set(report["counts"]) == {"NO_TRUSTED_KEY", "NO_ANCHOR"}


def test_the_wheel_holds_what_ships_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "consent_service/_bundled/static/consent-banner.js" in names
    assert "consent_service/_bundled/examples/news/site.yaml" in names
    assert any(name.startswith("consent_service/_bundled/migrations/versions/") for name in names)
    assert "consent_service/py.typed" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"consent_service"}
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".pyc"))]


def test_the_package_is_the_installed_one(installation: Installation) -> None:
    program = "import consent_service; print(consent_service.__file__)"
    imported = installation.run(str(installation.folder / "bin" / "python"), "-c", program)
    assert Path(imported.strip()).is_relative_to(installation.site_packages)


def test_it_migrates_publishes_and_serves(installation: Installation) -> None:
    bundled = installation.site_packages / "consent_service" / "_bundled"
    installation.run(*installation.command("db", "upgrade"))
    installation.run(*installation.command("site", "apply", str(bundled / "examples" / "news")))
    with serving(installation):
        fetch(f"{installation.address}/healthz")
        banner = fetch(f"{installation.address}/static/consent-banner.js")
    assert banner == (bundled / "static" / "consent-banner.js").read_bytes()


@contextlib.contextmanager
def serving(installation: Installation) -> Iterator[None]:
    log = installation.folder / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            installation.command("serve"),
            cwd=installation.folder,
            env=installation.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        await_answer(server, installation.address, log)
        yield
        server.send_signal(signal.SIGTERM)
        assert server.wait(STOP_SECONDS) == 0, log.read_text()
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def await_answer(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            fetch(f"{address}/healthz")
            return
        time.sleep(0.1)
    pytest.fail(f"the server did not answer:\n{log.read_text()}")


def fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as response:
        assert response.status == 200
        return bytes(response.read())
