"""The IAB's Global Vendor List, version 3, as an operator has pinned it in the site's folder."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consent_service.core.errors import FieldError
from consent_service.publishing.files import VENDOR_LIST
from consent_service.publishing.model import InvalidSiteError

MOST_BYTES = 4 * 1024 * 1024
_SPECIFICATION = 3
_LEAST_POLICY = 5
"""TCF 2.3 came with version 5 of the policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor, and the IAB purposes for which it asks for consent."""

    name: str
    purposes: frozenset[int]
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorList:
    """What publishing needs of the list."""

    version: int
    policy_version: int
    purposes: frozenset[int]
    vendors: Mapping[int, Vendor]


def read_vendor_list(text: str) -> VendorList:
    """Read a vendor list.

    Raises:
        InvalidSiteError: it is not one of this version; each problem names its member.
    """
    size = len(text.encode())
    if size > MOST_BYTES:
        raise _invalid("", f"has {size} bytes, {MOST_BYTES} at most are taken")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid("", f"is not JSON: {error}") from error
    problems = list(_problems(data))
    if problems:
        raise InvalidSiteError(problems)
    return VendorList(
        version=data["vendorListVersion"],
        policy_version=data["tcfPolicyVersion"],
        purposes=frozenset(int(number) for number in data["purposes"]),
        vendors={int(number): _vendor(vendor) for number, vendor in data["vendors"].items()},
    )


def _vendor(vendor: Mapping[str, Any]) -> Vendor:
    return Vendor(
        name=vendor["name"],
        purposes=frozenset(vendor["purposes"]),
        deleted="deletedDate" in vendor,
    )


def _problems(data: Any) -> Iterator[FieldError]:
    if not isinstance(data, dict):
        yield _problem("", "must be an object")
        return
    if data.get("gvlSpecificationVersion") != _SPECIFICATION:
        yield _problem("gvlSpecificationVersion", f"must be {_SPECIFICATION}")
    for name, least, most in (
        ("vendorListVersion", 1, 4095),
        ("tcfPolicyVersion", _LEAST_POLICY, 63),
    ):
        if not _is_number(data.get(name), least, most):
            yield _problem(name, f"must be a whole number from {least} to {most}")
    for name in ("purposes", "vendors"):
        yield from _number_problems(name, data.get(name))
    vendors = data.get("vendors")
    for number, vendor in vendors.items() if isinstance(vendors, dict) else ():
        yield from _vendor_problems(f"vendors.{number}", vendor)


def _number_problems(name: str, group: Any) -> Iterator[FieldError]:
    if not isinstance(group, dict) or not all(key.isdecimal() for key in group):
        yield _problem(name, "must be an object whose names are numbers")


def _vendor_problems(path: str, vendor: Any) -> Iterator[FieldError]:
    if not isinstance(vendor, dict) or not isinstance(vendor.get("name"), str):
        yield _problem(path, "must be an object with a name")
        return
    purposes = vendor.get("purposes")
    if not isinstance(purposes, list) or not all(_is_number(each, 1, 24) for each in purposes):
        yield _problem(f"{path}.purposes", "must be a list of purposes from 1 to 24")


def _is_number(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _problem(path: str, message: str) -> FieldError:
    return FieldError(f"{VENDOR_LIST}: {path}" if path else VENDOR_LIST, message)


def _invalid(path: str, message: str) -> InvalidSiteError:
    return InvalidSiteError([_problem(path, message)])
