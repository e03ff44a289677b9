"""Which form of prebuilt bytes a client gets."""

import gzip

import brotli
import pytest
from flask import Flask

from consent_service.http.caching import Prebuilt, preferred_coding

CONTENT = b"Every page asks for these bytes. " * 40


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0.5, br;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", "identity"),
        ("br;q=0, gzip;q=0", "identity"),
        ("identity", "identity"),
        ("identity;q=0", "identity"),
        ("gzip;q=0.5, identity", "identity"),
        ("gzip, identity;q=0.5", "gzip"),
        ("deflate, zstd", "identity"),
        (";;;,, q=1", "identity"),
    ],
)
def test_the_client_chooses_the_coding(accepted: str, coding: str) -> None:
    assert preferred_coding(accepted) == coding


def test_each_form_says_what_it_is() -> None:
    app, built = Flask(__name__), Prebuilt.of(CONTENT, "text/plain")
    tags = set()
    for accepted, read in (("", bytes), ("br", brotli.decompress), ("gzip", gzip.decompress)):
        with app.test_request_context(headers={"Accept-Encoding": accepted}):
            answer = built.respond("no-cache")
        assert answer.headers.get("Content-Encoding", "") == accepted
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert read(answer.data) == CONTENT
        assert len(answer.data) == int(answer.headers["Content-Length"])
        tags.add(answer.headers["ETag"])
    assert len(tags) == 3


def test_any_form_is_known_again() -> None:
    app, built = Flask(__name__), Prebuilt.of(CONTENT, "text/plain")
    for accepted in ("", "br", "gzip"):
        with app.test_request_context(headers={"Accept-Encoding": accepted}):
            tag = built.respond("no-cache").headers["ETag"]
        for named in (tag, f"W/{tag}", f'"other", {tag}'):
            headers = {"Accept-Encoding": "br", "If-None-Match": named}
            with app.test_request_context(headers=headers):
                again = built.respond("no-cache")
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == tag
            assert "Content-Encoding" not in again.headers
    other = Prebuilt.of(CONTENT + b".", "text/plain")
    with app.test_request_context(headers={"If-None-Match": tag}):
        assert other.respond("no-cache").status_code == 200


def test_a_form_is_made_once() -> None:
    app, built = Flask(__name__), Prebuilt.of(CONTENT, "text/plain")
    forms = []
    for _ in range(2):
        with app.test_request_context(headers={"Accept-Encoding": "br"}):
            built.respond("no-cache")
        forms.append(built._compressed["br"])
    assert forms[0] is forms[1]
