"""Finds the folders that ship with the package: the banner, the migrations, the examples.

A wheel carries them inside the package, a checkout keeps them at its top.
"""

from pathlib import Path
from typing import Literal

BundledName = Literal["static", "migrations", "examples"]

_PACKAGE = Path(__file__).resolve().parent


class MissingResourceError(RuntimeError):
    """The installation lacks a folder that every build carries."""

    def __init__(self, name: str, searched: tuple[Path, ...]) -> None:
        places = " and ".join(str(path) for path in searched)
        super().__init__(
            f"The folder {name!r} is missing from this installation (looked at {places}). "
            "Install consent-service again, or run it from a complete checkout."
        )


def bundled(name: BundledName) -> Path:
    """Return the folder of that name, from the wheel or from the checkout.

    The package's own copy comes first: next to an installed package, a folder
    called `static` could belong to anyone.
    """
    candidates = (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name)
    for path in candidates:
        if path.is_dir():
            return path
    raise MissingResourceError(name, candidates)
