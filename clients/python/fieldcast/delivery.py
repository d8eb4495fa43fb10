"""The books of a session: publishes, events, confirmations, waits (spec/delivery.md)."""
from __future__ import annotations

import struct
from random import Random
from typing import Any, Iterator, Optional, Union

from .values import Raw, Refused


def back_off(tries: int, random: Random) -> float:  # S11: before the first try, tries is 0
    if tries == 0:
        return random.uniform(0, 1000)
    wait = 3000 * 2 ** min(tries - 1, 4)
    return min(random.uniform(wait * 0.75, wait * 1.25), 60000)


class Pause:
    """Says when something may be done again: after 2 seconds, then 4, 8 … (L13)."""
    next, wait = float("-inf"), 2000.0

    def take(self, now: float) -> bool:
        if now < self.next:
            return False
        self.next, self.wait = now + self.wait, self.wait * 2
        return True


class Request:
    def __init__(self, number: int, raw: Raw) -> None:
        self.id, self.raw, self.sent, self.due, self.tries = number, raw, False, 0.0, 0


class Outbox:
    def __init__(self, limit: int, random: Random) -> None:
        self.limit, self.random, self.next_id = limit, random, 1
        self.items: dict[int, Request] = {}

    def take(self, raw: Raw) -> int:
        self.items[self.next_id] = Request(self.next_id, raw)
        self.next_id += 1
        return self.next_id - 1

    def say(self, now: float) -> Iterator[Request]:
        free = self.limit - sum(item.sent for item in self.items.values())
        for item in list(self.items.values()) if free > 0 else ():
            if not item.sent and item.due <= now and free > 0:
                item.sent, free = True, free - 1
                yield item

    def cut(self) -> None:
        for item in self.items.values():
            item.sent = False                     # L3

    def received(self, kind: str, data: dict[str, Any], now: float) -> str:
        item = self.items.get(data["id"])
        if item is None:
            return "unknown"
        if kind == "nack" and 100 <= data["code"] <= 299:
            wait = 0 if data["code"] < 200 else data.get("after", back_off(item.tries, self.random))
            item.sent, item.due, item.tries = False, now + wait, item.tries + 1
            return "postponed"
        del self.items[data["id"]]
        return {"ack": "acknowledged", "nack": "refused", "page": "read"}.get(kind, "replied")


class Inbox:
    """Which events are new, and what to acknowledge."""

    def __init__(self, done: int) -> None:
        self.done = self.highest = done
        self.missing = done + 1
        self.beyond: set[int] = set()
        self.under_way: set[int] = set()
        self.unsaid = False

    def received(self, sequence: int) -> str:
        if sequence <= self.done or sequence in self.beyond:
            self.unsaid = True                    # L20
            return "repeated"
        if sequence in self.under_way:
            return "underWay"
        self.under_way.add(sequence)
        self.missing = self.highest + 1
        self.highest = max(self.highest, sequence)
        return "gap" if sequence > self.missing else "fresh"

    def finished(self, sequence: int) -> None:
        if sequence > self.done:
            self.under_way.discard(sequence)
            self.beyond.add(sequence)
            self._advance()

    def skip(self, sequence: int) -> None:  # L19
        if sequence > self.done:
            self.done = sequence
            self._advance()
            self.highest = max(self.highest, self.done)

    def _advance(self) -> None:
        while self.done + 1 in self.beyond:
            self.done += 1
        self.beyond = {s for s in self.beyond if s > self.done}
        self.under_way = {s for s in self.under_way if s > self.done}
        self.unsaid = True

    def acknowledgement(self, subscription: int) -> Optional[dict[str, Any]]:
        if not self.unsaid:
            return None
        self.unsaid = False
        ranges: list[list[int]] = []
        for s in sorted(self.beyond):
            if ranges and ranges[-1][1] == s - 1:
                ranges[-1][1] = s
            else:
                ranges.append([s, s])
        return {"id": subscription, "version": self.done, "ranges": ranges}


class Receipt:
    """How much was received on a connection, and whether to say so (L9)."""

    def __init__(self) -> None:
        self.position = self.reported = 0
        self.since: Optional[float] = None

    def received(self, size: int, now: float) -> None:
        self.position += size
        self.since = now if self.since is None else self.since

    def due(self, now: float, terms: dict[str, int]) -> bool:
        return self.since is not None and (now >= self.since + terms["unconfirmedTime"] // 3 or
                                           self.position - self.reported >=
                                           terms["unconfirmedBytes"] // 4)

    def report(self) -> int:
        self.reported, self.since = self.position, None
        return self.position


class FrameReader:
    """The frames of a plain stream, as a client reads them (T2, T3)."""

    def __init__(self, limit: int) -> None:
        self.limit, self.buffer = limit, bytearray()

    def received(self, data: Union[bytes, bytearray]) -> Iterator[bytes]:
        self.buffer += data
        while len(self.buffer) >= 4:
            length, = struct.unpack_from(">I", self.buffer)
            if not 0 < length <= self.limit:
                raise Refused("empty, tooLong")
            if len(self.buffer) < 4 + length:
                return
            yield bytes(self.buffer[4:4 + length])
            del self.buffer[:4 + length]
