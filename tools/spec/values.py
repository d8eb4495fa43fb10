"""Values in JSON's tagged form, and their canonical MessagePack: written from spec/encodings.md."""
import base64
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Time:
    seconds: int
    nanoseconds: int


@dataclass(frozen=True)
class Custom:
    kind: int
    data: bytes


def untag(value):
    """What parsed JSON stands for: tags become bytes, times, integers and customs (E30 to E33)."""
    if isinstance(value, list):
        return [untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not next(iter(value)).startswith("$"):
        return {key: untag(item) for key, item in value.items()}
    tag, content = next(iter(value.items()))
    if tag.startswith("$$"):
        return {tag[1:]: untag(content)}
    if tag == "$bytes":
        return base64.b64decode(content, validate=True)
    if tag == "$int":
        return int(content)
    if tag == "$custom":
        return Custom(content[0], base64.b64decode(content[1], validate=True))
    if tag == "$time":
        whole, _, fraction = content.partition(".")
        nanoseconds = int(fraction.ljust(9, "0")) if fraction else 0
        if whole.startswith("-") and nanoseconds:
            return Time(int(whole) - 1, 1_000_000_000 - nanoseconds)
        return Time(int(whole), nanoseconds)
    raise ValueError(f"{tag} is no tag")


def pack(value):
    """The canonical MessagePack of a value (E10 to E12)."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, float):
        if value.is_integer() and -(2**63) <= value < 2**64:
            return pack_integer(int(value))
        single = struct.pack(">f", value) if abs(value) < 3.5e38 else None
        if single and struct.unpack(">f", single)[0] == value:
            return b"\xca" + single
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, int):
        return pack_integer(value)
    if isinstance(value, str):
        data = value.encode()
        if len(data) < 32:
            return bytes([0xA0 | len(data)]) + data
        return head(len(data), (0xD9, 0xDA, 0xDB)) + data
    if isinstance(value, bytes):
        return head(len(value), (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, list):
        return pack_count(len(value), 0x90, (0xDC, 0xDD)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        entries = sorted(value.items(), key=lambda entry: entry[0].encode())
        body = b"".join(pack(key) + pack(item) for key, item in entries)
        return pack_count(len(entries), 0x80, (0xDE, 0xDF)) + body
    if isinstance(value, Time):
        if value.seconds >> 34:
            data = struct.pack(">Iq", value.nanoseconds, value.seconds)
        elif value.nanoseconds or value.seconds >> 32:
            data = struct.pack(">Q", value.nanoseconds << 34 | value.seconds)
        else:
            data = struct.pack(">I", value.seconds)
        return pack_extension(-1, data)
    return pack_extension(value.kind, value.data)


def pack_integer(n):
    for low, high, form in (
        (0, 127, ">B"), (-32, -1, ">b"), (0, 2**8 - 1, ">BB"), (0, 2**16 - 1, ">BH"),
        (0, 2**32 - 1, ">BI"), (0, 2**64 - 1, ">BQ"), (-(2**7), -1, ">Bb"), (-(2**15), -1, ">Bh"),
        (-(2**31), -1, ">Bi"), (-(2**63), -1, ">Bq"),
    ):
        if low <= n <= high:
            if len(form) == 2:
                return struct.pack(form, n)
            code = {"B": 0xCC, "H": 0xCD, "I": 0xCE, "Q": 0xCF, "b": 0xD0, "h": 0xD1, "i": 0xD2,
                    "q": 0xD3}[form[2]]
            return struct.pack(form, code, n)
    raise ValueError(f"{n} is out of range")


def head(length, codes):
    for code, form, limit in zip(codes, (">BB", ">BH", ">BI"), (2**8, 2**16, 2**32)):
        if length < limit:
            return struct.pack(form, code, length)
    raise ValueError("too long")


def pack_count(count, fixed, codes):
    if count < 16:
        return bytes([fixed | count])
    return struct.pack(">BH", codes[0], count) if count < 2**16 else struct.pack(
        ">BI", codes[1], count)


def pack_extension(kind, data):
    fixed = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}.get(len(data))
    start = bytes([fixed]) if fixed else head(len(data), (0xC7, 0xC8, 0xC9))
    return start + struct.pack(">b", kind) + data
