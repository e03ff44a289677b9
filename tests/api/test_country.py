"""The visitor's country behind the web server as it is configured to run."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from consent_service.application import build_app
from tests.api.calls import rewrite
from tests.ports import free_port
from tests.support.world import World

PROBE = """
from flask import Flask
from consent_service.http.country import PlaceFinder
from consent_service.http.peers import Peers
from consent_service.server import Server
from consent_service.settings import load_settings

class Probe(Server):
    def load(self):
        app = Flask("probe")
        settings = load_settings()
        finder = PlaceFinder(Peers(settings.trusted_proxies), settings.country_header, None)
        app.add_url_rule("/", view_func=lambda: [getattr(finder.find(), "country", None)])
        return app

Probe(load_settings()).run()
"""


@pytest.fixture(params=["loopback", "192.0.2.0/24"])
def trusted(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def port(trusted: str, tmp_path: Path) -> Iterator[int]:
    """The port of gunicorn in the service's configuration, on loopback."""
    port = free_port()
    environment = {
        **os.environ,
        "CONSENT_DATA_DIR": str(tmp_path),
        "CONSENT_BIND": f"127.0.0.1:{port}",
        "CONSENT_TRUSTED_PROXIES": trusted,
        "CONSENT_COUNTRY_HEADER": "CF-IPCountry",
        "FORWARDED_ALLOW_IPS": "*",
    }
    process = subprocess.Popen([sys.executable, "-c", PROBE], env=environment)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(30)


def asked(port: int, headers: dict[str, str]) -> object:
    """Return what the probe answers, which may still be starting."""
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/", headers=headers)
            return json.loads(connection.getresponse().read())[0]
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the probe does not answer")


def test_only_the_address_of_the_connection_makes_a_header_believed(
    trusted: str, port: int
) -> None:
    believed = "DE" if trusted == "loopback" else None
    assert asked(port, {"CF-IPCountry": "DE"}) == believed
    forged = {"CF-IPCountry": "DE", "X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1"}
    assert asked(port, forged | {"Forwarded": "for=192.0.2.1"}) == believed
    assert asked(port, {"CF_IPCountry": "DE"}) is None


@pytest.mark.parametrize(
    ("peer", "country", "profile"),
    [
        ("127.0.0.1", "US", "us-opt-out"),
        ("127.0.0.1", "GB", "uk"),
        ("127.0.0.1", "JP", "eu-opt-in"),
        ("127.0.0.1", "XX", "eu-opt-in"),
        ("127.0.0.1", None, "eu-opt-in"),
        ("192.0.2.1", "US", "eu-opt-in"),
    ],
)
def test_the_country_decides_which_profile_visitors_are_shown(
    several: World, peer: str, country: str | None, profile: str
) -> None:
    settings = replace(
        several.settings,
        trusted_proxies=(ip_network("127.0.0.0/8"),),
        country_header="CF-IPCountry",
    )
    client = build_app(replace(several.services, settings=settings)).test_client()
    headers = {"CF-IPCountry": country} if country else {}
    answer = client.get(
        "/v1/sites/shop/notice", headers=headers, environ_base={"REMOTE_ADDR": peer}
    )
    assert answer.get_json()["profile"] == profile


@pytest.fixture(scope="module")
def several(shared_world: World) -> World:
    """A shop that declares three profiles."""
    declared = "profiles: [us-opt-out, eu-opt-in, uk]"
    rewrite(shared_world, "shop", "site.yaml", "profiles: [eu-opt-in]", declared)
    shared_world.apply("shop")
    return shared_world
