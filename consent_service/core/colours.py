"""Colours and their contrast (WCAG 2.2, success criterion 1.4.3)."""

import re

READABLE = 4.5
"""The least contrast that words of any size have with what is behind them."""

_OPAQUE = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_WEIGHTS = (0.2126, 0.7152, 0.0722)


def contrast(one: str, other: str) -> float | None:
    """Return the contrast of two colours, from 1 to 21; None where one is not `#rgb`, `#rrggbb`."""
    if not _OPAQUE.fullmatch(one) or not _OPAQUE.fullmatch(other):
        return None
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:]
    whole = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    channels = (int(whole[start : start + 2], 16) / 255 for start in (0, 2, 4))
    return sum(
        weight * _linear(channel) for weight, channel in zip(_WEIGHTS, channels, strict=True)
    )


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
