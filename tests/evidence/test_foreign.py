"""Others come to the same verdict: Go's libraries of its module log, jose, OpenSSL."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.building import Files, Log, canonical, jws, shop, urlsafe

FOLDER = Path(__file__).parent / "foreign"
GO_SOURCES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
EVENT = 7


def called(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )


@pytest.fixture(scope="session")
def go_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not GO_SOURCES.exists():
        pytest.skip("Go is not here: apt-get install golang-go golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    os.environ.setdefault("GOCACHE", str(folder / "cache"))
    built = called("go", "build", "-o", folder / "check", FOLDER / "check.go", cwd=folder)
    assert built.returncode == 0, built.stderr
    return folder / "check"


def unpacked(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def with_proof(log: Log) -> Files:
    files = log.bundle(earlier=[3, 8])
    return files | {"event.tlog-proof": log.proof(EVENT).encode()}


def test_go_finds_a_bundle_to_hold(go_check: Path, tmp_path: Path) -> None:
    log = shop()
    key = log.checkpoint_keys[0].vkey
    done = called(go_check, unpacked(tmp_path, with_proof(log)), key)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


def lines(change: Callable[[list[bytes]], object]) -> Callable[[Files], None]:
    def changed(files: Files) -> None:
        each = files["events.jsonl"].splitlines()
        change(each)
        files["events.jsonl"] = b"".join(line + b"\n" for line in each)

    return changed


def swap(each: list[bytes]) -> None:
    each[7], each[8] = each[8], each[7]


def swap_proofs(files: Files) -> None:
    one, other = "consistency/3-8", "consistency/8-13"
    files[one], files[other] = files[other], files[one]


def edited(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lines(lambda each: each.pop(7)), "count: 12 leaves"),
        (lines(lambda each: each.append(each[7])), "count: 14 leaves"),
        (lines(swap), "root: "),
        (edited("events.jsonl", b"granted", b"denied"), "root: "),
        (edited("events.jsonl", b'{"$redacted":"', b'{"$redacted":"A'), ""),
        (edited("checkpoint", b"\n13\n", b"\n14\n"), "invalid signature"),
        (edited("checkpoints/8", b"\n8\n", b"\n9\n"), "invalid signature"),
        (edited("event.tlog-proof", b"index 7", b"index 6"), "invalid transparency proof"),
        (swap_proofs, "3-8: "),
    ],
)
def test_go_refuses_what_was_tampered_with(
    change: Callable[[Files], None], message: str, go_check: Path, tmp_path: Path
) -> None:
    log = shop()
    files = with_proof(log)
    change(files)
    done = called(go_check, unpacked(tmp_path, files), log.checkpoint_keys[0].vkey)
    assert done.returncode == 1
    assert message in done.stderr


def test_go_refuses_another_key(go_check: Path, tmp_path: Path) -> None:
    forger = Log(seed="forger").checkpoint_keys[0].vkey
    done = called(go_check, unpacked(tmp_path, with_proof(shop())), forger)
    assert done.returncode == 1
    assert "no verifiable signatures" in done.stderr


@pytest.fixture(scope="session")
def jose() -> Path:
    """Install the package once, whoever of several test processes comes first."""
    if shutil.which("npm") is None:
        pytest.skip("Node is not here")
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "node_modules" / "jose").exists():
            done = called("npm", "ci", "--no-audit", "--no-fund", cwd=FOLDER)
            if done.returncode:
                pytest.skip("npm could not install jose")
    return FOLDER / "receipt.mjs"


def test_jose_finds_a_receipt_to_hold(jose: Path) -> None:
    log = shop()
    done = called("node", jose, log.receipt(EVENT), urlsafe(log.receipt_key.public))
    assert done.returncode == 0, done.stderr
    claims = json.loads(done.stdout)
    assert canonical(claims["evt"]).encode() == log.leaves[EVENT]


def test_jose_refuses_what_was_tampered_with(jose: Path) -> None:
    log = shop()
    head, claims, signature = log.receipt(EVENT).split(".")
    other = log.receipt(8).split(".")[1]
    forged = jws({"alg": "none"}, {}, "x")
    for receipt in (f"{head}.{other}.{signature}", f"{head}.{claims}.AAAA", forged):
        assert called("node", jose, receipt, urlsafe(log.receipt_key.public)).returncode


def test_openssl_finds_the_signature_of_a_checkpoint_to_hold(tmp_path: Path) -> None:
    log = shop()
    text, _, signatures = log.checkpoint().partition("\n\n")
    signature = base64.b64decode(signatures.split("\n")[0].split(" ")[2])[4:]
    # The head of an Ed25519 key in the form that OpenSSL reads (RFC 8410).
    key = bytes.fromhex("302a300506032b6570032100") + log.checkpoint_keys[0].public
    names = {"text": f"{text}\n".encode(), "signature": signature, "key.der": key}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"]
    command += ["-inkey", "key.der", "-in", "text", "-sigfile", "signature"]
    done = called(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n")
    (tmp_path / "text").write_bytes(names["text"].replace(b"\n13\n", b"\n14\n"))
    assert called(*command, cwd=tmp_path).returncode == 1
