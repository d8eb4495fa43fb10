"""Messages: which there are, and their fields (spec/messages.md)."""
from __future__ import annotations

import re
from typing import Any, Callable, NamedTuple

from .document import canonical, leaves
from .values import (SAFE, Raw, Refused, Time, from_json, from_messagepack, normal, to_json,
                     to_messagepack)

Check = Callable[[Any], Any]
HASH = re.compile("[0-9a-f]{16}")


class Message(NamedTuple):
    kind: str
    data: dict[str, Any]


def _of(accepts: Callable[[Any], bool]) -> Check:
    def check(value: Any) -> Any:
        if not accepts(value):
            raise Refused("wrongKind")
        return value
    return check


def _list(each: Check, limit: float = SAFE) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, list) or len(value) > limit:
            raise Refused("wrongKind, tooMany")
        return [each(item) for item in value]
    return check


def _tuple(*checks: Check, optional: int = 0) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, list) or len(value) < len(checks) - optional:
            raise Refused("missingField")
        return [one(item) for one, item in zip(checks, value)]
    return check


def _path(name: Check) -> Check:
    names = _list(name, 16)
    return lambda value: names([value] if isinstance(value, (str, int)) else value)


def _start(value: Any) -> Any:
    return value if value in ("now", "earliest") or isinstance(value, Time) else count(value)


count = _of(lambda v: type(v) is int and 0 <= v <= SAFE)
text = _of(lambda v: isinstance(v, str))
number = _of(lambda v: isinstance(v, (int, float)) and not isinstance(v, bool))
dictionary = _of(lambda v: isinstance(v, dict))
path = _path(text)
pattern = _path(_of(lambda v: v is None or isinstance(v, str)))
part = _of(lambda v: isinstance(v, str) or (type(v) is int and 0 <= v < 4096))
few = _of(lambda v: type(v) is int and 0 <= v <= 3)
CHECKS: dict[str, Check] = {
    "count": count, "code": count, "text": text, "number": number, "map": dictionary,
    "terms": dictionary, "value": lambda v: v, "verdict": few, "topicKind": few, "rung": few,
    "flag": _of(lambda v: isinstance(v, bool)), "time": _of(lambda v: isinstance(v, Time)),
    "hash": _of(lambda v: isinstance(v, str) and bool(HASH.fullmatch(v))),
    "texts": _list(text), "paths": _list(path), "cursor": _tuple(text, count, text),
    "mask": lambda v: canonical(_list(pattern, 64)(v)), "start": _start,
    "increments": _list(_tuple(path, number)), "conditions": _list(_tuple(path, count), 64),
    "expiries": _list(_tuple(path, count)), "names": lambda v: _pairs(v, part, text),
    "ranges": _list(lambda v: _of(lambda r: r[0] <= r[1])(_tuple(count, count)(v))),
    "entries": _list(_tuple(count, lambda v: v, lambda v: v, optional=1))}
TABLE = """open version:count! features:texts instance:text agent:text
opened version:count! features:texts connection:text! terms:terms
authenticate token:text!
authenticated principal:text! tenant:text! expires:count
refresh token:text!
subscribe id:count! topic:text! fields:mask rate:number cursor:cursor hash:flag name:text\
 start:start credit:count unordered:flag window:value
subscribed id:count! view:count! verdict:verdict! kind:topicKind! cursor:cursor! rate:number\
 gone:count
unsubscribe id:count!
unsubscribed id:count! code:code
snapshot view:count! epoch:text! version:count! document:map part:count hash:hash names:names
diff view:count! from:count! to:count! unset:paths set:map
event view:count! sequence:count! data:value! time:time deliveries:count
signal topic:text! data:value! from:text
publish id:count! topic:text! set:map unset:paths increment:increments if:conditions\
 expire:expiries event:value
command id:count! name:text! data:value
reply id:count! data:value
ack id:count! version:count! ranges:ranges
nack id:count! code:code! version:count reason:text after:count
seen position:count!
ping nonce:count!
pong nonce:count! position:count
presence topic:text! state:value
hash view:count! version:count hash:hash
lag view:count! rung:rung! merged:count!
credit id:count! amount:count!
will topic:text! set:map unset:paths increment:increments if:conditions
history id:count! topic:text! limit:count! start:start
page id:count! events:entries next:count
error code:code! reason:text id:count
drain after:count! window:count!
close code:code! reason:text after:count"""
KINDS: dict[str, list[list[str]]] = {
    line.split()[0]: [field.split(":") for field in line.split()[1:]]
    for line in TABLE.splitlines()}
NAMES = list(KINDS)


def decode(raw: Raw, binary: bool) -> Message:
    """The message; or Refused, or another ValueError, if it is none."""
    whole = from_messagepack(raw) if binary and isinstance(raw, bytes) else from_json(raw)
    whole = normal(whole, 68)                     # also what will be ignored
    if binary:
        code = count(_list(lambda v: v)(whole)[0] if whole else None)
        kind = NAMES[code - 1] if 0 < code <= len(NAMES) else f"{code}"
        if kind == "diff":
            return Message(kind, _packed_diff(whole))
        given = dict(zip((field[0] for field in KINDS.get(kind, [])), whole[1:]))
    else:
        kind = text(dictionary(whole).get("type"))
        given = {} if kind not in KINDS or whole.get("data") is None else dictionary(whole["data"])
    if kind not in KINDS:
        raise Refused(f"no message is called {kind}")
    return Message(kind, fields(kind, given))


def fields(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Those fields that there are, checked (E41, E42)."""
    data: dict[str, Any] = {}
    for name, what in KINDS[kind]:
        must, what = what.endswith("!"), what.rstrip("!")
        if given.get(name) is None and not (must and what == "value" and name in given):
            if must:
                raise Refused(f"{kind}: {name} is missing")
            continue
        try:
            checked = CHECKS[what](normal(given[name], 66 if what == "entries" else 64))
        except ValueError as problem:
            raise Refused(f"{kind}: {name}: {problem}") from problem
        absent = checked is False or checked in ([], {})  # E41
        if what == "value" or name == "fields" or not absent:
            data[name] = checked
    if kind == "publish" and "event" in data and len(data) > 3:
        raise Refused("publish: event excludes a patch")
    if kind == "open" and data["version"] < 1:
        raise Refused("open: version")
    if kind == "diff":
        if data["from"] >= data["to"]:
            raise Refused("diff: from")
        data["sets"] = [(path(list(names)), item) for names, item in leaves(data.pop("set", {}))]
    return data


def encode(kind: str, data: dict[str, Any], binary: bool) -> Raw:
    data = fields(kind, data)
    if binary:
        row = [NAMES.index(kind) + 1, *(data.get(field[0]) for field in KINDS[kind])]
        while row[-1] is None and KINDS[kind][len(row) - 2][1] != "value!":
            row.pop()
        return to_messagepack(row)
    inside = ",".join(f'"{name}":{to_json(data[name])}' for name, _ in KINDS[kind] if name in data)
    return '{"type":"%s","data":{%s}}' % (kind, inside)


def _pairs(value: Any, first: Check, second: Check) -> list[tuple[Any, Any]]:
    flat = _list(lambda v: v)(value)
    if len(flat) % 2:
        raise Refused("missingField")
    return [(first(a), second(b)) for a, b in zip(flat[0::2], flat[1::2])]


def _packed_diff(row: list[Any]) -> dict[str, Any]:
    view, to, span, sets, unset, names = (row[1:] + [None] * 6)[:6]
    if not 1 <= count(span) <= count(to):
        raise Refused("diff: from")
    alias = _path(part)
    leaf = _of(lambda v: not isinstance(v, dict) or not v)
    place = _of(lambda v: len(v) > 0)
    return {"view": count(view), "from": to - span, "to": to,
            "sets": _pairs(sets or [], lambda v: place(alias(v)), leaf),
            "unset": _list(alias)(unset or []), "names": _pairs(names or [], part, text)}
