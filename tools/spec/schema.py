"""The JSON Schema and the AsyncAPI document, both made from spec/catalogue.json."""
import json

from messages import CATALOGUE, SPEC

LARGEST = 2**53 - 1
COUNT = {"type": "integer", "minimum": 0, "maximum": LARGEST}
TEXT = {"type": "string"}


def ref(name):
    return {"$ref": f"#/definitions/{name}"}


def tag(name, content):
    return {
        "type": "object", "required": [name], "properties": {name: content},
        "additionalProperties": False,
    }


def pair(second):
    return {
        "type": "array", "items": [ref("path"), second], "minItems": 2, "additionalItems": False,
    }


BASE64 = {
    "type": "string",
    "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
}
# One key that begins with a dollar sign: a tag, or an escape, never a plain map.
DOLLAR = {"minProperties": 1, "maxProperties": 1, "propertyNames": {"pattern": "^\\$"}}

VALUES = {
    "value": {
        "description": "Any value; what JSON has no form for is tagged (encodings.md, E30 to E33).",
        "anyOf": [
            {"type": ["null", "boolean", "number", "string"]},
            {"type": "array", "items": ref("value")},
            ref("map"), ref("time"), ref("int"), tag("$bytes", BASE64),
            tag("$custom", {
                "type": "array", "minItems": 2, "additionalItems": False,
                "items": [{"type": "integer", "minimum": -128, "maximum": 127}, BASE64]}),
        ],
    },
    "map": {
        "description": "A map; with one key that begins with a dollar sign that key has two (E32).",
        "type": "object",
        "anyOf": [
            {"not": DOLLAR, "additionalProperties": ref("value")},
            {**DOLLAR, "propertyNames": {"pattern": "^\\$\\$"},
             "additionalProperties": ref("value")},
        ],
    },
    "time": tag("$time", {
        "type": "string", "pattern": "^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]{0,8}[1-9])?$"}),
    "int": tag("$int", {"type": "string", "pattern": "^-?[1-9][0-9]{15,19}$"}),
    "path": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "maxItems": 16}]},
    "pattern": {"anyOf": [
        TEXT, {"type": "array", "items": {"type": ["string", "null"]}, "maxItems": 16}]},
    "cursor": {
        "description": "Epoch, version and print, as the server gave them (S8).",
        "type": "array", "items": [TEXT, COUNT, TEXT], "minItems": 3, "additionalItems": False,
    },
}

CHOICE = {"type": "integer", "minimum": 0, "maximum": 3}
KINDS = {
    "count": COUNT, "code": COUNT, "text": TEXT, "value": ref("value"), "map": ref("map"),
    "texts": {"type": "array", "items": TEXT},
    "mask": {"type": "array", "items": ref("pattern"), "maxItems": 64},
    "cursor": ref("cursor"), "number": {"anyOf": [{"type": "number"}, ref("int")]},
    "flag": {"type": "boolean"},
    "start": {"anyOf": [{"enum": ["now", "earliest"]}, COUNT, ref("time")]},
    "verdict": CHOICE, "topicKind": CHOICE, "rung": CHOICE,
    "hash": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    "names": {"type": "array", "items": {"anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 4095}, TEXT]}},
    "paths": {"type": "array", "items": ref("path")},
    "increments": {"type": "array", "items": pair({"anyOf": [{"type": "number"}, ref("int")]})},
    "conditions": {"type": "array", "items": pair(COUNT), "maxItems": 64},
    "expiries": {"type": "array", "items": pair(COUNT)},
    "ranges": {"type": "array", "items": {
        "type": "array", "items": [COUNT, COUNT], "minItems": 2, "additionalItems": False}},
    "entries": {"type": "array", "items": {
        "type": "array", "items": [COUNT, ref("value"), ref("time")], "minItems": 2,
        "additionalItems": False}},
    "time": ref("time"),
}


def terms():
    names = {term["name"]: {**COUNT, "default": term["default"], "description": term["about"]}
             for term in CATALOGUE["terms"]}
    return {"type": "object", "properties": names}


def field(item):
    schema = terms() if item["kind"] == "terms" else KINDS[item["kind"]]
    described = {"description": item["about"]}
    if "$ref" in schema:
        schema = {"allOf": [schema]}              # beside a reference nothing else counts
    if item.get("required") or item["kind"] == "value":
        return {**described, **schema}
    return {**described, "anyOf": [schema, {"type": "null"}]}


def message(item):
    data = {
        "type": "object",
        "properties": {each["name"]: field(each) for each in item["fields"]},
        "required": [each["name"] for each in item["fields"] if each.get("required")],
    }
    if item["type"] == "publish":
        # An event excludes every field of a patch (E42).
        filled = {"anyOf": [{"type": "object", "minProperties": 1},
                            {"type": "array", "minItems": 1}]}
        data["not"] = {
            "required": ["event"], "properties": {"event": {"not": {"type": "null"}}},
            "anyOf": [{"required": [name], "properties": {name: filled}}
                      for name in ("set", "unset", "increment", "if", "expire")],
        }
    required = ["type", "data"] if data["required"] else ["type"]
    return {
        "description": f"From {' and '.join(item['from'])}. {item['purpose']}",
        "type": "object", "required": required,
        "properties": {
            "type": {"const": item["type"]}, "data": data,
            "timestamp": {"type": "string", "description": "for people to read"},
        },
        "examples": [{"type": item["type"], "data": item["example"]}],
    }


def json_schema():
    definitions = dict(VALUES)
    for item in CATALOGUE["messages"]:
        definitions["message." + item["type"]] = message(item)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Messages of the Fieldcast protocol, version 1, in JSON",
        "description": "Made from catalogue.json. What a schema cannot say is in messages.md.",
        "oneOf": [ref("message." + item["type"]) for item in CATALOGUE["messages"]],
        "definitions": definitions,
    }


def payload(name):
    return {
        "schemaFormat": "application/schema+json;version=draft-07",
        "schema": {"$ref": f"schema.json#/definitions/message.{name}"},
    }


# What the node does with what a side says.
DOES = {"client": "receive", "server": "send"}


def operation(item, side):
    """One message in one direction, as the node sees it."""
    action = DOES[side]
    made = {
        "action": action, "channel": {"$ref": "#/channels/websocket"},
        "summary": item["purpose"],
        "messages": [{"$ref": f"#/channels/websocket/messages/{item['type']}"}],
    }
    if side == "client" and "answer" in item:
        answers = item["answer"].split(" or ")
        made["reply"] = {
            "channel": {"$ref": "#/channels/websocket"},
            "messages": [{"$ref": f"#/channels/websocket/messages/{name}"} for name in answers],
        }
    return made


def asyncapi():
    messages = CATALOGUE["messages"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Fieldcast", "version": "1.0.0",
            "description": "The WebSocket of a Fieldcast node, in JSON. Made from catalogue.json; "
            "the specification is in README.md. With the subprotocol fieldcast.v1.msgpack the same "
            "messages travel in MessagePack (messages.md, M2).",
            "license": {"name": "Apache 2.0",
                        "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"node": {
            "host": "localhost:8080", "protocol": "ws",
            "description": "wss where the node, or a proxy before it, speaks TLS."}},
        "channels": {"websocket": {
            "address": "/v1/ws", "title": "The session",
            "description": "Subprotocol fieldcast.v1.json, one message a text frame.",
            "messages": {item["type"]: {"$ref": f"#/components/messages/{item['type']}"}
                         for item in messages},
            "bindings": {"ws": {"method": "GET", "headers": {
                "type": "object", "required": ["Sec-WebSocket-Protocol"],
                "properties": {"Sec-WebSocket-Protocol": {
                    "type": "string", "const": "fieldcast.v1.json"}}}}},
        }},
        "operations": {
            f"{DOES[side]}-{item['type']}": operation(item, side)
            for item in messages for side in item["from"]},
        "components": {"messages": {
            item["type"]: {
                "name": item["type"], "title": item["type"], "summary": item["purpose"],
                "description": item["when"], "contentType": "application/json",
                "payload": payload(item["type"]),
                "examples": [{"payload": {"type": item["type"], "data": item["example"]}}],
            } for item in messages}},
    }


FILES = {"schema.json": json_schema, "asyncapi.json": asyncapi}


def update(check):
    """Writes both anew; with `check`, only says which differ."""
    differing = []
    for name, make in FILES.items():
        text = json.dumps(make(), indent=1, ensure_ascii=False) + "\n"
        path = SPEC / name
        if not path.exists() or path.read_text() != text:
            differing.append(name)
            if not check:
                path.write_text(text)
    return differing
