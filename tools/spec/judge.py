"""The validators of others: JSON Schema's own, AsyncAPI's models, and every message vector."""
import json

import jsonschema
import pydantic
from asyncapi3.models import AsyncAPI3

import text
from messages import CATALOGUE, SPEC

# Not acceptable for a reason that a schema cannot say.
BEYOND_A_SCHEMA = {
    "ranges": "the first of a range is not above the last",
    "from": "from is below to",
}


def unique(pairs):
    """JSON's maps have each key once (E5)."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key comes twice")
    return dict(pairs)


def validator():
    schema = json.loads((SPEC / "schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def accepts(judge, source):
    try:
        message = json.loads(source, object_pairs_hook=unique)
    except ValueError:
        return False
    return judge.is_valid(message)


def run():
    """The numbers of what was judged; raises where a judgement is wrong."""
    judge = validator()
    counts = {"valid": 0, "refused": 0, "beyond": 0}
    for vector in text.vectors("messages"):
        if "json" not in vector:
            continue
        accepted = accepts(judge, vector["json"])
        if "error" not in vector:
            text.expect(accepted, vector, "the schema refuses it")
            counts["valid"] += 1
        elif accepted:
            text.expect(vector.get("field") in BEYOND_A_SCHEMA, vector, "the schema accepts it")
            counts["beyond"] += 1
        else:
            counts["refused"] += 1
    for item in CATALOGUE["messages"]:
        example = json.dumps({"type": item["type"], "data": item["example"]})
        wrong = json.dumps({"type": item["type"], "data": item["wrong"]["data"]})
        if not accepts(judge, example):
            raise AssertionError(f"the schema refuses the example of {item['type']}")
        if accepts(judge, wrong) and item["wrong"]["field"] not in BEYOND_A_SCHEMA:
            raise AssertionError(f"the schema accepts what {item['type']} must refuse")
    counts["sequences"] = run_sequences(judge)
    run_asyncapi()
    return counts


def run_sequences(judge):
    """Every message in a sequence is one that the schema knows."""
    def spoken(node):
        if isinstance(node, list):
            for item in node:
                yield from spoken(item)
        elif isinstance(node, dict):
            if isinstance(node.get("message"), dict):
                yield node["message"]
            for item in node.values():
                yield from spoken(item)

    count = 0
    for name in ("delivery", "sessions"):
        for vector in text.vectors(name):
            for message in spoken(vector):
                text.expect(judge.is_valid(message), vector, message)
                count += 1
    return count


def run_asyncapi():
    document = json.loads((SPEC / "asyncapi.json").read_text())
    try:
        AsyncAPI3.model_validate(document)
    except pydantic.ValidationError as error:
        raise AssertionError(f"asyncapi.json: {error}") from None
    # What models do not look at: every reference leads somewhere.
    schema = json.loads((SPEC / "schema.json").read_text())
    for reference in references(document):
        file, _, pointer = reference.partition("#")
        node = schema if file == "schema.json" else document
        for part in pointer.strip("/").split("/"):
            if part not in node:
                raise AssertionError(f"asyncapi.json: {reference} leads nowhere")
            node = node[part]


def references(node):
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for item in node.values():
            yield from references(item)
