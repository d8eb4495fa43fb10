"""Against a node, cuts included. FIELDCAST_NODE names it, else the repository's own build."""
import asyncio
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from fieldcast import Client, Custom, Ended, Refused, Time

ROOT = Path(__file__).resolve().parents[3]
PLACES = [os.environ.get("FIELDCAST_NODE", ""), ROOT / ".build/debug/fieldcast-node",
          ROOT / ".build/release/fieldcast-node"]
NODE = next((str(place) for place in PLACES if place and Path(place).is_file()), None)
ENCODINGS = ("messagepack", "json")


class Node:
    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.secret = Path(self.folder.name) / "token.secret"
        self.secret.write_text("0123456789abcdef" * 3)
        self.options = [option.format(self.folder.name) for option in options]
        self.start(0)

    def start(self, port):
        self.process = subprocess.Popen(
            [NODE, "--secret-file", str(self.secret), "--listen", f"127.0.0.1:{port}",
             *self.options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                return
        raise RuntimeError("the node does not start")

    def token(self, *options):
        options = options or ("--read", "**", "--write", "**")
        return subprocess.run([NODE, "token", "--secret-file", str(self.secret), *options],
                              capture_output=True, text=True, check=True).stdout.strip()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.kill()
        self.folder.cleanup()


class Proxy:
    """Passes bytes on, and cuts."""

    def __init__(self, port):
        self.target, self.pairs, self.refuses, self.deaf = port, [], False, False

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        self.cut()

    async def serve(self, reader, writer):
        if self.refuses:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self.pairs += [writer, back]
        await asyncio.gather(self.pass_on(reader, back, False), self.pass_on(there, writer, True))

    async def pass_on(self, reader, writer, down):
        try:
            while data := await reader.read(65536):
                if not (down and self.deaf):
                    writer.write(data)
                    await writer.drain()
        except (ConnectionError, OSError):
            pass
        writer.transport.abort()

    def cut(self):
        for writer in self.pairs:
            writer.transport.abort()
        self.pairs = []


async def until(condition, seconds=20):
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


async def proves(watch):
    watch.prove()
    await until(lambda: watch.proven == watch.version)


@unittest.skipUnless(NODE, "no fieldcast-node: set FIELDCAST_NODE, or build it")
class Live(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node("--topics", "jobs/**=event", "--topics", "signals/**=signal",
                        "--topics", "rows/**=collection")
        cls.token = cls.node.token()

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()

    async def asyncSetUp(self):
        asyncio.get_running_loop().slow_callback_duration = 10

    def client(self, encoding="messagepack", port=None, token=None, **more):
        notices = []
        client = Client(f"ws://127.0.0.1:{port or self.node.port}/v1/ws", token or self.token,
                        encoding=encoding, on_notice=lambda *n: notices.append(n), **more)
        client.notices = notices
        return client

    def topic(self, kind="room"):
        return f"{kind}/{self.id().rpartition('.')[2]}/{os.urandom(4).hex()}"

    async def test_documents(self):
        for encoding in ENCODINGS:
            topic = self.topic()
            whole = {"n": 1, "f": 0.1, "big": 2 ** 63, "b": b"\x00\xff", "t": Time(-1, 5 * 10 ** 8),
                     "c": Custom(-7, b"x"), "l": [1, {"$a": None}], "$d": {"e": {}}, "é": "🙂"}
            async with self.client(encoding) as one, self.client("json") as other:
                watch = other.subscribe(topic)
                self.assertEqual(await one.publish(topic, set=whole), 1)
                await until(lambda: watch.version == 1)
                self.assertEqual(watch.document, whole)
                await one.publish(topic, unset=[["n"]], increment=[[["f"], 1]])
                await one.publish(topic, set={"$d": {"e": {"x": 1}}})
                await until(lambda: watch.version == 3)
                self.assertEqual(watch.document["f"], 1.1)
                self.assertEqual(watch.document["$d"], {"e": {"x": 1}})
                self.assertNotIn("n", watch.document)
                await proves(watch)

    async def test_masks_and_rows(self):
        topic = self.topic("rows")
        async with self.client() as client:
            watch = client.subscribe(topic, fields=[[None, "a"]], hash=True)
            for row in range(30):
                await client.publish(topic, set={f"row{row}": {"a": row, "b": row}})
            await client.publish(topic, unset=[["row0"]])
            await until(lambda: watch.version == 31)
            self.assertEqual(watch.document, {f"row{row}": {"a": row} for row in range(1, 30)})
            await proves(watch)

    async def test_conditions_and_refusals(self):
        topic = self.topic()
        async with self.client() as client:
            await client.publish(topic, set={"x": 1})
            await client.publish(topic, set={"x": 2}, if_=[[["x"], 1]])
            with self.assertRaises(Ended) as caught:
                await client.publish(topic, set={"x": 3}, if_=[[["x"], 1]])
            self.assertEqual((caught.exception.code, caught.exception.version), (505, 2))
            with self.assertRaises(Ended) as caught:
                await client.ask("command", name="nothing", data={"x": 1})
            self.assertEqual(caught.exception.code, 504)
            with self.assertRaises(Refused):
                await client.publish(topic, set={"x": "y" * 2 ** 20})
            with self.assertRaises(Refused):
                await client.publish(topic, set=5)
            with self.assertRaises(ValueError):
                await client.publish(topic, set={"x": float("nan")})

    async def test_cuts_while_publishing(self):
        for encoding in ENCODINGS:
            topic = self.topic()
            async with Proxy(self.node.port) as proxy:
                async with self.client(encoding, proxy.port) as client, self.client() as sure:
                    watch, plain = client.subscribe(topic), sure.subscribe(topic)

                    async def cuts():
                        for _ in range(4):
                            await asyncio.sleep(0.15)
                            proxy.cut()
                    cutting = asyncio.create_task(cuts())
                    for burst in range(8):
                        await asyncio.gather(*(client.publish(topic, increment=[[["n"], 1]])
                                               for _ in range(25)))
                        await asyncio.sleep(0.1)
                    await cutting
                    await until(lambda: plain.version == watch.version == 200)
                    self.assertEqual(watch.document, {"n": 200})
                    await proves(watch)
                    self.assertGreater(client.connections, 1)

    async def test_resumes_with_one_diff(self):
        for encoding in ENCODINGS:
            topic = self.topic()
            async with Proxy(self.node.port) as proxy:
                async with self.client(encoding, proxy.port) as client, self.client() as other:
                    await other.publish(topic, set={"a": {"b": 1}, "c": 2})
                    watch = client.subscribe(topic)
                    await until(lambda: watch.version == 1)
                    proxy.refuses = True
                    proxy.cut()
                    for n in range(10):
                        await other.publish(topic, set={"a": {"b": n}, "d": n})
                    del client.notices[:]
                    proxy.refuses = False
                    await until(lambda: watch.version == 11)
                    self.assertEqual(watch.document, {"a": {"b": 9}, "c": 2, "d": 9})
                    names = [n for n, _ in client.notices if n in ("snapshot", "diff")]
                    self.assertEqual(names, ["diff"])
                    await proves(watch)

    async def test_events_under_a_name(self):
        for encoding in ENCODINGS:
            topic, done = self.topic("jobs"), []
            async with Proxy(self.node.port) as proxy:
                async with self.client(encoding, proxy.port) as client, self.client() as other:
                    watch = client.subscribe(topic, name="worker", start="earliest", credit=8)

                    async def work():
                        refused = set()
                        async for event in watch:
                            if event["data"]["n"] % 10 == 3 and event["sequence"] not in refused:
                                refused.add(event["sequence"])
                                watch.refuse(event["sequence"], 210, 30)
                                continue
                            done.append(event["data"]["n"])
                            watch.done(event["sequence"])
                            if event["sequence"] in (20, 45):
                                await asyncio.sleep(0.05)
                                proxy.cut()
                    working = asyncio.create_task(work())
                    for n in range(60):
                        await other.publish(topic, event={"n": n})
                    await until(lambda: watch.inbox.done == 60)
                    self.assertEqual(sorted(done), list(range(60)))
                    watch.end()
                    await working
                    page = await other.ask("history", topic=topic, limit=5, start=3)
                    self.assertEqual([entry[0] for entry in page["events"]], [3, 4, 5, 6, 7])
                    self.assertEqual(page["next"], 8)
                    again = other.subscribe(topic, name="worker")
                    await until(lambda: again.view >= 0)
                    self.assertEqual(again.inbox.done, 60)

    async def test_plain_events_after_a_cut(self):
        topic = self.topic("jobs")
        async with Proxy(self.node.port) as proxy:
            async with self.client(port=proxy.port) as client, self.client() as other:
                watch, got = client.subscribe(topic), []
                await until(lambda: watch.view >= 0)

                async def read():
                    async for event in watch:
                        got.append(event["data"])
                reading = asyncio.create_task(read())
                for n in range(20):
                    await other.publish(topic, event=n)
                    if n in (7, 13):
                        proxy.cut()
                await until(lambda: len(got) == 20)
                self.assertEqual(got, list(range(20)))
                reading.cancel()

    async def test_name_is_replaced(self):
        topic = self.topic("jobs")
        async with self.client() as one, self.client() as other:
            first = one.subscribe(topic, name="w")
            await until(lambda: first.view >= 0)
            other.subscribe(topic, name="w")
            with self.assertRaises(Ended) as caught:
                async for _ in first:
                    pass
            self.assertEqual(caught.exception.code, 521)

    async def test_presence_signals_wills(self):
        topic = self.topic()
        async with Proxy(self.node.port) as proxy:
            async with self.client(port=proxy.port) as client, self.client() as other:
                roster = other.subscribe(f"$presence/{topic}")
                watch = other.subscribe(topic)
                listening = other.subscribe(f"signals/{topic}")
                client.stand("presence", topic, state={"typing": True})
                client.stand("will", topic, set={"sensor": "offline"})
                await until(lambda: roster.document.get("count") == 1)
                await until(lambda: listening.view >= 0)
                client.tell("signal", topic=f"signals/{topic}", data={"at": 1})
                await until(lambda: any(n == "signal" for n, _ in other.notices))
                proxy.cut()
                await until(lambda: watch.document == {"sensor": "offline"})
                await until(lambda: client.connections == 2 and len(
                    roster.document["users"]["me"]) == 2)  # said again; the old one fades
                client.stand("presence", topic)
                await until(lambda: roster.document.get("count", 0) == 0)

    async def test_a_goodbye_voids_the_will(self):
        topic = self.topic()
        async with self.client() as other:
            watch = other.subscribe(topic)
            async with self.client() as client:
                client.stand("will", topic, set={"sensor": "offline"})
                await client.publish(topic, set={"sensor": "online"})
            await asyncio.sleep(0.3)
            await other.publish(topic, set={"x": 1})
            await until(lambda: watch.version == 2)
            self.assertEqual(watch.document, {"sensor": "online", "x": 1})
            self.assertEqual(client.connections, 1)

    async def test_refresh(self):
        made = []

        async def token():
            made.append(self.node.token("--read", "**", "--write", "**", "--seconds", "3"))
            return made[-1]
        topic = self.topic()
        async with self.client(token=token) as client:
            watch = client.subscribe(topic)
            await asyncio.sleep(5)
            await client.publish(topic, set={"x": 1})
            await until(lambda: watch.version == 1)
            self.assertEqual(client.connections, 1)
            self.assertGreater(len(made), 1)

    async def test_a_connection_that_fell_silent(self):
        topic = self.topic()
        async with Proxy(self.node.port) as proxy:
            async with self.client(port=proxy.port) as client:
                await client.publish(topic, set={"x": 1})
                proxy.deaf = True                 # nothing comes any more, and nobody says so
                client.terms["heartbeatTime"] = 200
                publishing = asyncio.create_task(client.publish(topic, increment=[[["x"], 1]]))
                await until(lambda: client.connections == 1 and not client.is_connected)
                proxy.deaf = False
                self.assertEqual(await publishing, 2)

    async def test_tokens_that_fail(self):
        tries = []

        async def token():
            tries.append(1)
            if len(tries) == 1:
                raise RuntimeError("the door is shut")
            return self.token
        async with self.client(token=token) as client:
            self.assertEqual(await client.publish(self.topic(), set={"x": 1}), 1)

    async def test_not_allowed(self):
        token = self.node.token("--read", "mine/**")
        async with self.client(token=token) as client:
            watch = client.subscribe("yours/1")
            with self.assertRaises(Ended) as caught:
                async for _ in watch:
                    pass
            self.assertEqual(caught.exception.code, 504)
        async with self.client(token="bad") as client:
            with self.assertRaises(Ended) as caught:
                await client.publish("a", set={"x": 1})
            self.assertEqual(caught.exception.code, 302)
            self.assertEqual(client.connections, 1)
            with self.assertRaises(Ended):
                await client.publish("a", set={"x": 1})

    async def test_large_snapshot_in_parts(self):
        topic = self.topic()
        rows = {f"row{n}": {"text": "x" * 50, "n": n} for n in range(3000)}
        async with self.client() as client:
            await client.publish(topic, set=rows)
            for encoding in ENCODINGS:
                async with self.client(encoding) as other:
                    watch = other.subscribe(topic)
                    await until(lambda: watch.version == 1 and watch.level)
                    self.assertEqual(watch.document, rows)
                    await proves(watch)

    async def test_another_life_and_draining(self):
        node = Node()
        token = node.token()
        try:
            async with self.client(port=node.port, token=token) as client:
                watch = client.subscribe("a")
                await client.publish("a", set={"x": 1})
                await until(lambda: watch.version == 1)
                node.process.terminate()          # it drains
                await until(lambda: any(n == "drain" for n, _ in client.notices))
                client.window = 100       # not as long as the node would like
                await until(lambda: node.process.poll() is not None)
                node.kill()
                node.start(node.port)
                await until(lambda: client.connections > 1 and watch.level
                            and watch.document == {}, 60)
                await client.publish("a", set={"y": 2})
                await until(lambda: watch.document == {"y": 2})
        finally:
            node.stop()


if __name__ == "__main__":
    unittest.main()
