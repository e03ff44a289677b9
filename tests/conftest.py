"""What every test gets: a clean environment, and no way out to the network."""

import ipaddress
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from tests.counts import LONG

pytest_plugins = ["tests.fixtures_postgres", "tests.fixtures_world"]

settings.register_profile(
    "quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "long", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("long" if LONG else "quick")


class OutsideConnectionError(AssertionError):
    """A test tried to reach another machine."""


def _is_outside(host: object) -> bool:
    if not isinstance(host, str) or host in {"", "localhost"} or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
        if _is_outside(host):
            message = f"a test tried to connect to {host}"
            raise OutsideConnectionError(message)


def pytest_configure(config: pytest.Config) -> None:
    # Settings of whoever runs the tests must not change what they see.
    for name in list(os.environ):
        if name.startswith("CONSENT_") and not name.startswith("CONSENT_TEST_"):
            del os.environ[name]
    sys.addaudithook(_refuse_outside)
