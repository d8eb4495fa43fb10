"""A session without its transport (spec/sessions.md, spec/delivery.md). Times in milliseconds."""
import asyncio
from collections import deque
from itertools import groupby
from random import Random, SystemRandom
from typing import Any, AsyncIterator

from .document import Mirror, leaves, put, view_hash
from .messages import decode, encode
from .values import Refused

EVENTS = 2                                        # the kind of topics that hold a log
Data = dict[str, Any]

class Ended(Exception):
    """A request was refused, or a subscription or the client ended, with a code."""
    def __init__(self, code: int, version: int | None = None, reason: str = "") -> None:
        super().__init__(code, version, reason)
        self.code, self.version = code, version

def back_off(tries: int, random: Random) -> float:  # S11: before the first try, tries is 0
    wait = 3000 * 2 ** min(tries - 1, 4)
    return random.uniform(wait * 0.75, wait * 1.25) if tries else random.uniform(0, 1000)

class Inbox:
    """Which events are new, and what to acknowledge."""
    def __init__(self, done: int) -> None:
        self.done = self.highest = self.missing = done
        self.beyond, self.under_way, self.unsaid = set[int](), set[int](), False
    def received(self, sequence: int) -> str:
        if sequence <= self.done or sequence in self.beyond:
            self.unsaid = True                    # L20
            return "repeated"
        if sequence in self.under_way: return "underWay"
        self.under_way.add(sequence)
        self.missing, self.highest = self.highest + 1, max(self.highest, sequence)
        return "gap" if sequence > self.missing else "fresh"
    def finished(self, sequence: int, all_before: bool = False) -> None:
        """It is done, or refused for ever; or all up to it are gone (L19)."""
        if sequence > self.done:
            self.done = sequence if all_before else self.done
            self.beyond.add(sequence)
            while self.done + 1 in self.beyond: self.done += 1
            self.beyond = {s for s in self.beyond if s > self.done}
            self.under_way = {s for s in self.under_way if s > self.done}
            self.highest, self.unsaid = max(self.highest, self.done), True
    def acknowledgement(self) -> Data:
        self.unsaid = False
        runs = groupby(enumerate(sorted(self.beyond)), lambda pair: pair[1] - pair[0])
        ranges = [[first, first + len(rest)] for _, ((_, first), *rest) in runs]
        return {"version": self.done, "ranges": ranges}

class Subscription(Mirror):
    """What is watched, and what is held of it (the last table of spec/sessions.md)."""
    level, kind, part, spent = False, 0, 0, 0     # level: there is something to resume from
    epoch = print = ""
    repair_due, repair_wait = 0.0, 2000           # L13
    view: int | None = None                       # by which frames name it
    again: float | None = None                    # when to subscribe again
    ended: Ended | None = None
    proof: asyncio.Future[bool] | None = None
    def __init__(self, session: "Session", topic: str, **asked: Any) -> None:
        super().__init__({}, 0)
        self.session, self.id, self.topic, self.asked = session, session.count + 1, topic, asked
        self.inbox, self.queue, self.changed = Inbox(0), deque[Data](), asyncio.Event()
        self.ask()
        session.subscriptions[self.id], session.count = self, self.id
    async def __aiter__(self) -> AsyncIterator[Data]:
        """The document, whenever it changed, several changes as one; or every event that is new,
        which is to be `done` or `refuse`d under a name, and else is so by itself."""
        named, credit = "name" in self.asked, self.asked.get("credit", 64)
        while await self.changed.wait() and (self.queue or not self.ended):
            if named and self.spent * 2 >= credit:
                self.session.tell("credit", id=self.id, amount=self.spent)
                self.spent = 0
            if self.queue:
                yield (event := self.queue.popleft())
                if not named: self.inbox.finished(event["sequence"])
            else:
                self.changed.clear()
                if self.kind != EVENTS: yield self.document
        if self.ended and self.ended.code: raise self.ended
    def done(self, sequence: int) -> None:
        self.inbox.finished(sequence)
        self.spend()
    def refuse(self, sequence: int, code: int = 210, after: int | None = None) -> None:
        """210: not now, 211: still working on it, 520: never."""
        self.session.tell("nack", id=self.id, code=code, version=sequence, after=after)
        if code == 520: self.done(sequence)
        elif code != 211:
            self.inbox.under_way.discard(sequence)
            self.spend()
    def spend(self) -> None:
        self.spent += 1
        self.changed.set()                        # for whoever iterates, and gives more credit
        self.session.wake()
    async def prove(self) -> bool:
        """Whether what is held is what the server holds; if not, it is being mended."""
        if self.kind == EVENTS: return True       # there is nothing held
        self.proof = self.proof or asyncio.Future()
        self.ask_proof()
        return await asyncio.shield(self.proof)
    def ask_proof(self) -> None:
        if self.view is not None: self.session.tell("hash", view=self.view)
    def ask(self) -> None:
        version = self.inbox.done if self.kind == EVENTS else self.version
        cursor = [self.epoch, version, self.print] if self.level else None
        self.session.tell("subscribe", id=self.id, topic=self.topic, **self.asked, cursor=cursor)
        self.view = self.again = None
    def end(self, code: int | None = None) -> None:
        if self.session.subscriptions.pop(self.id, None) and code is None:
            self.session.tell("unsubscribe", id=self.id)
        self.ended = self.ended or Ended(code or 0)
        self.changed.set()
        self.proven(False)
    def proven(self, result: bool) -> None:
        proof, self.proof = self.proof, None
        if proof: proof.set_result(result)
    def repair(self, now: float) -> float:
        """When it may be: at once, then after 2 seconds, 4, 8 … 64."""
        when = max(now, self.repair_due)
        self.repair_due = when + self.repair_wait
        self.repair_wait = min(self.repair_wait * 2, 64000)
        return when
    def take(self, kind: str, data: Data, now: float) -> str:
        """What comes, and what became of it."""
        match kind:
            case "subscribed":
                epoch, version, self.print = data["cursor"]
                behind = version < self.inbox.done and "name" not in self.asked
                if epoch != self.epoch or behind:  # a server that was restored may know less
                    self.inbox = Inbox(version)
                elif data["verdict"] == 3: self.inbox.finished(version, all_before=True)
                self.view, self.kind, self.epoch = data["view"], data["kind"], epoch
                self.level, self.spent, self.again = data["verdict"] != 2, 0, None
                if self.proof: self.ask_proof()
                return ("continued", "caughtUp", "snapshot", "gone")[data["verdict"]]
            case "unsubscribed":
                code = data.get("code", 0)
                if code // 100 not in (1, 2, 4):  # X1
                    self.end(code)
                    return "ended"
                wait = self.session.random.uniform(0, 1000) if 200 <= code < 300 else 0
                self.level, self.view = self.level and code < 300, None
                self.again = self.repair(now) + wait
                return "again"
            case "snapshot":                      # S14, S16
                if data.get("part", 0) == 0:
                    if data["epoch"] != self.epoch: self.inbox = Inbox(data["version"])
                    self.document, self.version, self.aliases = {}, data["version"], {}
                    self.epoch, self.level, self.part = data["epoch"], False, 0
                elif self.level or data["part"] != self.part or data["version"] != self.version:
                    return "ignored"
                self.part += 1
                for names, value in leaves(data.get("document", {})):
                    put(self.document, names, value)
                self.aliases.update(data.get("names", ()))
                if "hash" not in data: return "part"
                self.level = view_hash(self.document) == data["hash"]
                if self.level: self.changed.set()
                else: self.view, self.again = None, self.repair(now)
                return "whole" if self.level else "diverged"
            case "diff":
                verdict = self.apply(data) if self.level else "ignored"
                if verdict == "applied": self.changed.set()
                elif verdict in ("gap", "unknownAlias"):
                    self.level = verdict == "gap"
                    self.view, self.again = None, now if self.level else self.repair(now)
                return verdict
            case "hash" if self.level and data.get("version") == self.version and "hash" in data:
                own = view_hash(self.document)
                if own != data["hash"] and now >= self.repair_due:
                    self.repair(now)
                    self.session.tell("hash", view=self.view, version=self.version, hash=own)
                self.proven(own == data["hash"])
                return "proven" if own == data["hash"] else "diverged"
            case "event":
                verdict = self.inbox.received(data["sequence"])
                if verdict in ("fresh", "gap"):
                    self.queue.append({**data, "verdict": verdict, "missing": self.inbox.missing})
                    self.changed.set()
                elif verdict == "repeated": self.spend()
                return verdict
        return "ignored"

class Session:
    window: int | None = None                     # drain's
    ending: Data | None = None                    # the server's close
    is_connected = is_ready = False
    def __init__(self, token: str, instance: str, binary: bool,
                 random: Random | None = None) -> None:
        self.token, self.instance, self.binary = token, instance, binary
        self.random, self.agent = random or SystemRandom(), "fieldcast-python/0.2"
        self.terms = {"messageBytes": 1048576, "inFlight": 256, "unconfirmedBytes": 65536,
                      "unconfirmedTime": 10000, "heartbeatTime": 30000}
        self.subscriptions, self.count, self.pings = dict[int, Subscription](), 0, 0
        self.requests, self.asked = dict[int, Data](), 0  # by id: raw, sent, due, tries
        self.standing = dict[tuple[str, str], bytes]()  # wills and presence, by topic
    def wake(self) -> None:
        """There may be something to say."""
    def tell(self, kind: str, **data: Any) -> bytes:
        """Said if there is a connection, else never."""
        raw = encode(kind, data, self.binary)
        if self.is_connected:
            self.outgoing.append(raw)
            self.wake()
        return raw
    def request(self, kind: str, **data: Any) -> int:
        """A publish, a command or a history: said until it is answered (L3)."""
        raw = encode(kind, {"id": self.asked + 1, **data}, self.binary)
        if len(raw) > self.terms["messageBytes"]: raise Refused("longer than messageBytes")  # N2
        self.asked += 1
        self.requests[self.asked] = {"raw": raw, "sent": False, "due": 0, "tries": 0}
        self.wake()
        return self.asked
    def stand(self, kind: str, topic: str, **data: Any) -> None:
        """A will or a presence: said now, and again on every later connection."""
        self.standing[kind, topic] = self.tell(kind, topic=topic, **data)
        if all(value is None for value in data.values()): del self.standing[kind, topic]
    def connected(self, now: float) -> None:
        self.is_connected, self.ending, self.window = True, None, None
        self.outgoing, self.heard, self.said = list[bytes](), now, now
        self.position = self.reported = 0         # bytes received (L9)
        self.unreported: float | None = None      # since when there are some that were not
        self.tell("open", version=1, features=["hash", "rates"], instance=self.instance,
                  agent=self.agent)
        self.tell("authenticate", token=self.token)
        for each in self.subscriptions.values(): each.ask()
        self.outgoing += self.standing.values()
    def cut(self) -> None:
        self.is_connected = self.is_ready = False
        for each in self.subscriptions.values(): each.view = None
        for item in self.requests.values(): item["sent"] = False
    def report(self) -> int:
        self.reported, self.unreported = self.position, None
        return self.position
    def say(self, now: float) -> list[bytes]:
        """All that is to be sent now, in order."""
        if not self.is_connected: return []
        for each in self.subscriptions.values():
            if each.again is not None and each.again <= now: each.ask()
            if "name" in each.asked and each.inbox.unsaid:
                self.tell("ack", id=each.id, **each.inbox.acknowledgement())
        if self.unreported is not None and (
                now - self.unreported >= self.terms["unconfirmedTime"] // 3 or
                self.position - self.reported >= self.terms["unconfirmedBytes"] // 4):
            self.tell("seen", position=self.report())
        free = max(self.terms["inFlight"] - sum(item["sent"] for item in self.requests.values()), 0)
        ready = [item for item in self.requests.values() if not item["sent"] and item["due"] <= now]
        for item in ready[:free]:
            item["sent"] = True
            self.outgoing.append(item["raw"])
        if not self.outgoing and now - self.said >= self.terms["heartbeatTime"]:  # S5
            self.pings += 1
            self.tell("ping", nonce=self.pings)
        said, self.outgoing = self.outgoing, []
        self.said = now if said else self.said
        return said
    def is_dead(self, now: float) -> bool:
        return self.is_connected and now - self.heard >= 3 * self.terms["heartbeatTime"]
    def answered(self, kind: str, data: Data, now: float) -> str:
        item, code = self.requests.get(data["id"]), data.get("code", 0)
        if item and 100 <= code <= 299:           # L2
            wait = data.get("after", back_off(item["tries"], self.random)) if code >= 200 else 0
            item.update(sent=False, due=now + wait, tries=item["tries"] + 1)
            return "postponed"
        outcomes = {"ack": "acknowledged", "nack": "refused", "page": "read", "reply": "replied"}
        return outcomes[kind] if self.settle(data["id"], data) else "unknown"
    def settle(self, number: int, data: Data) -> bool:
        item = self.requests.pop(number, {})
        if "answer" in item and not item["answer"].done(): item["answer"].set_result(data)
        return bool(item)
    def received(self, raw: bytes, now: float) -> list[tuple[str, Data]]:
        """What the owner may be told: messages by their kinds, and what became of them."""
        self.heard, self.position = now, self.position + len(raw)
        self.unreported = now if self.unreported is None else self.unreported
        if self.ending: return []                 # S13
        try:
            kind, data = decode(raw, self.binary)
        except Refused as problem:
            return [("malformed", {"reason": str(problem)})]
        match kind:
            case "subscribed" | "unsubscribed" | "snapshot" | "diff" | "event" | "hash" | "lag":
                key = "id" if "id" in data else "view"
                concerned = [s for s in self.subscriptions.values() if getattr(s, key) == data[key]]
                return [(kind, {**data, "id": each.id, "verdict": each.take(kind, data, now)})
                        for each in concerned]
            case "opened":                        # V1, N1
                if data["version"] != 1: self.ending = {"code": 512}
                self.terms |= {name: value for name, value in data.get("terms", {}).items()
                               if type(value) is int and value > 0}
            case "authenticated": self.is_ready = True
            case "ack" | "nack" | "reply" | "page": data["outcome"] = self.answered(kind, data, now)
            case "ping": self.tell("pong", nonce=data["nonce"], position=self.report())
            case "drain": self.window = data["window"]
            case "close": self.ending = data
        return [(kind, data)]
