"""Markdown: whatever an author writes, what visitors get runs nothing and loads nothing."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.documents.markdown import clean, render

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<style>body{display:none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "<object data=x></object><embed src=x>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<a href='javascript:alert(1)' onclick='alert(1)'>x</a>",
    "<form action=https://evil.example><input name=a></form>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<p style='position:fixed'>x</p>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<svg><style><!--</style><img src=x onerror=alert(1)>--></style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](<javascript&colon;alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](\x01javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
    "![pixel](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    '![x](x" onerror="alert(1))',
    "![x][p]\n\n[p]: https://evil.example/p.png",
    "# <img src=x onerror=alert(1)>",
    '# x" onclick="alert(1)',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<x onclick=alert(1)//\n\n>",
    "# a</h1><script>alert(1)</script>",
    "[x](//evil.example)",
    "[x](\\\\evil.example)",
    "[x](/\\evil.example)",
    "[x](/path)",
    "[x](../up)",
    "[x](./here)",
    "[x](page.html)",
    "[x](?query)",
    "[x](https:evil.example)",
    "[x](https:///evil.example)",
    "[x](http:\\\\evil.example)",
    "[x](<//evil.example/a b>)",
    "[x](&#47;&#47;evil.example)",
    "[x](%6A%61vascript:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](javascript&Tab;:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x]( javascript:alert(1))",
    "[x](<\x00javascript:alert(1)>)",
    "[x](VBScript:msgbox)",
    "[x](dAtA:text/html,<script>alert(1)</script>)",
    "[x](blob:https://a.example/1)",
    "[x](filesystem:https://a.example/1)",
    "[x](view-source:https://a.example)",
    "[x](intent://a#Intent;end)",
    "[x](ftp://a.example)",
    "<data:text/html,x>",
    "<vbscript:x>",
    "<ftp://a.example>",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "[[x](javascript:alert(1))](//evil.example)",
    "**[x](javascript:alert(1))**",
    "> - 1. [x](javascript:alert(1))",
    "| [x](//evil.example) |\n|---|\n| ![y](//evil.example/p.png) |",
    "[x]: //evil.example\n\n[x]",
    "[x]: <javascript:alert(1)> 'title'\n\n[x][]",
    "<!-- <script>alert(1)</script> -->",
    "<!-- -- --!><img src=x onerror=alert(1)>",
    "<?php echo 1 ?>",
    "<!DOCTYPE html [<!ENTITY x 'y'>]>",
    "<template><script>alert(1)</script></template>",
    "<details ontoggle=alert(1) open>",
    "<input autofocus onfocus=alert(1)>",
    "<video src=x onerror=alert(1)></video>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<a href='//evil.example' target=_blank ping=//evil.example>x</a>",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3C;img src=x onerror=alert(1)&#x3E;",
    "\\<script>alert(1)\\</script>",
    "~~<script>~~alert(1)~~</script>~~",
]
TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
ALLOWED_LINK = re.compile(r"(?i:https?://[^/\\\s]\S*|mailto:\S+|tel:\S+)|#\S*|[a-z][a-z0-9-]*")
ATTRIBUTES = {"href", "title", "rel", "start", "id"}
FRAGMENTS = st.sampled_from(
    [*ATTACKS, "# ", "\n\n", "](", "[x]", "<", ">", '"', "'", "`", "&#", ";", "javascript:", "\\"]
) | st.text(max_size=8)


class Reader(HTMLParser):
    """Collects what a browser would see of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.tags.append("!comment")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("!declaration")

    def handle_pi(self, data: str) -> None:
        self.tags.append("!instruction")


def read(source: str) -> Reader:
    reader = Reader()
    reader.feed(render(source))
    reader.close()
    return reader


def ids(source: str) -> list[str]:
    return [value for name, value in read(source).attributes if name == "id"]


def check_harmless(source: str) -> None:
    page = read(source)
    assert set(page.tags) <= TAGS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    for name, value in page.attributes:
        if name == "href":
            assert ALLOWED_LINK.fullmatch(value), value


@pytest.mark.parametrize("source", ATTACKS)
def test_each_known_attack_comes_out_harmless(source: str) -> None:
    check_harmless(source)


@given(st.lists(FRAGMENTS, max_size=8).map("".join))
def test_mixtures_of_attacks_come_out_harmless(source: str) -> None:
    check_harmless(source)


def test_what_an_author_typed_as_html_is_shown_as_text() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in render("<b>bold</b>")


def test_links_lead_out_without_opener_and_referrer() -> None:
    assert 'rel="noopener noreferrer"' in render("[x](https://a.example/)")


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/b?c=d",
        "HTTP://a.example",
        "mailto:a@b.example",
        "tel:+49301",
        "#rights",
        "terms",
    ],
)
def test_honest_links_stay(address: str) -> None:
    assert f'href="{address}"' in render(f"[x]({address})")


def test_an_address_that_depends_on_the_page_is_shown_as_text() -> None:
    assert render("[x](//host/path)") == "<p>[x](//host/path)</p>\n"


def test_the_second_barrier_stops_links_by_itself() -> None:
    kept = '<a href="https://a.example" rel="noopener noreferrer">x</a>'
    assert clean('<a href="https://a.example">x</a>') == kept
    for address in ("//evil.example", "/path", "javascript:alert(1)", "?query", "a.html"):
        assert clean(f'<a href="{address}">x</a>') == '<a rel="noopener noreferrer">x</a>'


def test_the_usual_parts_of_a_policy_are_rendered() -> None:
    source = "# A\n\ntext **b** *i* `c`\n\n> q\n\n3. x\n4. y\n\n- z\n\n|a|b|\n|-|-|\n|1|2|\n\n---\n"
    tags = set(read(source).tags)
    assert {"h1", "p", "strong", "em", "code", "blockquote", "ol", "ul", "li"} <= tags
    assert {"table", "thead", "tbody", "tr", "th", "td", "hr"} <= tags
    assert 'start="3"' in render(source)


def test_what_is_struck_out_stays_struck_out() -> None:
    assert "s" in read("~~We sell your data.~~").tags


def test_headings_get_ids_from_their_words() -> None:
    source = "# Who is *responsible*?\n\n## Größe & Maß\n\n## المسؤول\n\n## !!!\n"
    assert ids(source) == ["who-is-responsible", "größe-maß", "المسؤول", "section"]


def test_headings_of_the_same_words_get_different_ids() -> None:
    assert ids("# Cookies\n\n## Cookies\n\n### Cookies\n") == ["cookies", "cookies-2", "cookies-3"]


def test_a_heading_that_looks_like_a_numbered_one_gets_an_id_of_its_own() -> None:
    found = ids("# Cookies\n\n# Cookies 2\n\n# Cookies\n")
    assert len(set(found)) == 3


@given(st.lists(st.sampled_from(["a", "a 2", "a 3", "A", "a-2", "b", "!", "section"]), max_size=8))
def test_ids_are_never_given_twice(headings: list[str]) -> None:
    found = ids("\n\n".join(f"# {heading}" for heading in headings))
    assert len(set(found)) == len(headings)


@given(st.text(max_size=60))
def test_the_same_source_always_gives_the_same_html(source: str) -> None:
    assert render(source) == render(source)
