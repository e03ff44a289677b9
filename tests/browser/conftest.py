"""Chromium for the browser tests.

    page            a page in a context of its own
    new_page        makes more: each call gives another context, like another visitor's browser
    console         what the pages said; `console.allow(pattern)` before something is expected
    demo            a running demo, shared by the tests of one process: the service, two websites

A test fails when a page reported an error that it did not allow: an exception, a blocked
resource, a violation of the Content-Security-Policy, an answer of 4xx or 5xx.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.running import Demo, Running, three_free_ports

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOOPBACK = "EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages reach this machine only; names under .localhost resolve without a name server.
    f"--host-resolver-rules=MAP * ~NOTFOUND, {LOOPBACK}",
]
TIMEOUT_MS = 15_000

NewPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Console:
    """Collects what the pages of one test report."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.errors: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Let errors pass that match; call it before or after they appear."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        return [
            error
            for error in self.errors
            if not any(pattern.search(error) for pattern in self._allowed)
        ]

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.errors.append(f"exception: {error.error}"))

    def _on_console(self, message: Any) -> None:
        place = message.location.get("url", "")
        line = f"{message.type}: {message.text} ({place})"
        self.messages.append(line)
        # A policy that only reports warns instead of failing, and is as wrong.
        if message.type == "error" or "Content Security Policy" in message.text:
            self.errors.append(line)


def chromium_path() -> str:
    named = os.environ.get("CONSENT_TEST_CHROMIUM")
    if named:
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    message = "no Chromium found: run scripts/need-chromium"
    raise RuntimeError(message)


def prepare(context: BrowserContext) -> None:
    context.set_default_timeout(TIMEOUT_MS)
    # A page that a test answers for itself has no address, and so asks to reach this machine.
    context.grant_permissions(["local-network-access"])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def new_page(chromium: Browser, console: Console) -> Iterator[NewPage]:
    """Make a page in a fresh context; keyword arguments are those of `Browser.new_context`."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Page:
        context = chromium.new_context(**options)
        prepare(context)
        console.watch(context)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    unexpected = console.unexpected()
    if unexpected:
        pytest.fail("the pages reported:\n" + "\n".join(unexpected), pytrace=False)


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo")
    port = three_free_ports()
    running = Running(data, "demo", "--port", str(port))
    try:
        running.wait_for_line("Ctrl-C ends everything")
        started = Demo(
            service=f"http://127.0.0.1:{port}",
            news=f"http://localhost:{port + 1}",
            shop=f"http://localhost:{port + 2}",
            data=data,
        )
        with started.beside:
            yield started
    finally:
        status = running.stop()
    assert status == 0
