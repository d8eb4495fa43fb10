"""What stands in the text: rules, links, and the Python in it, run on the vectors."""
import base64
import json
import random
import re
import struct

from messages import SPEC
from values import Custom, Time

BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Later blocks stand on earlier ones, in this order of pages.
CODE_PAGES = ["encodings.md", "documents.md", "delivery.md", "afternoon.md"]


def vectors(name):
    return json.loads((SPEC / "vectors" / f"{name}.json").read_text())


def code():
    """The names that the text's Python defines."""
    names = {"base64": base64, "json": json, "struct": struct, "Time": Time, "Custom": Custom}
    for page in CODE_PAGES:
        for marker, body in BLOCK.findall((SPEC / page).read_text()):
            if marker == "python run":
                exec(compile(body, f"spec/{page}", "exec"), names)  # its own text, on purpose
    return names


def expect(condition, vector, what=""):
    if not condition:
        raise AssertionError(f"{vector['id']}: the text's code differs. {what}")


def run_values(names):
    ran = 0
    for vector in vectors("values"):
        if "json" in vector and "value" in vector:
            value = names["untag"](json.loads(vector["json"]))
            expect(value == names["untag"](vector["value"]), vector, value)
            ran += 1
    return ran


def run_documents(names, unpack):
    ran = 0
    for vector in vectors("diffs"):
        ran += 1
        untag, digest = names["untag"], names["view_hash"]
        if "canonical" in vector:
            expect(names["canonical"](vector["patterns"]) == vector["canonical"], vector)
        elif "both" in vector:
            both = names["intersection"](vector["a"], vector["b"])
            expect(both == vector["both"], vector, both)
        elif "path" in vector:
            document = {}
            names["put"](document, vector["path"], untag(vector["value"]))
            expect(digest(document) == vector["hash"], vector)
        elif "document" in vector:
            expect(digest(untag(vector["document"])) == vector["hash"], vector)
        else:
            for packed in (False, True):
                aliases = {number: name for number, name in vector["names"]}
                view = names["View"](untag(vector["before"]), vector["held"], aliases)
                if packed:
                    fields = unpack(bytes.fromhex(vector["messagePack"]))
                    verdict = view.apply_messagepack(fields)
                else:
                    verdict = view.apply_json(untag(json.loads(vector["json"])["data"]))
                expect(verdict == vector["verdict"], vector, verdict)
                expect(view.version == vector["version"], vector)
                expect(view.document == untag(vector["after"]), vector, view.document)
                expect(digest(view.document) == vector["hash"], vector)
    return ran


def run_delivery(names):
    ran = 0
    for vector in vectors("delivery"):
        play = {"outbox": play_outbox, "inbox": play_inbox, "mirror": play_mirror,
                "backoff": play_backoff}.get(vector["machine"])
        if play:
            play(names, vector)
            ran += 1
    return ran


def play_outbox(names, vector):
    outbox = names["Outbox"](vector["given"].get("inFlight", 256), random.Random(1))
    for step in vector["steps"]:
        if "publish" in step:
            expect(outbox.take("publish", step["publish"]) == step["id"], vector)
        elif "command" in step:
            expect(outbox.take("command", step["command"]) == step["id"], vector)
        elif "says" in step:
            due = [spoken["message"] for spoken in step["says"]]
            expect(outbox.say(step["at"]) == due, vector)
        elif "cut" in step:
            outbox.cut()
        else:
            message = step["receives"]["message"]
            expect(outbox.received(message, step["at"]) == step["outcome"], vector)
            if "waits" in step:
                item = outbox.items[message["data"]["id"]]
                expect(item["due"] == step["waits"], vector)


def play_inbox(names, vector):
    inbox = names["Inbox"](vector["given"]["done"])
    for step in vector["steps"]:
        if "event" in step:
            expect(inbox.received(step["event"]) == step["verdict"], vector)
        elif "acknowledges" in step:
            due = step["acknowledges"]
            said = inbox.acknowledgement(vector["given"]["subscription"])
            expect(said == (due and due["message"]), vector, said)
        elif "done" in step:
            inbox.finished(step["done"])
        elif "refused" in step:
            inbox.refused(step["refused"])
        else:
            inbox.skip(step["skip"])


def play_mirror(names, vector):
    given = names["untag"](vector["given"])
    view = names["View"](given["document"], given["version"])
    for step in vector["steps"]:
        verdict = view.apply_json(names["untag"](step["receives"]["message"]["data"]))
        expect(verdict == step["verdict"], vector, verdict)
        expect(view.version == step["held"], vector)
        expect(view.document == names["untag"](step["document"]), vector)


def play_backoff(names, vector):
    source, tries = random.Random(2), 0
    for step in vector["steps"]:
        if "reset" in step:
            tries = 0
            continue
        low, high = step["betweenMs"]
        for _ in range(100):
            expect(low <= names["back_off"](tries, source) <= high, vector)
        tries += 1


# What the client of one afternoon does not do.
BEYOND = {"prove", "refresh", "unsubscribe", "done", "refuse", "will", "presence"}


def run_sessions(names):
    ran = 0
    for vector in vectors("sessions"):
        done = {name for step in vector["steps"] for name in step.get("do", {})}
        events = any("chat/1" in json.dumps(step) for step in vector["steps"])
        packed = vector["given"].get("encoding") == "messagePack"
        if vector["side"] == "client" and not done & BEYOND and not events and not packed:
            play_client(names, vector)
            ran += 1
    return ran


def play_client(names, vector):
    given = vector["given"]
    client = names["Client"](given["token"], given["instance"], random.Random(1))

    def plain(message):
        """Features and agents are the client's own affair."""
        data = {name: value for name, value in message["data"].items() if name != "features"}
        return {**message, "data": data}

    for step in vector["steps"]:
        for name, asked in step.get("do", {}).items():
            asked = dict(asked)
            number = getattr(client, name)(asked.pop("topic"), **asked)
            expect(number == step["id"], vector)
        if "connects" in step:
            client.connected(step["at"])
        if "cut" in step:
            client.cut()
        if "receives" in step:
            text = json.dumps(step["receives"]["message"], separators=(",", ":"))
            client.received(text, step["at"])
        if "receivesBytes" in step:
            client.received(step["receivesBytes"]["json"], step["at"])
        if "says" in step:
            said = client.say(step["at"])
            due = [plain(spoken["message"]) for spoken in step["says"]]
            expect(said == due, vector, f"{said} is not {due}")
        if "dead" in step:
            expect(client.is_dead(step["at"]) == step["dead"], vector)
        if "holds" in step:
            held = client.subscriptions[step["holds"]["id"]].held
            expect(held.version == step["holds"]["version"], vector)
            expect(held.document == names["untag"](step["holds"]["document"]), vector)


def run_code(unpack):
    """How many vectors the text's own code ran, by file."""
    names = code()
    return {
        "values": run_values(names), "diffs": run_documents(names, unpack),
        "delivery": run_delivery(names), "sessions": run_sessions(names),
    }
