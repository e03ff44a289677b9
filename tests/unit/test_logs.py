"""Logs tell where an error happened, and nothing about whom it happened to."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from structlog import get_logger

from consent_service.http import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process logs, read back."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure()
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_an_error_is_logged_without_the_values_it_happened_with(written: io.StringIO) -> None:
    def fail(credential: str) -> None:
        raise RuntimeError(f"failed after {len(credential)} characters")

    try:
        fail("a-secret-credential")
    except RuntimeError as error:
        get_logger("test").error("unexpected error", exc_info=error)
    line = json.loads(written.getvalue())
    assert line["exception"][0]["exc_type"] == "RuntimeError"
    assert "a-secret-credential" not in written.getvalue()
