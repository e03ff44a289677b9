"""The tree of RFC 9162: published vectors, and a naive reading of the text on random trees."""

import base64
import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_path,
    cover,
    extends,
    includes,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
)
from tests.counts import count
from tests.unit import trees

VECTORS = json.loads((Path(__file__).parent / "vectors" / "merkle.json").read_text())

# Certificate transparency's classic example: the leaves, and the roots over the first 1, 2, … 8.
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes() -> list[bytes]:
    return [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def decoded(values: list[str]) -> list[bytes]:
    return [base64.b64decode(value) for value in values]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_certificate_transparency_are_found(size: int) -> None:
    assert root_of(hashes()[:size]).hex() == ROOTS[size - 1]


def test_a_node_is_hashed_as_rfc_9162_says() -> None:
    expected = "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    assert node_hash(b"N123", b"N456").hex() == expected


@pytest.mark.parametrize("row", VECTORS["inclusion"], ids=lambda row: row[0])
def test_published_inclusion_proofs_are_judged_alike(row: list[Any]) -> None:
    name, index, size, leaf, path, root, holds = row
    expected = holds and len(base64.b64decode(root)) == 32
    leaf_of, root_of_all = decoded([leaf, root])
    found = includes(leaf_of, index, size, decoded(path), root_of_all)
    assert found is expected, name


@pytest.mark.parametrize("row", VECTORS["consistency"], ids=lambda row: row[0])
def test_published_consistency_proofs_are_judged_alike(row: list[Any]) -> None:
    name, old, new, path, old_root, new_root, holds = row
    if old == 0:
        # From nothing everything follows: such a proof is worth nothing and is not taken.
        holds = False
    roots = decoded([old_root, new_root])
    expected = holds and all(len(root) == 32 for root in roots)
    assert extends(old, new, decoded(path), *roots) is expected, name


def test_the_vectors_hold_proofs_that_are_right_and_proofs_that_are_wrong() -> None:
    for kind in ("inclusion", "consistency"):
        judged = [row[-1] for row in VECTORS[kind]]
        assert judged.count(True) >= 5
        assert judged.count(False) >= 80


def test_random_trees_are_as_a_naive_reading_says() -> None:
    chance = random.Random(9162)
    for seed in range(count(200, 10_000)):
        size = chance.randint(1, chance.choice([8, 40, 300]))
        leaves = trees.leaves_of(size, seed)
        index, old = chance.randrange(size), chance.randint(1, size)
        root = trees.hash_of(leaves)
        path, proof = trees.path_of(index, leaves), trees.proof_of(old, leaves)

        def subtree(first: int, end: int, leaves: list[bytes] = leaves) -> bytes:
            return root_of(leaves[first:end])

        assert root_of(leaves) == root
        assert inclusion_path(index, size, subtree) == path
        assert consistency_path(old, size, subtree) == proof
        assert includes(leaves[index], index, size, path, root)
        assert extends(old, size, proof, trees.hash_of(leaves[:old]), root)
        self_made = pushed(leaves, chance)
        assert self_made.root() == root
        assert [node[:2] for node in self_made.nodes] == list(cover(0, size))


def pushed(leaves: list[bytes], chance: random.Random) -> CompactRange:
    """Return a range of leaves, of which some were joined elsewhere, as another process does."""
    whole, first = CompactRange(), 0
    while first < len(leaves):
        end = min(len(leaves), first + chance.randint(1, 64))
        part = CompactRange((0, index, leaves[index]) for index in range(first, end))
        for node in part.nodes:
            whole.push(*node)
        first = end
    return whole


@given(st.integers(1, 200), st.data())
def test_a_proof_for_another_place_does_not_hold(size: int, data: st.DataObject) -> None:
    leaves = trees.leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(
        st.integers(0, size - 1).filter(lambda each: each != index) if size > 1 else st.just(1)
    )
    path, root = trees.path_of(index, leaves), trees.hash_of(leaves)
    assert not includes(leaves[index], other, size, path, root)
    assert not includes(leaf_hash(b"other"), index, size, path, root)
    assert not includes(leaves[index], index, size, [*path, EMPTY_ROOT], root)
    assert not includes(leaves[index], index, size, path, EMPTY_ROOT)


@given(st.integers(2, 200), st.data())
def test_a_history_that_was_rewritten_is_no_extension(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    before = trees.leaves_of(size)
    after = [*before]
    after[changed] = leaf_hash(b"rewritten")
    old_root, new_root = trees.hash_of(before[:old]), trees.hash_of(after)
    assert not extends(old, size, trees.proof_of(old, after), old_root, new_root)
    assert not extends(old, size, trees.proof_of(old, before), old_root, new_root)


def test_hashes_of_another_length_and_senseless_sizes_are_refused() -> None:
    leaf, root = leaf_hash(b""), leaf_hash(b"")
    assert includes(leaf, 0, 1, [], root)
    assert not includes(leaf[:31], 0, 1, [], leaf[:31])
    assert not includes(leaf, -1, 1, [], root)
    assert not includes(leaf, 1, 1, [], root)
    assert extends(1, 1, [], root, root)
    assert not extends(0, 1, [], EMPTY_ROOT, root)
    assert not extends(2, 1, [root], root, root)
    assert not extends(1, 1, [root], root, root)
    assert not extends(1, 2, [], root, root)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_cover_is_the_fewest_nodes_over_a_range(first: int, length: int) -> None:
    nodes = list(cover(first, first + length))
    position = first
    for level, index in nodes:
        assert index << level == position
        position += 1 << level
    assert position == first + length
    bits = length.bit_length()
    assert len(nodes) <= 2 * bits
    assert len(set(nodes)) == len(nodes)
    for (level, index), (next_level, next_index) in pairwise(nodes):
        assert not (level == next_level and index % 2 == 0 and next_index == index + 1)
