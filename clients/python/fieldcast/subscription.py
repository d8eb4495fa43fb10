"""What is watched (spec/sessions.md, spec/delivery.md). All times are in milliseconds."""
from asyncio import Queue
from math import inf
from random import uniform
from typing import Any, AsyncIterator

from .document import Data, leaves, put, remove, view_hash

EVENTS = 2                                        # the kind of topics that hold a log

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
        done = {s for s in self.beyond if self.beyond[s]}
        first, last = (sorted(s for s in done if s + step not in done) for step in (-1, 1))
        return {"version": self.done, "ranges": [*zip(first, last)]}

class Subscription:
    """What is watched, and what is held of it (the last table of spec/sessions.md)."""
    level = read = False                          # there is something to resume from; is iterated
    view = proven = -1                            # the connection's number; a version
    kind, epoch, print, repair_due, repairs = 0, "", "", 0.0, 0
    ended: Ended | None = None
    def __init__(self, client: Any, topic: str, **asked: Any) -> None:
        self.document, self.version, self.aliases = Data(), 0, dict[int, str]()
        self.client, self.id, self.topic, self.asked = client, next(client.ids), topic, asked
        self.inbox, self.retry, self.news = Inbox(0), Retry(), Queue[Data | None]()
        self.ask()
        client.subscriptions[self.id] = self
    async def __aiter__(self) -> AsyncIterator[Data]:
        """The document, whenever it changed; or every event, to be `done` or `refuse`d."""
        self.read = True
        while not self.ended or not self.news.empty():
            if (item := await self.news.get()) is not None: yield item
        if self.ended and self.ended.code: raise self.ended
    def done(self, sequence: int) -> None:
        self.inbox.finished(sequence)
        self.client.woken.set()
    def refuse(self, sequence: int, code: int = 210, after: int | None = None) -> None:
        """210: not now, 211: still working on it, 520: never."""
        self.client.tell("nack", id=self.id, code=code, version=sequence, after=after)
        if code == 210: self.inbox.beyond.pop(sequence, None)
        if code == 520: self.done(sequence)
    def prove(self) -> None:
        """Asks for the hash: either `proven` becomes `version`, or what is held is mended."""
        if self.view >= 0: self.client.tell("hash", view=self.view)
    def end(self, code: int | None = None) -> None:
        if self.client.subscriptions.pop(self.id, None) and code is None:
            self.client.tell("unsubscribe", id=self.id)
        self.ended = self.ended or Ended(code or 0)
        self.news.put_nowait(None)
    def ask(self) -> None:
        version = self.inbox.done if self.kind == EVENTS else self.version
        cursor = [self.epoch, version, self.print] if self.level else None
        self.client.tell("subscribe", id=self.id, topic=self.topic, **self.asked, cursor=cursor)
        self.view, self.begun, self.again = -1, (-1, -1), inf  # begun: a snapshot, and its part
        self.credit = self.left = self.asked.get("credit", 64)
    def say(self, now: float) -> None:
        if self.again <= now: self.ask()
        if "name" not in self.asked: return
        if self.inbox.unsaid: self.client.tell("ack", id=self.id, **self.inbox.acknowledgement())
        used = self.credit - self.left - [*self.inbox.beyond.values()].count(False)
        if self.read and used * 2 >= max(self.credit, 1):  # L16
            self.client.tell("credit", id=self.id, amount=used)
            self.left += used
    def repair(self, now: float) -> float:
        """When it may be: at once, then after 2 seconds, 4, 8 … 64."""
        when, self.repairs = max(now, self.repair_due), min(self.repairs + 1, 6)
        self.repair_due = when + 1000 * 2 ** self.repairs
        return when
    def apply(self, diff: Data) -> str:
        """applied, stale or gap (D15); or unknownAlias, and nothing is done (E16)."""
        if diff["to"] <= self.version: return "stale"
        if diff["from"] > self.version: return "gap"
        names = self.aliases | diff.get("names", {})
        unset, sets = diff.get("unset", []), diff.get("sets") or [*leaves(diff.get("set", {}))]
        used = {name for path in [*unset, *(path for path, _ in sets)] for name in path}
        if any(type(name) is int and name not in names for name in used): return "unknownAlias"
        for path in unset: remove(self.document, [names.get(name, name) for name in path])
        for path, value in sets: put(self.document, [names.get(name, name) for name in path], value)
        self.aliases, self.version = names, diff["to"]
        return "applied"
    def lay(self, snapshot: Data) -> str:
        """part, whole, diverged; or ignored, if it does not follow (S14, S16)."""
        version, part = snapshot["version"], snapshot.get("part", 0)
        if part and self.begun != (version, part - 1): return "ignored"
        if not part:
            if snapshot["epoch"] != self.epoch: self.inbox = Inbox(version)
            self.document.clear()
            self.aliases, self.version, self.epoch = {}, version, snapshot["epoch"]
        for path, value in leaves(snapshot.get("document", {})): put(self.document, path, value)
        self.aliases |= snapshot.get("names", {})
        self.begun, self.level = (version, part), False
        if "hash" not in snapshot: return "part"
        self.begun, self.level = (-1, -1), view_hash(self.document) == snapshot["hash"]
        return "whole" if self.level else "diverged"
    def take(self, kind: str, data: Data, now: float) -> str:
        """What became of a message that is about this subscription."""
        verdict, code = "ignored", data.get("code", 0)
        match kind:
            case "subscribed":
                epoch, version, self.print = data["cursor"]
                if data["verdict"] == 2 or epoch != self.epoch: self.inbox = Inbox(version)
                else: self.inbox.finished(version, all_before=True)
                self.view, self.kind, self.epoch = data["view"], data["kind"], epoch
                self.level = data["verdict"] != 2 or self.kind == EVENTS
                self.again, self.retry.tries = inf, 0
                verdict = ("continued", "caughtUp", "snapshot", "gone")[data["verdict"]]
            case "unsubscribed" if code // 100 in (1, 2, 4):  # X1, S21
                self.view, self.level = -1, self.level and code < 300
                self.again, verdict = now + self.retry.wait(code, now), "postponed"
            case "unsubscribed":
                self.end(code)
                verdict = "ended"
            case "snapshot": verdict = self.lay(data)
            case "diff" if self.level: verdict = self.apply(data)
            case "hash" if self.level and data.get("version") == self.version and "hash" in data:
                own = view_hash(self.document)
                if own == data["hash"]: self.proven = self.version
                elif now >= self.repair_due:
                    self.repair(now)
                    self.client.tell("hash", view=self.view, version=self.version, hash=own)
                return "proven" if own == data["hash"] else "diverged"
            case "event":
                self.left -= 1
                verdict = self.inbox.received(data["sequence"])
                if verdict in ("fresh", "gap"): self.news.put_nowait({**data, "verdict": verdict})
                if "name" not in self.asked: self.inbox.finished(data["sequence"])
                return verdict
        if verdict in ("applied", "whole") and self.kind < EVENTS and self.news.empty():
            self.news.put_nowait(self.document)
        if verdict in ("gap", "diverged", "unknownAlias"):
            self.view, self.level = -1, verdict == "gap"
            self.again = now if self.level else self.repair(now)
        return verdict
