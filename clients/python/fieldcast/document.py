"""Documents and their hash (spec/documents.md)."""
import struct
from typing import Any, Iterator

from .encoding import Custom, Time, to_messagepack

Data = dict[str, Any]
LOW = 0xFFFFFFFF

def remove(document: Data, path: list[Any]) -> None:
    """What is there, and each map above that has become empty (D12)."""
    inner = document.get(path[0]) if path else None
    if not path: document.clear()
    elif len(path) == 1: document.pop(path[0], None)
    elif isinstance(inner, dict) and inner:
        remove(inner, path[1:])
        if not inner: del document[path[0]]

def put(document: Data, path: list[Any], value: Any) -> None:  # D5
    for name in path[:-1]:
        if not isinstance(document.get(name), dict): document[name] = {}
        document = document[name]
    document[path[-1]] = value

def leaves(tree: Data, *path: str) -> Iterator[tuple[list[Any], Any]]:
    for name, value in tree.items():
        if isinstance(value, dict) and value: yield from leaves(value, *path, name)
        else: yield [*path, name], value

def view_hash(document: Data) -> str:             # D40 to D42
    items = [b"".join(counted(name.encode()) for name in path) + hashed(value)
             for path, value in leaves(document)]
    lanes = [sum(murmur(item, seed) for item in items) for seed in (0x9747B28C, 0x2545F491)]
    return "".join(f"{lane & LOW:08x}" for lane in lanes)

def counted(data: bytes) -> bytes: return struct.pack(">I", len(data)) + data

def hashed(value: Any) -> bytes:
    match value:
        case None | bool(): return bytes(to_messagepack(value))
        case int() | float() if float(value) == value: return struct.pack(">Bd", 0xCB, value)
        case int(): return b"\xcf" + counted(str(value).encode())
        case str(): return b"\xdb" + counted(value.encode())
        case bytes(): return b"\xc6" + counted(value)
        case Time(): return struct.pack(">BqI", 0xD7, value.seconds, value.nanoseconds)
        case Custom(): return struct.pack(">Bb", 0xC9, value.kind) + counted(value.data)
        case list(): return struct.pack(">BI", 0xDD, len(value)) + b"".join(map(hashed, value))
    return struct.pack(">BI", 0xDF, len(value)) + b"".join(
        counted(name.encode()) + hashed(item) for name, item in value.items())

def murmur(data: bytes, h: int) -> int:           # MurmurHash3_x86_32
    for i in range(0, len(data), 4):
        k = int.from_bytes(data[i:i + 4], "little") * 0xCC9E2D51 & LOW
        h ^= (k << 15 | k >> 17) * 0x1B873593 & LOW
        if i + 4 <= len(data): h = ((h << 13 | h >> 19) * 5 + 0xE6546B64) & LOW
    h ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h = (h ^ h >> shift) * factor & LOW
    return h
