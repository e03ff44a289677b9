"""What changed between two texts: nothing is lost, nothing is made up, nothing runs."""

import random
import re
import time
from html.parser import HTMLParser
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.documents.alignment import align
from consent_service.documents.blocks import blocks_of, words_of
from consent_service.documents.diff import Difference, compare
from consent_service.documents.model import DocumentText

POLICY = """\
Who we are, and how to reach us.

## What we store

- Your address, for [our letters](https://post.example/)
- Your orders

1. First you ask.
2. Then we answer.

> Nothing is sold.

| Cookie | Lasts |
|---|---|
| session | a day |
| basket | a month |

```
rm -rf data
```

---

The end.
"""
LINES = st.sampled_from(
    [
        "We store your address.",
        "We sell nothing, ever.",
        "# Rights",
        "- one thing",
        "- another thing",
        "1. first",
        "   more of it",
        "> said",
        "| a | b |\n|---|---|\n| c | d |",
        "```\ncode here\n```",
        "---",
        "***",
        "",
        "[terms](terms) and [mail](mailto:a@b.example)",
        "![picture](https://a.example/x.png)",
        "个人信息保护法",
        "حماية البيانات الشخصية",
        "हिन्दी में",
        "ภาษาไทย",
    ]
) | st.text("ab c.,-\n#>*", max_size=20)
SOURCES = st.lists(LINES, max_size=10).map("\n".join)


def text_of(source: str, title: str = "Title") -> DocumentText:
    return DocumentText(
        title=title, summary="", source=source, source_sha256="", html="", html_sha256=""
    )


def difference(old: str, new: str) -> Difference:
    return compare(text_of(old), text_of(new))


def edited(old: str, new: str) -> str:
    """Return the marked text of a change from the policy with `old` to the one with `new`."""
    assert old in POLICY
    return difference(POLICY, POLICY.replace(old, new)).text()


def seen(source: str) -> list[str]:
    """Return the words of a text as readers see them."""
    return [word.text for block in blocks_of("Title", source) for word in block.words]


def without(mark: str, text: str) -> str:
    """Drop what is marked as added (`+`) or removed (`-`), and the other marks."""
    kept = re.sub(rf"[\[{{]\{mark}.*?\{mark}[\]}}]", "", text, flags=re.DOTALL)
    return re.sub(r"\{\+|\+\}|\[-|-\]| \| ", " ", kept)


class Reader(HTMLParser):
    """Collects tags, attributes and the text outside `ins` and `del`, of a fragment."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.texts: dict[str, str] = {"ins": "", "del": "", "": ""}
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "hr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        mark = next((tag for tag in self.open if tag in ("ins", "del")), "")
        self.texts[mark] += data + " "


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_aligned_items_are_equal_and_ascend(old: list[str], new: list[str]) -> None:
    pairs = align(old, new)
    assert all(old[at] == new[place] for at, place in pairs)
    assert all(a < b and c < d for (a, c), (b, d) in pairwise(pairs))


@given(st.lists(st.integers(0, 30)), st.lists(st.integers(0, 30), max_size=5), st.data())
def test_what_only_grew_is_aligned_whole(
    old: list[int], more: list[int], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(old)))
    assert len(align(old, old[:at] + more + old[at:])) >= len(old)


@given(SOURCES, SOURCES)
def test_dropping_what_was_added_gives_the_old_words_and_the_other_way_round(
    old: str, new: str
) -> None:
    # The marks themselves must not stand in the texts, or the reading below takes them for marks.
    for sign in "[]{}+|":
        old, new = old.replace(sign, ""), new.replace(sign, "")
    text = difference(old, new).text()
    assert [w.text for w in words_of(without("+", text))] == seen(old)
    assert [w.text for w in words_of(without("-", text))] == seen(new)


@given(SOURCES, SOURCES)
def test_the_html_holds_the_same_words(old: str, new: str) -> None:
    reader = Reader(difference(old, new).html())
    marked = {mark: len(text.split()) for mark, text in reader.texts.items()}
    counted = difference(old, new).changed_words
    assert bool(counted.added) <= bool(marked["ins"])
    assert bool(counted.removed) <= bool(marked["del"])
    letters = "".join(reader.texts["ins"] + reader.texts[""])
    assert sorted(re.sub(r"\s|\*", "", letters)) == sorted(re.sub(r"\s|\*", "", "".join(seen(new))))


@given(SOURCES)
def test_a_text_does_not_differ_from_itself(source: str) -> None:
    found = difference(source, source)
    assert found.identical
    assert found.changed_words == (0, 0)
    assert not {"ins", "del"} & Reader(found.html()).tags


@given(SOURCES, SOURCES)
def test_readers_of_equal_words_see_no_difference_and_others_do(old: str, new: str) -> None:
    same = [b.meaning for b in blocks_of("Title", old)] == [
        b.meaning for b in blocks_of("Title", new)
    ]
    assert difference(old, new).identical == same


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("Your orders", "Your wishes", "Your [-orders-] {+wishes+}"),
        ("how to reach us.", "how to write to us.", "how to [-reach-] {+write to+} us."),
        ("Who we are, and", "Who we are and", "are[-,-] and"),
        ("a month", "13 months", "basket | [-a month-]{+13 months+}"),
        ("First you ask.", "First you ask politely.", "First you ask {+politely+}."),
        ("Nothing is sold.", "Nothing is ever sold.", "Nothing is {+ever+} sold."),
        ("rm -rf data", "rm -rf logs", "rm -rf [-data-] {+logs+}"),
        ("## What we store", "## What we keep", "What we [-store-] {+keep+}"),
        (
            "https://post.example/",
            "https://mail.example/",
            "letters [-<https://post.example/>-] {+<https://mail.example/>+}",
        ),
    ],
)
def test_each_kind_of_block_marks_the_words_that_changed(old: str, new: str, marked: str) -> None:
    assert marked in edited(old, new)


def test_marks_of_emphasis_and_the_number_of_an_item_are_no_change() -> None:
    assert difference("Nothing is *sold*.", "Nothing is sold.").identical
    assert difference("3. a\n4. b", "1. a\n2. b").identical


def test_pictures_are_not_seen() -> None:
    assert difference("![drawing](https://a.example/x.png) words", "words").identical


def test_words_stay_apart_when_the_one_between_them_is_dropped() -> None:
    assert difference("a c", "a你c").text().endswith("a{+你+} c\n\n")


def test_a_long_paragraph_of_few_words_is_still_compared_word_by_word() -> None:
    chance = random.Random(2)
    old = [f"w{chance.randrange(40)}" for _ in range(3000)]
    new = [*old[:1000], *old[1001:2000], "more", *old[2000:]]
    assert difference(" ".join(old), " ".join(new)).changed_words == (1, 1)


def test_a_block_of_another_kind_is_a_change() -> None:
    assert difference("Rights", "## Rights").text().endswith("[-Rights-]\n\n{+Rights+}\n\n")


def test_an_item_put_between_others_leaves_them_alone() -> None:
    text = edited("- Your orders\n", "- Your birthday\n- Your orders\n")
    assert "\n\n{+Your birthday+}\n\nYour orders\n\n" in text


def test_a_column_more_shows_the_rows_anew() -> None:
    text = difference("|a|b|\n|-|-|\n|1|2|", "|a|b|c|\n|-|-|-|\n|1|2|3|").text()
    assert "[-a-] | [-b-]" in text
    assert "{+a+} | {+b+} | {+c+}" in text


def test_a_new_title_is_a_change() -> None:
    found = compare(text_of("x", "Privacy Policy"), text_of("x", "Privacy Notice"))
    assert found.text() == "Privacy [-Policy-] {+Notice+}\n\nx\n\n"


def test_structure_stays_in_html() -> None:
    html = difference(POLICY, POLICY.replace("a month", "a year")).html()
    reader = Reader(html)
    assert {
        "h1",
        "h2",
        "p",
        "ul",
        "ol",
        "li",
        "blockquote",
        "table",
        "tr",
        "th",
        "td",
    } <= reader.tags
    assert {"pre", "hr", "ins", "del"} <= reader.tags
    assert '<tr class="changed">' in html
    assert '<li value="2">Then we answer.</li>' in html


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("个人信息保护法", "个人资料保护法", "个人[-信息-]{+资料+}保护法"),
        ("ご利用の規約です", "ご利用の条件です", "ご利用の[-規約-]{+条件+}です"),
        ("ไม่ขายข้อมูล", "ไม่เก็บข้อมูล", "ไม่[-ขาย-]{+เก็บ+}ข้อมูล"),
        ("نحن نبيع بياناتك", "نحن نحفظ بياناتك", "نحن [-نبيع-] {+نحفظ+} بياناتك"),
        ("हम डेटा बेचते हैं", "हम डेटा रखते हैं", "हम डेटा [-बेचते-] {+रखते+} हैं"),
        ("dès l'été, e.g. now", "dès l'hiver, e.g. now", "dès [-l'été-]{+l'hiver+}"),
    ],
)
def test_words_of_other_scripts_are_told_apart(old: str, new: str, marked: str) -> None:
    found = difference(old, new).text().partition("\n\n")[2].strip()
    assert found.replace("] {", "]{").startswith(marked.replace("] {", "]{"))


def test_words_are_counted_and_signs_are_not() -> None:
    assert difference("one two, three", "one 2 three four!").changed_words == (2, 1)


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</ins><script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '[x](https://a.example/"onmouseover="alert(1))',
        '`"><svg onload=alert(1)>`',
        "```\n</pre><iframe src=//evil.example></iframe>\n```",
        "| <form> |\n|---|\n| <input> |",
        "# <b>x</b>",
        "&lt;script&gt;",
    ],
)
def test_hostile_text_comes_out_as_text(attack: str) -> None:
    for old, new in ((attack, "x"), ("x", attack), (attack, attack), (attack, f"{attack} y")):
        reader = Reader(compare(text_of(old, attack), text_of(new, attack)).html())
        assert reader.tags <= {"h1", "p", "pre", "ins", "del", "table", "tr", "th", "td"}
        assert reader.attributes <= {"class", "dir", "value"}


def test_fifty_thousand_words_take_less_than_two_seconds() -> None:
    chance = random.Random(1)
    words = [f"w{number}" for number in range(3000)]
    old = [chance.choices(words, k=80) for _ in range(625)]
    new = [[w for w in each if chance.random() > 0.05] for each in old]
    cases = {
        "paragraphs": ("\n\n".join(map(" ".join, old)), "\n\n".join(map(" ".join, new))),
        "one paragraph": (" ".join(chain(*old)), " ".join(chain(*new))),
        "nothing alike": ("a b " * 25_000, "b c a " * 16_000),
        "shuffled": (" ".join(words * 16), " ".join(chance.sample(words * 16, 48_000))),
    }
    for name, (before, after) in cases.items():
        begun = time.process_time()
        found = difference(before, after)
        assert found.html()
        assert found.text()
        assert time.process_time() - begun < 2, name
