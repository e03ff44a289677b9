"""Renders Markdown to HTML that carries no script, style, frame or remote picture.

Two barriers: the renderer passes no HTML of the author through, and what it made is cleaned
against a short list of tags and attributes. Both let the same links through.
"""

import re
from itertools import count

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

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
_LINK = re.compile(r"https?://[^/\\].*|mailto:.+|tel:.+|#.*|[a-z][a-z0-9-]*", re.IGNORECASE)
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)


class _Renderer(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return is_link(url)


_renderer = _Renderer("commonmark", {"html": False}).enable(["table", "strikethrough"])


def is_link(address: str) -> bool:
    """Tell whether a link may stay: a whole address, a place in the page, another document's kind.

    Anything else depends on where the text is shown: `//host` and `/path` lead elsewhere on each
    website that embeds it.
    """
    return _LINK.fullmatch(address) is not None


def parse(source: str) -> list[Token]:
    """Return the tokens that a Markdown text is rendered from."""
    return _renderer.parse(source)


def render(source: str) -> str:
    """Return the HTML of a Markdown text. Headings get ids, so that a clause can be linked to."""
    return clean(_with_ids(_renderer.render(source)))


def clean(html: str) -> str:
    """Return HTML without any tag, attribute or link that a document may not have."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _kept(_tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or is_link(value) else None


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
