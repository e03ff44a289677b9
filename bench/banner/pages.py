"""The page of the benchmark, and how each peer is embedded in it."""

import json
import re
import struct
import tomllib
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
HERO = (800, 600)
INSIDE = "inside"
"""The id of a link in the middle of the article."""
HERO_TAG = (
    '<figure><img src="/hero.png" width="{}" height="{}" alt="A meadow in June">'
    "<figcaption>The meadow behind the waterworks in June.</figcaption></figure>"
).format(*HERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A banner: where it comes from, and where its parts are, as CSS selectors.

    Attributes:
        key: its folder in `peers/`.
        name: what the table calls it.
        banner: the box that holds the first layer.
        corner: the outermost elements that it puts into the page.
        choose: the button that opens the preferences; empty where there are none.
        package: its npm package; empty for the project's own banner.
        files: what a page loads of the package: name in the page's address, path in the package.
    """

    key: str
    name: str
    banner: str
    corner: str
    accept: str
    reject: str
    choose: str = ""
    preferences: str = ""
    package: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def snippet(self, place: str) -> str:
        """Return what its documentation says to put into the head or at the foot of a page."""
        path = HERE / "peers" / self.key / f"{place}.html"
        return path.read_text() if path.exists() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A form of the page: with whose banner, in which direction, under which policy."""

    peer: Peer | None
    direction: str = "ltr"
    has_hero: bool = True
    policy: str = ""


def read_peers() -> list[Peer]:
    """Return all peers, ours first."""
    return [Peer(**each) for each in tomllib.loads((HERE / "peers.toml").read_text())["peers"]]


def render(view: View, service: str) -> str:
    """Return the page. `service` is the address of the consent service."""
    language = "ar" if view.direction == "rtl" else "en"
    parts = {
        "lang": language,
        "dir": view.direction,
        "hero": HERO_TAG if view.has_hero else "",
        "head": "",
        "foot": "",
    }
    if view.peer:
        query = "?lang=ar" if language == "ar" else ""
        for place in ("head", "foot"):
            text = view.peer.snippet(place)
            parts[place] = text.replace("{service}", service).replace("{query}", query)
    page = (HERE / "article.html").read_text()
    return re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], found[0]), page)


def script(name: str, peer: Peer | None, quiet: int) -> str:
    """Return a script that watches a page, for the parts of a peer.

    Args:
        quiet: how many ms the page is left alone once the banner stands.
    """
    parts = ("banner", "corner", "accept", "reject", "choose", "preferences")
    selectors = peer and {part: getattr(peer, part) for part in parts}
    code = (HERE / name).read_text()
    return code.replace("PEER", json.dumps(selectors)).replace("QUIET", str(quiet))


def policy(view: View, page: str, service: str) -> str:
    """Return the Content-Security-Policy of a page: inline scripts pass by their hash.

    `strict` allows the site itself and, for our banner, the service; `trusted` forbids strings
    where scripts are expected as well (Trusted Types).
    """
    hashes = (f"'sha256-{b64encode(sha256(code).digest()).decode()}'" for code in _inline(page))
    own = [service] if view.peer and not view.peer.package else []
    rules = [
        "default-src 'self'",
        " ".join(["script-src 'self'", *own, *hashes]),
        " ".join(["connect-src 'self'", *own]),
    ]
    if view.policy == "trusted":
        rules.append("require-trusted-types-for 'script'")
    return "; ".join(rules)


def assets(peer: Peer) -> Iterator[tuple[str, bytes]]:
    """Yield the files that a page loads of a peer, by their addresses."""
    for name, path in peer.files.items():
        yield f"/{peer.key}/{name}", (MODULES / peer.package / path).read_bytes()
    settings = HERE / "peers" / peer.key / "config.js"
    if settings.exists():
        yield f"/{peer.key}/config.js", settings.read_bytes()


def inline_bytes(peer: Peer) -> bytes:
    """Return what a peer has in the page itself: tags and configuration."""
    return (peer.snippet("head") + peer.snippet("foot")).encode()


def hero() -> bytes:
    """Return the picture of the article, a PNG of about 80 KB, the same at each run."""
    width, height = HERO
    random = Random(7)
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(0, width, 16):
            grain = random.randrange(24)
            colour = bytes((60 + y // 8 + grain, 110 + x // 16 + grain, 70 + grain))
            rows += colour * 16
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _inline(page: str) -> Iterator[bytes]:
    parser = _Scripts()
    parser.feed(page)
    return (code.encode() for code in parser.found)


class _Scripts(HTMLParser):
    """Collects the scripts that stand in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_script = tag == "script" and "src" not in dict(attrs)

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        if self._is_script and data.strip():
            self.found.append(data)
