"""Messages from JSON's form into MessagePack's, by spec/catalogue.json alone."""
import json
import pathlib

from values import pack, untag

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = ROOT / "spec"
CATALOGUE = json.loads((SPEC / "catalogue.json").read_text())
BY_TYPE = {message["type"]: message for message in CATALOGUE["messages"]}


def pack_message(message):
    """The canonical MessagePack of a message given as JSON's envelope (M2)."""
    kind = BY_TYPE[message["type"]]
    data = message.get("data", {})
    if kind["type"] == "diff":
        return pack_diff(data)
    fields = []
    for field in kind["fields"]:
        if field["kind"] == "value" or field["name"] in ("document", "set"):
            fields.append(untag(data[field["name"]]) if field["name"] in data else None)
        else:
            fields.append(untag(data.get(field["name"])))
    while fields and fields[-1] is None and not is_kept(kind, len(fields), data):
        fields.pop()
    return pack([kind["code"], *fields])


def is_kept(kind, count, data):
    """Whether the last field is a value that happens to be null, not an absent one."""
    field = kind["fields"][count - 1]
    return field.get("nullable", False) and field["name"] in data


def leaves(tree, path=()):
    for name in sorted(tree, key=str.encode):
        value = tree[name]
        if isinstance(value, dict) and value:
            yield from leaves(value, path + (name,))
        else:
            yield list(path + (name,)), value


def pack_diff(data):
    def short(path):
        return path[0] if len(path) == 1 else path

    fields = [11, data["view"], data["to"], data["to"] - data["from"]]
    sets = leaves(untag(data.get("set", {})))
    fields.append([part for path, value in sets for part in (short(path), value)])
    if data.get("unset"):
        fields.append([short(path) for path in data["unset"]])
    return pack(fields)


def fill(node):
    """Gives every message in a vector the bytes that it lacks; says which ones differ."""
    wrong = []
    if isinstance(node, list):
        for item in node:
            wrong += fill(item)
    elif isinstance(node, dict):
        if isinstance(node.get("message"), dict):
            packed = pack_message(node["message"]).hex()
            if node.setdefault("messagePack", packed) != packed:
                wrong.append((node["message"], packed, node["messagePack"]))
        for item in node.values():
            wrong += fill(item)
    return wrong


def write_vectors(path, vectors):
    lines = [json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in vectors]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
