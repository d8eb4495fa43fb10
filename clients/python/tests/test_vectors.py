"""The vectors of spec/vectors that concern a client."""
import json
import unittest
from pathlib import Path
from random import Random

from fieldcast.delivery import FrameReader, Inbox, Outbox, Receipt, back_off
from fieldcast.document import Mirror, canonical, intersection, leaves, put, view_hash
from fieldcast.messages import decode, encode
from fieldcast.session import Session
from fieldcast.values import (Refused, from_json, from_messagepack, normal, to_json,
                              to_messagepack)

VECTORS = Path(__file__).resolve().parents[3] / "spec" / "vectors"


def load(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def value(tagged):
    """A value of the vectors' files: JSON's tagged form."""
    return normal(from_json(json.dumps(tagged)))


def exactly(one):
    """So that 1 and True, and bytes and texts, are told apart."""
    return to_json(one)


class Values(unittest.TestCase):
    def test_values(self):
        for v in load("values"):
            with self.subTest(v["id"]):
                packed = bytes.fromhex(v["messagePack"]) if "messagePack" in v else None
                text = v.get("json")
                if "error" in v:
                    if packed is not None:
                        self.assertRaises(ValueError, lambda: normal(from_messagepack(packed)))
                    if text is not None:
                        self.assertRaises(ValueError, lambda: normal(from_json(text)))
                    if "jsonBytes" in v:
                        raw = bytes.fromhex(v["jsonBytes"])
                        self.assertRaises(ValueError, lambda: normal(from_json(raw)))
                    continue
                wanted = value(v["value"]) if "value" in v else normal(from_messagepack(packed))
                if packed is not None:
                    got = normal(from_messagepack(packed))
                    self.assertEqual(exactly(got), exactly(wanted))
                    form = v.get("canonicalMessagePack", v["messagePack"])
                    self.assertEqual(to_messagepack(wanted).hex(), form)
                    for end in range(min(len(packed), 300)):
                        self.assertRaises(ValueError, from_messagepack, packed[:end])
                if text is not None:
                    self.assertEqual(exactly(normal(from_json(text))), exactly(wanted))
                    self.assertEqual(to_json(wanted), v.get("canonicalJSON", text))

    def test_forms_of_numbers(self):
        for number, text in ((1e-5, "0.00001"), (1e-6, "0.000001"), (1e-7, "1e-7"),
                             (1.5e-5, "0.000015"), (1e20, "1e+20"), (123.25, "123.25")):
            self.assertEqual(to_json(number), text)

    def test_hostile_depth(self):
        for raw, read in ((b"\x91" * 200000, from_messagepack), (b"[" * 200000, from_json),
                          (b'{"a":' * 200000, from_json)):
            self.assertRaises(ValueError, read, raw)


def told(kind, data):
    """A message in one form; a diff's sets as a tree."""
    data = dict(data)
    if kind == "diff":
        tree = {}
        for path, item in data.pop("sets"):
            if not all(isinstance(name, str) for name in path):
                raise Refused("unknownAlias")
            put(tree, path, item)
        data["set"] = tree
        data = {name: item for name, item in data.items() if item and name != "names" or item == 0}
    return kind, to_json({name: item for name, item in data.items()
                          if item not in ([], {}) or name in ("fields", "event", "data")})


class Messages(unittest.TestCase):
    def test_messages(self):
        for v in load("messages"):
            with self.subTest(v["id"]):
                packed = bytes.fromhex(v["messagePack"]) if "messagePack" in v else None
                text = v.get("json")
                if "error" in v:
                    if packed is not None:
                        self.assertRaises(ValueError, lambda: told(*decode(packed, True)))
                    if text is not None:
                        self.assertRaises(ValueError, lambda: decode(text, False))
                    continue
                one, other = decode(packed, True), decode(text, False)
                if v["kind"] != "snapshot":       # names are MessagePack's alone
                    self.assertEqual(told(*one), told(*other))
                self.assertEqual(one.kind, v["kind"])
                if v["kind"] not in ("diff", "snapshot"):
                    self.assertEqual(encode(*one, binary=True).hex(),
                                     v.get("canonicalMessagePack", v["messagePack"]))
                    self.assertEqual(encode(*one, binary=False), v.get("canonicalJSON", text))


class Diffs(unittest.TestCase):
    def test_diffs(self):
        for v in load("diffs"):
            with self.subTest(v["id"]):
                if "patterns" in v:
                    self.assertEqual(canonical(v["patterns"]), v["canonical"])
                elif "a" in v:
                    self.assertEqual(intersection(v["a"], v["b"]), v["both"])
                elif "path" in v:
                    tree = {}
                    put(tree, v["path"], value(v["value"]))
                    self.assertEqual(view_hash(tree), v["hash"])
                elif "document" in v:
                    self.assertEqual(view_hash(value(v["document"])), v["hash"])
                else:
                    for raw in (bytes.fromhex(v["messagePack"]), v["json"]):
                        binary = isinstance(raw, bytes)
                        mirror = Mirror(value(v["before"]), v["held"], v["names"] if binary else ())
                        kind, data = decode(raw, binary)
                        self.assertEqual(mirror.apply(data), v["verdict"])
                        self.assertEqual(exactly(mirror.document), exactly(value(v["after"])))
                        self.assertEqual(mirror.version, v["version"])
                        self.assertEqual(view_hash(mirror.document), v["hash"])


class Framing(unittest.TestCase):
    def test_framing(self):
        for v in load("framing"):
            if v["side"] != "client":
                continue
            stream = bytes.fromhex(v["bytes"])
            for step in (1, 2, 3, len(stream)):
                with self.subTest(v["id"], step=step):
                    reader, got, error = FrameReader(v["limit"]), [], False
                    try:
                        for i in range(0, len(stream), step):
                            got += reader.received(stream[i:i + step])
                    except Refused:
                        error = True
                    self.assertEqual([message.hex() for message in got], v["messages"])
                    self.assertEqual(error, "error" in v)


class Delivery(unittest.TestCase):
    def test_delivery(self):
        for v in load("delivery"):
            run = getattr(self, "run_" + v["machine"], None)
            for binary in (True, False) if run else ():
                with self.subTest(v["id"], binary=binary):
                    run(v["given"], v["steps"], binary)

    def raw(self, said, binary):
        return bytes.fromhex(said["messagePack"]) if binary else json.dumps(said["message"])

    def same(self, raw, said, binary):
        self.assertEqual(told(*decode(raw, binary)), told(*decode(self.raw(said, binary), binary)))

    def run_outbox(self, given, steps, binary):
        outbox = Outbox(given.get("inFlight", 256), Random(1))
        for step in steps:
            now = step["at"]
            for kind in ("publish", "command"):
                if kind in step:
                    data = {"id": outbox.next_id, **step[kind]}
                    self.assertEqual(outbox.take(encode(kind, data, binary)), step["id"])
            if "cut" in step:
                outbox.cut()
            if "says" in step:
                said = [item.raw for item in outbox.say(now)]
                self.assertEqual(len(said), len(step["says"]))
                for raw, wanted in zip(said, step["says"]):
                    self.same(raw, wanted, binary)
            if "receives" in step:
                kind, data = decode(self.raw(step["receives"], binary), binary)
                self.assertEqual(outbox.received(kind, data, now), step["outcome"])
                for name in ("version", "code", "data"):
                    if name in step:
                        self.assertEqual(data[name], step[name])
                if step["outcome"] == "postponed":
                    due = outbox.items[data["id"]].due
                    low, high = step.get("waitsBetween", [step.get("waits", due)] * 2)
                    self.assertTrue(low <= due <= high)

    def run_inbox(self, given, steps, binary):
        inbox = Inbox(given["done"])
        for step in steps:
            if "event" in step:
                self.assertEqual(inbox.received(step["event"]), step["verdict"])
                if "missing" in step:
                    self.assertEqual(inbox.missing, step["missing"])
            if "done" in step:
                inbox.finished(step["done"])
            if "refused" in step:
                inbox.under_way.discard(step["refused"])
            if "skip" in step:
                inbox.skip(step["skip"])
            if "acknowledges" in step:
                found = inbox.acknowledgement(given["subscription"])
                self.assertEqual(found is None, step["acknowledges"] is None)
                if found:
                    self.same(encode("ack", found, binary), step["acknowledges"], binary)

    def run_backoff(self, given, steps, binary):
        for seed in range(50):
            tries, random = 0, Random(seed)
            for step in steps:
                if "reset" in step:
                    tries = 0
                    continue
                low, high = step["betweenMs"]
                self.assertTrue(low <= back_off(tries, random) <= high)
                tries += 1

    def run_mirror(self, given, steps, binary):
        mirror = Mirror(value(given["document"]), given["version"])
        for step in steps:
            _, data = decode(self.raw(step["receives"], binary), binary)
            self.assertEqual(mirror.apply(data), step["verdict"])
            self.assertEqual(mirror.version, step["held"])
            self.assertEqual(exactly(mirror.document), exactly(value(step["document"])))

    def run_receipt(self, given, steps, binary):
        receipt = Receipt()
        for step in steps:
            now = step["at"]
            if "received" in step:
                receipt.received(step["received"], now)
            if "due" in step:
                self.assertEqual(receipt.due(now, given), step["due"])
            if "reports" in step:
                raw = encode("seen", {"position": receipt.report()}, binary)
                self.same(raw, step["reports"], binary)


class Sessions(unittest.TestCase):
    def test_sessions(self):
        count = 0
        for v in load("sessions"):
            for name in ("messagePack", "json") if v["side"] == "client" else ():
                if v["given"].get("encoding", name) == name:
                    with self.subTest(v["id"], encoding=name):
                        count += 1
                        self.play(v["given"], v["steps"], name == "messagePack")
        self.assertGreater(count, 50)

    def raw(self, said, binary):
        return bytes.fromhex(said["messagePack"]) if binary else json.dumps(
            said["message"], separators=(",", ":"))

    def play(self, given, steps, binary):
        session = Session(given["token"], given["instance"], binary, random=Random(1))
        session.terms.update(given.get("terms", {}))
        for step in steps:
            now = step["at"]
            if "do" in step:
                (what, how), = step["do"].items()
                if what == "subscribe":
                    self.assertEqual(session.subscribe(**how).id, step["id"])
                elif what == "publish":
                    self.assertEqual(session.request("publish", **how), step["id"])
                elif isinstance(how, list):
                    getattr(session, what)(*how)
                else:
                    getattr(session, what)(how)
            if "cut" in step:
                session.cut()
            if "connects" in step:
                session.connected(now)
            for key in ("receives", "receivesBytes"):
                if key not in step:
                    continue
                raw = self.raw(step[key], binary) if key == "receives" else (
                    bytes.fromhex(step[key]["messagePack"]) if binary else step[key]["json"])
                notices = [(name, data) for name, data in session.received(raw, now)
                           if name not in ("opened",)]
                self.assertEqual([name for name, _ in notices],
                                 [n["notice"] for n in step["notices"]])
                for (_, data), wanted in zip(notices, step["notices"]):
                    for name, item in wanted.items():
                        if name != "notice":
                            self.assertEqual(data[name], item)
            if "says" in step:
                said = session.say(now)
                got = [decode(raw, binary) for raw in said]
                wanted = [decode(self.raw(one, binary), binary) for one in step["says"]]
                for _, data in got + wanted:
                    data.pop("agent", None)
                self.assertEqual([told(*one) for one in got], [told(*one) for one in wanted])
            if "holds" in step:
                held = session.subscriptions[step["holds"]["id"]]
                self.assertTrue(held.level)
                self.assertEqual(held.version, step["holds"]["version"])
                self.assertEqual(exactly(held.document), exactly(value(step["holds"]["document"])))
            if "dead" in step:
                self.assertEqual(session.is_dead(now), step["dead"])


if __name__ == "__main__":
    unittest.main()
