"""Messages: which there are, and their fields (spec/messages.md, catalogue.json)."""
import json
import re
from importlib.resources import files
from typing import Any

from .document import leaves
from .values import Refused, Time, normal, read, to_json, to_messagepack

def fits(shape: Any, value: Any) -> bool:
    """A shape is a type, a test, a list of what all items are, or a tuple of what each one is."""
    if isinstance(shape, type): return type(value) is shape
    if callable(shape): return bool(shape(value))
    if type(value) is not list: return False
    items = shape if isinstance(shape, tuple) else shape * len(value)
    return len(items) == len(value) and all(map(fits, items, value))

def path_of(name: Any) -> Any:                    # E40, E45
    return lambda v: v is not None and fits(name, v) or fits([name], v) and len(v) <= 16

def pairs(value: Any) -> Any:                     # of a flat list
    whole = type(value) is list and len(value) % 2 == 0
    return [[*pair] for pair in zip(value[::2], value[1::2])] if whole else None

def below(limit: int) -> Any: return lambda v: type(v) is int and 0 <= v < limit
def number(v: Any) -> bool: return type(v) in (int, float)
count, few, alias = below(2 ** 53), below(4), below(4096)
path, pattern = path_of(str), path_of(lambda n: n is None or type(n) is str)
place = path_of(lambda n: type(n) is str or alias(n))  # D18
KINDS = {
    "value": lambda v: True, "count": count, "code": count, "number": number, "text": str,
    "verdict": few, "topicKind": few, "rung": few, "map": dict, "terms": dict, "flag": bool,
    "time": Time, "hash": lambda v: type(v) is str and re.fullmatch("[0-9a-f]{16}", v),
    "start": lambda v: v in ("now", "earliest") or type(v) is Time or count(v), "texts": [str],
    "cursor": (str, count, str), "mask": lambda v: fits([pattern], v) and len(v) <= 64,
    "paths": [path], "increments": [(path, number)], "expiries": [(path, count)],
    "conditions": lambda v: fits([(path, count)], v) and len(v) <= 64,
    "ranges": lambda v: fits([(count, count)], v) and all(first <= last for first, last in v),
    "entries": [lambda v: type(v) is list and len(v) > 1 and count(v[0])],
    "names": lambda v: fits([(alias, str)], pairs(v)), "places": [place],
    "sets": lambda v: fits([(lambda p: p != [] and place(p),
                             lambda item: not item or type(item) is not dict)], pairs(v)),
}
CATALOGUE = json.loads(files(__package__).joinpath("catalogue.json").read_text())
TERMS: dict[str, int] = {term["name"]: term["default"] for term in CATALOGUE["terms"]}
FIELDS = {message["type"]: {field["name"]: (field["kind"], "required" in field)
                            for field in message["fields"]} for message in CATALOGUE["messages"]}
NAMES = [*FIELDS]                                 # in the order of their codes
FIELDS["packed"] = {"view": ("count", True), "to": ("count", True), "span": ("count", True),
                    "sets": ("sets", False), "unset": ("places", False), "names": ("names", False)}

def decode(raw: bytes, binary: bool) -> tuple[str, dict[str, Any]]:
    """A message's kind and fields. A diff has `sets`, pairs of path and value, not `set`."""
    match read(raw, binary, 68):
        case [int(code), *items] if binary and code is not True and 0 < code <= len(NAMES):
            kind = NAMES[code - 1]
            layout = "packed" if kind == "diff" else kind
            data = checked(layout, dict(zip(FIELDS[layout], items)))
        case {"type": str(kind), "data": dict(given)} if not binary and kind in NAMES:
            data = checked(kind, given)
        case _: raise Refused("no message, or of a kind that is not known")
    if "names" in data: data["names"] = dict(pairs(data["names"]))
    if kind == "diff":
        sets = pairs(data.get("sets", [])) if binary else leaves(data.pop("set", {}))
        data["sets"] = [(listed(names), item) for names, item in sets]
        if binary: data["from"] = data["to"] - data.pop("span")
        if not 0 <= data["from"] < data["to"]: raise Refused("diff: from")
    return kind, data

def listed(path: Any) -> list[Any]:               # E40
    return [path] if isinstance(path, (str, int)) else [*path]

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
    if not binary:
        inside = ",".join(f'"{name}":{to_json(data[name])}' for name in names if name in data)
        return f'{{"type":"{kind}","data":{{{inside}}}}}'.encode()
    while names[-1] not in data: names.pop()
    return bytes(to_messagepack([NAMES.index(kind) + 1, *map(data.get, names)]))
