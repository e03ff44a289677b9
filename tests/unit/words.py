"""What all files of words have in common: their keys, their placeholders, no markup."""

import re
from importlib.resources import files

import yaml

from consent_service.notices.texts import PLACEHOLDER

MARKUP = re.compile(r"[<>\[\]*_`#\\\"&@\n]|  ")


def keys_written(package: str, folder: str, locale: str) -> list[str]:
    """Return the keys of a file of words in their order, repeated ones too."""
    file = files(package) / folder / f"{locale}.yaml"
    node = yaml.compose(file.read_text("utf-8"))
    assert isinstance(node, yaml.MappingNode)
    return [key.value for key, _ in node.value]


def assert_worded_like(words: dict[str, str], english: dict[str, str]) -> None:
    """Assert that each text has words, the placeholders of the English one, and no markup."""
    for key, text in words.items():
        assert isinstance(text, str), key
        assert text.strip() == text, key
        assert any(each.isalpha() for each in PLACEHOLDER.sub("", text)), key
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english[key])), key
        assert not MARKUP.search(text), key
