"""Values, and their bytes in JSON and MessagePack (spec/encodings.md)."""
import json
import math
from base64 import b64decode, b64encode
from ctypes import c_float
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgpack  # type: ignore[import-untyped, import-not-found, unused-ignore]

SAFE = 2 ** 53 - 1
Time = msgpack.Timestamp                          # has seconds and nanoseconds
packer, single = msgpack.Packer(), msgpack.Packer(use_single_float=True)

class Refused(ValueError):
    """What came, or is to be sent, is not as the specification says."""

@dataclass(frozen=True)
class Custom:
    kind: int
    data: bytes

def normal(value: Any, depth: int = 64) -> Any:
    """The value with integers as integers; refuses what no value may be (E4 to E8)."""
    match value:
        case None | bool() | bytes(): return value
        case str(): return value.encode().decode()  # no halves of surrogate pairs
        case int() if -2 ** 63 <= value < 2 ** 64: return value
        case float() if math.isfinite(value):
            return int(value) if value.is_integer() and -2 ** 63 <= value < 2 ** 64 else value
        case Time() if -2 ** 63 <= value.seconds < 2 ** 63: return value
        case Custom() if -128 <= value.kind < 128 and value.kind != -1: return value
        case list() | tuple() if depth: return [normal(item, depth - 1) for item in value]
        case dict() if depth and all(isinstance(key, str) for key in value):
            return {normal(key): normal(item, depth - 1) for key, item in value.items()}
    raise Refused(f"no value, out of range or too deep: {value!r:.40}")

def read(raw: bytes, binary: bool, depth: int = 64) -> Any:
    """The value of these bytes. The libraries are strict but for keys, tags, and `normal`."""
    try:
        if binary:
            return normal(msgpack.unpackb(raw, ext_hook=Custom, object_pairs_hook=unique), depth)
        return normal(json.loads(raw.decode(), object_pairs_hook=untagged), depth)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as problem:
        raise Refused(str(problem)) from problem

def unique(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(isinstance(key, str) for key in found):
        raise Refused("duplicateKey, keyNotText")  # E5
    return found

def to_messagepack(value: Any) -> Any:
    """The canonical form (E10) of what is normal: sorted keys, and the shorter float."""
    match value:
        case dict(): return packer.pack_map_header(len(value)) + b"".join(
            to_messagepack(item) for entry in sorted(value.items()) for item in entry)
        case list(): return packer.pack_array_header(len(value)) + b"".join(
            map(to_messagepack, value))
        case Custom(): return packer.pack_ext_type(value.kind, value.data)
        case float() if c_float(value).value == value: return single.pack(value)
    return packer.pack(value)

def to_json(value: Any) -> str:
    """The canonical form (E21) of what is normal."""
    match tagged(value):
        case dict() as tree: return "{" + ",".join(
            f"{to_json(key)}:{to_json(item)}" for key, item in sorted(tree.items())) + "}"
        case list() as items: return "[" + ",".join(map(to_json, items)) + "]"
        case float() if 1e-6 <= abs(value) < 1e-4: return f"{Decimal(repr(value)):f}"  # E22
        case float(): return repr(value).replace("e-0", "e-")
        case plain: return json.dumps(plain, ensure_ascii=False)

def tagged(value: Any) -> Any:
    match value:
        case int() if abs(value) > SAFE: return {"$int": str(value)}
        case bytes(): return {"$bytes": b64encode(value).decode()}
        case Custom(): return {"$custom": [value.kind, b64encode(value.data).decode()]}
        case Time():
            whole, part = divmod(abs(value.to_unix_nano()), 10 ** 9)
            sign = "-" if value.seconds < 0 else ""  # E30
            return {"$time": f"{sign}{whole}.{part:09d}".rstrip("0").rstrip(".")}
        case dict() if len(value) == 1 and next(iter(value)).startswith("$"):
            return {"$" + key: item for key, item in value.items()}  # E32
    return value

def untagged(pairs: list[tuple[str, Any]]) -> Any:
    found = unique(pairs)
    if len(found) != 1 or not pairs[0][0].startswith("$"): return found
    value: Any
    match pairs[0]:
        case "$int", text: value = int(text)
        case "$bytes", text: value = b64decode(text, validate=True)
        case "$custom", [kind, text]: value = Custom(int(kind), b64decode(text, validate=True))
        case "$time", text:
            whole, _, part = text.partition(".")
            value = Time.from_unix_nano(int(whole + part.ljust(9, "0")))
        case tag, content if tag.startswith("$$"): return {tag[1:]: content}
        case _: raise Refused("malformedTag")
    if repr(tagged(normal(value))) != repr(found):
        raise Refused("malformedTag")             # E33: it has another form
    return value
