"""Documents, masks, diffs and the hash (spec/documents.md)."""
import struct
from itertools import zip_longest
from typing import Any, Iterator, Sequence

from .values import Custom, Time, to_messagepack

Document = dict[str, Any]
Path = Sequence[Any]                              # names; in diffs also aliases, in masks also None

class Mirror:
    """A document as a view shows it, the version held, and the aliases told."""
    def __init__(self, document: Document, version: int, names: Path = ()) -> None:
        self.document, self.version, self.aliases = document, version, dict(names)
    def apply(self, diff: dict[str, Any]) -> str:
        """applied, stale or gap (D15); or unknownAlias, and nothing is done (E16)."""
        if diff["to"] <= self.version or diff["from"] > self.version:
            return "stale" if diff["to"] <= self.version else "gap"
        names, sets = {**self.aliases, **dict(diff.get("names", ()))}, diff.get("sets", [])
        paths = [*diff.get("unset", []), *(path for path, _ in sets)]
        if any(isinstance(name, int) and name not in names for path in paths for name in path):
            return "unknownAlias"
        for path in diff.get("unset", []):
            remove(self.document, [names.get(name, name) for name in path])
        for path, value in sets: put(self.document, [names.get(name, name) for name in path], value)
        self.aliases, self.version = names, diff["to"]
        return "applied"

def remove(document: Document, path: Path) -> None:
    """What is there, and each map above that has become empty (D12)."""
    inner = document.get(path[0]) if path else None
    if not path: document.clear()
    elif len(path) == 1: document.pop(path[0], None)
    elif isinstance(inner, dict) and inner:
        remove(inner, path[1:])
        if not inner: del document[path[0]]

def put(document: Document, path: Path, value: Any) -> None:  # D5
    for name in path[:-1]:
        if not isinstance(document.get(name), dict): document[name] = {}
        document = document[name]
    document[path[-1]] = value

def leaves(tree: Document, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in tree.items():
        if isinstance(value, dict) and value: yield from leaves(value, path + (name,))
        else: yield path + (name,), value

def canonical(mask: Sequence[Path]) -> list[Path]:  # D21
    def covers(a: Path, b: Path) -> bool:
        return len(a) <= len(b) and all(x is None or x == y for x, y in zip(a, b))
    distinct = sorted(set(map(tuple, mask)), key=lambda p: [(x is not None, x or "") for x in p])
    return [list(p) for p in distinct if not any(q != p and covers(q, p) for q in distinct)]

def intersection(a: Sequence[Path], b: Sequence[Path]) -> list[Path]:  # D22
    agree = [(p, q) for p in a for q in b if all(x == y or None in (x, y) for x, y in zip(p, q))]
    return canonical([[x if y is None else y for x, y in zip_longest(p, q)] for p, q in agree])

def view_hash(document: Document) -> str:  # D40 to D42
    items = [b"".join(map(counted, path)) + hashed(value) for path, value in leaves(document)]
    lanes = [sum(murmur(item, seed) for item in items) for seed in (0x9747B28C, 0x2545F491)]
    return "".join(f"{lane & 0xFFFFFFFF:08x}" for lane in lanes)

def counted(item: str | bytes) -> bytes:
    data = item if isinstance(item, bytes) else item.encode()
    return struct.pack(">I", len(data)) + data

def hashed(value: Any) -> bytes:
    match value:
        case None | bool(): return bytes(to_messagepack(value))
        case int() | float() if float(value) == value: return struct.pack(">Bd", 0xCB, value)
        case int(): return b"\xcf" + counted(str(value))
        case str(): return b"\xdb" + counted(value)
        case bytes(): return b"\xc6" + counted(value)
        case Time(): return struct.pack(">BqI", 0xD7, value.seconds, value.nanoseconds)
        case Custom(): return struct.pack(">Bb", 0xC9, value.kind) + counted(value.data)
        case list(): return struct.pack(">BI", 0xDD, len(value)) + b"".join(map(hashed, value))
    return struct.pack(">BI", 0xDF, len(value)) + b"".join(
        counted(name) + hashed(item) for name, item in sorted(value.items()))

def murmur(data: bytes, h: int) -> int:           # MurmurHash3_x86_32
    def rotate(x: int, bits: int) -> int:
        return (x << bits | x >> (32 - bits)) & 0xFFFFFFFF
    for i in range(0, len(data), 4):
        k = int.from_bytes(data[i:i + 4], "little") * 0xCC9E2D51 & 0xFFFFFFFF
        h ^= rotate(k, 15) * 0x1B873593 & 0xFFFFFFFF
        if i + 4 <= len(data): h = (rotate(h, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ h >> 16
