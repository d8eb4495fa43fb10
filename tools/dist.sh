#!/usr/bin/env bash
# Builds the node with the Swift runtime inside, strips it, and packs it with its unit, its example
# and its documents: .build/dist/fieldcast-VERSION-ARCH.tar.gz.
set -euo pipefail
cd "$(dirname "$0")/.."

room=.build/static
swift build -c release --static-swift-stdlib --product fieldcast-node --scratch-path "$room" 2>&1 |
    tail -1
version=$("$room/release/fieldcast-node" --version | awk '{ print $2 }')
name=fieldcast-$version-$(uname -m)
out=.build/dist/$name
rm -rf "$out"
mkdir -p "$out/doc"
strip -o "$out/fieldcast-node" "$room/release/fieldcast-node"
cp packaging/* LICENSE "$out"
cp CHANGELOG.md SECURITY.md docs/*.md "$out/doc"
"$out/fieldcast-node" --version
tar -C .build/dist --owner=0 --group=0 --sort=name -czf ".build/dist/$name.tar.gz" "$name"

most=$((15 * 1000 * 1000))
size=$(stat -c %s "$out/fieldcast-node")
printf '%s bytes: the stripped server, at most %s\n' "$size" "$most"
[ "$size" -le "$most" ] || { echo 'dist: the server is too large' >&2; exit 1; }
printf '%s\n' ".build/dist/$name.tar.gz"
