"""The rules of the text: that each has its number alone, that what names one exists, and which of
those that say MUST are shown by a vector or a test."""
import json
import re

from messages import ROOT, SPEC
from text import vectors

RULE = re.compile(r"^- \*\*([A-Z]\d+)\*\* (.*?)(?=^\S|^$|\Z)", re.MULTILINE | re.DOTALL)
MENTION = re.compile(r"\b([ADELMNSTVX]\d{1,2})\b")
# Rows of the composition page: a rule, and the tests that show it.
ROW = re.compile(r"^\| ([A-Z]\d+(?:, [A-Z]\d+)*) \| (.+?) \|$", re.MULTILINE)
TEST = re.compile(r"`(\w+)[./](\w+)`")
VECTOR_FILES = ["values", "messages", "diffs", "delivery", "sessions", "framing"]


def rules():
    """Every rule's text by its number."""
    found = {}
    for page in sorted(SPEC.glob("*.md")):
        for number, text in RULE.findall(page.read_text()):
            if number in found:
                raise AssertionError(f"{page.name}: {number} is given twice")
            found[number] = " ".join(text.split())
    return found


def named_by_vectors():
    named = set()
    identities = set()
    for name in VECTOR_FILES:
        for vector in vectors(name):
            named.update(vector["rules"])
            if vector["id"] in identities:
                raise AssertionError(f"{name}.json: {vector['id']} is given twice")
            identities.add(vector["id"])
    return named


def tests():
    """The names of all tests, by the type that they stand in."""
    found = {}
    for path in (ROOT / "Tests").glob("**/*.swift"):
        source = path.read_text()
        names = set(re.findall(r"func (\w+)\(", source))
        for name in re.findall(r"(?:struct|class|extension|enum) (\w+)", source):
            found.setdefault(name, set()).update(names)
    return found


def tests_in(text, known, page):
    """The tests that a piece of a page names; each must be there."""
    pairs = TEST.findall(text)
    for suite, name in pairs:
        if name not in known.get(suite, set()):
            raise AssertionError(f"{page}: there is no test {suite}/{name}")
    return pairs


def named_by_tests():
    known = tests()
    named = set()
    page = (SPEC / "composition.md").read_text()
    for numbers, text in ROW.findall(page):
        if tests_in(text, known, "composition.md"):
            named.update(numbers.split(", "))
    tests_in(page, known, "composition.md")
    return named


def check():
    """The share of the rules with MUST that something shows, and the ones that nothing does."""
    every = rules()
    shown = named_by_vectors() | named_by_tests()
    for number in sorted(shown - set(every)):
        raise AssertionError(f"{number} is named, and there is no such rule")
    for page in SPEC.glob("**/*.md"):
        # The change log tells of rules that may be gone.
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for number in set(MENTION.findall(text)) - set(every):
            raise AssertionError(f"{page.name}: there is no rule {number}")
    strict = [number for number, text in every.items() if "MUST" in text]
    missing = [number for number in strict if number not in shown]
    return len(every), len(strict), missing


def check_links():
    """Every link within the repository leads to a file, and to a heading where it names one."""
    count = 0
    for page in list(SPEC.glob("**/*.md")) + list(ROOT.glob("*.md")):
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (page.parent / file) if file else page
            if not path.exists():
                raise AssertionError(f"{page.name}: {target} leads nowhere")
            if anchor and anchor not in anchors(path):
                raise AssertionError(f"{page.name}: {target} names no heading")
            count += 1
    return count


def anchors(path):
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    made = set()
    for heading in headings:
        plain = re.sub(r"[`*]", "", heading).lower()
        made.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return made


def check_vectors(fill):
    """Every message of a sequence is the same in both encodings, packed by the catalogue alone."""
    for name in ("delivery", "sessions"):
        wrong = fill(vectors(name))
        if wrong:
            raise AssertionError(f"{name}.json: {json.dumps(wrong[0][0])} is not its MessagePack")
