"""Whatever visitors, publishers and clocks do, the service says what a list of facts says."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count as counting
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.counts import count
from tests.fixtures_world import migrate
from tests.properties.edited_site import ACCEPT, KEY, PROFILES, EditedSite, moved, shop_under
from tests.properties.facts import Notice
from tests.properties.visiting import Circumstances, Visiting, opened

T = TypeVar("T")

WAITS = [
    timedelta(milliseconds=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=16),
    timedelta(days=46),
    timedelta(days=366),
    timedelta(days=400),
]
AGES = [
    None,
    None,
    None,
    timedelta(0),
    timedelta(milliseconds=1),
    timedelta(hours=2),
    timedelta(days=5),
    timedelta(days=59),
    timedelta(days=61),
]
EDITS = [
    "reword",
    "redefine purpose",
    "redefine service",
    "add purpose",
    "add service",
    "drop or restore purpose",
]
CHOSEN = st.dictionaries(st.integers(0, 4), st.booleans(), max_size=3)
NAMED = st.sets(st.integers(0, 4), max_size=2)
KINDS = st.sampled_from([*ACCEPT])
HOW = st.builds(
    Circumstances,
    visitor=st.sampled_from([0, 0, 0, 1]),
    back=st.sampled_from([0, 0, 0, 1, 2]),
    age=st.sampled_from(AGES),
    gpc=st.sampled_from(["off", "off", "off", "body", "header"]),
    override=st.booleans(),
)


class Visits(RuleBasedStateMachine):
    """Two visitors of one site, its publisher, and time."""

    def __init__(self, site: EditedSite, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._world = opened(folder)
        self._site = moved(site, self._world)
        self._visiting = Visiting(self._site, self._world)

    @property
    def _notice(self) -> Notice:
        return self._site.current

    def teardown(self) -> None:
        for visitor in self._visiting.visitors:
            past = [moment for moment in visitor.moments if moment < self._world.clock.now()]
            for moment in past[::4]:
                self._visiting.look_back(visitor, moment)
        self._world.services.db.dispose()
        shutil.rmtree(self._folder)

    # ------------------------------------------------------------------ acts

    @rule()
    def shown(self) -> None:
        sent = self._world.client.post(
            f"/v1/sites/{KEY}/impressions",
            json={"notice": self._notice.number},
            headers={"Origin": "http://localhost:8001"},
        )
        assert sent.status_code == 202, sent.text

    @rule(how=HOW)
    def accept(self, how: Circumstances) -> None:
        self._visiting.act(how, "accept")

    @rule(how=HOW)
    def reject(self, how: Circumstances) -> None:
        self._visiting.act(how, "reject")

    @rule(how=HOW, purposes=CHOSEN, services=CHOSEN)
    def choose(
        self, how: Circumstances, purposes: dict[int, bool], services: dict[int, bool]
    ) -> None:
        notice = self._visiting.notice(how.back)
        chosen = picked(notice.choices(), purposes)
        by_service = picked(choosable(notice), services)
        if chosen or by_service:
            self._visiting.act(how, "choose", purposes=chosen, services=by_service)

    @rule(how=HOW)
    def withdraw(self, how: Circumstances) -> None:
        self._visiting.act(how, "withdraw")

    @rule(how=HOW, purposes=NAMED, services=NAMED, kinds=st.sets(KINDS))
    def withdraw_some(
        self, how: Circumstances, purposes: set[int], services: set[int], kinds: set[str]
    ) -> None:
        notice = self._visiting.notice(how.back)
        visitor = self._visiting.visitors[how.visitor]
        gone = [key for key in visitor.memory.purposes(visitor.facts) if key not in notice.purposes]
        self._visiting.act(
            how,
            "withdraw",
            purposes=picked([*notice.choices(), *gone], dict.fromkeys(purposes, False)),
            services=picked(choosable(notice), dict.fromkeys(services, False)),
            documents={kind: notice.documents[kind].n for kind in sorted(kinds)},
        )

    @rule(how=HOW, kind=KINDS, named=st.booleans())
    def confirm(self, how: Circumstances, kind: str, named: bool) -> None:
        documents = {kind: self._visiting.notice(how.back).documents[kind].n} if named else {}
        self._visiting.act(how, ACCEPT[kind], documents=documents)

    @rule(how=HOW)
    def signal(self, how: Circumstances) -> None:
        gpc = "header" if how.gpc == "header" else "body"
        self._visiting.act(replace(how, gpc=gpc), "signal")

    @rule(which=st.integers(0, 30), visitor=st.sampled_from([0, 0, 1]))
    def repeat(self, which: int, visitor: int) -> None:
        of = self._visiting.visitors[visitor]
        if of.sent:
            self._visiting.repeat(of, nth(of.sent, which))

    # ------------------------------------------------------------------ time

    @rule(delta=st.sampled_from(WAITS))
    def wait(self, delta: timedelta) -> None:
        self._world.clock.move(milliseconds=delta // timedelta(milliseconds=1))

    @rule()
    def expire(self) -> None:
        self._visiting.expire()

    @rule(which=st.integers(0, 60), visitor=st.sampled_from([0, 0, 1]))
    def look_back(self, which: int, visitor: int) -> None:
        of = self._visiting.visitors[visitor]
        if of.moments:
            self._visiting.look_back(of, nth(list(of.moments), which))

    # ------------------------------------------------------------------ publishing

    @rule(which=st.integers(0, 9), edit=st.sampled_from(EDITS))
    def change_site(self, which: int, edit: str) -> None:
        site, notice = self._site, self._notice
        if edit == "reword":
            site.reword(nth(notice.choices(), which))
        elif edit == "redefine purpose":
            site.redefine(nth(notice.choices(), which))
        elif edit == "redefine service":
            site.redefine_service(nth(choosable(notice), which))
        elif edit == "drop or restore purpose":
            site.drop_or_restore(which)
        elif site.has_room:
            if edit == "add purpose":
                site.add_purpose(sale=which % 2 == 0, statistics=which % 3 == 0)
            else:
                site.add_service(nth(notice.choices(), which))

    @rule(kind=KINDS, material=st.booleans(), affects=NAMED)
    def change_document(self, kind: str, material: bool, affects: set[int]) -> None:
        named = list(picked(self._notice.choices(), dict.fromkeys(affects, True)))
        self._site.change_document(kind, material=material, affects=named)

    # ------------------------------------------------------------------ what has to come of it

    @invariant()
    def everything_stands_as_remembered(self) -> None:
        for visitor in self._visiting.visitors:
            if visitor.name:
                self._visiting.compare(visitor)


def choosable(notice: Notice) -> list[str]:
    """Return the services that visitors decide about."""
    return [key for each in notice.choices() for key in notice.purposes[each].services]


def nth(items: Sequence[T], which: int) -> T:
    return items[which % len(items)]


def picked(keys: Sequence[str], values: Mapping[int, bool]) -> dict[str, bool]:
    """Return values for keys that are named by their place."""
    return {nth(keys, which): value for which, value in values.items()}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_service_says_what_a_list_of_facts_says(profile: str, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    migrate(f"sqlite:///{template / 'consent.db'}", template)
    world = opened(template)
    site = shop_under(profile, world)
    world.services.db.dispose()
    numbers = counting(1)

    def machine() -> Visits:
        folder = tmp_path / str(next(numbers))
        shutil.copytree(template, folder)
        return Visits(site, folder)

    run_state_machine_as_test(
        machine,  # type: ignore[arg-type] # any callable that makes one will do
        settings=settings(
            max_examples=count(8, 70),
            stateful_step_count=count(40, 60),
            suppress_health_check=[HealthCheck.too_slow],
            deadline=None,
        ),
    )
