"""The brief: what the banner needs of a variant at once, and no more."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from consent_service.banners.brief import brief
from consent_service.core.canonical import canonical_json
from consent_service.resources import bundled
from tests.fixtures_world import migrate
from tests.support.world import open_world

Body = dict[str, Any]
COMMON_TEXTS = {
    "accept",
    "body",
    "choose",
    "close",
    "controller",
    "off",
    "on",
    "reject",
    "reopen",
    "saved",
    "title",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variants of both examples in English, by site."""
    folder = tmp_path_factory.mktemp("published")
    url = f"sqlite:///{folder / 'consent.db'}"
    migrate(url, folder)
    world = open_world(url, folder)
    yield {
        site: world.client.get(f"/v1/sites/{site}/notice/{variant}.json").text
        for site in ("news", "shop")
        for variant in [world.notice(site)["variant"]]
    }
    world.services.db.dispose()


@pytest.fixture
def shop(published: dict[str, str]) -> Body:
    return dict(json.loads(published["shop"]))


@pytest.fixture
def news(published: dict[str, str]) -> Body:
    return dict(json.loads(published["news"]))


def test_the_brief_of_the_shop(shop: Body) -> None:
    told = brief(shop)
    texts = told.pop("texts")
    assert set(texts) == COMMON_TEXTS | {"opt_out_honoured"}
    assert all(texts[key] == shop["texts"][key] for key in texts)
    assert told == {
        "site": "shop",
        "number": 1,
        "locale": "en",
        "dir": "ltr",
        "model": "opt-in",
        "layout": "bar",
        "controller": {"name": "Linden & Oak GmbH"},
        "purposes": [
            {
                "key": "necessary",
                "name": "Necessary",
                "before_choice": "allowed",
            },
            {
                "key": "functional",
                "name": "Support chat",
                "choice": True,
            },
            {
                "key": "analytics",
                "name": "Measurement",
                "choice": True,
            },
            {
                "key": "marketing",
                "name": "Advertising",
                "choice": True,
                "sale_or_sharing": True,
            },
        ],
        "services": [
            {
                "key": service["key"],
                "purpose": service["purpose"],
                "cookies": [{"name": cookie["name"]} for cookie in service["cookies"]],
            }
            for service in shop["services"]
            if service["purpose"] != "necessary"
        ],
        "documents": [
            {name: document[name] for name in ("kind", "number", "title", "url")}
            for document in shop["documents"]
        ],
    }


def test_the_brief_of_the_news(news: Body) -> None:
    told = brief(news)
    assert set(told["texts"]) == COMMON_TEXTS
    assert (told["model"], told["layout"]) == ("notice", news["layout"])
    assert told["purposes"] == []
    assert told["services"] == []


def test_a_brief_is_a_fraction_of_its_variant(shop: Body, published: dict[str, str]) -> None:
    assert len(canonical_json(brief(shop)).encode()) < len(published["shop"].encode()) / 3


def test_what_few_variants_have_is_kept(shop: Body) -> None:
    added = {
        "signals": {"google": {"ad_storage": "marketing"}, "mode": "advanced", "head": True},
        "placement": "last",
        "release": "click",
        "close_refuses": True,
        "lifetime": {"granted_days": 185, "quiet_days": 365},
    }
    shop["services"][-1] |= {"storage": ["lo_*"], "cookies": [], "asked_since": 3}
    told = brief({**shop, **added})
    assert {name: told[name] for name in added} == {**added, "lifetime": {"quiet_days": 365}}
    assert told["services"][-1]["storage"] == ["lo_*"]
    assert told["services"][-1]["asked_since"] == 3
    assert "cookies" not in told["services"][-1]
    assert set(told["texts"]) == COMMON_TEXTS | {"opt_out_honoured", "close_refuses"}


def test_a_text_that_an_old_variant_lacks_is_left_out(shop: Body) -> None:
    del shop["texts"]["off"]
    assert set(brief(shop)["texts"]) == COMMON_TEXTS - {"off"} | {"opt_out_honoured"}


def test_the_banner_reads_each_text_of_a_brief_before_it_fetches_the_rest(shop: Body) -> None:
    code = (bundled("static") / "consent-banner.js").read_text("utf-8")
    told = brief({**shop, "close_refuses": True})["texts"]
    assert [key for key in told if not re.search(rf"\b{key}\b", code)] == []


def test_a_brief_changes_nothing_of_its_variant(shop: Body) -> None:
    before = deepcopy(shop)
    assert canonical_json(brief(shop)) == canonical_json(brief(shop))
    assert shop == before
