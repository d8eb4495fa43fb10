"""Values and messages, and their bytes in JSON and MessagePack (spec/encodings.md, messages.md)."""
import json
from base64 import b64decode, b64encode
from collections import namedtuple
from ctypes import c_float
from decimal import Decimal
from importlib.resources import files
from itertools import chain
from typing import Any

import msgpack  # type: ignore[import-untyped, import-not-found, unused-ignore]

Time = msgpack.Timestamp                          # has seconds and nanoseconds
Custom = namedtuple("Custom", "kind data")
packer, single = msgpack.Packer(), msgpack.Packer(use_single_float=True)

class Refused(ValueError):
    """What came, or is to be sent, is not as the specification says."""

def normal(value: Any, depth: int = 64) -> Any:
    """The value, integers as integers, keys in order; refuses what is none (E4 to E8)."""
    match value:
        case None | bool() | bytes(): return value
        case str(): return value.encode().decode()  # no halves of surrogate pairs
        case int() if -2 ** 63 <= value < 2 ** 64: return value
        case float() if abs(value) < float("inf"):
            return int(value) if value.is_integer() and -2 ** 63 <= value < 2 ** 64 else value
        case Time() if -2 ** 63 <= value.seconds < 2 ** 63: return value
        case Custom(int() as kind, bytes()) if -128 <= kind < 128 and kind != -1: return value
        case list() | tuple() if depth and not isinstance(value, Custom):
            return [normal(item, depth - 1) for item in value]
        case dict() if depth and all(isinstance(key, str) for key in value):
            return {normal(key): normal(value[key], depth - 1) for key in sorted(value)}
    raise Refused(f"no value, out of range or too deep: {value!r:.40}")

def read(raw: bytes, binary: bool, depth: int = 64) -> Any:
    """The value of these bytes. The libraries are strict but for keys, tags, and `normal`."""
    try:
        if binary:
            return normal(msgpack.unpackb(raw, ext_hook=Custom, object_pairs_hook=unique), depth)
        return normal(json.loads(raw.decode(), object_pairs_hook=untagged), depth)
    except Exception as problem:
        raise Refused(str(problem)) from problem

def unique(pairs: list[tuple[Any, Any]]) -> Any:
    if len(found := dict(pairs)) < len(pairs): raise Refused("duplicateKey")
    return found

def untagged(pairs: list[tuple[str, Any]]) -> Any:
    value = unique(pairs)
    if len(pairs) != 1 or not pairs[0][0].startswith("$"): return value
    match pairs[0]:
        case "$int", text: value = int(text)
        case "$bytes", text: value = b64decode(text)
        case "$custom", [kind, text]: value = Custom(kind, b64decode(text))
        case "$time", text:
            value = Time.from_unix_nano(int("{}{:0<9}".format(*text.partition(".")[::2])))
        case tag, content if tag.startswith("$$"): return {tag[1:]: content}  # E32
    if to_json(normal(value)) == json.dumps(dict(pairs), separators=(",", ":")): return value
    raise Refused("malformedTag: there is no such, or it has another form")  # E33

def to_messagepack(value: Any) -> Any:
    """The canonical form (E10) of what is normal."""
    match value:
        case list(): head, items = packer.pack_array_header(len(value)), iter(value)
        case dict(): head, items = packer.pack_map_header(len(value)), chain(*value.items())
        case Custom(): return packer.pack_ext_type(value.kind, value.data)
        case float() if c_float(value).value == value: return single.pack(value)
        case _: return packer.pack(value)
    return head + b"".join(map(to_messagepack, items))

def to_json(value: Any) -> str:
    """The canonical form (E21) of what is normal."""
    match value:
        case int() if abs(value) >= 2 ** 53: return f'{{"$int":"{value}"}}'
        case bytes(): return f'{{"$bytes":"{b64encode(value).decode()}"}}'
        case Custom(): return f'{{"$custom":[{value.kind},"{b64encode(value.data).decode()}"]}}'
        case Time():
            return f'{{"$time":"{Decimal(value.to_unix_nano()).scaleb(-9).normalize():f}"}}'
        case list(): return f"[{','.join(map(to_json, value))}]"
        case dict():
            escape = "$" if len(value) == 1 and [*value][0].startswith("$") else ""  # E32
            inside = (f"{to_json(escape + name)}:{to_json(item)}" for name, item in value.items())
            return f"{{{','.join(inside)}}}"
        case float() if 1e-6 <= abs(value) < 1e-4: return f"{Decimal(repr(value)):f}"  # E22
        case float(): return repr(value).replace("e-0", "e-")
    return json.dumps(value, ensure_ascii=False)

def fits(shape: Any, value: Any) -> bool:
    """A shape is a type, a test, a list of what all items are, or a tuple of what each one is."""
    if isinstance(shape, type): return type(value) is shape
    if callable(shape): return bool(shape(value))
    if type(value) is not list: return False
    items = shape if isinstance(shape, tuple) else shape * len(value)
    return len(items) == len(value) and all(map(fits, items, value))

def below(limit: int) -> Any: return lambda v: type(v) is int and 0 <= v < limit
def most(limit: int, shape: Any) -> Any: return lambda v: fits([shape], v) and len(v) <= limit
def one_of(*shapes: Any) -> Any: return lambda v: any(fits(shape, v) for shape in shapes)
def listed(path: Any) -> Any: return [path] if isinstance(path, (str, int)) else path
def pairs(flat: list[Any]) -> Any: return [*map(list, zip(flat[::2], flat[1::2]))]
def paired(*shape: Any) -> Any:
    return lambda v: type(v) is list and len(v) % 2 == 0 and fits([shape], pairs(v))

count, few, alias, number = below(2 ** 53), below(4), below(4096), one_of(int, float)
path, pattern = one_of(str, most(16, str)), one_of(str, most(16, one_of(str, type(None))))  # E45
place = one_of(str, alias, most(16, one_of(str, alias)))  # D18
HEX, KINDS = "0123456789abcdef", {
    "value": lambda v: True, "count": count, "code": count, "number": number, "text": str,
    "verdict": few, "topicKind": few, "rung": few, "map": dict, "terms": dict, "flag": bool,
    "time": Time, "hash": lambda v: type(v) is str and len(v) == 16 and not v.strip(HEX),
    "start": one_of(Time, count, lambda v: v in ("now", "earliest")), "texts": [str],
    "cursor": (str, count, str), "mask": most(64, pattern), "conditions": most(64, (path, count)),
    "paths": [path], "increments": [(path, number)], "expiries": [(path, count)],
    "ranges": lambda v: fits([(count, count)], v) and all(first <= last for first, last in v),
    "entries": [lambda v: type(v) is list and len(v) > 1 and count(v[0])],
    "names": paired(alias, str), "places": [place],
    "sets": paired(lambda p: p != [] and place(p), lambda v: not v or type(v) is not dict),
}
CATALOGUE = json.loads(files(__package__).joinpath("catalogue.json").read_text())
TERMS: dict[str, int] = {term["name"]: term["default"] for term in CATALOGUE["terms"]}
FIELDS = {message["type"]: {field["name"]: (field["kind"], "required" in field)
                            for field in message["fields"]} for message in CATALOGUE["messages"]}
NAMES = [*FIELDS]                                 # in the order of their codes
FIELDS["packed"] = {"view": ("count", True), "to": ("count", True), "span": ("count", True),
                    "sets": ("sets", False), "unset": ("places", False), "names": ("names", False)}

def decode(raw: bytes, binary: bool) -> tuple[str, dict[str, Any]]:
    """A message's kind and fields. A diff in MessagePack has `sets`: paths and values."""
    match read(raw, binary, 68):
        case [int(code), *items] if binary and code is not True and 0 < code <= len(NAMES):
            kind = NAMES[code - 1]
            layout = {"diff": "packed"}.get(kind, kind)
            data = checked(layout, dict(zip(FIELDS[layout], items)))
        case {"type": str(kind), "data": dict(given)} if not binary and kind in NAMES:
            data = checked(kind, given)
        case _: raise Refused("no message, or of a kind that is not known")
    if "names" in data: data["names"] = dict(pairs(data["names"]))
    if kind == "diff" and binary:
        data["from"] = data["to"] - data.pop("span")
        data["sets"] = [(listed(names), item) for names, item in pairs(data.get("sets", []))]
    if kind == "diff" and not 0 <= data["from"] < data["to"]: raise Refused("diff: from")
    return kind, data

def checked(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Those fields that there are (E41, E42)."""
    data: dict[str, Any] = {}
    for name, (shape, must) in FIELDS[kind].items():
        if not must and given.get(name) is None: continue
        item = normal(given.get(name), 66 if shape == "entries" else 64)
        if name not in given or not fits(KINDS[shape], item):
            raise Refused(f"{kind}: {name} is missing or wrong")
        if shape in ("paths", "places", "mask"): item = [*map(listed, item)]
        if shape in ("value", "mask") or not (item is False or item in ([], {})): data[name] = item
    if kind == "publish" and "event" in data and len(data) > 3:
        raise Refused("publish: event excludes a patch")
    return data

def encode(kind: str, data: dict[str, Any], binary: bool) -> bytes:
    data, names = checked(kind, data), [*FIELDS[kind]]
    if not binary: return to_json({"type": kind, "data": data}).encode()
    while names[-1] not in data: names.pop()
    return bytes(to_messagepack([NAMES.index(kind) + 1, *map(data.get, names)]))
