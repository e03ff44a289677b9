"""The brief: the part of a variant that the banner needs before anybody asks for more.

It decides what holds and what is asked, and shows the first layer; the second layer and the
other parts fetch the variant itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any

_KEPT = (
    "site",
    "number",
    "locale",
    "dir",
    "model",
    "layout",
    "close_refuses",
    "signals",
    "placement",
    "release",
)
_PURPOSE = ("key", "name", "choice", "before_choice", "asked_since", "sale_or_sharing")
_SERVICE = ("key", "purpose", "asked_since", "storage")
_DOCUMENT = ("kind", "number", "title", "url", "accept", "asked_since")
_TEXTS = (
    "title",
    "body",
    "accept",
    "reject",
    "choose",
    "reopen",
    "controller",
    "saved",
    "close",
    "on",
    "off",
)
_ABSENT = {"before_choice": "denied", "accept": "inform", "asked_since": 1}
"""What the banner takes for granted where it reads nothing."""


def brief(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the brief of a variant's body; what is false, null, empty or usual is left out.

    So are the services that visitors do not decide about.
    """
    chosen = {each["key"] for each in body["purposes"] if each["choice"]}
    services = [each for each in body["services"] if each["purpose"] in chosen]
    return {
        **_members(body, _KEPT),
        **without_empty({"lifetime": _members(body["lifetime"], ("quiet_days",))}),
        "controller": {"name": body["controller"]["name"]},
        "purposes": [_members(each, _PURPOSE) for each in body["purposes"]],
        "services": [_service(each) for each in services],
        "documents": [_members(each, _DOCUMENT) for each in body["documents"]],
        "texts": _members(body["texts"], (*_TEXTS, *_further_texts(body))),
    }


def _further_texts(body: Mapping[str, Any]) -> Iterable[str]:
    """Yield the texts of the first layer that only some variants have a use for."""
    if any(purpose.get("sale_or_sharing") for purpose in body["purposes"]):
        yield "opt_out_honoured"
    if body["close_refuses"]:
        yield "close_refuses"


def _service(service: Mapping[str, Any]) -> dict[str, Any]:
    cookies = [{"name": cookie["name"]} for cookie in service["cookies"]]
    return without_empty({**_members(service, _SERVICE), "cookies": cookies})


def _members(part: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    given = {name: part.get(name) for name in names}
    return without_empty({name: it for name, it in given.items() if _ABSENT.get(name) != it})


def without_empty(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are not false, null or empty."""
    return {name: value for name, value in part.items() if value not in (None, False, "", [], {})}
