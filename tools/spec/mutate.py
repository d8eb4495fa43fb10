"""Breaks Wire in some of the places of mutants.py, one after the other, and expects the tests of
the specification to see each. What is broken is a copy, built once with all of them."""
import os
import pathlib
import random
import shutil
import subprocess
import sys

from mutants import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / ".build" / "spec-mutants"
TESTS = "WireTests.*(VectorTests|ExampleTests|CatalogueTests)"

CHOICE = """import Glibc

/// Which of the ways to break this copy is chosen; none when the variable is not there.
private let chosen: Int = unsafe getenv("MUTANT").map { unsafe Int(atoi($0)) } ?? 0

public func mutant(_ number: Int) -> Bool { number == chosen }
"""

PACKAGE = """
let package = Package(
    name: "spec-mutants",
    targets: [
        .systemLibrary(
            name: "CMsgpack", pkgConfig: "msgpack", providers: [.apt(["libmsgpack-dev"])]),
        .target(
            name: "Wire", swiftSettings: strict,
            linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(
            name: "FuzzEntries", dependencies: ["Wire", "CMsgpack"], path: "Fuzz/Entries",
            swiftSettings: strict),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "FuzzEntries"], swiftSettings: strict),
    ])
"""


def put(path, text):
    """Writes what is not there already, so that only what changed is built anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def copy():
    kept = set()
    for folder in ("Sources/Wire", "Sources/CMsgpack", "Fuzz", "Tests/WireTests", "spec"):
        for source in sorted((ROOT / folder).glob("**/*")):
            if source.is_file():
                target = COPY / source.relative_to(ROOT)
                kept.add(target)
                try:
                    text = source.read_text()
                except UnicodeDecodeError:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, target)
                    continue
                put(target, mutated(source, text))
    wire = COPY / "Sources" / "Wire"
    put(wire / "Mutant.swift", CHOICE)
    kept.add(wire / "Mutant.swift")
    for folder in ("Sources", "Tests"):
        for old in (COPY / folder).glob("**/*.swift"):
            if old not in kept:
                old.unlink()
    manifest = (ROOT / "Package.swift").read_text()
    put(COPY / "Package.swift", manifest[:manifest.index("let package")] + PACKAGE)


def mutated(source, text):
    for number, (rule, file, before, after) in enumerate(MUTANTS, 1):
        if source != ROOT / "Sources" / "Wire" / file:
            continue
        if text.count(before) != 1:
            sys.exit(f"mutants.py: {file} has not exactly one place for {rule}: {before}")
        text = text.replace(before, after.replace("MUTANT", f"mutant({number})"))
    return text


def swift(*words, number=0, timeout=None):
    variables = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "MUTANT": str(number)}
    return subprocess.run(
        ["swift", *words], cwd=COPY, env=variables, timeout=timeout, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)


def run(number):
    """Whether the tests see that something is wrong, and which of them sees it first."""
    words = ["test", "--skip-build", "--disable-xctest", "--filter", TESTS]
    try:
        ran = swift(*words, number=number, timeout=120)
    except subprocess.TimeoutExpired:
        return True, "it hangs"
    failed = [line for line in ran.stdout.splitlines() if "recorded an issue" in line]
    first = failed[0].split("recorded an issue")[0].strip(" ✘") if failed else "it crashes"
    return ran.returncode != 0, first


def main(count, seed):
    copy()
    print(f"building Wire with {len(MUTANTS)} ways to break it", flush=True)
    built = swift("build", "--build-tests")
    if built.returncode:
        sys.exit(built.stdout[-4000:])
    red, first = run(0)
    if red:
        sys.exit(f"the tests are red before anything is broken: {first}")
    numbers = list(range(1, len(MUTANTS) + 1))
    random.Random(seed).shuffle(numbers)
    alive = []
    for number in numbers[:count]:
        rule, file = MUTANTS[number - 1][:2]
        red, first = run(number)
        print(f"{number:3} {rule:4} {file:36} " + (f"red: {first}" if red else "NOT SEEN"),
              flush=True)
        if not red:
            alive.append(f"{number} ({rule})")
    if alive:
        sys.exit("not seen: " + ", ".join(alive))
    print(f"{min(count, len(numbers))} of {len(MUTANTS)} places broken, each seen (seed {seed})")


main(int(sys.argv[1]), int(sys.argv[2]))
