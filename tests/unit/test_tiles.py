"""Tiles of 256 hashes: their addresses, and the proofs that are read from them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core import tiles
from consent_service.core.merkle import consistency_path, inclusion_path, root_of
from consent_service.core.tiles import TiledTree, parse_tile_path, tile_path, width_at
from tests.counts import count
from tests.unit import trees


class Store:
    """Keeps the tiles of a tree, and notes which were read."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.levels = [leaves]
        while len(self.levels[-1]) >= 256:
            below = self.levels[-1]
            full = len(below) // 256 * 256
            self.levels.append([root_of(below[at : at + 256]) for at in range(0, full, 256)])
        self.reads: list[tuple[int, int, int]] = []

    def __call__(self, level: int, index: int, width: int) -> list[bytes]:
        self.reads.append((level, index, width))
        tile = self.levels[level][index * 256 : index * 256 + width]
        assert len(tile) == width
        return tile


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        ((0, 0, 256), "0/000"),
        ((0, 1, 17), "0/001.p/17"),
        ((2, 1234067, 256), "2/x001/x234/067"),
        ((63, 5, 1), "63/005.p/1"),
        ((1, 1000, 255), "1/x001/000.p/255"),
    ],
)
def test_a_tile_has_one_address(tile: tuple[int, int, int], path: str) -> None:
    assert tile_path(*tile) == path
    assert parse_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0/0",
        "0/00",
        "00/000",
        "64/000",
        "-1/000",
        "0/1000",
        "0/x000/000",
        "0/x001/x000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/017",
        "0/000.p/1000",
        "0/000/",
        "0/\u0660\u0660\u0660",
        "entries/000",
        "0/000.p/",
        "0/000\n",
    ],
)
def test_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="address"):
        parse_tile_path(path)


@given(st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_an_address_is_read_back(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == (level, index, width)


def test_seventy_thousand_leaves_fill_the_tiles_that_the_specification_counts() -> None:
    assert [width_at(0, index, 70_000) for index in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_at(1, index, 70_000) for index in (0, 1, 2)] == [256, 17, 0]
    assert [width_at(2, index, 70_000) for index in (0, 1)] == [1, 0]


def test_proofs_from_tiles_are_those_of_the_tree() -> None:
    chance = random.Random(256)
    leaves = trees.leaves_of(66_000)
    store = Store(leaves)
    for _ in range(count(25, 500)):
        size = chance.choice([chance.randint(1, 600), chance.randint(1, 66_000), 65_536, 256, 512])
        index, old = chance.randrange(size), chance.randint(1, size)
        store.reads.clear()
        tree = TiledTree(size, store)

        def subtree(first: int, end: int) -> bytes:
            return root_of(leaves[first:end])

        assert tree.root() == root_of(leaves[:size])
        assert inclusion_path(index, size, tree.subtree) == inclusion_path(index, size, subtree)
        assert consistency_path(old, size, tree.subtree) == consistency_path(old, size, subtree)
        assert len(store.reads) == len(set(store.reads))
        assert all(width == width_at(level, at, size) for level, at, width in store.reads)


def test_a_node_is_the_root_over_its_leaves() -> None:
    leaves = trees.leaves_of(1000)
    tree = TiledTree(1000, Store(leaves))
    for level in range(10):
        for index in range(1000 >> level):
            expected = root_of(leaves[index << level : (index + 1) << level])
            assert tree.node(level, index) == expected


def test_a_tile_is_split_as_it_was_joined() -> None:
    leaves = trees.leaves_of(17)
    assert tiles.split(tiles.join(leaves)) == leaves
    assert tiles.split(b"") == []
