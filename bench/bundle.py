"""Measures exports of many events: events per second and peak memory; prints JSON.

`python bench/bundle.py [EVENTS …]` fills a fresh SQLite database for each number, seals it, and
exports it as a bundle, once plain and once with the derived files, each in a process of its own.
"""

import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import insert, select

from consent_service.bootstrap import Services, build_migrations, build_services
from consent_service.consents.model import State
from consent_service.consents.tables import consent_event
from consent_service.core.clock import format_time
from consent_service.core.commitments import commit
from consent_service.ledger.model import event_leaf
from consent_service.ledger.store import pending_row
from consent_service.ledger.tables import ledger_pending
from consent_service.notices.tables import notice, notice_variant
from consent_service.publishing.folder import read_folder
from consent_service.resources import bundled
from consent_service.settings import load_settings

EVENTS = (10_000, 100_000)
CASES: dict[str, tuple[str, ...]] = {"plain": (), "derived": ("--with", "csv,27560,kantara")}
_BATCH = 1000
_NO_STATE = State().dump()
_VALUES = ("granted", "denied")


def main() -> None:
    """Measure each number of events and print the figures."""
    numbers = [int(each) for each in sys.argv[1:]] or EVENTS
    print(json.dumps({str(number): measure(number) for number in numbers}, indent=2))


def measure(events: int) -> dict[str, Any]:
    """Return the figures of one number of events by case."""
    with tempfile.TemporaryDirectory(prefix="consent-bundle-") as name:
        folder = Path(name)
        environment = prepare(folder, events)
        return {
            case: export(environment, folder / f"{case}.zip", events, *options)
            for case, options in CASES.items()
        }


def prepare(folder: Path, events: int) -> dict[str, str]:
    """Make a service's folder with a shop of so many sealed events; return its settings."""
    environment = {"CONSENT_DATA_DIR": str(folder)}
    settings = load_settings(environment)
    build_migrations(settings).upgrade()
    services = build_services(settings, with_log_keys=True)
    services.publishing.apply(read_folder(bundled("examples") / "shop"))
    fill(services, "shop", events)
    services.ledger.seal_all()
    services.db.dispose()
    return environment


def fill(services: Services, site: str, events: int) -> None:
    """Store events of a site without asking the rules, each of a visitor of its own."""
    rows = _rows(services, site, events)
    while batch := list(islice(rows, _BATCH)):
        with services.db.write() as tx:
            tx.execute(insert(consent_event), [event for event, _ in batch])
            tx.execute(insert(ledger_pending), [pending for _, pending in batch])


def _rows(services: Services, key: str, events: int) -> Iterator[tuple[dict[str, Any], Any]]:
    site, ids = services.sites.get(key), services.ids
    with services.db.read() as connection:
        shown = connection.execute(
            select(notice.c.number, notice.c.sha256, notice_variant.c.sha256.label("variant"))
            .join_from(notice, notice_variant)
            .where(notice.c.site_id == site.site_id)
            .limit(1)
        ).one()
    told = {"n": shown.number, "sha256": shown.sha256, "variant": shown.variant}
    for number in range(events):
        value, visitor = _VALUES[number % 2], ids.uuid7()
        ts = services.clock.now() + timedelta(milliseconds=number)
        committed, openings = commit({"visitor": visitor}, ids)
        body = {
            "v": 1,
            "log": site.log_origin,
            "id": ids.uuid7(),
            "type": "consent.given" if value == "granted" else "consent.refused",
            "ts": format_time(ts),
            "decisions": dict.fromkeys(("analytics", "functional", "marketing"), value),
            "notice": told,
            "locale": "en",
            "method": "banner",
            "layer": 1,
            "profile": "eu-opt-in",
            "why": "site:only",
            "signals": {"gpc": False},
            "priv": committed,
        }
        leaf = event_leaf(body, ts)
        event = {
            "site_id": site.site_id,
            "event_id": leaf.entry_id,
            "visitor": visitor,
            "visitor_seq": 1,
            "type": body["type"],
            "ts": ts,
            "leaf": leaf.text,
            "leaf_hash": leaf.hash,
            "openings": json.dumps(openings),
            "reference": None,
            "state": _NO_STATE,
        }
        yield event, dict(pending_row(site.site_id, leaf).values)


def export(environment: dict[str, str], output: Path, events: int, *options: str) -> dict[str, Any]:
    """Export in a process of its own; return what it took."""
    arguments = ["export", "--site", "shop", "--format", "bundle", "--output", str(output)]
    begun = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.environ.update(environment)
        os.execv(sys.executable, [sys.executable, "-m", "consent_service", *arguments, *options])
    _, status, used = os.wait4(pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"the export of {events} events failed")
    with zipfile.ZipFile(output) as bundle:
        plain = sum(each.file_size for each in bundle.infolist())
        ratios = [each.file_size / max(1, each.compress_size) for each in bundle.infolist()]
    return {
        "events_per_second": round(events / seconds),
        "seconds": round(seconds, 2),
        "peak_mib": round(used.ru_maxrss / 1024, 1),
        "zip_bytes_per_event": round(output.stat().st_size / events),
        "bytes_per_event": round(plain / events),
        "largest_ratio": round(max(ratios), 1),
    }


if __name__ == "__main__":
    main()
