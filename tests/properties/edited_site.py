"""A site that is published again and again, and what each of its notices has to say."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from consent_service.resources import bundled
from tests.properties.facts import Document, Notice, Purpose
from tests.support.world import World

KEY = "machine"
PROFILES = ("eu-opt-in", "uk", "us-opt-out")
GRANTED_DAYS, DENIED_DAYS = 60, 45
ACCEPT = {"privacy-policy": "acknowledge", "terms": "agree"}


@dataclass
class EditedSite:
    """The site's folder as data, its documents as their front matter, and its notices so far."""

    world: World
    profile: str
    data: dict[str, Any]
    documents: dict[str, dict[str, Any]]
    notices: list[Notice] = field(default_factory=list)
    dropped: list[tuple[dict[str, Any], list[dict[str, Any]]]] = field(default_factory=list)
    edits: int = 0

    @property
    def current(self) -> Notice:
        return self.notices[-1]

    @property
    def has_room(self) -> bool:
        """True while one more purpose with a service leaves the state token short enough."""
        gone = [part for purpose, services in self.dropped for part in (purpose, *services)]
        return len(self.data["purposes"]) + len(self.data["services"]) + len(gone) < 12

    def purpose(self, key: str) -> dict[str, Any]:
        return next(each for each in self.data["purposes"] if each["key"] == key)

    # ------------------------------------------------------------------ edits

    def reword(self, key: str) -> None:
        self.purpose(key)["name"] = f"Wording {self._next()}"
        self._publish()

    def redefine(self, key: str) -> None:
        self.purpose(key)["revision"] += 1
        self._publish(purposes=[key])

    def redefine_service(self, key: str) -> None:
        next(each for each in self.data["services"] if each["key"] == key)["revision"] += 1
        self._publish(services=[key])

    def add_service(self, purpose: str) -> None:
        key = f"s{self._next()}"
        self.data["services"].append(self._service(key, purpose))
        self._publish(services=[key])

    def add_purpose(self, *, sale: bool, statistics: bool) -> None:
        number = self._next()
        key, service = f"p{number}", f"s{number}"
        extra = {"use": "statistics"} if statistics else {}
        self.data["purposes"].append(
            {**_plain(self.purpose("functional")), "key": key, "sale_or_sharing": sale, **extra}
        )
        self.data["services"].append(self._service(service, key))
        self._publish(purposes=[key], services=[service])

    def drop_or_restore(self, which: int) -> None:
        """Take a purpose away with its services, or bring it back."""
        if self.dropped:
            purpose, services = self.dropped.pop()
            self.data["purposes"].append(purpose)
            self.data["services"] += services
            self._publish(purposes=[purpose["key"]], services=[each["key"] for each in services])
        elif free := self._droppable():
            self._drop(free[which % len(free)])

    def _droppable(self) -> list[str]:
        """Return what no document voids, but for those that new parts are made like."""
        kept = {"analytics", "functional"}
        kept.update(*(each["affects"] for each in self.documents.values()))
        return [key for key in self.current.choices() if key not in kept]

    def _drop(self, key: str) -> None:
        services = [each for each in self.data["services"] if each["purpose"] == key]
        self.dropped.append((self.purpose(key), services))
        self.data["purposes"].remove(self.purpose(key))
        self.data["services"] = [each for each in self.data["services"] if each not in services]
        self._publish()

    def change_document(self, kind: str, *, material: bool, affects: list[str]) -> None:
        self.documents[kind] = {"material": material, "affects": affects, "text": self._next()}
        self._publish(documents={kind: material}, purposes=affects if material else [])

    def _next(self) -> int:
        self.edits += 1
        return self.edits

    def _service(self, key: str, purpose: str) -> dict[str, Any]:
        like = next(each for each in self.data["services"] if each["key"] == "tally")
        return {**_plain(like), "key": key, "purpose": purpose, "revision": 1}

    # ------------------------------------------------------------------ publishing

    def _publish(
        self,
        *,
        purposes: list[str] | tuple[str, ...] = (),
        services: list[str] | tuple[str, ...] = (),
        documents: Mapping[str, bool] | None = None,
    ) -> None:
        """Publish; what is named means something else from now on."""
        number = len(self.notices) + 1
        self.write()
        plan = self.world.apply(KEY)
        assert [notice.number for notice in plan.notices] == [number]
        since = {**dict.fromkeys(purposes, number)}
        self.notices.append(self._notice(number, since, dict.fromkeys(services, number), documents))

    def _notice(
        self,
        number: int,
        purposes: Mapping[str, int],
        services: Mapping[str, int],
        documents: Mapping[str, bool] | None,
    ) -> Notice:
        before = self.notices[-1] if self.notices else None
        known = before.purposes if before else {}
        is_opt_out = self.profile == "us-opt-out"
        return Notice(
            number=number,
            at=self.world.clock.now(),
            purposes={
                each["key"]: self._purpose(each, known.get(each["key"]), purposes, services)
                for each in self.data["purposes"]
            },
            documents={
                kind: _changed(before.documents[kind], number, (documents or {}).get(kind))
                if before
                else Document(n=1, accept=accept, since=1)
                for kind, accept in ACCEPT.items()
            },
            granted_days=GRANTED_DAYS,
            denied_days=None if is_opt_out else DENIED_DAYS,
            quiet_days=365 if is_opt_out else 0,
            is_opt_out=is_opt_out,
        )

    def _purpose(
        self,
        data: Mapping[str, Any],
        before: Purpose | None,
        purposes: Mapping[str, int],
        services: Mapping[str, int],
    ) -> Purpose:
        key, choice = data["key"], data["legal_basis"] == "consent"
        is_free = self.profile == "uk" and data.get("use") == "statistics"
        return Purpose(
            since=purposes.get(key) or (before.since if before else 1),
            choice=choice,
            runs=not choice or is_free or self.profile == "us-opt-out",
            sale=data["sale_or_sharing"],
            services={
                each["key"]: services.get(each["key"])
                or (before.services[each["key"]] if before else 1)
                for each in self.data["services"]
                if each["purpose"] == key
            },
        )

    def write(self) -> None:
        folder = self.world.folders / KEY
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "site.yaml").write_text(yaml.safe_dump(self.data, sort_keys=False), "utf-8")
        for kind, document in self.documents.items():
            matter = {"title": kind, "accept": ACCEPT[kind], **document}
            text = f"Text {matter.pop('text')}"
            head = yaml.safe_dump(matter, sort_keys=False)
            (folder / f"{kind}.en.md").write_text(f"---\n{head}---\n{text}\n", "utf-8")


def shop_under(profile: str, world: World) -> EditedSite:
    """Return a site like the example's shop, under another profile, published once."""
    data = _in_english(
        yaml.safe_load((bundled("examples") / "shop" / "site.yaml").read_text("utf-8"))
    )
    data |= {"key": KEY, "origins": ["http://localhost:8001"], "profiles": [profile]}
    data |= {"locales": ["en"], "texts": {"en": data["texts"]}}
    data["retention"] |= {"consent_days": GRANTED_DAYS, "refusal_days": DENIED_DAYS}
    analytics = next(each for each in data["purposes"] if each["key"] == "analytics")
    analytics["use"] = "statistics"
    blank = {"material": False, "affects": [], "text": 0}
    site = EditedSite(world, profile, data, {kind: dict(blank) for kind in ACCEPT})
    data["services"].append(site._service("heatmap", "analytics"))
    site._publish()
    return site


def moved(site: EditedSite, world: World) -> EditedSite:
    """Return a site to edit on its own, in a world that is a copy of its own one."""
    return replace(
        site,
        world=world,
        data=deepcopy(site.data),
        documents=deepcopy(site.documents),
        notices=list(site.notices),
        dropped=[],
    )


def _plain(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "use"}


def _in_english(part: Any) -> Any:
    """Return a tree with one text in place of each mapping of locales: that is read faster."""
    if isinstance(part, list):
        return [_in_english(each) for each in part]
    if isinstance(part, dict):
        return part["en"] if "en" in part else {k: _in_english(v) for k, v in part.items()}
    return part


def _changed(before: Document, number: int, material: bool | None) -> Document:
    if material is None:
        return before
    since = number if material else before.since
    return replace(before, n=before.n + 1, since=since)
