"""The command: arguments, output, exit codes; by each of its names, and without the service."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from consent_service.evidence.codes import CODES
from consent_service.evidence.command import run
from tests.evidence.building import Log, pack, shop, urlsafe

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "shop.zip"
    path.write_bytes(pack(shop().bundle(earlier=[5])))
    return path


@pytest.fixture
def key() -> str:
    return Log().checkpoint_keys[0].vkey


def written(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_text(content)
    return str(path)


def test_a_bundle_that_holds(
    bundle: Path, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = written(tmp_path, "kept", shop().checkpoint(9))
    receipt = written(tmp_path, "receipt.json", shop().receipt_file(7, size=5))
    assert run([str(bundle), "--vkey", key, "--anchor", kept, "--anchor", receipt]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    for part in ("log-test/shop/1", "the whole log", "5 events", "visitor 3", "dispute 3", "OK: "):
        assert part in shown.out
    assert shop().root().hex() in shown.out


def test_a_bundle_that_vouches_for_itself(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(bundle)]) == 3
    shown = capsys.readouterr().out
    assert "NO_TRUSTED_KEY" in shown
    assert "keep the checkpoint of each bundle" in shown


def test_the_report_as_json(bundle: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(bundle), "--vkey", key, "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert sorted(report) == ["counts", "exit_code", "facts", "findings", "format", "verdict"]
    assert report["format"] == "consent-verification/1"
    assert (report["verdict"], report["exit_code"]) == ("weak", 3)
    assert report["counts"] == {"NO_ANCHOR": 1}
    (finding,) = report["findings"]
    assert (finding["code"], finding["weight"]) == ("NO_ANCHOR", "weak")
    assert report["facts"]["counts"] == {
        "control": 7,
        "erased_fields": 6,
        "events": 5,
        "redacted": 1,
    }
    assert report["facts"]["gone"]["restricted"] == {"dispute": 3}


def test_a_bad_bundle(bundle: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = shop(events=60).bundle()
    files["openings.jsonl"] = b""
    bundle.write_bytes(pack(files))
    assert run([str(bundle), "--vkey", key]) == 1
    shown = capsys.readouterr().out
    assert "  FILE_HASH openings.jsonl: the file has 0 bytes" in shown
    assert "events.jsonl, leaf 7: no opening of claimed_at, prev, visitor" in shown
    assert "OPENING_MISSING_WITHOUT_ERASURE and 37 more" in shown
    assert "BAD: " in shown


def test_a_policy_names_the_keys(bundle: Path, key: str, tmp_path: Path) -> None:
    policy = written(tmp_path, "policy", f"log {key}\nquorum none\n")
    kept = written(tmp_path, "kept", shop().checkpoint(9))
    assert run([str(bundle), "--policy", policy, "--anchor", kept]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.zip"], "absent.zip: No such file"),
        (["BUNDLE", "--vkey", "x"], "--vkey: a verifier key"),
        (["BUNDLE", "--policy", "absent"], "absent: No such file"),
        (["BUNDLE", "--policy", "BUNDLE"], "not UTF-8"),
        (["BUNDLE", "--policy", "NOTHING"], "no quorum"),
        (["BUNDLE", "--anchor", "NOTHING"], "neither a checkpoint nor a receipt"),
        (["BUNDLE", "--tsa-ca", "absent"], "absent: No such file"),
        (["receipt", "absent"], "absent: No such file"),
        (["receipt", "NOTHING", "--jwks", "NOTHING"], "NOTHING"),
        (["."], "Is a directory"),
    ],
)
def test_arguments_that_name_something_unreadable(
    arguments: list[str],
    message: str,
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = written(tmp_path, "NOTHING", "")
    named = {"BUNDLE": str(bundle), "NOTHING": nothing}
    assert run([named.get(each, each) for each in arguments]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["BUNDLE", "--max-age", "1y"],
        ["BUNDLE", "--max-age", "-1h"],
        ["BUNDLE", "--min-size", "many"],
        ["BUNDLE", "--processes", "-1"],
        ["BUNDLE", "--unknown"],
        ["receipt"],
    ],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(arguments)
    assert caught.value.code == 2
    assert "usage: consent-verify" in capsys.readouterr().err


def test_a_stale_and_a_short_log(bundle: Path, key: str) -> None:
    assert run([str(bundle), "--vkey", key, "--min-size", "14"]) == 1
    assert run([str(bundle), "--vkey", key, "--min-size", "13", "--max-age", "9999d"]) == 3


def test_a_receipt(tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    log = shop()
    receipt = written(tmp_path, "receipt.json", log.receipt_file(7))
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": urlsafe(log.receipt_key.public)}
    keys = {"keys": [{"kty": "RSA"}, jwk | {"kid": log.receipt_key.kid}]}
    jwks = written(tmp_path, "jwks.json", json.dumps(keys))
    assert run(["receipt", receipt, "--jwks", jwks, "--vkey", key]) == 0
    shown = capsys.readouterr().out
    for part in ("analytics granted", "terms 1", "leaf 7 of 13", "OK: "):
        assert part in shown
    bare = written(tmp_path, "receipt.jws", log.receipt(7) + "\n")
    proof = written(tmp_path, "event.tlog-proof", log.proof(7))
    assert run(["receipt", bare, proof, "--jwks", jwks, "--vkey", key]) == 0
    capsys.readouterr()
    assert run(["receipt", bare, "--jwks", jwks, "--vkey", key, "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"NOT_SEALED_YET": 1}


NAMES = [
    [sys.executable, "-m", "consent_service.evidence"],
    [str(Path(sys.executable).parent / "consent-service"), "verify"],
]


def called(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("command", NAMES, ids=["module", "subcommand"])
def test_each_of_its_names(command: list[str], bundle: Path, key: str) -> None:
    done = called([*command, str(bundle), "--vkey", key])
    assert (done.returncode, done.stderr) == (3, "")
    assert "OK BUT WEAK" in done.stdout
    told = called([*command, "--help"])
    assert told.returncode == 0
    for part in ("--anchor", "--max-age", "Examples:", "Exit codes: 0 ok"):
        assert part in told.stdout
    told = called([*command, "receipt", "--help"])
    assert "--jwks" in told.stdout


ALONE = """
import sys

NEEDED = ("cryptography", "_cffi_backend", "consent_service.core", "consent_service.evidence")

class Refused:
    def find_spec(self, name, path=None, target=None):
        allowed = name == "consent_service" or name.startswith(NEEDED)
        if allowed or name.partition(".")[0] in sys.stdlib_module_names:
            return None
        raise ImportError(name + " is not for the verifier")

sys.meta_path.insert(0, Refused())
import socket
def refused(*_, **__):
    raise OSError("no network")
socket.socket = socket.create_connection = refused
from consent_service.evidence.command import run
code = run(sys.argv[1:])
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"flask", "sqlalchemy", "marshmallow", "click", "joserfc"}, loaded
sys.exit(code)
"""


def test_it_needs_the_standard_library_and_cryptography_only(bundle: Path, key: str) -> None:
    done = called([sys.executable, "-c", ALONE, str(bundle), "--vkey", key])
    assert (done.returncode, done.stderr) == (3, ""), done.stderr


def test_every_code_says_what_it_means_and_is_documented() -> None:
    text = (ROOT / "docs" / "verifier.md").read_text()
    documented = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert set(CODES) <= documented
    assert all(meaning.endswith(".") for meaning in CODES.values())
