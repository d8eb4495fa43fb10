"""Checks the specification, or with `--update` writes anew what is made from spec/catalogue.json.

What it stands on: values.py and messages.py pack messages by the catalogue; pages.py makes the
tables of the text, schema.py the JSON Schema and the AsyncAPI document; text.py runs the text's own
code on the vectors; rules.py looks at rules and links; judge.py asks the validators of others.
requirements.txt has the packages from PyPI; tools/spec.sh installs them and calls this.
"""
import sys
import warnings

import messages
import pages
import rules
import schema
import text
from values import Custom, Time


def unpack(data):
    import msgpack

    def plain(value):
        if isinstance(value, msgpack.Timestamp):
            return Time(value.seconds, value.nanoseconds)
        if isinstance(value, msgpack.ExtType):
            return Custom(value.code, value.data)
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return value

    return plain(msgpack.unpackb(data, strict_map_key=False, timestamp=0))


def update():
    for name in schema.update(check=False) + pages.update(check=False):
        print(f"spec/{name} is written")
    for name in ("delivery", "sessions"):
        vectors = text.vectors(name)
        messages.fill(vectors)
        messages.write_vectors(messages.SPEC / "vectors" / f"{name}.json", vectors)


def check():
    old = schema.update(check=True) + pages.update(check=True)
    if old:
        raise AssertionError(
            f"spec/{old[0]} is not what the catalogue makes: python3 tools/spec --update")
    rules.check_vectors(messages.fill)
    print("the text's own code ran", text.run_code(unpack), "vectors")
    import judge
    print("the schema judged", judge.run(), "messages; the AsyncAPI document is valid")
    print(rules.check_links(), "links lead somewhere")
    every, strict, missing = rules.check()
    share = (strict - len(missing)) * 100 // strict
    print(f"{every} rules, {strict} with MUST; {share} % of those are shown by vectors or tests")
    if missing:
        raise AssertionError("nothing shows " + ", ".join(missing))


warnings.filterwarnings("ignore", category=UserWarning)
try:
    update() if "--update" in sys.argv else check()
except AssertionError as error:
    sys.exit(f"spec: {error}")
