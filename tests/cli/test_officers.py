"""Officers: added, listed and disabled by the command."""

import json

import pytest

from tests.cli.conftest import Command

ADD = ("officer", "add", "Ada@Example.com", "--name", "Ada Example", "--role")


def test_officers_are_added_listed_and_disabled(ready: Command) -> None:
    assert "There is no officer yet" in ready("officer", "list").output
    added = json.loads(ready(*ADD, "owner", "--json").output)
    assert (added["email"], added["role"], added["disabled"]) == ("ada@example.com", "owner", "")
    ready("officer", "disable", "ADA@example.com")
    (listed,) = json.loads(ready("officer", "list", "--json").output)
    assert listed["id"] == added["id"]
    assert listed["disabled"]
    assert "ada@example.com" in ready("officer", "list").output


def test_an_address_is_taken_once_whatever_its_case(ready: Command) -> None:
    ready(*ADD, "owner")
    again = ("officer", "add", "ada@EXAMPLE.com", "--name", "x", "--role", "auditor")
    assert "known already" in ready(*again, status=1).output


@pytest.mark.parametrize(
    "email", ["", "ada", "@example.com", "ada@", "a b@c.example", "a@b", f"{'a' * 250}@b.example"]
)
def test_what_is_no_address_is_told(ready: Command, email: str) -> None:
    told = ready("officer", "add", email, "--name", "x", "--role", "owner", status=1).output
    assert "no e-mail address" in told


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_an_officer_needs_a_name(ready: Command, name: str) -> None:
    told = ready("officer", "add", "a@b.example", "--name", name, "--role", "owner", status=1)
    assert "name" in told.output


def test_an_unknown_role_is_refused(ready: Command) -> None:
    assert "approver" in ready(*ADD, "king", status=2).output


def test_only_an_active_officer_can_be_disabled(ready: Command) -> None:
    ready(*ADD, "auditor")
    ready("officer", "disable", "ada@example.com")
    for email in ("ada@example.com", "bob@example.com"):
        assert "no officer" in ready("officer", "disable", email, status=1).output
