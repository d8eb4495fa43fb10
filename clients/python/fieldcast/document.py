"""Documents, masks, diffs and the hash (spec/documents.md)."""
from __future__ import annotations

import struct
from typing import Any, Iterator, Optional, Sequence

from .values import Custom, Refused, Time

Document = dict[str, Any]
Pattern = list[Optional[str]]


class Mirror:
    """A document as a view shows it, the version held, and the aliases told."""

    def __init__(self, document: Document, version: int, names: Sequence[Any] = ()) -> None:
        self.document, self.version, self.aliases = document, version, dict(names)

    def apply(self, diff: dict[str, Any]) -> str:
        """applied, stale or gap (D15); Refused, with nothing done, for an unknown alias."""
        if diff["to"] <= self.version:
            return "stale"
        if diff["from"] > self.version:
            return "gap"
        aliases = {**self.aliases, **dict(diff.get("names", ()))}
        unsets = [resolve(path, aliases) for path in diff.get("unset", ())]
        sets = [(resolve(path, aliases), value) for path, value in diff.get("sets", ())]
        for path in unsets:
            remove(self.document, path)
        for path, value in sets:
            put(self.document, path, value)
        self.aliases, self.version = aliases, diff["to"]
        return "applied"


def resolve(path: Sequence[Any], aliases: dict[int, str]) -> list[str]:
    try:
        return [part if isinstance(part, str) else aliases[part] for part in path]
    except KeyError as problem:
        raise Refused("unknownAlias") from problem


def remove(document: Document, path: Sequence[str]) -> None:  # D12
    if not path:
        return document.clear()
    inner = document.get(path[0])
    if len(path) == 1:
        document.pop(path[0], None)
    elif isinstance(inner, dict) and inner:
        remove(inner, path[1:])
        if not inner:
            del document[path[0]]


def put(document: Document, path: Sequence[str], value: Any) -> None:  # D5
    for name in path[:-1]:
        if not isinstance(document.get(name), dict):
            document[name] = {}
        document = document[name]
    document[path[-1]] = value


def leaves(tree: Document, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, path + (name,))
        else:
            yield path + (name,), value


def covers(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) <= len(b) and all(x is None or x == y for x, y in zip(a, b))


def canonical(mask: Sequence[Pattern]) -> list[Pattern]:  # D21
    def order(pattern: tuple[Optional[str], ...]) -> list[tuple[bool, str]]:
        return [(name is not None, name or "") for name in pattern]
    distinct = sorted(set(map(tuple, mask)), key=order)
    return [list(p) for p in distinct if not any(q != p and covers(q, p) for q in distinct)]


def intersection(a: Sequence[Pattern], b: Sequence[Pattern]) -> list[Pattern]:  # D22
    both: list[Pattern] = []
    for p in a:
        for q in b:
            if all(x is None or y is None or x == y for x, y in zip(p, q)):
                common: Pattern = [x if y is None else y for x, y in zip(p, q)]
                both.append(common + max(p, q, key=len)[len(common):])
    return canonical(both)


def view_hash(document: Document) -> str:  # D40, D42
    first = second = 0
    for path, value in leaves(document):
        data = b"".join(map(_counted, path)) + _bytes(value)
        first, second = first + _murmur(data, 0x9747B28C), second + _murmur(data, 0x2545F491)
    return f"{first & 0xFFFFFFFF:08x}{second & 0xFFFFFFFF:08x}"


def _counted(item: Any) -> bytes:
    data = item if isinstance(item, bytes) else str(item).encode()
    return struct.pack(">I", len(data)) + data


def _bytes(value: Any) -> bytes:  # D41
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, (int, float)):
        if float(value) == value:                 # exact: Python compares without rounding
            return b"\xcb" + struct.pack(">d", value + 0.0)
        return b"\xcf" + _counted(str(value))
    if isinstance(value, str):
        return b"\xdb" + _counted(value)
    if isinstance(value, bytes):
        return b"\xc6" + _counted(value)
    if isinstance(value, Time):
        return b"\xd7" + struct.pack(">qI", value.seconds, value.nanoseconds)
    if isinstance(value, Custom):
        return b"\xc9" + struct.pack(">b", value.kind) + _counted(value.data)
    if isinstance(value, dict):
        items = b"".join(_counted(name) + _bytes(item) for name, item in sorted(value.items()))
        return b"\xdf" + struct.pack(">I", len(value)) + items
    return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(_bytes, value))


def _murmur(data: bytes, h: int) -> int:
    def rotate(x: int, bits: int) -> int:
        return (x << bits | x >> (32 - bits)) & 0xFFFFFFFF
    for i in range(0, len(data), 4):
        k = int.from_bytes(data[i:i + 4], "little") * 0xCC9E2D51 & 0xFFFFFFFF
        h ^= rotate(k, 15) * 0x1B873593 & 0xFFFFFFFF
        if i + 4 <= len(data):
            h = (rotate(h, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ h >> 16
