"""Visitors of a site whose data the command works on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from consent_service.application import build_app
from consent_service.bootstrap import Services, build_services
from consent_service.settings import load_settings
from tests.support.clock import FakeClock
from tests.support.world import ORIGINS

OWNER = "owner@example.com"
"""The address of an officer; `owned` adds one."""


@contextmanager
def services(tmp_path: Path, clock: FakeClock | None = None) -> Iterator[Services]:
    """Open the services on the command's data."""
    settings = load_settings({"CONSENT_DATA_DIR": str(tmp_path / "data")})
    opened = build_services(settings, clock=clock)
    yield opened
    opened.db.dispose()


def answer(
    tmp_path: Path, action: str, clock: FakeClock | None = None, **members: Any
) -> dict[str, Any]:
    """Record an act at the shop and return the answer."""
    body = {"action": action, "notice": 1, "key": str(uuid4()), **members}
    with services(tmp_path, clock) as opened:
        answered = (
            build_app(opened)
            .test_client(use_cookies=False)
            .post(
                "/v1/sites/shop/consents",
                data=json.dumps(body),
                content_type="text/plain",
                headers={"Origin": ORIGINS["shop"]},
            )
        )
    assert answered.status_code == 201, answered.text
    return dict(answered.get_json())


def forget(tmp_path: Path, credential: str) -> TestResponse:
    """Let a visitor of the shop erase what is on record."""
    with services(tmp_path) as opened:
        return (
            build_app(opened)
            .test_client(use_cookies=False)
            .delete(
                "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {credential}"}
            )
        )


def link(tmp_path: Path, subject: str, visitor: str) -> None:
    """Link a user of the shop to a visitor."""
    with services(tmp_path) as opened:
        opened.subjects.link(opened.sites.get("shop"), subject, visitor)
