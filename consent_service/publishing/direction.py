"""Characters that turn the order of letters around: names that hold them pass for other names."""

import re

TURNED = "holds characters that turn the order of letters around"
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def is_turned(text: str) -> bool:
    """Tell whether a text holds embeddings, overrides or isolates (Unicode Annex 9, section 2)."""
    return _TURNING.search(text) is not None
