"""Renders Markdown to HTML that carries no script, style, frame or remote picture.

Two barriers: the renderer passes no HTML of the author through, and what it made is cleaned
against a short list of tags and attributes.
"""

import re
from itertools import count

import nh3
from markdown_it import MarkdownIt

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_INLINE = {"a", "br", "code", "em", "s", "strong"}
_BLOCKS = {"blockquote", "hr", "li", "ol", "p", "pre", "ul"}
_TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
_TAGS = _HEADINGS | _INLINE | _BLOCKS | _TABLE
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    **{heading: {"id"} for heading in _HEADINGS},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(source: str) -> str:
    """Return the HTML of a Markdown text. Headings get ids, so that a clause can be linked to."""
    return nh3.clean(
        _with_ids(_renderer.render(source)),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _with_ids(html: str) -> str:
    used: set[str] = set()

    def heading(found: re.Match[str]) -> str:
        level, content = found.groups()
        words = re.sub(r"<[^>]*>|&\w+;", "", content).lower()
        slug = re.sub(r"\W+", "-", words).strip("-") or "section"
        numbered = (slug if n == 1 else f"{slug}-{n}" for n in count(1))
        unique = next(each for each in numbered if each not in used)
        used.add(unique)
        return f'<h{level} id="{unique}">{content}</h{level}>'

    return _HEADING.sub(heading, html)
