"""Photographs the banner for the documentation: docs/banner.png and docs/pictures.

    .venv/bin/python -m scripts.pictures [NAME...]

Without names it takes all. CONSENT_TEST_CHROMIUM names a browser.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts.pictures.scenes import SCENES
from scripts.pictures.sheet import compose
from scripts.pictures.sites import open_street
from tests.browser.conftest import ARGUMENTS, chromium_path

DOCS = Path(__file__).parents[2] / "docs"
MOST_BYTES = 120_000


def main(names: list[str]) -> None:
    """Take the pictures whose names are given, or all."""
    unknown = [name for name in names if name not in SCENES]
    if unknown:
        sys.exit(f"no such picture: {', '.join(unknown)}; there are {', '.join(SCENES)}")
    with (
        tempfile.TemporaryDirectory() as folder,
        open_street(Path(folder)) as street,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for name, scene in SCENES.items():
            if not names or name in names:
                save(DOCS / f"{name}.png", compose(browser, scene(browser, street)))
        browser.close()


def save(file: Path, image: bytes) -> None:
    """Write a picture that is small enough for a page that people read."""
    if len(image) > MOST_BYTES:
        sys.exit(f"{file.name}: {len(image)} bytes are too many")
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(image)
    print(f"{file.relative_to(DOCS.parent)}: {len(image)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
