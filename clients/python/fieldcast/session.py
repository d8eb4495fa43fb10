"""A session without its transport (spec/sessions.md, spec/delivery.md). Times in milliseconds."""
from asyncio import Event, Future, Queue
from itertools import count, groupby
from math import inf
from random import uniform
from types import SimpleNamespace
from typing import Any, AsyncIterator, Callable

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

class Retry:
    """How long to wait before the same is tried again (X1, X6, S11)."""
    tries, hurried = 0, -inf
    def wait(self, code: int, now: float) -> float:
        at_once = not 200 <= code < 400
        if at_once and now - self.hurried >= 60000:
            self.hurried = now
            return 0
        self.tries = max(self.tries, int(at_once)) + 1
        wait = 3000 * 2 ** min(self.tries - 2, 4)
        return uniform(0.75 * wait, 1.25 * wait) if self.tries > 1 else uniform(0, 1000)

class Inbox:
    """Which events are new, and what to acknowledge."""
    def __init__(self, done: int) -> None:
        self.done = self.highest = self.missing = done
        self.beyond, self.unsaid = dict[int, bool](), False  # by sequence: whether it is done
    def received(self, sequence: int) -> str:
        if sequence <= self.done or self.beyond.get(sequence):
            self.unsaid = True                    # L20
            return "repeated"
        if sequence in self.beyond: return "underWay"
        self.beyond[sequence] = False
        self.missing, self.highest = self.highest + 1, max(self.highest, sequence)
        return "gap" if sequence > self.missing else "fresh"
    def finished(self, sequence: int, all_before: bool = False) -> None:
        """It is done, or refused for ever; or all up to it are gone or done (L19, L26)."""
        if sequence > self.done: self.beyond[sequence] = self.unsaid = True
        if all_before: self.done = max(sequence, self.done)
        while self.beyond.get(self.done + 1): self.done += 1
        self.beyond = {s: done for s, done in self.beyond.items() if s > self.done}
        self.highest = max(self.highest, self.done)
    def acknowledgement(self) -> Data:
        self.unsaid = False
        done = enumerate(s for s, done in sorted(self.beyond.items()) if done)
        runs = [[s for _, s in run] for _, run in groupby(done, lambda pair: pair[1] - pair[0])]
        return {"version": self.done, "ranges": [[run[0], run[-1]] for run in runs]}

class Subscription(Mirror):
    """What is watched, and what is held of it (the last table of spec/sessions.md)."""
    level, kind, epoch, print = False, 0, "", ""  # level: there is something to resume from
    view: int | None = None                       # by which frames name it
    begun: int | None = None                      # the version of the snapshot that has begun
    repair_due, repair_wait = 0.0, 2000           # L13
    ended: Ended | None = None
    proven, read = -1, False                      # the version last proven; whether it is iterated
    def __init__(self, session: "Session", topic: str, **asked: Any) -> None:
        super().__init__({}, 0)
        self.session, self.id, self.topic, self.asked = session, next(session.ids), topic, asked
        self.inbox, self.retry, self.news = Inbox(0), Retry(), Queue[Data | None]()
        self.ask()
        session.subscriptions[self.id] = self
    async def __aiter__(self) -> AsyncIterator[Data]:
        """The document, whenever it changed, several changes as one; or every event that is new:
        under a name more come when it is `done` or `refuse`d."""
        self.read = True
        while (item := await self.news.get()) is not None: yield item
        if self.ended and self.ended.code: raise self.ended
    def done(self, sequence: int) -> None:
        self.inbox.finished(sequence)
        self.session.woken.set()
    def refuse(self, sequence: int, code: int = 210, after: int | None = None) -> None:
        """210: not now, 211: still working on it, 520: never."""
        self.session.tell("nack", id=self.id, code=code, version=sequence, after=after)
        if code == 210: self.inbox.beyond.pop(sequence, None)
        if code == 520: self.done(sequence)
    def prove(self) -> None:
        """Asks for the hash: either `proven` becomes `version`, or what is held is mended."""
        if self.view is not None: self.session.tell("hash", view=self.view)
    def end(self, code: int | None = None) -> None:
        if self.session.subscriptions.pop(self.id, None) and code is None:
            self.session.tell("unsubscribe", id=self.id)
        self.ended = self.ended or Ended(code or 0)
        self.news.put_nowait(None)
    def ask(self) -> None:
        version = self.inbox.done if self.kind == EVENTS else self.version
        cursor = [self.epoch, version, self.print] if self.level else None
        self.session.tell("subscribe", id=self.id, topic=self.topic, **self.asked, cursor=cursor)
        self.view, self.begun, self.again = None, None, inf
        self.credit = self.left = self.asked.get("credit", 64)
    def say(self, now: float) -> None:
        if self.again <= now: self.ask()
        if "name" not in self.asked: return
        if self.inbox.unsaid: self.session.tell("ack", id=self.id, **self.inbox.acknowledgement())
        used = self.credit - self.left - [*self.inbox.beyond.values()].count(False)
        if self.read and used * 2 >= self.credit:  # L16
            self.session.tell("credit", id=self.id, amount=used)
            self.left += used
    def changed(self) -> None:
        if self.kind < EVENTS and self.news.empty(): self.news.put_nowait(self.document)
    def resume(self, when: float, level: bool = False) -> None:
        self.view, self.again, self.level = None, when, level
    def repair(self, now: float) -> float:
        """When it may be: at once, then after 2 seconds, 4, 8 … 64."""
        when = max(now, self.repair_due)
        self.repair_due = when + self.repair_wait
        self.repair_wait = min(self.repair_wait * 2, 64000)
        return when
    def take(self, kind: str, data: Data, now: float) -> str:
        """What became of a message that is about this subscription."""
        match kind:
            case "subscribed":
                epoch, version, self.print = data["cursor"]
                if data["verdict"] == 2 or epoch != self.epoch: self.inbox = Inbox(version)
                else: self.inbox.finished(version, all_before=True)
                self.view, self.kind, self.epoch = data["view"], data["kind"], epoch
                self.level = data["verdict"] != 2 or self.kind == EVENTS
                self.again, self.retry.tries = inf, 0
                return ("continued", "caughtUp", "snapshot", "gone")[data["verdict"]]
            case "unsubscribed" if (code := data.get("code", 0)) // 100 in (1, 2, 4):  # X1, S21
                self.resume(now + self.retry.wait(code, now), self.level and code < 300)
                return "postponed"
            case "unsubscribed":
                self.end(data.get("code", 0))
                return "ended"
            case "snapshot":                      # S14, S16
                if not data.get("part"):
                    if data["epoch"] != self.epoch: self.inbox = Inbox(data["version"])
                    self.document.clear()
                    self.aliases, self.version, self.begun = {}, data["version"], data["version"]
                    self.level, self.epoch = False, data["epoch"]
                elif self.level or self.begun not in (None, data["version"]): return "ignored"
                for path, value in leaves(data.get("document", {})): put(self.document, path, value)
                self.aliases |= data.get("names", {})
                if "hash" not in data: return "part"
                self.level = self.begun is not None and view_hash(self.document) == data["hash"]
                if self.level: self.changed()
                else: self.resume(self.repair(now))
                return "whole" if self.level else "diverged"
            case "diff" if self.level:
                verdict = self.apply(data)
                if verdict == "applied": self.changed()
                elif verdict == "gap": self.resume(now, level=True)
                elif verdict == "unknownAlias": self.resume(self.repair(now))
                return verdict
            case "hash" if self.level and data.get("version") == self.version and "hash" in data:
                own = view_hash(self.document)
                if own == data["hash"]:
                    self.proven = self.version
                    return "proven"
                if now >= self.repair_due:
                    self.repair(now)
                    self.session.tell("hash", view=self.view, version=self.version, hash=own)
                return "diverged"
            case "event":
                verdict = self.inbox.received(data["sequence"])
                if verdict in ("fresh", "gap"):
                    self.news.put_nowait({**data, "verdict": verdict, "missing": self.inbox.missing})
                if "name" not in self.asked: self.inbox.finished(data["sequence"])
                self.left -= 1
                return verdict
        return "ignored"

class Session:
    is_connected, refresh_due = False, inf
    window: int | None = None                     # drain's
    ending: Data | None = None                    # the server's close
    def __init__(self, token: str, instance: str, binary: bool,
                 told: Callable[[str, Data], None]) -> None:
        """`told` hears all that comes, with what became of it."""
        self.token, self.instance, self.binary, self.told = token, instance, binary, told
        self.terms = {"messageBytes": 1048576, "inFlight": 256, "unconfirmedBytes": 65536,
                      "unconfirmedTime": 10000, "heartbeatTime": 30000}
        self.subscriptions, self.requests = dict[int, Subscription](), dict[int, Any]()
        self.standing = dict[tuple[str, str], bytes]()  # wills and presence, by topic
        self.ids, self.numbers, self.nonces = count(1), count(1), count(1)
        self.retry, self.woken = Retry(), Event()  # woken: there may be something to say
    def tell(self, kind: str, **data: Any) -> bytes:
        """Said if there is a connection, else never."""
        raw = encode(kind, data, self.binary)
        if self.is_connected: self.outgoing.append(raw)
        self.woken.set()
        return raw
    def request(self, kind: str, **data: Any) -> Future[Data]:
        """A publish, a command or a history: said until it is answered (L3)."""
        raw = encode(kind, {"id": (number := next(self.numbers)), **data}, self.binary)
        if len(raw) > self.terms["messageBytes"]: raise Refused("longer than messageBytes")  # N2
        answer = Future[Data]()
        self.requests[number] = SimpleNamespace(
            raw=raw, sent=False, due=0, retry=Retry(), answer=answer)
        self.woken.set()
        return answer
    def stand(self, kind: str, topic: str, **data: Any) -> None:
        """A will or a presence: said now, and again on every later connection (L30)."""
        self.standing[kind, topic] = self.tell(kind, topic=topic, **data)
        if all(value is None for value in data.values()): del self.standing[kind, topic]
    def connected(self, now: float) -> None:
        self.is_connected, self.ending, self.window = True, None, None
        self.outgoing, self.heard, self.said = list[bytes](), now, now
        self.position, self.reported, self.unreported = 0, 0, inf  # bytes, and since when (L9)
        self.tell("open", version=1, features=["hash", "rates"], instance=self.instance)
        self.tell("authenticate", token=self.token)
        for each in self.subscriptions.values(): each.ask()
        self.outgoing += self.standing.values()
        for item in self.requests.values(): item.sent = False
    def report(self) -> int:
        self.reported, self.unreported = self.position, inf
        return self.position
    def say(self, now: float) -> list[bytes]:
        """All that is to be sent now, in order."""
        if not self.is_connected: return []
        for each in self.subscriptions.values(): each.say(now)
        if ((now - self.unreported) * 3 >= self.terms["unconfirmedTime"] or
                (self.position - self.reported) * 4 >= self.terms["unconfirmedBytes"]):
            self.tell("seen", position=self.report())
        free = self.terms["inFlight"] - sum(item.sent for item in self.requests.values())
        ready = [item for item in self.requests.values() if not item.sent and item.due <= now]
        for item in ready[:max(free, 0)]:
            item.sent = True
            self.outgoing.append(item.raw)
        if not self.outgoing and now - self.said >= self.terms["heartbeatTime"]:  # S5
            self.tell("ping", nonce=next(self.nonces))
        said, self.outgoing = self.outgoing, []
        self.said = now if said else self.said
        return said
    def is_dead(self, now: float) -> bool:
        return now - self.heard >= 3 * self.terms["heartbeatTime"]
    def settle(self, number: int, data: Data) -> str:
        item = self.requests.pop(number, None)
        if item and not item.answer.done(): item.answer.set_result(data)
        return "settled" if item else "unknown"
    def answered(self, data: Data, now: float) -> str:
        item, code = self.requests.get(data["id"]), data.get("code", 0)
        if not item or not 100 <= code <= 299: return self.settle(data["id"], data)
        wait = item.retry.wait(code, now)         # L2
        item.sent, item.due = False, now + (data.get("after", wait) if code >= 200 else wait)
        return "postponed"
    def received(self, raw: bytes, now: float) -> None:
        self.heard, self.position = now, self.position + len(raw)
        self.unreported = min(self.unreported, now)
        if self.ending: return                    # S13
        try:
            kind, data = decode(raw, self.binary)
        except Refused as problem:
            return self.told("malformed", {"reason": str(problem)})
        match kind:
            case "subscribed" | "unsubscribed" | "snapshot" | "diff" | "event" | "hash" | "lag":
                key = "id" if "id" in data else "view"
                for each in [*self.subscriptions.values()]:
                    if getattr(each, key) == data[key]:
                        verdict = each.take(kind, data, now)
                        self.told(kind, {**data, "id": each.id, "verdict": verdict})
                return
            case "opened":                        # V1, N1, N3
                if data["version"] != 1: self.ending = {"code": 512}
                self.terms |= {name: value for name, value in data.get("terms", {}).items()
                               if type(value) is int and value > 0}
            case "authenticated":                 # S3, S11
                self.retry.tries, self.refresh_due = 0, now + data.get("expires", inf) * 0.8
            case "ack" | "nack" | "reply" | "page": data["verdict"] = self.answered(data, now)
            case "ping": self.tell("pong", nonce=data["nonce"], position=self.report())
            case "drain": self.window = data["window"]
            case "close": self.ending = data
        self.told(kind, data)
