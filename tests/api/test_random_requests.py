"""Whatever JSON arrives, the service answers it; it never fails inside."""

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.calls import CHOICES
from tests.support.world import World

FIXTURE = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
NAMES = st.sampled_from(["analytics", "marketing", "tally", "terms", "key", "value", "gpc"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["2026-11-23T10:00:00Z", "0001-01-01T00:00:00+14:00", "a.b.c", "en"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = (
    "variant",
    "locale",
    "decisions",
    "services",
    "documents",
    "method",
    "layer",
    "banner",
    "signals",
    "occurred_at",
    "sent_at",
    "credential",
)
ACTIONS = ["accept", "reject", "choose", "withdraw", "acknowledge", "agree"]


@settings(suppress_health_check=FIXTURE)
@given(body=JSON)
def test_any_json_is_answered(sqlite_world: World, body: Any) -> None:
    answer = sqlite_world.client.post(
        "/v1/sites/shop/consents", json=body, headers={"Origin": "http://localhost:8002"}
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.content_type == "application/problem+json"


@settings(suppress_health_check=FIXTURE)
@given(action=st.sampled_from(ACTIONS), extra=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_value_of_any_field_is_answered(
    world: World, action: str, extra: dict[str, Any]
) -> None:
    body = {"action": action, "notice": 1, "key": str(uuid4()), **extra}
    for site in ("shop", "news"):
        assert world.post(site, body).status_code < 500, body


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "decisions": st.dictionaries(st.sampled_from(["necessary", *CHOICES]), st.booleans()),
        "services": st.dictionaries(
            st.sampled_from(["tally", "adverra", "parley", "basket"]), st.booleans()
        ),
        "documents": st.dictionaries(
            st.sampled_from(["terms", "privacy-policy"]), st.integers(1, 2)
        ),
        "signals": st.fixed_dictionaries({"gpc": st.booleans()}),
    },
)
TIMES = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")


@settings(suppress_health_check=FIXTURE)
@given(
    action=st.sampled_from(ACTIONS),
    parts=PARTS,
    times=st.just({}) | st.fixed_dictionaries({"occurred_at": TIMES, "sent_at": TIMES}),
)
def test_any_well_formed_act_is_taken_or_refused(
    world: World, action: str, parts: dict[str, Any], times: dict[str, str]
) -> None:
    body = {"action": action, "notice": 1, "key": str(uuid4()), **parts, **times}
    answer = world.post("shop", body)
    assert answer.status_code in (201, 409, 422), answer.text
    if answer.status_code == 201 and action in ("reject", "withdraw"):
        assert "granted" not in answer.get_json()["consent"]["decisions"].values()


@settings(suppress_health_check=FIXTURE)
@given(
    query=st.dictionaries(
        st.sampled_from(["before", "lang", "link", "v", "x"]), st.text(max_size=9)
    )
)
def test_any_query_is_answered(world: World, query: dict[str, str]) -> None:
    credential = world.answer("shop", "accept", notice=1)["credential"]
    headers = {"Authorization": f"Consent {credential}"}
    paths = ("/v1/sites/shop/consents/me", "/v1/sites/shop/notice", "/sites/shop/preferences")
    for path in paths:
        answer = world.client.get(path, query_string=query, headers=headers)
        assert answer.status_code < 500, answer.text
