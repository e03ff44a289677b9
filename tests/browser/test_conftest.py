"""The browser fixtures themselves: what a page reports reaches the test."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Error

from tests.browser.conftest import Console, NewPage

PAGE = b"""<!doctype html><title>Pear</title><link rel=icon href="data:,">
<script>console.log('hello')</script><p>Pear</p>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path != "/missing" else 404)
        self.send_header("Content-Type", "text/html")
        if self.path == "/strict":
            self.send_header("Content-Security-Policy", "script-src 'none'")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://pear.localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_quiet_page_passes(new_page: NewPage, console: Console, address: str) -> None:
    page = new_page()
    page.goto(address)
    assert page.title() == "Pear"
    assert any("hello" in message for message in console.messages)
    assert console.unexpected() == []


@pytest.mark.parametrize(
    ("path", "expected"), [("/strict", "Content Security Policy"), ("/missing", "404")]
)
def test_what_goes_wrong_is_an_error(
    new_page: NewPage, console: Console, address: str, path: str, expected: str
) -> None:
    page = new_page()
    page.goto(address + path)
    page.wait_for_timeout(100)
    assert any(expected in error for error in console.unexpected())
    console.allow(expected)
    assert console.unexpected() == []


def test_an_exception_is_an_error(new_page: NewPage, console: Console, address: str) -> None:
    page = new_page()
    page.goto(address)
    page.evaluate("setTimeout(() => { throw new Error('plum') })")
    page.wait_for_timeout(100)
    assert any("plum" in error for error in console.unexpected())
    console.allow("plum")


def test_two_pages_are_two_visitors(new_page: NewPage, address: str) -> None:
    first, second = new_page(), new_page()
    first.goto(address)
    second.goto(address)
    first.evaluate("document.cookie = 'a=1'")
    assert second.evaluate("document.cookie") == ""


def test_other_machines_are_out_of_reach(new_page: NewPage) -> None:
    page = new_page()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.com/")
