"""Reads a document as readers see it: blocks of words, without the marks of Markdown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from consent_service.documents.markdown import parse

# Scripts that put no space between words: each character is a word, with the marks it carries.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_PUNCTUATION = (
    r"!-/:-@\[-`{-~\u00a1-\u00bf\u060c\u061b\u061f\u06d4\u0964\u0965\u2010-\u2027\u2030-\u205e"
    r"\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_LETTERS = rf"[^\s{_PUNCTUATION}{_UNSPACED}]+"
_TOKEN = re.compile(
    rf"(?P<space>\s*)(?P<word>[{_UNSPACED}][{_MARKS}]*"
    rf"|{_LETTERS}(?:[-'\u2019.:/@_]{{1,3}}{_LETTERS})*|\S)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a sign, or the address of a link in angle brackets, and the space before it."""

    text: str
    space: str = ""

    @property
    def is_word(self) -> bool:
        """False for a sign by itself, such as a comma."""
        return any(map(str.isalnum, self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading, paragraph, list item, table row, quote, code or rule.

    `tag` is that of HTML, for a row that of its cells; only a row has several. `group` is the tag
    that wraps neighbours of the same kind, `depth` counts the lists around, `number` is that of an
    item of an ordered list.
    """

    tag: str
    cells: tuple[tuple[Word, ...], ...]
    group: str = ""
    depth: int = 0
    number: int | None = None

    @property
    def meaning(self) -> tuple[object, ...]:
        """What makes two blocks the same; the number of an item is that of its place."""
        return self.tag, self.group, self.depth, tuple(map(_texts, self.cells))

    @property
    def words(self) -> list[Word]:
        """All words, cell by cell."""
        return [word for cell in self.cells for word in cell]


def blocks_of(title: str, source: str) -> list[Block]:
    """Return the blocks of a document, its title first."""
    heading = Block(tag="h1", cells=(words_of(title),))
    return [heading, *_Reader(parse(source)).read()]


def words_of(text: str) -> tuple[Word, ...]:
    """Return the words of a text."""
    return tuple(Word(each["word"], each["space"]) for each in _TOKEN.finditer(text))


class _Reader:
    """Walks through the tokens of Markdown and remembers what is open around each."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._lists: list[str] = []
        self._quotes = 0
        self._item: tuple[int | None] | None = None
        self._row: list[tuple[Word, ...]] = []
        self._tag = "p"

    def read(self) -> Iterator[Block]:
        for token in self._tokens:
            self._follow(token)
            if token.type == "inline" and self._tag in ("th", "td"):
                self._row.append(_inline_words(token))
            elif token.type == "inline":
                yield self._block(self._tag, _inline_words(token))
            elif token.type in ("fence", "code_block"):
                yield self._block("pre", words_of(token.content.rstrip("\n")))
            elif token.type == "hr":
                yield self._block("hr", words_of("***"))
            elif token.type == "tr_close":
                yield Block(tag=self._tag, cells=tuple(self._row), group="table")

    def _follow(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._lists.append(token.tag)
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "blockquote_open" | "blockquote_close":
                self._quotes += token.nesting
            case "list_item_open":
                self._item = (int(token.info) if token.info else None,)
            case "list_item_close":
                self._item = None
            case "tr_open":
                self._row = []
            case "heading_open" | "paragraph_open" | "th_open" | "td_open":
                self._tag = token.tag

    def _block(self, tag: str, words: tuple[Word, ...]) -> Block:
        """Return a block where the reader is. An item's first paragraph stands for the item."""
        depth = len(self._lists)
        if tag == "p" and self._item is not None:
            number, self._item = self._item[0], None
            return Block(
                tag="li", cells=(words,), group=self._lists[-1], depth=depth, number=number
            )
        group = "blockquote" if self._quotes else ""
        return Block(tag=tag, cells=(words,), group=group, depth=depth)


def _inline_words(token: Token) -> tuple[Word, ...]:
    """Return the words of inline tokens; those of a link are followed by its address."""
    words: list[Word] = []
    text = address = ""
    for part in token.children or []:
        if part.type == "link_open":
            address, before = str(part.attrs["href"]), len(text)
        elif part.type == "link_close":
            words += words_of(text)
            if address.removeprefix("mailto:").removeprefix("tel:") != text[before:]:
                words.append(Word(f"<{address}>", " "))
            text = ""
        elif part.type != "image":
            text += "\n" if part.type in ("softbreak", "hardbreak") else part.content
    return (*words, *words_of(text))


def _texts(cell: tuple[Word, ...]) -> tuple[str, ...]:
    return tuple(word.text for word in cell)
