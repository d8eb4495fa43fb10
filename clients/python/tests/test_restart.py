"""Against a node with a store that is killed and comes back."""
import asyncio
import unittest

from . import test_live
from .test_live import NODE, Node, proves, until


@unittest.skipUnless(NODE, "no fieldcast-node: set FIELDCAST_NODE, or build it")
class Restart(unittest.IsolatedAsyncioTestCase):
    client = test_live.Live.client

    async def asyncSetUp(self):
        asyncio.get_running_loop().slow_callback_duration = 10
        self.node = Node("--topics", "jobs/**=event,durable", "--topics", "**=state,durable",
                         "--store", "{}/store")
        self.token = self.node.token()

    async def asyncTearDown(self):
        self.node.stop()

    async def test_what_was_acknowledged_is_there(self):
        """Aliases, cursors, ids and names outlive the node, in both encodings."""
        async with self.client() as one, self.client("json") as other:
            watches = [one.subscribe("room/1"), other.subscribe("room/1"),
                       one.subscribe("room/1", fields=[["rows", None, "a"]])]
            worker = one.subscribe("jobs/1", name="w", start="earliest")
            done = []

            async def work():
                async for event in worker:
                    done.append(event["data"])
                    worker.done(event["sequence"])
            working = asyncio.create_task(work())
            count = 0
            for life in range(3):
                for n in range(20):
                    count += 1
                    await one.publish("room/1", set={"rows": {f"r{n}": {"a": count, "b": n}}},
                                      increment=[[["sum"], 1]])
                    await other.publish("jobs/1", event=count)
                if life < 2:
                    late = [asyncio.create_task(one.publish("room/1", increment=[[["late"], 1]]))
                            for _ in range(30)]
                    await asyncio.sleep(0.005)
                    self.node.kill()
                    self.node.start(self.node.port)
                    await asyncio.gather(*late)
            await until(lambda: all(watch.version == 120 for watch in watches))
            self.assertEqual(watches[0].document["sum"], 60)
            self.assertEqual(watches[0].document["late"], 60)
            self.assertEqual(watches[0].document, watches[1].document)
            for watch in watches:
                await proves(watch)
            await until(lambda: worker.inbox.done == 60)
            self.assertEqual(done, list(range(1, 61)))
            for client in (one, other):
                bad = [(name, data) for name, data in client.notices
                       if name in ("malformed", "error")
                       or data.get("verdict") in ("diverged", "gap", "unknownAlias")]
                self.assertEqual(bad, [])
            working.cancel()


if __name__ == "__main__":
    unittest.main()
