"""Reads the banner's built files, and leaves out of its code what a site does not need."""

import hashlib
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from consent_service.banners.model import Build, Kit
from consent_service.core.errors import SettingsError

WHOLE = "a"
"""The name under which the whole code is served beside its parts."""

LAYOUTS = {"bar", "box", "dialog"}
SIGNALS = {"google", "uet", "clarity", "meta", "matomo", "data_layer"}
HOOKS = {"fetch", "signal", "close", "optout", "links", "objections", "agreements"}
SECTIONS = {*LAYOUTS, *SIGNALS, *HOOKS}
"""What the code can do without: a layout, a signal of others, and hooks: `fetch` (the notice, where
none is inlined), `signal` (to tell any signal), `close` (a control that refuses), `optout` (the
icon of opting out), `links` (in the text of a plain notice), `objections` (what runs until the
visitor objects), `agreements` (documents that ask for something)."""

_FILE, _FOLDER = "consent-banner.js", "b"
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NAME = re.compile(r'(?<=\bKIT=")[0-9a-f]{32}(?=")')
_SECTION = re.compile(r"/\*\{([a-z_]+)\*/(.*?)/\*\}\*/", re.DOTALL)


def read_kit(folder: Path) -> Kit:
    """Read the files that `banner/build.mjs` wrote into a folder.

    Raises:
        SettingsError: a file is missing or no text, or they do not belong together.
    """
    code = _text(folder / _FILE)
    parts = {path.stem: _text(path) for path in sorted((folder / _FOLDER).glob("*.js"))}
    whole = _numbered(code)
    if whole.code != code:
        raise SettingsError(f"{_FILE} is not what its digest says: build the banner anew")
    name = kit_name(code, parts)
    if _NAME.findall(code) != [name]:
        raise SettingsError(f"{_FILE} is of another kit than the files beside it: build both anew")
    return Kit(name=name, whole=whole, parts={**parts, WHOLE: code})


def kit_name(code: str, parts: dict[str, str]) -> str:
    """Return the name of a kit: a hash of all of its files, in which it reads as zeros itself."""
    found = hashlib.sha256()
    for name, text in sorted(parts.items()):
        content = text.encode()
        found.update(f"{name}.js\0{len(content)}\0".encode() + content)
    found.update(_NAME.sub("0" * 32, _DIGEST.sub("0" * 64, code)).encode())
    return found.hexdigest()[:32]


@lru_cache(maxsize=128)
def compose(whole: str, needed: frozenset[str]) -> Build:
    """Return the build of the whole code without the sections that are not needed.

    One that nobody knows when to leave out stays.
    """
    return _numbered(with_sections(whole, needed | (sections_of(whole) - SECTIONS)))


def sections_for(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the sections that a variant needs in a script that holds its brief."""
    signals = body.get("signals", {})
    objections = "quiet_days" in body["lifetime"] or any(
        purpose["choice"] and purpose["before_choice"] == "allowed" for purpose in body["purposes"]
    )
    hooks = {
        "signal": signals,
        "close": body["close_refuses"],
        "optout": body["model"] == "opt-out",
        "links": body["model"] == "notice",
        "objections": objections,
        "agreements": any(document["accept"] != "inform" for document in body["documents"]),
    }
    needed = (name for name, is_needed in hooks.items() if is_needed)
    return frozenset({body["layout"], *(SIGNALS & {*signals}), *needed})


def with_sections(code: str, sections: Collection[str]) -> str:
    """Return code without the sections that are not named: `/*{NAME*/ … /*}*/`."""
    return _SECTION.sub(lambda found: found[2] if found[1] in sections else "", code)


def sections_of(code: str) -> set[str]:
    """Return the names of the sections in code."""
    return {found[1] for found in _SECTION.finditer(code)}


def _numbered(code: str) -> Build:
    """Return code with its own digest in place of the one that stands in it."""
    blank, places = _DIGEST.subn("0" * 64, code)
    if places != 1:
        raise SettingsError(f"{_FILE} must hold one digest, not {places}: build the banner anew")
    digest = hashlib.sha256(blank.encode()).hexdigest()
    return Build(digest=digest, code=blank.replace("0" * 64, digest))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
