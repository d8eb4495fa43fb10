"""The client: a session over WebSockets that comes back by itself (spec/sessions.md)."""
import asyncio
from contextlib import suppress
from itertools import count
from math import inf
from random import uniform
from secrets import token_hex
from time import monotonic
from types import SimpleNamespace as Item
from typing import Any, Awaitable, Callable

from websockets import ClientConnection, Subprotocol, connect

from .document import Data
from .encoding import TERMS, Refused, decode, encode
from .subscription import Ended, Retry, Subscription

class Client:
    """The token is a text, or a function that gets one: then it is got anew whenever it is due."""
    is_connected, connections, refresh_due, window = False, 0, inf, -1  # window: drain's
    ending: Data | None = None                    # the server's close
    ended: Ended | None = None
    def __init__(self, url: str, token: str | Callable[[], Awaitable[str]],
                 encoding: str = "messagepack", instance: str | None = None,
                 on_notice: Callable[[str, Data], None] = lambda kind, data: None) -> None:
        self.url, self.source, self.told = url, token, on_notice
        self.binary, self.instance = encoding == "messagepack", instance or token_hex(8)
        self.subscriptions, self.requests = dict[int, Subscription](), dict[int, Any]()
        self.standing = dict[tuple[str, str], bytes]()  # wills and presence, by topic
        self.ids, self.numbers, self.nonces, self.terms = count(1), count(1), count(1), {**TERMS}
        self.retry, self.woken = Retry(), asyncio.Event()  # woken: there may be something to say
    async def __aenter__(self) -> "Client":
        self.running = asyncio.create_task(self.run())
        return self
    async def __aexit__(self, *_: Any) -> None:
        """Leaves for good: last wills are void (S13)."""
        self.ended = self.ended or Ended(102)
        self.tell("close", code=102)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.running, timeout=2 if self.is_connected else 0)

    def subscribe(self, topic: str, **asked: Any) -> Subscription:
        """fields, rate, hash; for events name, start, credit, unordered."""
        if self.ended: raise self.ended
        return Subscription(self, topic, **asked)
    def ask(self, kind: str, **data: Any) -> asyncio.Future[Data]:
        """A publish, a command or a history, until it is answered (L3): the answer, or Ended."""
        if self.ended: raise self.ended
        raw = encode(kind, {"id": (number := next(self.numbers)), **data}, self.binary)
        if len(raw) > self.terms["messageBytes"]: raise Refused("longer than messageBytes")  # N2
        answer = asyncio.Future[Data]()
        self.requests[number] = Item(raw=raw, sent=False, due=0, retry=Retry(), answer=answer)
        self.woken.set()
        return answer
    async def publish(self, topic: str, **change: Any) -> int:
        """set, unset, increment, if_, expire; or event. The version reached, or Ended."""
        change = {name.rstrip("_"): value for name, value in change.items()}
        return int((await self.ask("publish", topic=topic, **change))["version"])
    def stand(self, kind: str, topic: str, **data: Any) -> None:
        """A will or a presence: said now, and again on every later connection (L30)."""
        self.standing[kind, topic] = self.tell(kind, topic=topic, **data)
        if all(value is None for value in data.values()): del self.standing[kind, topic]
    def tell(self, kind: str, **data: Any) -> bytes:
        """Said if there is a connection, else never."""
        raw = encode(kind, data, self.binary)
        if self.is_connected: self.outgoing.append(raw)
        self.woken.set()
        return raw

    def connected(self, token: str, now: float) -> None:
        self.is_connected, self.ending, self.window = True, None, -1
        self.connections += 1
        self.outgoing, self.heard, self.said = list[bytes](), now, now
        self.position, self.reported, self.unreported = 0, 0, inf  # bytes, and since when (L9)
        self.tell("open", version=1, features=["hash", "rates"], instance=self.instance)
        self.tell("authenticate", token=token)
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
    def answered(self, number: int, data: Data, now: float) -> str:
        item, code = self.requests.get(number), data.get("code", 0)
        if not item: return "unknown"
        if 100 <= code <= 299 and not self.ended:
            wait = item.retry.wait(code, now)     # L2
            item.sent, item.due = False, now + (data.get("after", wait) if code >= 200 else wait)
            return "postponed"
        del self.requests[number]
        if item.answer.done(): return "settled"   # its owner no longer waits
        if not code: item.answer.set_result(data)
        else: item.answer.set_exception(Ended(code, data.get("version"), data.get("reason", "")))
        return "settled"
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
            case "ack" | "nack" | "reply" | "page":
                data["verdict"] = self.answered(data["id"], data, now)
            case "ping": self.tell("pong", nonce=data["nonce"], position=self.report())
            case "drain": self.window = data["window"]
            case "close": self.ending = data
        self.told(kind, data)

    def now(self) -> float: return monotonic() * 1000
    async def run(self) -> None:
        try:
            while not self.ended:
                await asyncio.sleep(self.pause(await self.connection()) / 1000)
        finally:
            self.ended = self.ended or Ended(102)
            for each in [*self.subscriptions.values()]: each.end(self.ended.code)
            for number in [*self.requests]: self.answered(number, {"code": self.ended.code}, 0)
    async def connection(self) -> int:
        """One connection, to its end: its code, or WebSocket's own below 3000."""
        socket, left, self.ending, self.window = None, False, None, -1
        protocol = Subprotocol("fieldcast.v1.msgpack" if self.binary else "fieldcast.v1.json")
        try:
            token = await self.source() if callable(self.source) else self.source
            async with (connect(self.url, subprotocols=[protocol], max_size=None, close_timeout=1,
                                ping_interval=None) as socket, asyncio.TaskGroup() as group):
                self.connected(token, self.now())
                listening = group.create_task(self.listen(socket))
                while not (left or self.ending or self.is_dead(self.now())):
                    self.woken.clear()
                    left = self.ended is not None
                    if callable(self.source) and self.now() >= self.refresh_due:
                        self.refresh_due = inf
                        self.tell("refresh", token=await self.source())
                    async with asyncio.timeout(self.terms["heartbeatTime"] * 3 / 1000):
                        for raw in self.say(self.now()):
                            await socket.send(raw, text=not self.binary)
                    with suppress(TimeoutError):  # timers are looked at ten times a second
                        await asyncio.wait_for(self.woken.wait(), 0.1)
                listening.cancel()
        except Exception as problem:              # also of the owner's functions
            self.told("failed", {"reason": repr(problem)})
        self.is_connected = False
        return self.ending["code"] + 3000 if self.ending else socket and socket.close_code or 1006
    async def listen(self, socket: ClientConnection) -> None:
        while not self.ending:
            self.received(await socket.recv(decode=False), self.now())
            self.woken.set()
    def pause(self, closed: int) -> float:
        """How long to wait for the next connection, if there is to be one (X1 to X3, X7)."""
        code = closed - 3000 if closed >= 3100 else 200
        sent = sorted((len(item.raw), n) for n, item in self.requests.items() if item.sent)
        if closed == 1009 and sent: self.answered(sent[-1][1], {"code": 508}, 0)
        self.told("ended", {"code": code})
        if code >= 500 or 302 <= code < 400 and isinstance(self.source, str):
            self.ended = Ended(code)
        if self.ended: return 0
        for each in self.subscriptions.values(): each.level = each.level and code < 400
        if self.ending and "after" in self.ending: return float(self.ending["after"])
        return self.retry.wait(code, self.now()) if self.window < 0 else uniform(0, self.window)
