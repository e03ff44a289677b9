"""`site preview`: serves a folder from a place of its own and leaves nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent_service.resources import bundled
from tests.cli.conftest import Command
from tests.ports import free_port
from tests.unit.folders import make


def two_free_ports() -> int:
    """Return a port that is free with the one behind it."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            if port < 65535 and probe.connect_ex(("127.0.0.1", port + 1)):
                return port


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


class Preview:
    """A running preview."""

    def __init__(self, folder: Path, tmp_path: Path) -> None:
        self.port = two_free_ports()
        self.temporary = tmp_path / "temporary"
        self.temporary.mkdir()
        self.data = tmp_path / "data"
        command = ("-m", "consent_service", "site", "preview", str(folder), "--port")
        self.process = subprocess.Popen(
            [sys.executable, *command, str(self.port)],
            env={
                **os.environ,
                "TMPDIR": str(self.temporary),
                "CONSENT_DATA_DIR": str(self.data),
                "CONSENT_DATABASE_URL": f"sqlite:///{self.data / 'real.db'}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ready(self) -> None:
        for _ in range(300):
            try:
                get(f"http://127.0.0.1:{self.port}/readyz")
                return
            except (OSError, urllib.error.URLError):
                assert self.process.poll() is None, self.process.communicate()[0]
                time.sleep(0.1)
        raise AssertionError("the preview did not become ready")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Preview]:
    folder = tmp_path / "shop"
    shutil.copytree(bundled("examples") / "shop", folder)
    text = (folder / "site.yaml").read_text("utf-8")
    waiver = "{rule: implied-consent, officer: nobody@example.com, reason: Only for the preview.}"
    text = text.replace("the shop works either way.", "by using the shop you agree.")
    text = text.replace("key: shop\n", "key: shop\nmanaged_by: console\n")
    (folder / "site.yaml").write_text(f"{text}\nwaivers: [{waiver}]\n", "utf-8")
    preview = Preview(folder, tmp_path)
    preview.ready()
    yield preview
    if preview.process.poll() is None:
        preview.process.kill()
        preview.process.wait()


def test_a_folder_is_shown_and_nothing_is_left(shop: Preview) -> None:
    service, website = f"http://127.0.0.1:{shop.port}", f"http://localhost:{shop.port + 1}"
    for page, locale in (("", "en"), ("de.html", "de"), ("ar.html", "ar")):
        html = get(f"{website}/{page}")
        script = f"{service}/v1/sites/shop/consent-banner.js?lang={locale}"
        assert f'src="{script}"' in html
        assert f'"locale":"{locale}"' in get(script)
    assert "by using the shop you agree" in get(f"{service}/v1/sites/shop/notice")
    document = f"{service}/sites/shop/documents/terms?lang=en"
    assert document in get(website)
    assert "Terms" in get(document)
    preflight = urllib.request.Request(
        f"{service}/v1/sites/shop/consents", method="OPTIONS", headers={"Origin": website}
    )
    with urllib.request.urlopen(preflight, timeout=10) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == website
    shop.process.send_signal(signal.SIGINT)
    told = shop.process.communicate(timeout=60)[0]
    assert shop.process.returncode == 0, told
    assert website in told
    assert list(shop.temporary.iterdir()) == []
    assert not shop.data.exists()


def test_a_wrong_folder_is_told_before_anything_starts(command: Command, tmp_path: Path) -> None:
    folder = make(tmp_path / "site", lambda site: site.update(layout="popup"))
    assert "site.yaml" in command("site", "preview", str(folder), status=1).output


def test_a_taken_port_is_told(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        folder = str(bundled("examples") / "news")
        assert "--port" in command("site", "preview", folder, "--port", port, status=1).output
