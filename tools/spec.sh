#!/usr/bin/env bash
# Checks the specification: what is made from its catalogue is as it should be, its own code runs
# on its vectors, schema and AsyncAPI document are valid, links lead somewhere, and every rule with
# MUST is shown. What runs through Wire are Swift tests, which `make spec` calls beside this;
# tools/spec/__main__.py says what is where.
#
#   tools/spec.sh             check
#   tools/spec.sh --update    write anew what is made from spec/catalogue.json
#   tools/spec.sh --mutate n  break a copy of Wire in n places, picked by SEED, and expect each to
#                             be seen; tools/spec/mutants.py lists the places with their rules
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --mutate ]; then
    exec python3 -B tools/spec/mutate.py "${2:-5}" "${SEED:-1}"
fi

packages=.build/spec-packages
wanted=tools/spec/requirements.txt
if ! cmp -s "$wanted" "$packages/requirements.txt"; then
    rm -rf "$packages"
    python3 -m venv "$packages"
    "$packages/bin/pip" --quiet --disable-pip-version-check install -r "$wanted"
    cp "$wanted" "$packages/requirements.txt"
fi
exec "$packages/bin/python" -B tools/spec "$@"
