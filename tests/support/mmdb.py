"""Writes small MaxMind DB files (format 2.0), so that tests need nobody's database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_MAP, _TEXT, _UINT16, _UINT32, _UINT64, _ARRAY = 7, 2, 5, 6, 9, 11
_SIZES = {_UINT16: 2, _UINT32: 4, _UINT64: 8}


@dataclass
class _Node:
    """A fork of the tree; what hangs on it is a node, the bytes of a record, or nothing."""

    branches: list["_Node | bytes | None"] = field(default_factory=lambda: [None, None])


def country(code: str, region: str = "") -> dict[str, Any]:
    """Return a record as GeoIP2 and GeoLite2 have it."""
    subdivisions = {"subdivisions": [{"iso_code": region}]} if region else {}
    return {"country": {"iso_code": code}, **subdivisions}


def write_mmdb(path: Path, records: Mapping[str, Any]) -> Path:
    """Write a file that knows `{network: record}`; networks do not overlap."""
    root = _Node()
    for network, record in records.items():
        _insert(root, _bits(network), _encoded(record))
    nodes = _numbered(root)
    data = b""
    tree = b""
    for node in nodes:
        for branch in node.branches:
            value = len(nodes)
            if isinstance(branch, _Node):
                value = nodes.index(branch)
            elif branch is not None:
                value += 16 + len(data)
                data += branch
            tree += value.to_bytes(3, "big")
    metadata = {
        "binary_format_major_version": _number(2, _UINT16),
        "binary_format_minor_version": _number(0, _UINT16),
        "build_epoch": _number(1_790_000_000, _UINT64),
        "database_type": "Test-Country",
        "description": {"en": "Networks of tests"},
        "ip_version": _number(6, _UINT16),
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": _number(24, _UINT16),
    }
    path.write_bytes(tree + bytes(16) + data + _MARKER + _encoded(metadata))
    return path


def _bits(text: str) -> str:
    """Return the bits of a network's prefix; IPv4 stands in ::/96."""
    network = ip_network(text)
    if isinstance(network, IPv4Network):
        return "0" * 96 + f"{int(network.network_address):032b}"[: network.prefixlen]
    return f"{int(network.network_address):0128b}"[: network.prefixlen]


def _insert(root: _Node, bits: str, record: bytes) -> None:
    node = root
    for bit in map(int, bits[:-1]):
        branch = node.branches[bit]
        if not isinstance(branch, _Node):
            branch = node.branches[bit] = _Node()
        node = branch
    node.branches[int(bits[-1])] = record


def _numbered(root: _Node) -> list[_Node]:
    nodes = [root]
    for node in nodes:
        nodes += [branch for branch in node.branches if isinstance(branch, _Node)]
    return nodes


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        return _control(_TEXT, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
    if isinstance(value, int):
        return _number(value, _UINT32)
    if isinstance(value, bytes):
        return value
    pairs = (_encoded(each) for pair in value.items() for each in pair)
    return _control(_MAP, len(value)) + b"".join(pairs)


def _number(value: int, kind: int) -> bytes:
    size = _SIZES[kind]
    return _control(kind, size) + value.to_bytes(size, "big")


def _control(kind: int, size: int) -> bytes:
    """Return the control byte of a value; types above 7 take a second byte."""
    assert size < 29
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])
