"""The archive that bundles are written with: in chunks, without seeking, of any size."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from consent_service.exports.archive import CHUNK, Archive, joined
from tests.counts import count

MEBIBYTE = bytes(1 << 20)


def written(files: dict[str, list[bytes]]) -> tuple[Archive, list[bytes]]:
    archive = Archive()
    chunks = [chunk for path, pieces in files.items() for chunk in archive.add(path, pieces)]
    return archive, [*chunks, *archive.close()]


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.binary(max_size=300)), max_size=4))
def test_any_content_is_read_back_and_named_by_its_hash(files: dict[str, list[bytes]]) -> None:
    archive, chunks = written(files)
    with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == list(files)
        for info, entry in zip(opened.infolist(), archive.entries, strict=True):
            data = b"".join(files[info.filename])
            assert opened.read(info) == data
            assert entry.path == info.filename
            assert (entry.size, entry.sha256) == (len(data), hashlib.sha256(data).hexdigest())
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
    assert b"".join(chunks) == b"".join(written(files)[1])


def test_chunks_come_as_soon_as_they_are_large_enough() -> None:
    blocks = [bytes(_noise(n)) for n in range(64)]
    taken = []

    def pieces() -> Iterator[bytes]:
        for block in blocks:
            taken.append(block)
            yield block

    archive = Archive()
    chunks = archive.add("noise", pieces())
    assert len(next(chunks)) >= CHUNK
    assert len(taken) < 12
    assert all(len(chunk) >= CHUNK for chunk in chunks)


def test_a_file_may_be_larger_than_four_gibibytes(tmp_path: Path) -> None:
    number = count(3, 4100)
    archive, output = Archive(), tmp_path / "large.zip"
    with output.open("wb") as file:
        file.writelines(archive.add("large", (MEBIBYTE for _ in range(number))))
        file.writelines(archive.add("after", [b"end"]))
        file.writelines(archive.close())
    with zipfile.ZipFile(output) as opened:
        assert opened.getinfo("large").file_size == number << 20
        assert opened.read("after") == b"end"
        with opened.open("large") as large:
            assert (
                sum(len(block) for block in iter(lambda: large.read(1 << 20), b"")) == number << 20
            )


@given(st.lists(st.binary(max_size=50)))
def test_pieces_are_joined_without_loss(pieces: list[bytes]) -> None:
    assert b"".join(joined(pieces)) == b"".join(pieces)


def test_many_pieces_become_few() -> None:
    assert len(list(joined(b"x" * 100 for _ in range(2000)))) <= 4


def _noise(seed: int) -> Iterator[int]:
    """Yield 8 KiB that do not pack."""
    for number in range(256):
        yield from hashlib.sha256(f"{seed}.{number}".encode()).digest()
