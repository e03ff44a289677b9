"""Draws the main figures as bars, in Chromium, on a light ground."""

from collections.abc import Sequence
from html import escape

from playwright.sync_api import Browser

from bench.banner.figures import SIZE, SPEED, Figure, number
from bench.banner.results import Result

DRAWN = (
    "bytes, brotli",
    "settled, ms",
    "script, ms",
    "blocking time added, ms",
    "elements added",
    "click until gone, ms",
)
MOST_BYTES = 250_000
SHEET = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><style>
  body { margin: 0; inline-size: 1160px; padding: 28px; background: #f7f8f6; color: #1c2420;
         font: 15px/1.3 system-ui, sans-serif; }
  main { display: grid; grid-template-columns: 1fr 1fr; gap: 28px 44px; }
  h2 { margin: 0 0 8px; font-size: 17px; }
  div { display: grid; grid-template-columns: 168px 1fr; align-items: center; gap: 10px;
        margin-block: 4px; }
  i { display: flex; align-items: center; gap: 8px; font-style: normal; }
  i::before { content: ""; inline-size: calc(var(--share) * 290px); min-inline-size: 2px;
              block-size: 18px; border-radius: 3px; background: #b9c3bd; }
  .ours { font-weight: 600; }
  .ours i::before { background: #1f6f54; }
</style><main>"""


def draw(browser: Browser, results: Sequence[Result]) -> bytes:
    """Return the picture as PNG.

    Raises:
        ValueError: it has too many bytes for a README.
    """
    figures = [each for each in (*SIZE, *SPEED) if each.name in DRAWN]
    page = browser.new_page(viewport={"width": 1216, "height": 900}, color_scheme="light")
    page.set_content(SHEET + "".join(_chart(figure, results) for figure in figures))
    image = page.locator("body").screenshot()
    page.close()
    if len(image) >= MOST_BYTES:
        message = f"the picture has {len(image)} bytes"
        raise ValueError(message)
    return image


def _chart(figure: Figure, results: Sequence[Result]) -> str:
    values = {each.peer.key: max(0.0, number(figure.value(each))) for each in results}
    most = max(values.values()) or 1
    bars = (
        f'<div class="{"" if each.peer.package else "ours"}"><span>{escape(each.peer.name)}</span>'
        f'<i style="--share:{values[each.peer.key] / most:.4f}">'
        f"{escape(figure.form.format(values[each.peer.key]))}</i></div>"
        for each in sorted(results, key=lambda each: values[each.peer.key])
    )
    return f"<section><h2>{escape(figure.name)}</h2>{''.join(bars)}</section>"
