"""Puts photographs side by side, with the address and notes that belong to them, as a small PNG."""

import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from playwright.sync_api import Browser

STYLE = """
  body { margin: 0; padding: 24px; display: inline-flex; gap: 24px; align-items: start;
         background: #e9ece7; color: #22261f; font: 15px/1.5 system-ui, sans-serif; }
  figure { margin: 0; overflow: hidden; border: 1px solid #c3c9c0; border-radius: 12px;
           background: #fff; }
  img { display: block; }
  .address { padding: 8px 14px; background: #dfe3dc; font: 14px/1.5 ui-monospace, monospace; }
  .address span { display: block; padding: 3px 14px; border-radius: 14px; background: #fff; }
  figcaption { contain: inline-size; padding: 8px 16px 10px; border-block-start: 1px solid #c3c9c0;
               font-size: 14px; }
"""
# Keeps 256 colours: again and again the one that those kept so far would change most, all in all.
REDUCE = """async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const {width, height} = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, width, height);
    const seen = new Map();
    const pixels = Array.from({length: width * height}, (_, index) => {
        const [red, green, blue] = data.subarray(4 * index);
        const key = red << 16 | green << 8 | blue;
        if (!seen.has(key)) seen.set(key, {red, green, blue, count: 0, off: Infinity, nearest: 0});
        const colour = seen.get(key);
        colour.count += 1;
        return colour;
    });
    const kept = [];
    const colours = [...seen.values()];
    while (kept.length < Math.min(256, colours.length)) {
        const next = colours.reduce((a, b) => b.count * b.off > a.count * a.off ? b : a);
        for (const one of colours) {
            const {red, green, blue} = next;
            const off = (one.red - red) ** 2 + (one.green - green) ** 2 + (one.blue - blue) ** 2;
            if (off < one.off) Object.assign(one, {off, nearest: kept.length});
        }
        kept.push(next);
    }
    const indices = pixels.map(({nearest}) => String.fromCharCode(nearest)).join("");
    return [width, height, kept.flatMap(({red, green, blue}) => [red, green, blue]), btoa(indices)];
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A photograph, as high as it is to be shown; the address is drawn above, notes below."""

    image: bytes
    height: int
    address: str = ""
    notes: Sequence[str] = ()


def compose(browser: Browser, shots: Sequence[Shot]) -> bytes:
    """Return photographs side by side, with few colours."""
    page = browser.new_page(viewport={"width": 2400, "height": 1200})
    page.set_content(f"<!doctype html><style>{STYLE}</style>{''.join(map(_figure, shots))}")
    image = page.locator("body").screenshot()
    width, height, colours, indices = page.evaluate(REDUCE, _address(image))
    page.close()
    return _png(width, height, bytes(colours), b64decode(indices))


def _figure(shot: Shot) -> str:
    address = f'<div class="address"><span>{escape(shot.address)}</span></div>'
    notes = "<br>".join(map(escape, shot.notes))
    return (
        f"<figure>{address if shot.address else ''}"
        f'<img src="{_address(shot.image)}" height="{shot.height}">'
        f"{f'<figcaption>{notes}</figcaption>' if notes else ''}</figure>"
    )


def _address(image: bytes) -> str:
    return f"data:image/png;base64,{b64encode(image).decode()}"


def _png(width: int, height: int, colours: bytes, indices: bytes) -> bytes:
    """Return a PNG of up to 256 colours, a byte for each pixel (W3C PNG, colour type 3)."""
    rows = (b"\0" + indices[start : start + width] for start in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(b"".join(rows), 9))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in (*parts, (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
