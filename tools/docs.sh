#!/usr/bin/env bash
# Writes what is made from the program: packaging/fieldcast.toml, and the reference of all keys in
# docs/configuration.md between its two marks. A test compares them with the program.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --product fieldcast-node 2>&1 | tail -1
node=.build/debug/fieldcast-node
"$node" config example > packaging/fieldcast.toml

mark='<!-- made by: make docs -->'
page=docs/configuration.md
made=$(mktemp)
trap 'rm -f "$made"' EXIT
awk -v mark="$mark" '$0 == mark { exit } { print }' "$page" > "$made"
{
    printf '%s\n' "$mark"
    "$node" config reference
    printf '%s\n' "$mark"
} >> "$made"
cat "$made" > "$page"
