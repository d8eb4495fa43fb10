#!/usr/bin/env bash
# Lets hundreds of clients join, leave, stall, refresh and resume on a node of its own for so long,
# and tells by its exit code whether memory stood still (from five minutes on), descriptors ended
# where they began, and every mirror had the server's hash.
#
#     tools/soak.sh [SECONDS [CLIENTS]]
set -euo pipefail

cd "$(dirname "$0")/.."
swift build -c release --product fieldcast-node >&2
swift build -c release --product node-soak >&2

folder=$(mktemp -d)
node=
end() {
    [ -z "$node" ] || kill -9 "$node" 2>/dev/null || true
    rm -rf "$folder"
}
trap end EXIT

head -c 32 /dev/urandom | base64 >"$folder/secret"
mkfifo "$folder/said"
.build/release/fieldcast-node --secret-file "$folder/secret" --listen 127.0.0.1:0 --loops 2 \
    >"$folder/said" 2>"$folder/log" &
node=$!
read -r greeting <"$folder/said"
if ! .build/release/node-soak "${greeting##*:}" "$node" "$folder/secret" "${2:-300}" "${1:-600}"
then
    tail -n 20 "$folder/log" >&2
    exit 1
fi
