"""Writes the folder that a new site begins with."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from string import Template

from marshmallow import ValidationError

from consent_service.core.errors import FieldError
from consent_service.publishing.files import SITE_FILE
from consent_service.publishing.model import InvalidSiteError
from consent_service.publishing.site_rules import SITE_KEY, exact_origin

KINDS = {"notice": "acknowledge", "opt-in": "inform"}
_DOCUMENTS = ("privacy-policy.en.md", "terms.en.md")


def write_starter(folder: Path, kind: str, *, key: str, name: str, origin: str) -> list[Path]:
    """Write site.yaml and two documents into a folder; return what was written.

    Raises:
        InvalidSiteError: the folder holds a site already, or the key or the origin is no such.
    """
    _check("--key", SITE_KEY, key)
    _check("--origin", exact_origin, origin)
    if (folder / SITE_FILE).exists():
        raise InvalidSiteError([FieldError(SITE_FILE, f"is in {folder} already")])
    folder.mkdir(parents=True, exist_ok=True)
    values = {"key": key, "name": name, "origin": origin, "accept": KINDS[kind]}
    starter = files("consent_service.publishing") / "starter"
    written = []
    for source, target in ((f"{kind}.yaml", SITE_FILE), *((each, each) for each in _DOCUMENTS)):
        path = folder / target
        path.write_text(Template((starter / source).read_text("utf-8")).substitute(values), "utf-8")
        written.append(path)
    return written


def _check(option: str, rule: Callable[[str], object], value: str) -> None:
    try:
        rule(value)
    except ValidationError as error:
        raise InvalidSiteError([FieldError(option, str(error.messages[0]))]) from error
