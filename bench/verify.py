"""Measures the verifier on a bundle of many events; prints JSON.

    python -m bench.verify --events 1000000 --processes 2

The bundle is made up: leaves of some 700 bytes in thousands of shapes, three openings each, one
event in a hundred erased. `--keep FILE` keeps it, or takes it where it is there already.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from consent_service.core.merkle import CompactRange, leaf_hash
from tests.evidence.building import Log, canonical, sha256, standard, urlsafe

START = 1_795_500_000_000
INTERVAL = 1500
EVERY_ERASED = 100


class Writer:
    """Writes leaves, their openings and their tree."""

    def __init__(self, log: Log, folder: Path) -> None:
        self.log = log
        self.events = (folder / "events.jsonl").open("wb")
        self.openings = (folder / "openings.jsonl").open("wb")
        self.tree = CompactRange()
        self.count = 0

    def add(self, leaf: bytes, openings: list[str]) -> bytes:
        digest = leaf_hash(leaf)
        self.events.write(leaf + b"\n")
        if openings:
            self.openings.write(canonical({"d": openings, "i": self.count}).encode() + b"\n")
        self.tree.push(0, self.count, digest)
        self.count += 1
        return digest


def make(path: Path, events: int) -> None:
    """Write a bundle of so many events."""
    log, chance = Log(name="log-bench"), random.Random(1)
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        writer = Writer(log, folder)
        log.genesis()
        variants = [log.publish_notice(number) for number in range(1, 21)]
        shown = (variants, log.publish_document(), log.add_banner())
        for leaf in log.leaves:
            assert isinstance(leaf, bytes)
            writer.add(leaf, [])
        erased = []
        for number in range(events):
            leaf, openings = event(log, chance, number, shown)
            is_erased = number % EVERY_ERASED == 0
            digest = writer.add(leaf, [] if is_erased else openings)
            if is_erased:
                erased.append(digest)
        for at, digest in enumerate(erased):
            writer.add(erasure(log, chance, digest, START + events * INTERVAL + at), [])
        writer.events.close()
        writer.openings.close()
        _write(path, log, writer, folder, {"events": events, "erased": len(erased)})


def moment(milliseconds: int) -> str:
    at = time.gmtime(milliseconds // 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", at) + f".{milliseconds % 1000:03d}Z"


def uuid7(milliseconds: int, chance: random.Random) -> str:
    tail = f"{chance.getrandbits(64):016x}"
    head = f"{milliseconds:012x}"
    return f"{head[:8]}-{head[8:]}-7{tail[:3]}-{chance.choice('89ab')}{tail[3:6]}-{tail[4:]}"


def event(log: Log, chance: random.Random, number: int, shown: Any) -> tuple[bytes, list[str]]:
    at, (variants, terms, banner) = START + number * INTERVAL, shown
    values = {
        "claimed_at": moment(at),
        "prev": urlsafe(chance.randbytes(32)),
        "visitor": uuid7(at, chance),
    }
    openings = [
        urlsafe(f'["{urlsafe(chance.randbytes(16))}", "{name}", "{value}"]'.encode())
        for name, value in values.items()
    ]
    digests = [urlsafe(hashlib.sha256(opening.encode()).digest()) for opening in openings]
    granted = chance.random() < 0.6
    body = {
        "v": 1,
        "log": log.origin,
        "id": uuid7(at, chance),
        "type": "consent.given" if granted else "consent.refused",
        "ts": moment(at),
        "decisions": {
            name: chance.choice(["granted", "denied"]) if granted else "denied"
            for name in ("analytics", "functional", "marketing")
        },
        "documents": {"terms": terms},
        "notice": variants[min(19, int(chance.expovariate(0.4)))],
        "locale": chance.choice(["de", "en", "fr", "it", "nl"]),
        "method": "banner" if chance.random() < 0.95 else "preferences",
        "layer": 1 if chance.random() < 0.8 else 2,
        "profile": "eu-opt-in",
        "why": "country:" + chance.choice(["DE", "DE", "DE", "FR", "IT", "NL", "AT", "BE"]),
        "signals": {"gpc": chance.random() < 0.05},
        "banner": banner,
        "priv": dict(zip(values, digests, strict=True)),
    }
    return canonical(body).encode(), openings


def erasure(log: Log, chance: random.Random, digest: bytes, at: int) -> bytes:
    body = {
        "v": 1,
        "log": log.origin,
        "id": uuid7(at, chance),
        "type": "log.erasure",
        "ts": moment(at),
        "nonce": urlsafe(chance.randbytes(16)),
        "leaf": digest.hex(),
        "fields": ["claimed_at", "prev", "visitor"],
        "reason": "visitor",
    }
    return canonical(body).encode()


def _write(path: Path, log: Log, writer: Writer, folder: Path, counts: dict[str, int]) -> None:
    text = f"{log.tree}\n{writer.count}\n{standard(writer.tree.root())}\n"
    at = (START + writer.count * INTERVAL) // 1000
    signers = [*log.checkpoint_keys, log.clock]
    small = {"checkpoint": f"{text}\n{''.join(each.line(text, at) for each in signers)}".encode()}
    small |= {f"documents/{name}": content for name, content in log.documents.items()}
    small |= {f"banners/{name}": content for name, content in log.banners.items()}
    small["VERIFY.md"] = b"# How to check this\n"
    large = ("events.jsonl", "openings.jsonl")
    files = [
        {"path": name, "sha256": sha256(content), "size": len(content)}
        for name, content in small.items()
    ]
    for name in large:
        with (folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        files.append({"path": name, "sha256": digest, "size": (folder / name).stat().st_size})
    manifest = canonical(
        {
            "counts": {
                "control": writer.count - counts["events"],
                "erased_fields": counts["erased"] * 3,
                "events": counts["events"],
                "redacted": 0,
            },
            "created": moment(at * 1000),
            "files": files,
            "format": "consent-audit-bundle/1",
            "log": {"origin": log.tree, "vkeys": log.vkeys()},
            "openings": "included",
            "range": {"count": writer.count, "first": 0},
            "software": "bench",
            "tree_size": writer.count,
        }
    )
    note = f"consent-bundle/1\n{sha256(manifest.encode())}\n{moment(at * 1000)}\n"
    small["manifest.json"] = manifest.encode()
    small["manifest.note"] = f"{note}\n{log.export.line(note)}".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in small.items():
            archive.writestr(name, content)
        for name in large:
            archive.write(folder / name, name)


def memory(root: int) -> tuple[int, int]:
    """Return the sum of resident and of proportional sizes of a process and its children, in KB."""
    resident = proportional = 0
    for pid in family(root):
        try:
            status = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines()[1:] if ":" in line)
        resident += int(fields["Rss"].split()[0])
        proportional += int(fields["Pss"].split()[0])
    return resident, proportional


def family(root: int) -> list[int]:
    found = [root]
    for pid in found:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            continue
        found += map(int, children)
    return found


def measure(path: Path, processes: int, key: str) -> dict[str, Any]:
    """Verify in a process of its own."""
    command = [sys.executable, "-m", "consent_service.evidence", str(path), "--json"]
    command += ["--vkey", key, "--processes", str(processes)]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    resident = proportional = 0
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output)
        while child.poll() is None:
            found = memory(child.pid)
            resident, proportional = max(resident, found[0]), max(proportional, found[1])
            time.sleep(0.1)
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        output.seek(0)
        report = json.load(output)
    return {
        "processes": processes,
        "wall_seconds": round(wall, 2),
        "cpu_seconds": round(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2
        ),
        "peak_rss_mb": round(resident / 1024),
        "peak_pss_mb": round(proportional / 1024),
        "verdict": report["verdict"],
        "findings": report["counts"],
    }


def main() -> None:
    """Make the bundle, check it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "bundle.zip"
        started = time.perf_counter()
        if not path.exists():
            make(path, options.events)
        made = time.perf_counter() - started
        figures = measure(path, options.processes, Log(name="log-bench").checkpoint_keys[0].vkey)
        size = path.stat().st_size
    print(
        json.dumps(
            {
                "events": options.events,
                "bundle_mb": round(size / 2**20),
                "making_seconds": round(made, 1),
                "load": os.getloadavg()[0],
                **figures,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
