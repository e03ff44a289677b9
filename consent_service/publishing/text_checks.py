"""Checks of a site's own words: banner texts, and the links of texts and documents."""

import re
from collections.abc import Iterator

from consent_service.core.errors import FieldError
from consent_service.documents.markdown import parse
from consent_service.notices.texts import (
    PLACEHOLDER,
    RICH,
    linked_documents,
    placeholders,
    text_keys,
)
from consent_service.publishing.direction import TURNED, is_turned
from consent_service.publishing.model import SiteSource
from consent_service.publishing.positions import FRONT_MATTER

_KIND = re.compile(r"[a-z][a-z0-9-]*", re.IGNORECASE)
_BREAKS = {"softbreak", "hardbreak"}


def text_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield what the banner could not show of a site's own texts."""
    kinds = {document.kind for document in source.documents}
    for locale, texts in source.notice.texts.items():
        for key, text in texts.items():
            path = f"site.yaml: texts.{locale}.{key}"
            if key not in text_keys():
                yield FieldError(path, "is no text of the banner")
                continue
            filled = placeholders(key)
            for placeholder in sorted(set(PLACEHOLDER.findall(text)) - filled):
                known = " and ".join(sorted(filled))
                yield FieldError(path, f"holds {placeholder}; only {known} will be filled in")
            if key not in RICH and is_turned(text):
                yield FieldError(path, TURNED)
        for kind in linked_documents(texts.get("body", "")):
            if kind not in kinds:
                path = f"site.yaml: texts.{locale}.body"
                yield FieldError(path, f"links to {kind}, which has no {kind}.{locale}.md")


def link_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield the links of documents to documents that the site does not have, by file and line."""
    kinds = {document.kind for document in source.documents}
    for document in source.documents:
        for locale in document.texts:
            name = f"{document.kind}.{locale}.md"
            for line, target in _links(source.files[name]):
                if _KIND.fullmatch(target) and target not in kinds:
                    message = f"links to {target}, which is no document of this site"
                    yield FieldError(f"{name}:{line}", message)


def _links(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line, counted from 1 in the file, and the target of each link of a document."""
    matter = FRONT_MATTER.fullmatch(text)
    if matter is None:
        return
    line = above = text.count("\n", 0, matter.start(2)) + 1
    for block in parse(matter[2]):
        if block.map:
            line = above + block.map[0]
        within = 0
        for token in block.children or ():
            if token.type == "link_open":
                yield line + within, str(token.attrs["href"])
            within += token.type in _BREAKS
