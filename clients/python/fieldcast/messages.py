"""Messages: which there are, and their fields (spec/messages.md)."""
import re
from typing import Any, Callable

from .document import canonical, leaves
from .values import SAFE, Refused, Time, normal, read, to_json, to_messagepack

Check = Callable[[Any], Any]                      # gives the value in its one form, or is Refused

def one(test: Callable[[Any], bool]) -> Check:
    def check(value: Any) -> Any:
        if test(value): return value
        raise Refused(f"wrongKind: {value!r:.40}")
    return check

def listed(value: Any, least: int = 0, most: int = SAFE) -> list[Any]:
    if isinstance(value, list) and least <= len(value) <= most: return value
    raise Refused(f"missingField, tooMany: {value!r:.40}")

def each(check: Check, most: int = SAFE) -> Check:
    return lambda value: [check(item) for item in listed(value, 0, most)]

def row(*checks: Check, least: int = 0) -> Check:
    return lambda v: [check(x) for check, x in zip(checks, listed(v, least or len(checks)))]

def pairs(first: Check, second: Check) -> Check:
    return lambda v: [(first(a), second(b)) for a, b in zip(listed(v)[::2], v[1::2], strict=True)]

def path(name: Check) -> Check:                   # E40
    return lambda v: each(name, 16)([v] if isinstance(v, (str, int)) else v)

anything = one(lambda v: True)
count = one(lambda v: type(v) is int and 0 <= v <= SAFE)
few = one(lambda v: type(v) is int and 0 <= v <= 3)
number = one(lambda v: isinstance(v, (int, float)) and not isinstance(v, bool))
text = one(lambda v: isinstance(v, str))
time = one(lambda v: isinstance(v, Time))
part = one(lambda v: isinstance(v, str) or (type(v) is int and 0 <= v < 4096))
pattern = path(one(lambda v: v is None or isinstance(v, str)))
# A field's check is found by its name, or by the one that stands behind its name.
CHECKS: dict[str, Check] = {name: check for names, check in {
    "after amount code count credit deliveries expires from gone id limit merged next nonce part "
    "position sequence span to version view window": count, "kind rung verdict": few,
    "agent connection epoch instance name principal reason tenant text token topic": text,
    "any data event state": anything, "document set terms": one(lambda v: isinstance(v, dict)),
    "flag unordered": one(lambda v: isinstance(v, bool)), "rate": number, "time": time,
    "hash": one(lambda v: isinstance(v, str) and bool(re.fullmatch("[0-9a-f]{16}", v))),
    "features": each(text), "unset": each(path(text)), "cursor": row(text, count, text),
    "fields": lambda v: canonical(each(pattern, 64)(v)),
    "start": lambda v: v if v in ("now", "earliest") or isinstance(v, Time) else count(v),
    "increment": each(row(path(text), number)), "if": each(row(path(text), count), 64),
    "expire": each(row(path(text), count)), "names": pairs(part, text),
    "ranges": each(lambda v: one(lambda r: r[0] <= r[1])(row(count, count)(v))),
    "events": each(row(count, anything, anything, least=2)), "paths": each(path(part)),
    "sets": pairs(lambda v: one(bool)(path(part)(v)), one(lambda v: not v or type(v) is not dict)),
}.items() for name in names.split()}
# The messages by their codes, and their fields by position; ! marks those that must be there.
TABLE = """open version! features instance agent | opened version! features connection! terms
authenticate token! | authenticated principal! tenant! expires | refresh token!
subscribe id! topic! fields rate cursor hash:flag name start credit unordered window:any
subscribed id! view! verdict! kind! cursor! rate gone | unsubscribe id! | unsubscribed id! code
snapshot view! epoch! version! document part hash names | diff view! from! to! unset set
event view! sequence! data! time deliveries | signal topic! data! from:text
publish id! topic! set unset increment if expire event | command id! name! data | reply id! data
ack id! version! ranges | nack id! code! version reason after
seen position! | ping nonce! | pong nonce! position | presence topic! state
hash view! version hash | lag view! rung! merged! | credit id! amount!
will topic! set unset increment if | history id! topic! limit! start | page id! events next
error code! reason id | drain after! window! | close code! reason after
packed view! to! span! sets unset:paths names"""  # the last is a diff's own form (D18)
KINDS: dict[str, dict[str, tuple[Check, bool]]] = {kind: {
    field.split(":")[0].rstrip("!"): (CHECKS[field.split(":")[-1].rstrip("!")], "!" in field)
    for field in names} for kind, *names in map(str.split, TABLE.replace("\n", "|").split("|"))}
NAMES = list(KINDS)[:-1]

def decode(raw: bytes, binary: bool) -> tuple[str, dict[str, Any]]:
    """A message's kind and fields; or Refused, if it is none. A diff is as in MessagePack."""
    match read(raw, binary, 68):
        case [int(code), *items] if binary and code is not True and 0 < code <= len(NAMES):
            kind = NAMES[code - 1]
            layout = "packed" if kind == "diff" else kind
            data = checked(layout, dict(zip(KINDS[layout], items)))
        case {"type": str(kind), "data": dict(given)} if not binary and kind in NAMES:
            data = checked(kind, given)
        case _: raise Refused("no message, or of a kind that is not known")
    if kind == "diff" and binary: data["from"] = data["to"] - data.pop("span")
    elif kind == "diff":
        data["sets"] = [(path(text)([*names]), item) for names, item in leaves(data.pop("set", {}))]
    if kind == "diff" and not 0 <= data["from"] < data["to"]: raise Refused("diff: from")
    return kind, data

def checked(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Those fields that there are (E41, E42)."""
    data: dict[str, Any] = {}
    for name, (check, must) in KINDS[kind].items():
        if given.get(name) is None and not (must and check is anything and name in given):
            if must: raise Refused(f"{kind}: {name} is missing")
            continue
        try:
            item = check(normal(given[name], 66 if name == "events" else 64))
        except ValueError as problem:
            raise Refused(f"{kind}: {name}: {problem}") from problem
        if check is anything or name == "fields" or not (item is False or item in ([], {})):
            data[name] = item
    if kind == "publish" and "event" in data and len(data) > 3:
        raise Refused("publish: event excludes a patch")
    return data

def encode(kind: str, data: dict[str, Any], binary: bool) -> bytes:
    data, names = checked(kind, data), [*KINDS[kind]]
    if not binary:
        inside = ",".join(f'"{name}":{to_json(data[name])}' for name in names if name in data)
        return f'{{"type":"{kind}","data":{{{inside}}}}}'.encode()
    while names[-1] not in data: names.pop()
    return bytes(to_messagepack([NAMES.index(kind) + 1, *map(data.get, names)]))
