"""A load of requests from a few threads, each over one kept connection."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from bench.servers import Server

THREADS = 8


@dataclass(frozen=True)
class Call:
    """A request, and the status that it must be answered with."""

    method: str
    path: str
    status: int
    body: Callable[[], bytes | None] = lambda: None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Figures:
    """What a load cost: requests per second, and the server's processor time for each."""

    per_second: float
    cpu_microseconds: float


def hello() -> Call:
    """The bare application's only page."""
    return Call("GET", "/", 200)


def first_answer(notice: int) -> Call:
    """The first answer of a new visitor."""

    def body() -> bytes:
        return json.dumps({"action": "accept", "notice": notice, "key": str(uuid4())}).encode()

    headers = (("Content-Type", "text/plain"), ("Origin", "http://localhost:8002"))
    return Call("POST", "/v1/sites/shop/consents", 201, body, headers)


def unchanged_notice(etag: str) -> Call:
    """The notice of a returning visitor, who has it already."""
    return Call("GET", "/v1/sites/shop/notice?lang=de", 304, headers=(("If-None-Match", etag),))


def run(server: Server, call: Call, total: int) -> Figures:
    """Send `total` requests and measure; any wrong answer ends it."""
    failures: list[str] = []
    threads = [
        threading.Thread(target=_send, args=(server, call, total // THREADS, failures))
        for _ in range(THREADS)
    ]
    cpu, begun = server.cpu_seconds(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, used = time.perf_counter() - begun, server.cpu_seconds() - cpu
    if failures:
        raise RuntimeError(failures[0])
    sent = total // THREADS * THREADS
    return Figures(sent / seconds, used / sent * 1e6)


def _send(server: Server, call: Call, count: int, failures: list[str]) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc)
    for _ in range(count):
        connection.request(call.method, call.path, call.body(), dict(call.headers))
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != call.status:
            failures.append(f"{call.path}: {answer.status} {content[:200]!r}")
            return
    connection.close()
