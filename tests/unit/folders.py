"""Site folders for tests, made from a dict and from texts."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from consent_service.publishing.folder import read_folder
from consent_service.publishing.model import InvalidSiteError

SITE: dict[str, Any] = {
    "key": "shop",
    "name": "Shop",
    "controller": {
        "name": "Shop Ltd",
        "address": "1 Street",
        "email": "privacy@shop.example",
        "phone": "+1 555 0100",
    },
    "origins": ["https://shop.example"],
    "locales": ["en", "de"],
    "profiles": ["eu-opt-in"],
    "jurisdiction": "DE",
    "texts": {},
    "purposes": [
        {
            "key": "analytics",
            "legal_basis": "consent",
            "name": {"en": "Measurement", "de": "Messung"},
            "description": {"en": "Counts.", "de": "Zählt."},
            "data_categories": [{"en": "Pages", "de": "Seiten"}],
            "recipients": ["Tally"],
            "storage": {"location": ["FR"], "retention": "13 months"},
        }
    ],
    "services": [
        {
            "key": "tally",
            "purpose": "analytics",
            "name": "Tally",
            "provider": {"name": "Tally SAS", "country": "FR"},
            "description": {"en": "Counts.", "de": "Zählt."},
            "cookies": [
                {
                    "name": "_tally",
                    "domain": "shop.example",
                    "duration": "13 months",
                    "description": {"en": "Tells visitors apart", "de": "Unterscheidet Besucher"},
                }
            ],
        }
    ],
    "withdrawal": {"en": "Press withdraw.", "de": "Widerrufen drücken."},
}
Change = Callable[[dict[str, Any]], object]


def document(title: str = "Terms", text: str = "Text.", **matter: object) -> str:
    front = yaml.safe_dump({"title": title, **matter}, allow_unicode=True)
    return f"---\n{front}---\n{text}\n"


def site_yaml(change: Change | None = None) -> str:
    data = deepcopy(SITE)
    if change:
        change(data)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def make(folder: Path, change: Change | None = None, **files: str | None) -> Path:
    """Write a folder; file names have `__` for the dot between kind and locale."""
    folder.mkdir(exist_ok=True)
    (folder / "site.yaml").write_text(site_yaml(change), "utf-8")
    texts = {"terms__en": document(), "terms__de": document("AGB"), **files}
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '.')}.md"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, "utf-8")
    return folder


def problems(folder: Path) -> dict[str, str]:
    """Return what is wrong with a folder, by file and field, without lines."""
    with pytest.raises(InvalidSiteError) as caught:
        read_folder(folder)
    assert caught.value.code == "invalid_site"
    return {re.sub(r":\d+", "", each.field): each.message for each in caught.value.fields}
