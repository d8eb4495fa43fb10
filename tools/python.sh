#!/usr/bin/env bash
# Tests the Python client: all vectors, then against a node, cuts and kills included. Its packages
# come from PyPI into .build, once for each change of tools/python/requirements.txt.
#
#   tools/python.sh                 all tests, against .build/debug/fieldcast-node
#   tools/python.sh tests.test_live only those; FIELDCAST_NODE= names another node
set -euo pipefail
cd "$(dirname "$0")/.."

node=$(realpath -m "${FIELDCAST_NODE:-.build/debug/fieldcast-node}")
if [ ! -x "$node" ]; then
    echo "there is no $node to test against: swift build --product fieldcast-node" >&2
    exit 1
fi

packages=.build/python-packages
wanted=tools/python/requirements.txt
if ! cmp -s "$wanted" "$packages/requirements.txt"; then
    rm -rf "$packages"
    python3 -m venv "$packages"
    "$packages/bin/pip" --quiet --disable-pip-version-check install -r "$wanted"
    cp "$wanted" "$packages/requirements.txt"
fi
python=$PWD/$packages/bin/python

# One that ran nothing, or left something out, has not passed.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
cd clients/python
if [ $# -eq 0 ]; then set -- discover; fi
FIELDCAST_NODE=$node PYTHONPATH=$PWD "$python" -B -W error::DeprecationWarning -m unittest "$@" \
    2>&1 | tee "$said"
if ! grep -q '^Ran [1-9]' "$said" || grep -q 'skipped=' "$said"; then
    echo "tests of clients/python were left out" >&2
    exit 1
fi
