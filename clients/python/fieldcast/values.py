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
        case Custom(int() as kind, bytes()) if -128 <= kind < 128 and kind != -1: return value
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
    except (ValueError, TypeError, AttributeError, RecursionError) as problem:
        raise Refused(str(problem)) from problem

def unique(pairs: list[tuple[Any, Any]]) -> Any:
    if len(found := dict(pairs)) < len(pairs): raise Refused("duplicateKey")
    return found

def untagged(pairs: list[tuple[str, Any]]) -> Any:
    value = unique(pairs)
    match pairs:
        case [("$int", text)]: value = int(text)
        case [("$bytes", text)]: value = b64decode(text)
        case [("$custom", [kind, text])]: value = Custom(kind, b64decode(text))
        case [("$time", text)]:
            whole, _, part = text.partition(".")
            value = Time.from_unix_nano(int(whole + part.ljust(9, "0")))
        case [(tag, content)] if tag.startswith("$$"): return {tag[1:]: content}  # E32
        case [(tag, _)] if tag.startswith("$"): raise Refused("malformedTag: there is no such")
        case _: return value
    if to_json(normal(value)) == json.dumps(dict(pairs), separators=(",", ":")): return value
    raise Refused("malformedTag: it has another form")  # E33

def to_messagepack(value: Any) -> Any:
    """The canonical form (E10) of what is normal."""
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
    match value:
        case int() if abs(value) > SAFE: return f'{{"$int":"{value}"}}'
        case bytes(): return f'{{"$bytes":"{b64encode(value).decode()}"}}'
        case Custom(): return f'{{"$custom":[{value.kind},"{b64encode(value.data).decode()}"]}}'
        case Time():
            seconds = Decimal(value.to_unix_nano()).scaleb(-9).normalize()
            return f'{{"$time":"{seconds:f}"}}'
        case list(): return "[" + ",".join(map(to_json, value)) + "]"
        case dict():
            escape = "$" if len(value) == 1 and next(iter(value)).startswith("$") else ""  # E32
            return "{" + ",".join(f"{to_json(escape + name)}:{to_json(item)}"
                                  for name, item in sorted(value.items())) + "}"
        case float() if 1e-6 <= abs(value) < 1e-4: return f"{Decimal(repr(value)):f}"  # E22
        case float(): return repr(value).replace("e-0", "e-")
    return json.dumps(value, ensure_ascii=False)
