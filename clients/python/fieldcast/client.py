"""The client: a session over WebSockets that comes back by itself (spec/transports.md)."""
from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any, AsyncIterator, Awaitable, Callable, NamedTuple, Optional, Union

import websockets
from websockets.exceptions import ConnectionClosed, WebSocketException

from .delivery import back_off
from .session import EVENTS, Session

Token = Union[str, Callable[[], Awaitable[str]]]


class Ended(Exception):
    """A request was refused, or a subscription or the client ended, with a code."""

    def __init__(self, code: int, version: Optional[int] = None, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code, self.version, self.reason = code, version, reason


class Event(NamedTuple):
    sequence: int
    data: Any
    time: Any
    deliveries: int
    missing: Optional[int]                        # the first that did not come, if there is a hole


class Watch:
    """A subscription. Iterate over it for documents, over `events()` for events."""

    def __init__(self, client: Client, topic: str, asked: dict[str, Any]) -> None:
        self._client, self._session = client, client.session
        self.subscription = self._session.subscribe(topic, **asked)
        self.id, self.gone, self._spent = self.subscription.id, 0, 0
        self._credit = asked.get("credit", 64) if "name" in asked else 0
        self._changed, self._events = asyncio.Event(), asyncio.Queue[Optional[Event]]()
        self._ended: Optional[Ended] = None
        self._proofs: list[asyncio.Future[bool]] = []

    @property
    def document(self) -> dict[str, Any]:
        return self.subscription.document

    @property
    def version(self) -> int:
        return self.subscription.version

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """The document, whenever it changed; changes that nobody waited for come as one."""
        while await self._changed.wait() and not self._ended:
            self._changed.clear()
            yield self.document
        if self._ended and self._ended.code:
            raise self._ended

    async def events(self) -> AsyncIterator[Event]:
        """What is new. Under a name each is to be `done` or `refuse`d; else it is by itself."""
        while (event := await self._events.get()) is not None:
            yield event
            if not self._credit:
                self.done(event)
        if self._ended and self._ended.code:
            raise self._ended

    def done(self, event: Event) -> None:
        self._session.done(self.id, event.sequence)
        self._spend()

    def refuse(self, event: Event, code: int = 210, after: Optional[int] = None) -> None:
        """210: not now, 211: still working on it, 520: never."""
        self._session.refuse(self.id, event.sequence, code, after)
        if code != 211:
            self._spend()

    async def prove(self) -> bool:
        """Whether what is held is what the server holds; if not, it is being mended."""
        if self.subscription.kind == EVENTS:
            return True                           # there is nothing held
        self._proofs.append(asyncio.get_running_loop().create_future())
        self._session.prove(self.id)
        self._client.wake()
        return await self._proofs[-1]

    def end(self) -> None:
        self._session.unsubscribe(self.id)
        self.stop(Ended(0))

    def stop(self, why: Ended) -> None:
        self._ended = self._ended or why
        self._client.watches.pop(self.id, None)
        self._changed.set()
        self._events.put_nowait(None)
        self._settle(error=why)
        self._client.wake()

    def notice(self, name: str, data: dict[str, Any]) -> None:
        if name == "event" and data["verdict"] in ("fresh", "gap"):
            self._events.put_nowait(Event(
                data["sequence"], data["data"], data.get("time"), data.get("deliveries", 0),
                data["missing"] if data["verdict"] == "gap" else None))
        elif name == "event":
            self._spend()
        elif name in ("snapshot", "changed"):
            self._changed.set()
        elif name in ("proven", "diverged"):
            self._settle(name == "proven")
        elif name == "unsubscribed":
            self.stop(Ended(data.get("code", 0)))
        elif name == "subscribed":
            self.gone, self._spent = self.gone + data.get("gone", 0), 0
            if self._proofs:
                self._session.prove(self.id)

    def _spend(self) -> None:
        self._spent += 1
        if self._credit and self._spent * 2 >= self._credit:
            self._session.tell("credit", id=self.id, amount=self._spent)
            self._spent = 0
        self._client.wake()

    def _settle(self, result: bool = False, error: Optional[Exception] = None) -> None:
        proofs, self._proofs = self._proofs, []
        for future in proofs:
            if not future.done():
                future.set_exception(error) if error else future.set_result(result)


class Client:
    def __init__(self, url: str, token: Token, *, encoding: str = "messagepack",
                 instance: Optional[str] = None, agent: str = "fieldcast-python/0.1",
                 on_notice: Optional[Callable[[str, dict[str, Any]], None]] = None,
                 max_size: Optional[int] = 2 ** 26) -> None:
        binary = encoding == "messagepack"
        self.url, self.token, self.on_notice, self.max_size = url, token, on_notice, max_size
        self.protocol = "fieldcast.v1.msgpack" if binary else "fieldcast.v1.json"
        self.session = Session("", instance or secrets.token_hex(8), binary, agent)
        self.watches: dict[int, Watch] = {}
        self.connections, self._tries = 0, 0
        self._ended: Optional[Ended] = None
        self._begun, self._sent = 0.0, list[int]()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._woken, self._leaving = asyncio.Event(), asyncio.Event()
        self._refreshing: Optional[asyncio.Task[None]] = None

    async def __aenter__(self) -> Client:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def subscribe(self, topic: str, **asked: Any) -> Watch:
        """fields, rate, hash; for events name, start, credit, unordered."""
        watch = Watch(self, topic, asked)
        self.watches[watch.id] = watch
        if self._ended:
            watch.stop(self._ended)
        self.wake()
        return watch

    async def publish(self, topic: str, **change: Any) -> int:
        """set, unset, increment, if_, expire; or event. The version reached, or Ended."""
        change = {name.rstrip("_"): value for name, value in change.items()}
        return int((await self._ask("publish", topic=topic, **change))["version"])

    async def command(self, name: str, data: Any = None) -> Any:
        return (await self._ask("command", name=name, data=data)).get("data")

    async def history(self, topic: str, limit: int = 100, start: Any = None) -> dict[str, Any]:
        page = await self._ask("history", topic=topic, limit=limit, start=start)
        return {"events": page.get("events", []), "next": page.get("next")}

    def signal(self, topic: str, data: Any) -> None:
        self.session.tell("signal", topic=topic, data=data)
        self.wake()

    def presence(self, topic: str, state: Any = None) -> None:
        self.session.stand("presence", topic, state=state)
        self.wake()

    def will(self, topic: str, **change: Any) -> None:
        change = {name.rstrip("_"): value for name, value in change.items()}
        self.session.stand("will", topic, **change)
        self.wake()

    def disconnect(self) -> None:
        """Ends this connection; the next one resumes. For tests, and after a change of networks."""
        self.session.heard = float("-inf")
        self.wake()

    async def close(self) -> None:
        """Leaves for good: last wills are void."""
        self.session.tell("close", code=102)
        self._leaving.set()
        self.wake()
        await asyncio.wait({self._task}, timeout=3)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        self._woken.set()

    async def _ask(self, kind: str, **data: Any) -> dict[str, Any]:
        if self._ended:
            raise self._ended
        number = self.session.request(kind, **data)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self.wake()
        return await self._answers[number]

    async def _run(self) -> None:
        end, leaving = Ended(102), asyncio.create_task(self._leaving.wait())
        try:
            wait: Optional[float] = 0
            while wait is not None and not self._leaving.is_set():
                code, ready = await self._connection()
                wait, end = self._next(code, ready), Ended(code)
                if code == 206 and not (self.session.subscriptions or self.session.outbox.items):
                    self._woken.clear()           # until there is something to do
                    await self._woken.wait()
                await asyncio.wait({leaving}, timeout=(wait or 0) / 1000)
        finally:
            leaving.cancel()
            self._ended = end
            for watch in list(self.watches.values()):
                watch.stop(end)
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(end)

    async def _connection(self) -> tuple[int, bool]:
        session, code, ready = self.session, 200, False
        try:
            session.token = await self._token()
            async with websockets.connect(
                    self.url, subprotocols=[self.protocol], max_size=self.max_size,  # type: ignore
                    ping_interval=None, close_timeout=1) as socket:
                self._begun = self._now()
                session.connected(self._begun)
                self.connections += 1
                await self._speak(socket)
            code = int(socket.close_code or 200)
        except (OSError, WebSocketException, asyncio.TimeoutError) as problem:
            self._tell("failed", {"reason": str(problem)})
        finally:
            ready = session.is_ready
            self._sent = [number for number, item in session.outbox.items.items() if item.sent]
            session.cut()
            if self._refreshing:
                self._refreshing.cancel()
        code = (session.ending or {}).get("code", code - 3000 if code >= 3000 else code)
        self._tell("ended", {"code": code})
        return code, ready

    def _next(self, code: int, ready: bool) -> Optional[float]:
        """How long to wait until the next connection; none: no other is to be made (X1, X3)."""
        session = self.session
        if code == 1009:                          # X2
            for number in self._sent:
                if session.outbox.items.pop(number, None) and number in self._answers:
                    self._answers.pop(number).set_exception(Ended(code))
        code = 200 if code >= 1000 else code
        if code < 100 or code >= 500 or (isinstance(self.token, str) and 302 <= code < 400):
            return None
        if 400 <= code < 500:
            for each in session.subscriptions.values():
                each.level = False
        self._tries = 0 if ready else self._tries
        after = (session.ending or {}).get("after")
        if after is not None:
            return float(after)
        if session.window is not None:            # S15
            return session.random.uniform(0, session.window)
        if ready and (code < 200 or code >= 400) and self._now() - self._begun > 1000:
            return 0                              # at once, but not over and over
        self._tries += 1
        return back_off(self._tries - 1, session.random)

    async def _speak(self, socket: Any) -> None:
        session = self.session
        reader = asyncio.create_task(self._read(socket))
        try:
            while not reader.done():
                self._woken.clear()
                for raw in session.say(self._now()):
                    await socket.send(raw)
                drained = session.window is not None and not session.outbox.items
                if session.ending or session.is_dead(self._now()) or self._leaving.is_set() or (
                        drained and not any(kind == "will" for kind, _ in session.standing)):
                    break
                wait = max(session.deadline(self._now()) - self._now(), 0) / 1000
                try:
                    await asyncio.wait_for(self._woken.wait(), wait)
                except asyncio.TimeoutError:
                    pass
        except ConnectionClosed:
            pass
        finally:
            if not reader.done():
                reader.cancel()
            problem, = await asyncio.gather(reader, return_exceptions=True)
            if isinstance(problem, Exception):    # of `on_notice`
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "reading what came", "exception": problem})

    async def _token(self) -> str:
        try:
            return self.token if isinstance(self.token, str) else await self.token()
        except Exception as problem:              # the owner's function; it is asked again later
            raise OSError(f"no token: {problem!r}") from problem

    async def _read(self, socket: Any) -> None:
        try:
            async for raw in socket:
                for name, data in self.session.received(raw, self._now()):
                    self._tell(name, data)
                self.wake()
                while len(self.session.outgoing) > 1000:  # somebody asks faster than they read
                    await asyncio.sleep(0.01)
        except ConnectionClosed:
            pass
        finally:
            self.wake()

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        if name in ("outcome", "closing", "problem", "failed", "ended", "drain"):
            future = self._answers.get(data.get("id", -1)) if name == "outcome" else None
            if future and data["outcome"] not in ("postponed", "unknown"):
                del self._answers[data["id"]]
                if not future.done():
                    if data["outcome"] == "refused":
                        future.set_exception(
                            Ended(data["code"], data.get("version"), data.get("reason", "")))
                    else:
                        future.set_result(data)
        elif "id" in data and data["id"] in self.watches:
            self.watches[data["id"]].notice(name, data)
        elif name == "authenticated" and "expires" in data and not isinstance(self.token, str):
            if self._refreshing:
                self._refreshing.cancel()
            self._refreshing = asyncio.create_task(self._refresh(data["expires"]))
        if self.on_notice:
            self.on_notice(name, data)

    async def _refresh(self, left: float) -> None:
        while True:                               # S3: a fifth of the time is left for the answer
            await asyncio.sleep(max(left * 0.8 / 1000, 0.05))
            left *= 0.2
            try:
                self.session.refresh(await self._token())
                self.wake()
            except OSError as problem:
                self._tell("failed", {"reason": str(problem)})

    @staticmethod
    def _now() -> float:
        return time.monotonic() * 1000
