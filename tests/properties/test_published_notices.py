"""Any sequence of edits to a site: numbers only grow, and what is asked again is what changed."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent_service.notices.drafting import draft, publish_draft
from consent_service.notices.model import Notice, notice_in_force
from consent_service.publishing.folder import read_folder
from consent_service.publishing.model import SiteSource, with_complete_locales
from tests.unit.folders import make

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EDITS = st.lists(
    st.fixed_dictionaries(
        {
            "purpose": st.integers(1, 3),
            "service": st.integers(1, 3),
            "wording": st.integers(1, 3),
        }
    ),
    min_size=1,
    max_size=6,
)


def edited(edit: dict[str, int]) -> Any:
    def change(site: dict[str, Any]) -> None:
        site["purposes"][0]["revision"] = edit["purpose"]
        site["services"][0]["revision"] = edit["service"]
        site["purposes"][0]["name"]["en"] = f"Measurement {edit['wording']}"

    return change


def source(folder: Path, edit: dict[str, int]) -> SiteSource:
    return with_complete_locales(read_folder(make(folder, edited(deepcopy(edit)))))[0]


def published(folder: Path, edits: list[dict[str, int]]) -> list[Notice]:
    """Publish each edit as its own notice, as the publisher does."""
    notices: list[Notice] = []
    for day, edit in enumerate(edits):
        moment = START + timedelta(days=day)
        made = draft(source(folder, edit).notice, {}, moment)
        previous = notice_in_force(notices, moment)
        if previous is None or previous.content != made.content:
            notice = publish_draft(
                made,
                site_id="018bcfe5-6800-7000-8000-00000000000a",
                number=len(notices) + 1,
                previous=previous,
                moment=moment,
                now=moment,
            )
            notices.append(notice)
    return notices


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(EDITS)
def test_a_part_is_asked_again_exactly_when_its_revision_changes(
    tmp_path: Path, edits: list[dict[str, int]]
) -> None:
    notices = published(tmp_path / "site", edits)
    distinct = [edits[0]]
    for edit in edits[1:]:
        shown = {key: edit[key] for key in ("purpose", "service", "wording")}
        if shown != {key: distinct[-1][key] for key in shown}:
            distinct.append(edit)
    assert [notice.number for notice in notices] == list(range(1, len(distinct) + 1))
    since = {"purpose": 1, "service": 1}
    for number, (notice, edit) in enumerate(zip(notices, distinct, strict=True), start=1):
        for part in since:
            if number > 1 and edit[part] != distinct[number - 2][part]:
                since[part] = number
        body = json.loads(notice.variants[0].body)
        assert body["purposes"][0]["asked_since"] == since["purpose"]
        assert body["services"][0]["asked_since"] == since["service"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(EDITS)
def test_the_same_site_always_makes_the_same_notices(
    tmp_path: Path, edits: list[dict[str, int]]
) -> None:
    assert published(tmp_path / "site", edits) == published(tmp_path / "again", edits)
