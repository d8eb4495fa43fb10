"""The client: a session over WebSockets that comes back by itself (spec/transports.md)."""
import asyncio
from contextlib import suppress
from math import inf
from random import uniform
from secrets import token_hex
from time import monotonic
from typing import Any, Awaitable, Callable

from websockets import ClientConnection, ConnectionClosed, Subprotocol, connect

from .session import Data, Ended, Session, Subscription

class Client(Session):
    """The token is a text, or a function that gets one: then it is got anew whenever it is due."""
    ended: Ended | None = None
    connections = 0
    def __init__(self, url: str, token: str | Callable[[], Awaitable[str]],
                 encoding: str = "messagepack", instance: str | None = None,
                 on_notice: Callable[[str, Data], None] = lambda kind, data: None) -> None:
        super().__init__("", instance or token_hex(8), encoding == "messagepack", on_notice)
        self.url, self.source = url, token
    async def __aenter__(self) -> "Client":
        self.running = asyncio.create_task(self.run())
        return self
    async def __aexit__(self, *_: Any) -> None:
        """Leaves for good: last wills are void (S13)."""
        self.ended = self.ended or Ended(102)
        self.tell("close", code=102)
        await asyncio.wait({self.running}, timeout=2 if self.is_connected else 0)
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
    def subscribe(self, topic: str, **asked: Any) -> Subscription:
        """fields, rate, hash; for events name, start, credit, unordered."""
        if self.ended: raise self.ended
        return Subscription(self, topic, **asked)
    async def ask(self, kind: str, **data: Any) -> Data:
        """A publish, a command or a history: the answer's fields, or Ended."""
        if self.ended: raise self.ended
        answer = await self.request(kind, **data)
        if "code" not in answer: return answer
        raise Ended(answer["code"], answer.get("version"), answer.get("reason", ""))
    async def publish(self, topic: str, **change: Any) -> int:
        """set, unset, increment, if_, expire; or event. The version reached, or Ended."""
        change = {name.rstrip("_"): value for name, value in change.items()}
        return int((await self.ask("publish", topic=topic, **change))["version"])
    def disconnect(self) -> None:
        """Ends this connection; the next one resumes. For tests, and after a change of networks."""
        self.heard = -inf
    def now(self) -> float: return monotonic() * 1000
    async def run(self) -> None:
        try:
            while not self.ended:
                await asyncio.sleep(self.pause(await self.connection()) / 1000)
        finally:
            self.ended = self.ended or Ended(102)
            for each in [*self.subscriptions.values()]: each.end(self.ended.code)
            for number in [*self.requests]: self.settle(number, {"code": self.ended.code})
    async def connection(self) -> int:
        """One connection, to its end: its code, or WebSocket's own below 3000."""
        socket = self.ending = self.window = None
        try:
            self.token = self.source if isinstance(self.source, str) else await self.source()
            async with connect(self.url, subprotocols=[Subprotocol(
                    f"fieldcast.v1.{'msgpack' if self.binary else 'json'}")], max_size=None,
                    ping_interval=None, close_timeout=1) as socket, asyncio.TaskGroup() as group:
                self.connected(self.now())
                self.connections += 1
                speaker = group.create_task(self.speak(socket))
                while not (speaker.done() or self.ending or self.is_dead(self.now())):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.1): raw = await socket.recv(decode=False)
                        self.received(raw, self.now())
                speaker.cancel()
        except Exception as problem:              # also of the owner's functions
            self.told("failed", {"reason": repr(problem)})
        self.is_connected = False
        return self.ending["code"] + 3000 if self.ending else socket and socket.close_code or 1006
    async def speak(self, socket: ClientConnection) -> None:
        """Looks ten times a second whether a timer is over, and at once if something is asked."""
        left = None
        while not left:
            self.woken.clear()
            left = self.ended
            if not isinstance(self.source, str) and self.now() >= self.refresh_due:
                self.refresh_due = inf
                self.tell("refresh", token=await self.source())
            with suppress(ConnectionClosed):
                for raw in self.say(self.now()): await socket.send(raw, text=not self.binary)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1): await self.woken.wait()
    def pause(self, closed: int) -> float:
        """How long to wait for the next connection, if there is to be one (X1 to X3, X7)."""
        code = closed - 3000 if closed >= 3100 else 200
        if closed == 1009:
            sent = sorted((len(item.raw), number) for number, item in self.requests.items() if item.sent)
            long = [number for length, number in sent if length > self.terms["messageBytes"]]
            for number in long or [number for _, number in sent[-1:]]: self.settle(number, {"code": 508})
        self.told("ended", {"code": code})
        if code >= 500 or isinstance(self.source, str) and 302 <= code < 400: self.ended = Ended(code)
        if code >= 400:
            for each in self.subscriptions.values(): each.level = False
        if self.ending and "after" in self.ending: return float(self.ending["after"])
        return self.retry.wait(code, self.now()) if self.window is None else uniform(0, self.window)
