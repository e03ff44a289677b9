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
# Leaves the 256 colours that are seen most; the others become the nearest of them.
REDUCE = """async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, image.width, image.height);
    const pixels = Array.from({length: data.length / 4}, (_, index) =>
        (data[4 * index] >> 2) << 12 | (data[4 * index + 1] >> 2) << 6 | data[4 * index + 2] >> 2);
    const seen = new Map();
    for (const pixel of pixels) seen.set(pixel, (seen.get(pixel) ?? 0) + 1);
    const parts = (pixel) => [pixel >> 12, pixel >> 6 & 63, pixel & 63];
    const kept = [...seen].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([pixel]) => pixel);
    const distance = (a, b) => parts(a).reduce((sum, it, i) => sum + (it - parts(b)[i]) ** 2, 0);
    const nearestTo = (pixel) => kept.reduce((best, one, index) =>
        distance(pixel, one) < distance(pixel, kept[best]) ? index : best, 0);
    const nearest = new Map([...seen.keys()].map((pixel) => [pixel, nearestTo(pixel)]));
    const bytes = Uint8Array.from(pixels, (pixel) => nearest.get(pixel));
    const blob = await new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(new Blob([bytes]));
    });
    const colours = kept.flatMap((pixel) => parts(pixel).map((it) => it << 2 | it >> 4));
    return [image.width, image.height, colours, blob.split(",")[1]];
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
