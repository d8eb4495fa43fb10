"""The vectors of spec/vectors that concern a client."""
import json
import unittest
from pathlib import Path

from fieldcast.client import Client
from fieldcast.document import leaves, put, view_hash
from fieldcast.encoding import Refused, decode, encode, normal, read, to_json, to_messagepack
from fieldcast.subscription import Inbox, Retry, Subscription

VECTORS = Path(__file__).resolve().parents[3] / "spec" / "vectors"


def load(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def value(tagged):
    """A value of the vectors' files: JSON's tagged form."""
    return read(json.dumps(tagged).encode(), False)


def exactly(one):
    """So that 1 and True, and bytes and texts, are told apart."""
    return to_json(normal(one))


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
        for path, item in data.pop("sets", leaves(data.get("set", {}))):
            if not all(isinstance(name, str) for name in path):
                raise Refused("unknownAlias")
            put(tree, path, item)
        data["set"] = tree
        data = {name: item for name, item in data.items() if item and name != "names" or item == 0}
    return kind, exactly({name: item for name, item in data.items()
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
                # A client never writes diffs and snapshots; masks it sends as they were given.
                if v["kind"] not in ("diff", "snapshot") and v["id"] != "MV77":
                    self.assertEqual(encode(*one, binary=True).hex(),
                                     v.get("canonicalMessagePack", v["messagePack"]))
                    self.assertEqual(encode(*one, binary=False).decode(),
                                     v.get("canonicalJSON", v["json"]))


class Catalogue(unittest.TestCase):
    def test_catalogue(self):
        own = VECTORS.parents[1] / "clients" / "python" / "fieldcast" / "catalogue.json"
        self.assertEqual(own.read_bytes(), (VECTORS.parent / "catalogue.json").read_bytes())
        codes = [message["code"] for message in json.loads(own.read_text())["messages"]]
        self.assertEqual(codes, [*range(1, len(codes) + 1)])


class Diffs(unittest.TestCase):
    def test_diffs(self):
        for v in load("diffs"):
            with self.subTest(v["id"]):
                if "patterns" in v or "a" in v:
                    continue                      # masks are a server's to order and intersect
                if "path" in v:
                    tree = {}
                    put(tree, v["path"], value(v["value"]))
                    self.assertEqual(view_hash(tree), v["hash"])
                elif "document" in v:
                    self.assertEqual(view_hash(value(v["document"])), v["hash"])
                else:
                    for raw, binary in forms(v):
                        mirror = mirror_of(v["before"], v["held"], binary)
                        mirror.aliases = dict(v["names"]) if binary else {}
                        kind, data = decode(raw, binary)
                        self.assertEqual(mirror.apply(data), v["verdict"])
                        self.assertEqual(exactly(mirror.document), exactly(value(v["after"])))
                        self.assertEqual(mirror.version, v["version"])
                        self.assertEqual(view_hash(mirror.document), v["hash"])


def session_of(instance, binary):
    """A client without its transport, and in `notices` what its owner was told."""
    notices = []
    session = Client("", "", "messagepack" if binary else "json", instance,
                     lambda *notice: notices.append(notice))
    session.notices = notices
    return session


def mirror_of(document, version, binary):
    mirror = Subscription(session_of("instance", binary), "t")
    mirror.document, mirror.version = value(document), version
    return mirror


def outcome(kind, data):
    """In the vectors' words."""
    settled = {"ack": "acknowledged", "nack": "refused", "page": "read", "reply": "replied"}
    return settled[kind] if data["verdict"] == "settled" else data["verdict"]


def asks(session, kind, **data):
    """The request's number; nobody waits for its answer."""
    session.ask(kind, **data).add_done_callback(lambda answer: answer.exception())
    return [*session.requests][-1]


def hears(session, raw, now):
    session.notices.clear()
    session.received(raw, now)
    return session.notices


class Delivery(unittest.IsolatedAsyncioTestCase):
    async def test_delivery(self):
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
        session = session_of("instance", binary)
        session.connected("token", 0)
        session.say(0)
        return session

    def run_outbox(self, given, steps, binary):
        session = self.session(binary)
        session.terms["inFlight"] = given.get("inFlight", 256)
        for step in steps:
            now = session.said = session.heard = step["at"]  # no pings: they are another machine's
            session.unreported = float("inf")
            for kind in ("publish", "command"):
                if kind in step:
                    self.assertEqual(asks(session, kind, **step[kind]), step["id"])
            if "cut" in step:
                session.is_connected = False
                session.connected("token", now)
                session.outgoing.clear()
            if "says" in step:
                said = session.say(now)
                self.assertEqual(len(said), len(step["says"]))
                for raw, wanted in zip(said, step["says"]):
                    self.same(raw, wanted, binary)
            if "receives" in step:
                (kind, data), = hears(session, self.raw(step["receives"], binary), now)
                self.assertEqual(outcome(kind, data), step["outcome"])
                for name in ("version", "code", "data"):
                    if name in step:
                        self.assertEqual(data[name], step[name])
                if step["outcome"] == "postponed":
                    due = session.requests[data["id"]].due
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
                inbox.beyond.pop(step["refused"], None)
            if "skip" in step:
                inbox.finished(step["skip"], all_before=True)
            if "acknowledges" in step:
                self.assertEqual(inbox.unsaid, step["acknowledges"] is not None)
                if inbox.unsaid:
                    found = {"id": given["subscription"], **inbox.acknowledgement()}
                    self.same(encode("ack", found, binary), step["acknowledges"], binary)

    def run_backoff(self, given, steps, binary):
        for _ in range(50):
            retry = Retry()
            for step in steps:
                if "reset" in step:
                    retry.tries = 0
                    continue
                low, high = step["betweenMs"]
                self.assertTrue(low <= retry.wait(200, 0) <= high)

    def run_mirror(self, given, steps, binary):
        mirror = mirror_of(given["document"], given["version"], binary)
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
                before = session.reported, session.unreported
                kinds = [decode(raw, binary)[0] for raw in session.say(now)]
                self.assertEqual("seen" in kinds, step["due"])
                session.reported, session.unreported = before
            if "reports" in step:
                raw = encode("seen", {"position": session.report()}, binary)
                self.same(raw, step["reports"], binary)


class Sessions(unittest.IsolatedAsyncioTestCase):
    async def test_sessions(self):
        count = 0
        for v in load("sessions"):
            # SV78 leaves a choice: this client asks its owner for a token at each connection.
            concerned = v["side"] == "client" and v["id"] != "SV78"
            for name in ("messagePack", "json") if concerned else ():
                if v["given"].get("encoding", name) == name:
                    with self.subTest(v["id"], encoding=name):
                        count += 1
                        self.play(v["given"], v["steps"], name == "messagePack")
        self.assertGreater(count, 50)

    async def test_a_version_that_it_cannot_speak(self):
        session = session_of("instance", False)
        session.connected("token", 0)
        session.received(b'{"type":"opened","data":{"version":2,"connection":"c"}}', 1)
        self.assertEqual(session.ending["code"], 512)

    async def test_parts_that_do_not_follow(self):
        session = session_of("instance", False)
        watch = Subscription(session, "t")
        session.connected("token", 0)
        session.received(b'{"type":"subscribed","data":{"id":1,"view":1,"verdict":2,"kind":0,'
                         b'"cursor":["e",1,"p"]}}', 1)
        verdicts = []
        for part, name in ((1, "x"), (0, "a"), (2, "x"), (1, "b"), (1, "x"), (0, "c"), (1, "d")):
            raw = to_json({"type": "snapshot", "data": {
                "view": 1, "epoch": "e", "version": 1, "document": {name: 1}, "part": part,
                **({"hash": view_hash({"c": 1, "d": 1})} if name == "d" else {})}})
            verdicts += [data["verdict"] for _, data in hears(session, raw.encode(), 2)]
        self.assertEqual(verdicts, ["ignored", "part"] * 3 + ["whole"])
        self.assertEqual(watch.document, {"c": 1, "d": 1})

    def raw(self, said, binary):
        return bytes.fromhex(said["messagePack"]) if binary else json.dumps(
            said["message"], separators=(",", ":")).encode()

    def does(self, session, what, how):
        """What the owner wants: the number it gets, if it gets one."""
        if what == "subscribe":
            return Subscription(session, **how).id
        if what == "publish":
            return asks(session, "publish", **how)
        if what == "refresh":
            session.token = how
            return session.tell("refresh", token=how) and None
        if what in ("will", "presence"):
            return session.stand(what, **how)
        number, *rest = how if isinstance(how, list) else [how]
        return getattr(session.subscriptions[number],
                       "end" if what == "unsubscribe" else what)(*rest)

    def notices(self, session, raw, now):
        """What the owner is told, in the vectors' words."""
        for kind, data in hears(session, raw, now):
            verdict = data.get("verdict")
            name = {"ack": "outcome", "nack": "outcome", "reply": "outcome", "error": "problem",
                    "close": "closing"}.get(kind, kind)
            if name == "outcome":
                data = {**data, "outcome": outcome(kind, data)}
            if kind == "unsubscribed" and verdict == "postponed":
                name = verdict
            if kind in ("diff", "hash", "snapshot"):
                name = {"applied": "changed", "unknownAlias": "diverged", "whole": kind}.get(
                    verdict, verdict)
            if name not in ("opened", "ping", "pong", "part", "ignored"):
                yield name, data

    def play(self, given, steps, binary):
        session = session_of(given["instance"], binary)
        session.token = given["token"]
        session.terms.update(given.get("terms", {}))
        for step in steps:
            now = step["at"]
            if "do" in step:
                (what, how), = step["do"].items()
                self.assertEqual(self.does(session, what, how), step.get("id"))
            if "cut" in step:
                session.is_connected = False
            if "connects" in step:
                session.connected(session.token, now)
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
