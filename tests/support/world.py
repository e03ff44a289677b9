"""A whole service on a database of its own, as the tests drive it."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consent_service.application import build_app
from consent_service.bootstrap import Services, build_services
from consent_service.publishing.folder import read_folder
from consent_service.publishing.plan import Plan
from consent_service.publishing.planning import Planner
from consent_service.publishing.service import PublishingService
from consent_service.resources import bundled
from consent_service.settings import Settings, load_settings
from tests.support.clock import FakeClock

ORIGINS = {"news": "http://localhost:8001", "shop": "http://localhost:8002"}


def unlinted(services: Services) -> PublishingService:
    """Return publishing without the linter, which has tests of its own."""
    planner = Planner(
        clock=services.clock, ids=services.ids, log_name=services.log_name, lint=lambda _: []
    )
    return PublishingService(services.db, planner)


@dataclass
class World:
    """The services, their application, and short ways to drive both."""

    settings: Settings
    clock: FakeClock
    services: Services
    client: FlaskClient
    folders: Path

    def folder(self, site: str) -> Path:
        """Return a private copy of an example's folder, to edit and apply."""
        target = self.folders / site
        if not target.exists():
            shutil.copytree(bundled("examples") / site, target)
        return target

    def apply(self, site: str) -> Plan:
        """Publish a site's folder as it stands; the service sees it at once.

        The linter is left out: tests publish what it would object to.
        """
        plan = unlinted(self.services).apply(read_folder(self.folder(site)))
        self.forget()
        return plan

    def forget(self) -> None:
        """Let the next lookup of a site read the database, instead of waiting for a second."""
        self.services.sites._known.clear()
        self.services.logs._newest.clear()

    def notice(self, site: str, lang: str = "en") -> dict[str, Any]:
        answer = self.client.get(f"/v1/sites/{site}/notice?lang={lang}")
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def post(
        self, site: str, body: Mapping[str, Any] | bytes, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Post an answer as a browser does: JSON as text/plain, from the site's origin."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Origin": ORIGINS.get(site, "http://localhost:8001"), **(headers or {})}
        return self.client.post(
            f"/v1/sites/{site}/consents",
            data=data,
            content_type="text/plain;charset=UTF-8",
            headers=sent,
        )

    def answer(self, site: str, action: str, **members: Any) -> dict[str, Any]:
        """Record an act under the current notice and return the answer."""
        notice = members.pop("notice", None) or self.notice(site)["number"]
        body = {"action": action, "notice": notice, "key": str(uuid4()), **members}
        answered = self.post(site, body)
        assert answered.status_code == 201, answered.text
        return dict(answered.get_json())

    def me(self, site: str, credential: str) -> TestResponse:
        return self.client.get(
            f"/v1/sites/{site}/consents/me", headers={"Authorization": f"Consent {credential}"}
        )


def open_world(database_url: str, folder: Path) -> World:
    """Return a world on a migrated database, with both examples published."""
    settings = load_settings(
        {
            "CONSENT_DATA_DIR": str(folder / "data"),
            "CONSENT_DATABASE_URL": database_url,
            # Tests write faster than people do.
            "CONSENT_ADDRESS_LIMIT": "0",
        }
    )
    clock = FakeClock()
    services = build_services(settings, clock=clock, with_log_keys=True)
    app = build_app(services)
    world = World(
        settings=settings,
        clock=clock,
        services=services,
        client=app.test_client(use_cookies=False),
        folders=folder / "sites",
    )
    for site in ORIGINS:
        world.apply(site)
    return world
