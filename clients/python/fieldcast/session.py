"""One client's side of a session, without a transport (spec/sessions.md). Times in milliseconds."""
from __future__ import annotations

from random import Random, SystemRandom
from typing import Any, Optional

from .delivery import Inbox, Outbox, Pause, Receipt
from .document import Mirror, leaves, put, view_hash
from .messages import decode, encode
from .values import SAFE, Raw, Refused

Notice = tuple[str, dict[str, Any]]
TERMS = {"messageBytes": 1048576, "inFlight": 256, "unconfirmedBytes": 65536,
         "unconfirmedTime": 10000, "heartbeatTime": 30000}
VERDICTS = ("continued", "caughtUp", "snapshot", "gone")
EVENTS = 2


class Subscription:
    """What is watched, and what is held of it."""

    def __init__(self, number: int, topic: str, asked: dict[str, Any]) -> None:
        self.id, self.topic, self.asked = number, topic, asked
        self.mirror = Mirror({}, 0)
        self.epoch = self.print = ""
        self.level = False                        # there is something to resume from
        self.view: Optional[int] = None           # by which frames name it
        self.part = self.kind = 0
        self.rate: Optional[float] = None
        self.inbox: Optional[Inbox] = None
        self.reports, self.repeats = Pause(), Pause()
        self.again: Optional[float] = None        # when to subscribe again

    @property
    def document(self) -> dict[str, Any]:
        return self.mirror.document

    @property
    def version(self) -> int:
        return self.inbox.done if self.inbox else self.mirror.version

    def message(self) -> dict[str, Any]:
        cursor = [self.epoch, self.version, self.print] if self.level else None
        return {"id": self.id, "topic": self.topic, **self.asked, "cursor": cursor}


class Session:
    def __init__(self, token: str, instance: str, binary: bool, agent: Optional[str] = None,
                 random: Optional[Random] = None) -> None:
        self.token, self.instance, self.binary, self.agent = token, instance, binary, agent
        self.random = random or SystemRandom()
        self.terms, self.features, self.connection = dict(TERMS), ["hash", "rates"], ""
        self.subscriptions: dict[int, Subscription] = {}
        self.outbox = Outbox(TERMS["inFlight"], self.random)
        self.standing: dict[tuple[str, str], dict[str, Any]] = {}  # wills and presence, by topic
        self.outgoing: list[Raw] = []
        self.is_connected = self.is_ready = False
        self.receipt, self.pings, self.count = Receipt(), 0, 0
        self.heard = self.said = 0.0
        self.ending: Optional[dict[str, Any]] = None  # the server's close
        self.window: Optional[int] = None         # drain's

    # What the owner wants

    def subscribe(self, topic: str, **asked: Any) -> Subscription:
        self.count += 1
        each = Subscription(self.count, topic, asked)
        raw = encode("subscribe", each.message(), self.binary)
        self.subscriptions[each.id] = each
        self._now(raw)
        return each

    def unsubscribe(self, number: int) -> None:
        if self.subscriptions.pop(number, None):
            self.tell("unsubscribe", id=number)

    def request(self, kind: str, **data: Any) -> int:
        """A publish, a command or a history."""
        raw = encode(kind, {"id": self.outbox.next_id, **data}, self.binary)
        if len(raw if isinstance(raw, bytes) else raw.encode()) > self.terms["messageBytes"]:
            raise Refused("longer than messageBytes")  # N2
        return self.outbox.take(raw)

    def stand(self, kind: str, topic: str, **data: Any) -> None:
        """A will or a presence: said now, and again on every later connection."""
        self.tell(kind, topic=topic, **data)
        self.standing[kind, topic] = data
        if not any(value is not None for value in data.values()):
            del self.standing[kind, topic]

    def tell(self, kind: str, **data: Any) -> None:
        """Said if there is a connection, else never."""
        self._now(encode(kind, data, self.binary))

    def refresh(self, token: str) -> None:
        self.token = token
        self.tell("refresh", token=token)

    def prove(self, number: int) -> None:
        view = self.subscriptions[number].view
        if view is not None:
            self.tell("hash", view=view)

    def done(self, number: int, sequence: int) -> None:
        each = self.subscriptions.get(number)
        if each and each.inbox:
            each.inbox.finished(sequence)

    def refuse(self, number: int, sequence: int, code: int, after: Optional[int] = None) -> None:
        each = self.subscriptions.get(number)
        if each and each.inbox:
            self.tell("nack", id=number, code=code, version=sequence, after=after)
            if code == 520:
                each.inbox.finished(sequence)
            elif code != 211:
                each.inbox.under_way.discard(sequence)

    # The connection

    def connected(self, now: float) -> None:
        self.is_connected, self.receipt, self.heard, self.said = True, Receipt(), now, now
        self.ending, self.window, self.outgoing = None, None, []
        self.tell("open", version=1, features=self.features, instance=self.instance,
                  agent=self.agent)
        self.tell("authenticate", token=self.token)
        for each in self.subscriptions.values():
            each.again = None
            self.tell("subscribe", **each.message())
        for (kind, topic), data in self.standing.items():
            self.tell(kind, topic=topic, **data)

    def cut(self) -> None:
        self.is_connected = self.is_ready = False
        self.outgoing = []
        self.outbox.cut()
        for each in self.subscriptions.values():
            each.view = None

    def say(self, now: float) -> list[Raw]:
        if not self.is_connected:
            return []
        for each in self.subscriptions.values():
            if each.again is not None and each.again <= now:
                each.again = None
                self.tell("subscribe", **each.message())
            found = each.inbox.acknowledgement(each.id) if each.inbox else None
            if found and "name" in each.asked:
                self.tell("ack", **found)
        if self.receipt.due(now, self.terms):
            self.tell("seen", position=self.receipt.report())
        said, self.outgoing = self.outgoing, []
        said += [item.raw for item in self.outbox.say(now)]
        if not said and now - self.said >= self.terms["heartbeatTime"]:
            self.pings += 1
            said = [encode("ping", {"nonce": self.pings}, self.binary)]  # S5
        if said:
            self.said = now
        return said

    def is_dead(self, now: float) -> bool:
        return self.is_connected and now - self.heard >= 3 * self.terms["heartbeatTime"]

    def deadline(self, now: float) -> float:
        due = [self.said + self.terms["heartbeatTime"],
               self.heard + 3 * self.terms["heartbeatTime"]]
        if self.receipt.since is not None:
            due.append(self.receipt.since + self.terms["unconfirmedTime"] // 3)
        due += [each.again for each in self.subscriptions.values() if each.again is not None]
        due += [item.due for item in self.outbox.items.values() if item.due > now]
        return min(due)

    # What comes

    def received(self, raw: Raw, now: float) -> list[Notice]:
        self.heard = now
        self.receipt.received(len(raw if isinstance(raw, bytes) else raw.encode()), now)
        if self.ending:
            return []                             # S13
        try:
            kind, data = decode(raw, self.binary)
        except ValueError as problem:
            return [("malformed", {"reason": str(problem)})]
        if kind in ("ack", "nack", "reply", "page"):
            outcome = self.outbox.received(kind, data, now)
            return [("outcome", {**data, "outcome": outcome})]
        if kind in ("snapshot", "diff", "event", "hash"):
            take = getattr(self, "_" + kind)
            return [(name, {**more, "id": each.id}) for each in list(self.subscriptions.values())
                    if each.view == data["view"] for name, more in take(each, data, now)]
        if kind in ("opened", "ping", "subscribed", "unsubscribed"):
            return getattr(self, "_" + kind)(data, now) or []
        if kind == "authenticated":
            self.is_ready = True
        elif kind == "drain":
            self.window = data["window"]
        elif kind == "close":
            self.ending = data
        names = {"error": "problem", "close": "closing"}
        told = kind in ("authenticated", "error", "drain", "close", "lag", "signal")
        return [(names.get(kind, kind), data)] if told else []

    def _opened(self, data: dict[str, Any], now: float) -> None:
        self.connection = data["connection"]
        for name, value in data.get("terms", {}).items():
            if type(value) is int and 0 < value <= SAFE:
                self.terms[name] = value          # N1
        self.outbox.limit = self.terms["inFlight"]

    def _ping(self, data: dict[str, Any], now: float) -> None:
        self.tell("pong", nonce=data["nonce"], position=self.receipt.report())

    def _subscribed(self, data: dict[str, Any], now: float) -> list[Notice]:
        each = self.subscriptions.get(data["id"])
        if each is None:
            return []
        epoch, version, each.print = data["cursor"]
        each.view, each.kind, each.rate = data["view"], data["kind"], data.get("rate")
        each.again, each.level, each.part = None, data["verdict"] != 2, 0
        behind = each.inbox is not None and version < each.inbox.done and "name" not in each.asked
        if each.kind == EVENTS and (each.inbox is None or epoch != each.epoch or behind):
            each.inbox = Inbox(version)           # a server that was restored may know less
        elif each.inbox and data["verdict"] == 3:
            each.inbox.skip(version)
        each.epoch = epoch
        return [("subscribed", {**data, "verdict": VERDICTS[data["verdict"]]})]

    def _unsubscribed(self, data: dict[str, Any], now: float) -> list[Notice]:
        each, code = self.subscriptions.get(data["id"]), data.get("code", 0)
        if each and (100 <= code < 300 or 400 <= code < 500):  # X1: the same again
            each.level = each.level and code < 300
            notices = self._again(each, now, "refused")
            if 200 <= code < 300 and each.again is not None:
                each.again += self.random.uniform(0, 1000)
            return [(name, {**data, **more}) for name, more in notices]
        self.subscriptions.pop(data["id"], None)
        return [("unsubscribed", data)]

    def _snapshot(self, each: Subscription, data: dict[str, Any], now: float) -> list[Notice]:
        part = data.get("part", 0)
        if part == 0:                             # S14
            if each.inbox and data["epoch"] != each.epoch:
                each.inbox = Inbox(data["version"])
            each.mirror = Mirror({}, data["version"], data.get("names", ()))
            each.epoch, each.level = data["epoch"], False
        elif each.level or part != each.part or data["version"] != each.mirror.version:
            return []
        each.part = part + 1
        for names, value in leaves(data.get("document", {})):
            put(each.mirror.document, names, value)
        each.mirror.aliases.update(data.get("names", ()))
        if "hash" not in data:
            return []
        each.level = view_hash(each.document) == data["hash"]
        return [("snapshot", data)] if each.level else self._again(each, now, "diverged")

    def _diff(self, each: Subscription, data: dict[str, Any], now: float) -> list[Notice]:
        if not each.level:
            return []
        try:
            verdict = each.mirror.apply(data)
        except Refused:                           # an alias that was never told
            each.level = False
            return self._again(each, now, "diverged")
        if verdict == "gap":
            return self._again(each, now, "gap")
        return [("changed" if verdict == "applied" else "stale", data)]

    def _hash(self, each: Subscription, data: dict[str, Any], now: float) -> list[Notice]:
        if not each.level or data.get("version") != each.version or "hash" not in data:
            return []                             # D43
        own = view_hash(each.document)
        if own == data["hash"]:
            return [("proven", data)]
        if each.reports.take(now):                # L13
            self.tell("hash", view=data["view"], version=each.version, hash=own)
        return [("diverged", data)]

    def _event(self, each: Subscription, data: dict[str, Any], now: float) -> list[Notice]:
        if each.inbox is None:
            return []
        verdict = each.inbox.received(data["sequence"])
        return [("event", {**data, "verdict": verdict, "missing": each.inbox.missing})]

    def _again(self, each: Subscription, now: float, why: str) -> list[Notice]:
        """Subscribes again: at once, and if that does not help, ever more seldom."""
        each.view = None
        each.again = now if each.repeats.take(now) else each.repeats.next
        return [(why, {})]

    def _now(self, raw: Raw) -> None:
        if self.is_connected:
            self.outgoing.append(raw)
