"""The vectors of spec/vectors that concern a client."""
import copy
import json
import unittest
from pathlib import Path
from random import Random

from fieldcast.document import Mirror, canonical, intersection, put, view_hash
from fieldcast.messages import decode, encode
from fieldcast.session import Inbox, Session, Subscription, back_off
from fieldcast.values import Refused, read, to_json, to_messagepack

VECTORS = Path(__file__).resolve().parents[3] / "spec" / "vectors"


def load(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def value(tagged):
    """A value of the vectors' files: JSON's tagged form."""
    return read(json.dumps(tagged).encode(), False)


def exactly(one):
    """So that 1 and True, and bytes and texts, are told apart."""
    return to_json(one)


def forms(vector):
    """The vector's bytes in each encoding that it has: bytes, whether they are MessagePack."""
    if "messagePack" in vector:
        yield bytes.fromhex(vector["messagePack"]), True
    if "json" in vector:
        yield vector["json"].encode(), False
    if "jsonBytes" in vector:
        yield bytes.fromhex(vector["jsonBytes"]), False


class Values(unittest.TestCase):
    def test_values(self):
        for v in load("values"):
            with self.subTest(v["id"]):
                for raw, binary in forms(v):
                    if "error" in v:
                        self.assertRaises(Refused, read, raw, binary)
                        continue
                    got = read(raw, binary)
                    wanted = value(v["value"]) if "value" in v else got
                    self.assertEqual(exactly(got), exactly(wanted))
                    if binary:
                        form = v.get("canonicalMessagePack", v["messagePack"])
                        self.assertEqual(to_messagepack(wanted).hex(), form)
                        for end in range(min(len(raw), 300)):
                            self.assertRaises(Refused, read, raw[:end], True)
                    else:
                        self.assertEqual(to_json(wanted), v.get("canonicalJSON", v["json"]))

    def test_forms_of_numbers(self):
        for number, text in ((1e-5, "0.00001"), (1e-6, "0.000001"), (1e-7, "1e-7"),
                             (1.5e-5, "0.000015"), (1e20, "1e+20"), (123.25, "123.25"),
                             (-1e-5, "-0.00001"), (1.5e-10, "1.5e-10"), (1e-4, "0.0001")):
            self.assertEqual(to_json(number), text)

    def test_tags_have_one_form(self):
        for text in ('{"$custom":[true,"AQ=="]}', '{"$custom":["5","AQ=="]}', '{"$int":" 1"}',
                     '{"$time":"1_0"}', '{"$bytes":{"$bytes":""}}', '{"$time":"\\u0661"}'):
            self.assertRaises(Refused, read, text.encode(), False)

    def test_hostile_depth(self):
        for raw, binary in ((b"\x91" * 200000, True), (b"[" * 200000, False),
                            (b'{"a":' * 200000, False)):
            self.assertRaises(Refused, read, raw, binary)


def told(kind, data):
    """A message in one form; a diff's sets as a tree."""
    data = dict(data)
    if kind == "diff":
        tree = {}
        for path, item in data.pop("sets", []):
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
                if "error" in v:
                    for raw, binary in forms(v):
                        self.assertRaises(Refused, lambda: told(*decode(raw, binary)))
                    continue
                (packed, _), (text, _) = forms(v)
                one, other = decode(packed, True), decode(text, False)
                if v["kind"] != "snapshot":       # names are MessagePack's alone
                    self.assertEqual(told(*one), told(*other))
                self.assertEqual(one[0], v["kind"])
                if v["kind"] not in ("diff", "snapshot"):  # a client never writes these
                    self.assertEqual(encode(*one, binary=True).hex(),
                                     v.get("canonicalMessagePack", v["messagePack"]))
                    self.assertEqual(encode(*one, binary=False).decode(),
                                     v.get("canonicalJSON", v["json"]))


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
                    for raw, binary in forms(v):
                        mirror = Mirror(value(v["before"]), v["held"], v["names"] if binary else ())
                        kind, data = decode(raw, binary)
                        self.assertEqual(mirror.apply(data), v["verdict"])
                        self.assertEqual(exactly(mirror.document), exactly(value(v["after"])))
                        self.assertEqual(mirror.version, v["version"])
                        self.assertEqual(view_hash(mirror.document), v["hash"])


class Delivery(unittest.TestCase):
    def test_delivery(self):
        for v in load("delivery"):
            run = getattr(self, "run_" + v["machine"], None)
            for binary in (True, False) if run else ():
                with self.subTest(v["id"], binary=binary):
                    run(v["given"], v["steps"], binary)

    def raw(self, said, binary):
        return bytes.fromhex(said["messagePack"]) if binary else json.dumps(
            said["message"]).encode()

    def same(self, raw, said, binary):
        self.assertEqual(told(*decode(raw, binary)), told(*decode(self.raw(said, binary), binary)))

    def session(self, binary):
        session = Session("token", "instance", binary, random=Random(1))
        session.connected(0)
        session.say(0)
        return session

    def run_outbox(self, given, steps, binary):
        session = self.session(binary)
        session.terms["inFlight"] = given.get("inFlight", 256)
        for step in steps:
            now = session.said = session.heard = step["at"]  # no pings: they are another machine's
            session.unreported = None
            for kind in ("publish", "command"):
                if kind in step:
                    self.assertEqual(session.request(kind, **step[kind]), step["id"])
            if "cut" in step:
                session.cut()
                session.connected(now)
                session.outgoing.clear()
            if "says" in step:
                said = session.say(now)
                self.assertEqual(len(said), len(step["says"]))
                for raw, wanted in zip(said, step["says"]):
                    self.same(raw, wanted, binary)
            if "receives" in step:
                (_, data), = session.received(self.raw(step["receives"], binary), now)
                self.assertEqual(data["outcome"], step["outcome"])
                for name in ("version", "code", "data"):
                    if name in step:
                        self.assertEqual(data[name], step[name])
                if step["outcome"] == "postponed":
                    due = session.requests[data["id"]]["due"]
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
                inbox.finished(step["skip"], all_before=True)
            if "acknowledges" in step:
                self.assertEqual(inbox.unsaid, step["acknowledges"] is not None)
                if inbox.unsaid:
                    found = {"id": given["subscription"], **inbox.acknowledgement()}
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
        session = self.session(binary)
        session.terms |= given
        for step in steps:
            now = session.said = step["at"]
            if "received" in step:
                session.received(b"?" * step["received"], now)  # counted, whatever they are
            if "due" in step:
                kinds = [decode(raw, binary)[0] for raw in copy.deepcopy(session).say(now)]
                self.assertEqual("seen" in kinds, step["due"])
            if "reports" in step:
                raw = encode("seen", {"position": session.report()}, binary)
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

    def test_a_version_that_it_cannot_speak(self):
        session = Session("token", "instance", False)
        session.connected(0)
        session.received(b'{"type":"opened","data":{"version":2,"connection":"c"}}', 1)
        self.assertEqual(session.ending["code"], 512)

    def raw(self, said, binary):
        return bytes.fromhex(said["messagePack"]) if binary else json.dumps(
            said["message"], separators=(",", ":")).encode()

    def does(self, session, what, how):
        """What the owner wants: the number it gets, if it gets one."""
        if what == "subscribe":
            return Subscription(session, **how).id
        if what == "publish":
            return session.request("publish", **how)
        if what == "refresh":
            session.token = how
            return session.tell("refresh", token=how) and None
        number, *rest = how if isinstance(how, list) else [how]
        names = {"unsubscribe": "end", "prove": "ask_proof"}
        return getattr(session.subscriptions[number], names.get(what, what))(*rest)

    def notices(self, session, raw, now):
        """What the owner is told, in the vectors' words."""
        for kind, data in session.received(raw, now):
            verdict = data.get("verdict")
            name = {"ack": "outcome", "nack": "outcome", "reply": "outcome", "error": "problem",
                    "close": "closing"}.get(kind, kind)
            if kind in ("diff", "hash", "snapshot"):
                name = {"applied": "changed", "unknownAlias": "diverged", "whole": kind}.get(
                    verdict, verdict)
            if name not in ("opened", "ping", "pong", "part", "ignored"):
                yield name, data

    def play(self, given, steps, binary):
        session = Session(given["token"], given["instance"], binary, random=Random(1))
        session.terms.update(given.get("terms", {}))
        for step in steps:
            now = step["at"]
            if "do" in step:
                (what, how), = step["do"].items()
                self.assertEqual(self.does(session, what, how), step.get("id"))
            if "cut" in step:
                session.cut()
            if "connects" in step:
                session.connected(now)
            for key in ("receives", "receivesBytes"):
                if key not in step:
                    continue
                raw = self.raw(step[key], binary) if key == "receives" else (
                    bytes.fromhex(step[key]["messagePack"]) if binary
                    else step[key]["json"].encode())
                notices = [*self.notices(session, raw, now)]
                expected = [n for n in step["notices"]  # what the owner ended needs no notice
                         if n["notice"] != "unsubscribed" or "code" in n]
                self.assertEqual([name for name, _ in notices], [n["notice"] for n in expected])
                for (_, data), wanted in zip(notices, expected):
                    for name, item in wanted.items():
                        if name != "notice":
                            self.assertEqual(data[name], item)
            if "says" in step:
                got = [decode(raw, binary) for raw in session.say(now)]
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
