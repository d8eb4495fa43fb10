"""The parts of the text that are made from spec/catalogue.json, between marks in the pages."""
import json
import re

from messages import CATALOGUE, SPEC, pack_message

KINDS = {
    "count": "integer", "text": "text", "texts": "list of text", "value": "any value",
    "map": "map", "mask": "mask", "cursor": "cursor", "number": "number", "flag": "true",
    "start": "start", "verdict": "0 to 3", "topicKind": "0 to 3", "rung": "0 to 3", "code": "code",
    "hash": "hash", "names": "list", "paths": "list of paths", "increments": "list",
    "conditions": "list", "expiries": "list", "ranges": "list", "entries": "list",
    "terms": "map", "time": "time",
}


def spaced(data):
    """Hexadecimal digits in lines that fit the page, a blank between bytes."""
    digits = [f"{byte:02x}" for byte in data]
    rows = [" ".join(digits[i:i + 32]) for i in range(0, len(digits), 32)]
    return "\n".join(rows)


def envelope(kind, data):
    return json.dumps({"type": kind, "data": data}, ensure_ascii=False, separators=(",", ":"))


def message_section(message):
    sides = {"client": "clients", "server": "servers"}
    who = " and ".join(sides[side] for side in message["from"])
    lines = [f"### `{message['type']}`, {message['code']}", ""]
    lines += [f"From {who}. {message['purpose']}", "", f"*When:* {message['when']}"]
    if "answer" in message:
        answer = " or ".join(f"`{name}`" for name in message["answer"].split(" or "))
        lines[-1] += f" *Answered by* {answer}."
    lines += ["", "| field | | |", "|---|---|---|"]
    for field in message["fields"]:
        optional = "" if field.get("required") else ", may be absent"
        lines.append(f"| `{field['name']}` | {KINDS[field['kind']]}{optional} | {field['about']} |")
    example = {"type": message["type"], "data": message["example"]}
    lines += ["", "```message", envelope(message["type"], message["example"])]
    lines += [spaced(pack_message(example)), "```", ""]
    wrong = message["wrong"]
    lines += [f"Not acceptable, because of `{wrong['field']}`:", "", "```refused"]
    lines.append(envelope(message["type"], wrong["data"]))
    packed = pack_message({"type": message["type"], "data": wrong["data"]})
    lines.append(spaced(packed))
    lines += ["```", ""]
    return lines


def messages():
    lines = []
    for message in CATALOGUE["messages"]:
        lines += message_section(message)
    return lines[:-1]


def codes():
    lines = ["| code | | where | means | what to do next |", "|---|---|---|---|---|"]
    for code in CATALOGUE["codes"]:
        lines.append(
            f"| {code['code']} | {code['name']} | {code['where']} | {code['means']} "
            f"| {code['next']} |")
    return lines


def terms():
    lines = ["| name | default | | what | beyond it |", "|---|---|---|---|---|"]
    for term in CATALOGUE["terms"]:
        lines.append(
            f"| `{term['name']}` | {term['default']:,} | {term['unit']} | {term['about']} "
            f"| {term['above']} |")
    return lines


PARTS = {"messages": messages, "codes": codes, "terms": terms}


def made(text):
    """The text of a page with all its made parts as they should be."""
    for name, part in PARTS.items():
        start, end = f"<!-- made: {name} -->", f"<!-- end: {name} -->"
        pattern = re.escape(start) + r"\n.*?" + re.escape(end)
        body = start + "\n\n" + "\n".join(part()) + "\n\n" + end
        text = re.sub(pattern, lambda _: body, text, flags=re.DOTALL)
    return text


def pages():
    return sorted(path for path in SPEC.glob("**/*.md"))


def update(check):
    """Writes the made parts anew; with `check`, only says which pages differ."""
    differing = []
    for path in pages():
        text = path.read_text()
        if made(text) != text:
            differing.append(path.name)
            if not check:
                path.write_text(made(text))
    return differing
