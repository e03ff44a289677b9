"""Measures the request path against a bare Flask application in the same run; prints JSON.

Machines are shared and noisy: compare the ratios, and processor time before requests per second.
"""

import json
import os
import statistics
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import load, servers
from tests.postgres import server as postgres

ROUNDS = 5
REQUESTS = 1600


def main() -> None:
    """Run all rounds, interleaved, and print the medians."""
    with ExitStack() as stack:
        bare = stack.enter_context(servers.bare_flask())
        on_sqlite = stack.enter_context(servers.service(None))
        on_postgres = stack.enter_context(servers.service(_postgres(stack)))
        cases = {"hello": (bare, load.hello())}
        for name, server in (("sqlite", on_sqlite), ("postgres", on_postgres)):
            notice, etag = _notice(server)
            cases[f"record_{name}"] = (server, load.first_answer(notice))
            cases[f"notice_304_{name}"] = (server, load.unchanged_notice(etag))
        for case in cases.values():
            load.run(*case, REQUESTS // 4)
        rounds = [{n: load.run(*c, REQUESTS) for n, c in cases.items()} for _ in range(ROUNDS)]
    print(json.dumps(_summary(rounds), indent=2))


def _postgres(stack: ExitStack) -> str:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-pg-")))
    started = postgres.ensure_started(folder, os.getpid())
    stack.callback(postgres.stop, folder)
    return started.create_database()


def _notice(server: servers.Server) -> tuple[int, str]:
    with urllib.request.urlopen(f"{server.address}/v1/sites/shop/notice?lang=de") as answer:
        return json.load(answer)["number"], answer.headers["ETag"]


def _summary(rounds: list[dict[str, load.Figures]]) -> dict[str, Any]:
    return {
        name: {
            "per_second": round(statistics.median(r[name].per_second for r in rounds)),
            "cpu_microseconds": round(statistics.median(r[name].cpu_microseconds for r in rounds)),
            "cpu_of_hello": _ratio(rounds, name),
        }
        for name in rounds[0]
    }


def _ratio(rounds: list[dict[str, load.Figures]], name: str) -> float:
    pairs = (r[name].cpu_microseconds / r["hello"].cpu_microseconds for r in rounds)
    return round(statistics.median(pairs), 2)


if __name__ == "__main__":
    main()
