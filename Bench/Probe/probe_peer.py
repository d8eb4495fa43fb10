"""The peer of `probe.receipt.python`: subscribers on Python's websockets that do for each receipt
what the probe does: decode it (the C scanner of the json module), apply it to the client's own
document, time it, and hash the document when the server proves it.

    python probe_peer.py PORT CONNECTIONS SKIP DIFFS TOKEN TOPIC

Prints the processor time in nanoseconds for each diff, from the SKIPth on.
"""

import asyncio
import json
import os
import struct
import sys
import time

import websockets

MASK = 0xFFFFFFFF


def murmur(data, seed):
    h = seed
    blocks = len(data) // 4
    for (k,) in struct.iter_unpack("<I", data[: blocks * 4]):
        k = k * 0xCC9E2D51 & MASK
        k = (k << 15 | k >> 17) * 0x1B873593 & MASK
        h ^= k
        h = ((h << 13 | h >> 19) & MASK) * 5 + 0xE6546B64 & MASK
    k = int.from_bytes(data[blocks * 4 :], "little")
    k = k * 0xCC9E2D51 & MASK
    h ^= (k << 15 | k >> 17) * 0x1B873593 & MASK
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & MASK
    return h ^ h >> 16


def prefixed(data):
    return struct.pack(">I", len(data)) + data


def canonical(value):
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, (int, float)):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\xdb" + prefixed(value.encode())
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(canonical, value))
    raise TypeError(type(value))


class Mirror:
    """The document as a tree; leaves are whatever is no map with something in it."""

    def __init__(self):
        self.document = {}
        self.version = 0

    def set(self, tree, patch):
        for name, value in patch.items():
            if isinstance(value, dict) and value:
                below = tree.get(name)
                if not isinstance(below, dict):
                    below = tree[name] = {}
                self.set(below, value)
            else:
                tree[name] = value

    def unset(self, path):
        trail = []
        tree = self.document
        for name in path[:-1]:
            trail.append((tree, name))
            tree = tree.get(name)
            if not isinstance(tree, dict):
                return
        tree.pop(path[-1], None)
        # What stood only for that goes with it.
        for above, name in reversed(trail):
            if above[name]:
                return
            del above[name]

    def apply(self, diff):
        if diff["from"] > self.version:
            raise SystemExit("a gap")
        for path in diff.get("unset", ()):
            self.unset([path] if isinstance(path, str) else path)
        if "set" in diff:
            self.set(self.document, diff["set"])
        self.version = diff["to"]

    def hash(self):
        low = high = 0
        todo = [(b"", self.document)]
        while todo:
            path, tree = todo.pop()
            for name, value in tree.items():
                at = path + prefixed(name.encode())
                if isinstance(value, dict) and value:
                    todo.append((at, value))
                else:
                    data = at + canonical(value)
                    low = low + murmur(data, 0x9747B28C) & MASK
                    high = high + murmur(data, 0x2545F491) & MASK
        return f"{low:08x}{high:08x}"


class Count:
    diffs = 0
    began = None
    first = 0


async def client(port, token, topic, skip, wanted, done):
    mirror = Mirror()
    position = confirmed = 0
    view = None
    times = []
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/v1/ws",
        subprotocols=["fieldcast.v1.json"],
        compression=None,
        ping_interval=None,
        max_queue=None,
    ) as socket:

        async def say(kind, data):
            await socket.send(json.dumps({"type": kind, "data": data}))

        await say("open", {"version": 1, "instance": os.urandom(8).hex()})
        await say("authenticate", {"token": token})
        await say("subscribe", {"id": 1, "topic": topic, "hash": True})
        proof = time.monotonic() + 5
        async for text in socket:
            now = time.monotonic()
            # All of the run's texts are ASCII but one letter, which the length must count twice.
            position += len(text) if text.isascii() else len(text.encode())
            message = json.loads(text)
            kind, data = message["type"], message.get("data")
            if kind == "diff":
                mirror.apply(data)
                times.append(now)
                Count.diffs += 1
                if Count.began is None and Count.diffs >= skip:
                    Count.began = time.process_time_ns()
                    Count.first = Count.diffs
                elif Count.began is not None and Count.diffs - Count.first >= wanted:
                    used = time.process_time_ns() - Count.began
                    if not done.done():
                        done.set_result(used / (Count.diffs - Count.first))
                    return
            elif kind == "snapshot":
                if not data.get("part"):
                    mirror.document = {}
                mirror.set(mirror.document, data["document"])
                mirror.version = data["version"]
                if data.get("hash", mirror.hash()) != mirror.hash():
                    raise SystemExit("another hash than the server's")
            elif kind == "subscribed":
                view = data["view"]
            elif kind == "ping":
                await say("pong", {"nonce": data["nonce"], "position": position})
                confirmed = position
            elif kind == "hash" and data["version"] == mirror.version:
                if data["hash"] != mirror.hash():
                    raise SystemExit("another hash than the server's")
            if position - confirmed >= 16384:
                confirmed = position
                await say("seen", {"position": position})
            if now >= proof and view is not None:
                proof = now + 5
                await say("hash", {"view": view})


async def main():
    port, connections, skip, wanted = map(int, sys.argv[1:5])
    done = asyncio.get_running_loop().create_future()

    def ended(task):
        if not done.done() and not task.cancelled() and task.exception():
            done.set_exception(task.exception())

    tasks = []
    for _ in range(connections):
        task = asyncio.create_task(client(port, *sys.argv[5:7], skip, wanted, done))
        task.add_done_callback(ended)
        tasks.append(task)
    print(await done, flush=True)
    os._exit(0)


asyncio.run(main())
