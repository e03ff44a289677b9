"""Reads trees from the tables, and grows them."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from consent_service.core.merkle import EMPTY_ROOT, root_of
from consent_service.core.tiles import HEIGHT, WIDTH, TiledTree, join, split
from consent_service.ledger.model import Log
from consent_service.ledger.tables import ledger_leaf, ledger_tile


def tiled_tree(connection: Connection, site_id: str, epoch: int, size: int) -> TiledTree:
    """Return a log's tree of its first `size` leaves, read from tiles as it is asked."""
    return TiledTree(size, _Tiles(connection, site_id, epoch).read)


def grow(tx: Connection, log: Log, size: int, hashes: Sequence[bytes]) -> bytes:
    """Add leaf hashes to a tree of `size` leaves: store the tiles they fill, return the root."""
    tiles = _Tiles(tx, log.site_id, log.epoch)
    rows: list[dict[str, object]] = []
    partial: list[list[bytes]] = []
    new = list(hashes)
    while (size + len(hashes)) >> HEIGHT * len(partial):
        level = len(partial)
        end = size >> HEIGHT * level
        first = end - end % WIDTH
        nodes = tiles.nodes(level, first, end) + new
        full = [nodes[at : at + WIDTH] for at in range(0, len(nodes) - WIDTH + 1, WIDTH)]
        new = [root_of(tile) for tile in full]
        rows += (
            tiles.row(level, first // WIDTH + offset, tile, root)
            for offset, (tile, root) in enumerate(zip(full, new, strict=True))
        )
        partial.append(nodes[len(full) * WIDTH :])
    if rows:
        tx.execute(insert(ledger_tile), rows)
    return _root(partial)


def _root(partial: Sequence[Sequence[bytes]]) -> bytes:
    """Return the root over the partial tiles of all levels, from the lowest up."""
    tail: list[bytes] = []
    for nodes in partial:
        if whole := [*nodes, *tail]:
            tail = [root_of(whole)]
    return tail[0] if tail else EMPTY_ROOT


class _Tiles:
    """The tiles of one log. Full ones are stored; what is not full is read from what is below."""

    def __init__(self, connection: Connection, site_id: str, epoch: int) -> None:
        self._connection = connection
        self._log = {"site_id": site_id, "epoch": epoch}

    def read(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first so many hashes of a tile."""
        if width < WIDTH:
            return self.nodes(level, index * WIDTH, index * WIDTH + width)
        query = select(ledger_tile.c.hashes).filter_by(**self._log, level=level, tile_index=index)
        return split(self._connection.execute(query).scalar_one())

    def nodes(self, level: int, first: int, end: int) -> list[bytes]:
        """Return the nodes of a tile level from `first` to below `end`."""
        if first == end:
            return []
        if level == 0:
            position = ledger_leaf.c.leaf_index
            query = select(ledger_leaf.c.leaf_hash).filter_by(**self._log)
        else:
            position = ledger_tile.c.tile_index
            query = select(ledger_tile.c.root).filter_by(**self._log, level=level - 1)
        query = query.where(position >= first, position < end).order_by(position)
        return list(self._connection.scalars(query))

    def row(
        self, level: int, index: int, hashes: Sequence[bytes], root: bytes
    ) -> dict[str, object]:
        """Return the row of a full tile."""
        place = {**self._log, "level": level, "tile_index": index}
        return {**place, "hashes": join(hashes), "root": root}
