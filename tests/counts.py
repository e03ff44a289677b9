"""How often a repeating test repeats: short by default, long under `make test-long`."""

import os

LONG = os.environ.get("CONSENT_TEST_COUNTS") == "long"


def count(short: int, long: int) -> int:
    """Choose between the counts of a quick run and of a thorough one."""
    return long if LONG else short
