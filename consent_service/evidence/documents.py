"""Notices, documents and banner code that leaves name: each is known by its hash."""

import hashlib
import re

from consent_service.core.canonical import parse_strict
from consent_service.evidence.context import Context
from consent_service.evidence.manifest import MAX_DOCUMENT
from consent_service.evidence.tree import Seen

_DOCUMENT = re.compile(r"documents/([0-9a-f]{64})\.(?:json|html|md)", re.ASCII)
_BANNER = re.compile(r"banners/([0-9a-f]{64})\.js", re.ASCII)
_TEXTS = {"source_sha256": "md", "html_sha256": "html"}


def check_documents(context: Context, seen: Seen) -> None:
    """Check that what leaves name is there, and is what its name says."""
    for name in context.manifest.files:
        if found := _DOCUMENT.fullmatch(name):
            _check(context, name, found[1])
        elif found := _BANNER.fullmatch(name):
            _check_banner(context, name, found[1])
    for kind, word in (("notices", "notice"), ("variants", "variant"), ("documents", "document")):
        for digest in sorted(seen.named[kind]):
            _need(context, f"documents/{digest}.json", f"a leaf names this {word}")
    for notice, variant in sorted(seen.shown):
        _check_variant(context, notice, variant)
    for digest in sorted(seen.named["documents"]):
        _check_texts(context, digest)
    for digest in sorted(seen.named["banners"]):
        if f"banners/{digest}.js" not in context.archive:
            message = f"a leaf names the banner {digest}, whose code is not here"
            context.findings.add("BANNER_MISSING", message)


def _check(context: Context, name: str, digest: str) -> None:
    content = context.read(name, MAX_DOCUMENT)
    if content is not None and hashlib.sha256(content).hexdigest() != digest:
        message = "the SHA-256 of the file is not its name"
        context.findings.add("DOCUMENT_HASH", message, file=name)


def _check_banner(context: Context, name: str, digest: str) -> None:
    content = context.read(name, MAX_DOCUMENT)
    if content is None:
        return
    zeroed = content.replace(digest.encode(), b"0" * len(digest))
    if hashlib.sha256(zeroed).hexdigest() != digest:
        message = "the SHA-256 of the code, its own digest read as zeros, is not its name"
        context.findings.add("BANNER_HASH", message, file=name)


def _check_variant(context: Context, notice: str, variant: str) -> None:
    """Check that a notice names the variant of it that is said to have been shown."""
    name = f"documents/{notice}.json"
    if name not in context.archive or context.archive.size(name) > MAX_DOCUMENT:
        return
    try:
        profiles = parse_strict(context.archive.read(name, MAX_DOCUMENT).decode())["variants"]
        named = {digest for locales in profiles.values() for digest in locales.values()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        message = "the file is no notice with its variants"
        context.findings.add("DOCUMENT_HASH", message, file=name)
        return
    if variant not in named:
        message = f"a leaf names the variant {variant}, which is none of this notice"
        context.findings.add("DOCUMENT_MISMATCH", message, file=name)


def _check_texts(context: Context, digest: str) -> None:
    """Check that the texts of a document version are there."""
    name = f"documents/{digest}.json"
    if name not in context.archive or context.archive.size(name) > MAX_DOCUMENT:
        return
    try:
        texts = parse_strict(context.archive.read(name, MAX_DOCUMENT).decode())["texts"]
        named = [
            f"documents/{text[field]}.{ending}"
            for text in texts.values()
            for field, ending in _TEXTS.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        message = "the file is no manifest of a document with its texts"
        context.findings.add("DOCUMENT_HASH", message, file=name)
        return
    for each in named:
        _need(context, each, f"the document {digest} names this text")


def _need(context: Context, name: str, why: str) -> None:
    if name not in context.archive:
        context.findings.add("DOCUMENT_MISSING", f"{why}, which is not in the bundle", file=name)
