"""Forms of parsed JSON, put together from small parts; each tells what is wrong, and where."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Form = Callable[[Any, str], str | None]
"""Gets a value and its path; answers what is wrong with it, or None."""

KEY = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)


def text(pattern: str, said: str) -> Form:
    """Return the form of a text that matches a pattern whole."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any, path: str) -> str | None:
        fits = isinstance(value, str) and compiled.fullmatch(value)
        return None if fits else f"{path} is not {said}"

    return check


def words(least: int, most: int) -> Form:
    """Return the form of any text of so many characters."""

    def check(value: Any, path: str) -> str | None:
        fits = isinstance(value, str) and least <= len(value) <= most
        return None if fits else f"{path} is not a text of {least} to {most} characters"

    return check


def integer(least: int, most: int) -> Form:
    """Return the form of a whole number."""

    def check(value: Any, path: str) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"{path} is not a number from {least} to {most}"

    return check


def one_of(*values: str | int) -> Form:
    """Return the form of a value that is one of these."""
    kinds = {type(value) for value in values}

    def check(value: Any, path: str) -> str | None:
        fits = type(value) in kinds and value in values
        return None if fits else f"{path} is not one of {', '.join(map(str, values))}"

    return check


def boolean(value: Any, path: str) -> str | None:
    """Check that a value is true or false."""
    return None if isinstance(value, bool) else f"{path} is neither true nor false"


def list_of(item: Form, least: int, most: int) -> Form:
    """Return the form of a list."""

    def check(value: Any, path: str) -> str | None:
        if not (isinstance(value, list) and least <= len(value) <= most):
            return f"{path} is not a list of {least} to {most}"
        return _first(item(each, f"{path}[{at}]") for at, each in enumerate(value))

    return check


def map_of(member: Form, least: int = 1, most: int = 200) -> Form:
    """Return the form of an object whose keys are free."""

    def check(value: Any, path: str) -> str | None:
        if not (isinstance(value, dict) and least <= len(value) <= most):
            return f"{path} is not an object of {least} to {most} members"
        wrong = next((key for key in value if not KEY.fullmatch(key)), None)
        if wrong is not None:
            return f"{path} has the key {wrong[:40]!r}, which is none"
        return _first(member(each, f"{path}.{key}") for key, each in value.items())

    return check


def record(required: Mapping[str, Form], optional: Mapping[str, Form] | None = None) -> Form:
    """Return the form of an object that has these members and no others."""
    members = {**required, **(optional or {})}

    def check(value: Any, path: str) -> str | None:
        if not isinstance(value, dict):
            return f"{path} is not an object"
        for name in required:
            if name not in value:
                return f"{path} has no {name}"
        for name, each in value.items():
            if name not in members:
                return f"{path} has the unknown member {name[:40]!r}"
            problem = members[name](each, f"{path}.{name}" if path else name)
            if problem:
                return problem
        return None

    return check


def _first(problems: Any) -> str | None:
    return next((problem for problem in problems if problem), None)
