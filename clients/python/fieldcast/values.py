"""Values, and their bytes in JSON and MessagePack (spec/encodings.md)."""
from __future__ import annotations

import base64
import json
import math
import re
import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Union

import msgpack  # type: ignore[import-untyped, import-not-found, unused-ignore]

Raw = Union[str, bytes]
SAFE = 2 ** 53 - 1
INTEGER = re.compile(r"-?[1-9][0-9]*")
TIME = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]{0,8}[1-9]))?")
packer = msgpack.Packer(use_bin_type=True)


class Refused(ValueError):
    """What came, or is to be sent, is not as the specification says."""


@dataclass(frozen=True, order=True)
class Time:
    seconds: int
    nanoseconds: int = 0


@dataclass(frozen=True)
class Custom:
    kind: int
    data: bytes


def normal(value: Any, depth: int = 64) -> Any:
    """The value with integers as integers; refuses what no value may be."""
    if value is None or isinstance(value, (bool, bytes)):
        return value
    if isinstance(value, str):
        value.encode()                            # E4: halves of surrogate pairs are a ValueError
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused("numberNotFinite")
        if not value.is_integer() or not -2 ** 63 <= value < 2 ** 64:
            return value
        value = int(value)
    if isinstance(value, int):
        if not -2 ** 63 <= value < 2 ** 64:
            raise Refused("numberOutOfRange")
        return value
    if isinstance(value, msgpack.Timestamp):
        value = Time(value.seconds, value.nanoseconds)
    if isinstance(value, Time):
        if not -2 ** 63 <= value.seconds < 2 ** 63 or not 0 <= value.nanoseconds < 10 ** 9:
            raise Refused("malformedTime")
        return value
    if isinstance(value, Custom):
        if not -128 <= value.kind < 128 or value.kind == -1:
            raise Refused("malformedTag")
        return value
    if depth == 0:
        raise Refused("tooDeep")                  # E6
    if isinstance(value, (list, tuple)):
        return [normal(item, depth - 1) for item in value]
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise Refused("wrongKind")
    return {normal(key): normal(item, depth - 1) for key, item in value.items()}


def from_messagepack(data: bytes) -> Any:
    try:                                          # E14: counts are bounded by the bytes there are
        return msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=Custom,
                               object_pairs_hook=_map)
    except (TypeError, RecursionError, msgpack.exceptions.StackError) as problem:
        raise Refused(str(problem)) from problem


def to_messagepack(value: Any) -> bytes:
    if isinstance(value, float):                  # E10
        try:
            if struct.unpack(">f", struct.pack(">f", value))[0] == value:
                return b"\xca" + struct.pack(">f", value)
        except OverflowError:
            pass
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, Time):
        value = Custom(-1, msgpack.Timestamp(value.seconds, value.nanoseconds).to_bytes())
    if isinstance(value, Custom):
        head = bytes(packer.pack_ext_type(0, value.data))[:-len(value.data) or None]
        return head[:-1] + struct.pack("b", value.kind) + value.data
    if isinstance(value, (list, tuple)):
        return bytes(packer.pack_array_header(len(value))) + b"".join(map(to_messagepack, value))
    if isinstance(value, dict):
        return bytes(packer.pack_map_header(len(value))) + b"".join(
            packer.pack(key) + to_messagepack(item) for key, item in sorted(value.items()))
    return bytes(packer.pack(value))


def from_json(text: Raw) -> Any:
    try:
        text = text if isinstance(text, str) else text.decode()
        return json.loads(text, object_pairs_hook=_untag, parse_constant=_constant)
    except RecursionError as problem:
        raise Refused("tooDeep") from problem


def to_json(value: Any) -> str:
    if isinstance(value, float):                  # E22
        digits, _, exponent = repr(value).partition("e")
        if not exponent:
            return digits
        small = -7 < int(exponent) < 0
        return format(Decimal(repr(value)), "f") if small else f"{digits}e{int(exponent):+d}"
    if isinstance(value, int) and abs(value) > SAFE:
        return '{"$int":"%d"}' % value
    if isinstance(value, bytes):
        return '{"$bytes":"%s"}' % base64.b64encode(value).decode()
    if isinstance(value, Custom):
        return '{"$custom":[%d,"%s"]}' % (value.kind, base64.b64encode(value.data).decode())
    if isinstance(value, Time):
        whole, part = value.seconds, value.nanoseconds
        before = whole < 0 and part > 0           # E30
        whole, part = (-1 - whole, 10 ** 9 - part) if before else (whole, part)
        text = f"{'-' * before}{whole}.{part:09d}".rstrip("0").rstrip(".")
        return '{"$time":"%s"}' % text
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(to_json, value)) + "]"
    if isinstance(value, dict):
        escape = "$" if len(value) == 1 and next(iter(value)).startswith("$") else ""  # E32
        return "{" + ",".join(json.dumps(escape + key, ensure_ascii=False) + ":" + to_json(item)
                              for key, item in sorted(value.items())) + "}"
    return json.dumps(value, ensure_ascii=False)


def _map(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(isinstance(key, str) for key in found):
        raise Refused("duplicateKey, keyNotText")  # E5
    return found


def _constant(name: str) -> Any:
    raise Refused("unexpectedByte")


def _untag(pairs: list[tuple[str, Any]]) -> Any:
    found = _map(pairs)
    if len(found) != 1 or not pairs[0][0].startswith("$"):
        return found
    tag, content = pairs[0]
    if tag.startswith("$$"):
        return {tag[1:]: content}
    try:
        if tag == "$int" and INTEGER.fullmatch(content) and abs(int(content)) > SAFE:
            return int(content)
        if tag == "$bytes":
            return _base64(content)
        if tag == "$custom" and len(content) == 2 and type(content[0]) is int:
            return normal(Custom(content[0], _base64(content[1])))
        matched = TIME.fullmatch(content) if tag == "$time" and content != "-0" else None
        if matched:
            minus, whole, part = matched.groups()
            part = int((part or "").ljust(9, "0"))
            if minus and part:
                return normal(Time(-int(whole) - 1, 10 ** 9 - part))
            return normal(Time(int(minus + whole), part))
    except (TypeError, AttributeError, KeyError):
        pass
    raise Refused("malformedTag")                 # E33


def _base64(content: str) -> bytes:
    data = base64.b64decode(content, validate=True)
    if base64.b64encode(data).decode() != content:
        raise Refused("malformedTag")
    return data
