"""The client: a session over WebSockets that comes back by itself (spec/transports.md)."""
import asyncio
from contextlib import suppress
from secrets import token_hex
from time import monotonic
from typing import Any, Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from .session import Data, Ended, Session, Subscription, back_off

class Client(Session):
    """The token is a text, or a function that gets one: then it is got anew whenever it is due."""
    refreshing: asyncio.Task[None] | None = None
    ended: Ended | None = None
    tries, connections = -1, 0
    def __init__(self, url: str, token: str | Callable[[], Awaitable[str]],
                 encoding: str = "messagepack", instance: str | None = None,
                 on_notice: Callable[[str, Data], None] = lambda kind, data: None) -> None:
        super().__init__("", instance or token_hex(8), encoding == "messagepack")
        self.url, self.source, self.on_notice, self.woken = url, token, on_notice, asyncio.Event()
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
        request = self.requests[self.request(kind, **data)]
        answer: Data = await request.setdefault("answer", asyncio.Future())
        if "code" not in answer: return answer
        raise Ended(answer["code"], answer.get("version"), answer.get("reason", ""))
    async def publish(self, topic: str, **change: Any) -> int:
        """set, unset, increment, if_, expire; or event. The version reached, or Ended."""
        change = {name.rstrip("_"): value for name, value in change.items()}
        return int((await self.ask("publish", topic=topic, **change))["version"])
    def disconnect(self) -> None:
        """Ends this connection; the next one resumes. For tests, and after a change of networks."""
        self.heard = float("-inf")
        self.wake()
    def wake(self) -> None: self.woken.set()
    def now(self) -> float: return monotonic() * 1000
    async def run(self) -> None:
        code = 102
        try:
            while not self.ended:
                code = await self.connection()
                wait = self.pause(code)
                if wait is None: break
                if code == 206 and not self.subscriptions and not self.requests:
                    self.woken.clear()            # until there is something to do
                    await self.woken.wait()
                await asyncio.sleep(wait / 1000)
        finally:
            self.ended = self.ended or Ended(code)
            for each in [*self.subscriptions.values()]: each.end(self.ended.code)
            for number in [*self.requests]: self.settle(number, {"code": self.ended.code})
    async def connection(self) -> int:
        """One connection, to its end. Its code; without one 200, or above 1000 WebSocket's."""
        code, name = 200, "msgpack" if self.binary else "json"
        self.ending = self.window = None
        try:
            self.token = self.source if isinstance(self.source, str) else await self.source()
            async with connect(self.url, subprotocols=[Subprotocol(f"fieldcast.v1.{name}")],
                               max_size=2 ** 26, ping_interval=None, close_timeout=1) as socket:
                self.connected(self.now())
                self.begun, self.connections = self.now(), self.connections + 1
                reader = asyncio.create_task(self.read(socket))
                reader.add_done_callback(lambda task: task.cancelled() or task.exception())
                await self.speak(socket, reader)
                code = int(socket.close_code or 200)
                if not reader.cancel(): await reader  # which tells why it ended
        except Exception as problem:              # also of the owner's function for tokens
            self.told("failed", {"reason": repr(problem)})
        return self.ending["code"] if self.ending else code - 3000 if code >= 3000 else code
    def pause(self, code: int) -> float | None:
        """How long to wait for the next connection; None: there is to be none (X1 to X3)."""
        ready, sent = self.is_ready, [n for n, item in self.requests.items() if item["sent"]]
        self.cut()
        if self.refreshing: self.refreshing.cancel()
        self.told("ended", {"code": code})
        for number in sent if code == 1009 else []: self.settle(number, {"code": code})
        if code >= 1000: code = 200
        given_up = isinstance(self.source, str) and 302 <= code < 400
        if code < 100 or code >= 500 or given_up: return None
        for each in self.subscriptions.values(): each.level = each.level and code < 400
        self.tries = 0 if ready else self.tries + 1
        if self.ending and "after" in self.ending: return float(self.ending["after"])
        if self.window is not None: return self.random.uniform(0, self.window)  # S15
        at_once = ready and not 200 <= code < 400 and self.now() - self.begun > 1000
        return 0 if at_once else back_off(self.tries, self.random)
    async def speak(self, socket: ClientConnection, reader: asyncio.Task[None]) -> None:
        """Looks ten times a second whether a timer is over, and at once if something is asked."""
        left = False
        while not (left or reader.done() or self.ending or self.is_dead(self.now())):
            self.woken.clear()
            wills = any(kind == "will" for kind, _ in self.standing)
            left = self.ended is not None or bool(
                self.window is not None and not self.requests and not wills)  # S15
            with suppress(ConnectionClosed):
                for raw in self.say(self.now()):
                    async with asyncio.timeout(3 * self.terms["heartbeatTime"] / 1000):
                        await socket.send(raw, text=not self.binary)
            with suppress(TimeoutError): await asyncio.wait_for(self.woken.wait(), 0.1)
    async def read(self, socket: ClientConnection) -> None:
        while True:
            raw = await socket.recv(decode=False)
            for kind, data in self.received(raw, self.now()): self.told(kind, data)
            while len(self.outgoing) > 1000: await asyncio.sleep(0.01)  # nobody reads
    def told(self, kind: str, data: Data) -> None:
        if kind == "authenticated" and "expires" in data and not isinstance(self.source, str):
            self.refreshing = asyncio.create_task(self.refresh(data["expires"], self.source))
        asyncio.get_running_loop().call_soon(self.on_notice, kind, data)
    async def refresh(self, left: float, source: Callable[[], Awaitable[str]]) -> None:
        await asyncio.sleep(left * 0.8 / 1000)    # S3
        self.tell("refresh", token=await source())
