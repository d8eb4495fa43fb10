"""Whatever comes: refused or taken, never an exception, and never many words in answer."""
import unittest
from random import Random

from fieldcast.subscription import Subscription
from fieldcast.encoding import to_json, to_messagepack

from .test_vectors import asks, hears, load, session_of


def messages(binary):
    for name in ("sessions", "delivery"):
        for vector in load(name):
            for step in vector["steps"]:
                said = step.get("receives")
                if isinstance(said, dict) and "message" in said:
                    yield bytes.fromhex(said["messagePack"]) if binary else to_json(
                        said["message"]).encode()
    for vector in load("messages"):
        if "messagePack" in vector and binary:
            yield bytes.fromhex(vector["messagePack"])
        elif "json" in vector and not binary:
            yield vector["json"].encode()


class Hostile(unittest.IsolatedAsyncioTestCase):
    def sessions(self, binary):
        session = session_of("instance", binary)
        Subscription(session, "room/1")
        Subscription(session, "jobs/1", name="worker")
        asks(session, "publish", topic="t", set={"x": 1})
        session.connected("token", 0)
        return session

    async def test_mutations(self):
        for binary in (True, False):
            random, seeds = Random(7), list(messages(binary))
            session, now = self.sessions(binary), 0
            for _ in range(20000):
                raw = bytearray(random.choice(seeds))
                for _ in range(random.randrange(4)):
                    at = random.randrange(len(raw) + 1)
                    choice = random.randrange(3)
                    if choice == 0:
                        raw[at:at + 1] = bytes([random.randrange(256)])
                    elif choice == 1:
                        del raw[at:at + random.randrange(4)]
                    else:
                        raw[at:at] = random.choice(seeds)[:random.randrange(20)]
                now += random.randrange(50)
                session.received(bytes(raw), now)
                session.ending = None             # go on after a close
                self.assertLess(len(session.say(now)), 8)
                if not session.subscriptions or random.random() < 0.01:
                    session = self.sessions(binary)
                    session.connected("token", now)

    async def test_kinds_of_values(self):
        values = [None, True, -1, 2 ** 60, 0.5, "", "x", b"x", [], [[]], {}, {"a": 1}, ["a", 1]]
        random = Random(3)
        for code in range(1, 34):
            for _ in range(300):
                row = [code] + [random.choice(values) for _ in range(random.randrange(9))]
                self.sessions(True).received(to_messagepack(row), 1)

    async def test_true_is_no_code(self):
        (name, _), = hears(self.sessions(True), b"\x92\xc3\x01", 1)
        self.assertEqual(name, "malformed")

    async def test_bad_snapshots_do_not_make_a_storm(self):
        session = self.sessions(False)
        said = 0
        for now in range(0, 10000, 10):
            for raw in ('{"type":"subscribed","data":{"id":1,"view":1,"verdict":2,"kind":0,'
                        '"cursor":["e",1,"p"]}}',
                        '{"type":"snapshot","data":{"view":1,"epoch":"e","version":1,'
                        '"document":{"a":1},"hash":"0000000000000000"}}'):
                session.received(raw.encode(), now)
            said += sum(b"subscribe" in raw for raw in session.say(now))
        self.assertLess(said, 6)


if __name__ == "__main__":
    unittest.main()
