"""Sites: when an origin is on this very machine, and what is stored of settings."""

import pytest

from consent_service.sites.model import Embed, is_loopback


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:8001",
        "http://shop.localhost",
        "http://shop.localhost:8001",
        "http://127.0.0.1",
        "http://127.0.0.1:8000",
        "http://[::1]",
        "http://[::1]:8000",
    ],
)
def test_plain_http_on_this_machine_is_loopback(origin: str) -> None:
    assert is_loopback(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost",
        "https://127.0.0.1:8000",
        "http://localhost.example.com",
        "http://notlocalhost",
        "http://evil.example:8000",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://10.0.0.1",
        "http://[::2]",
        "http://[::1].evil.example",
        "null",
        "",
        "localhost",
        "http://localhost:99999",
        "http://[::1",
    ],
)
def test_nothing_else_is(origin: str) -> None:
    assert not is_loopback(origin)


@pytest.mark.parametrize(
    ("mode", "sets"), [("external", False), ("path", True), ("subdomain", True)]
)
def test_the_server_sets_cookies_only_on_the_sites_own_domain(mode: str, sets: bool) -> None:
    assert Embed(mode=mode).server_sets_cookies is sets
