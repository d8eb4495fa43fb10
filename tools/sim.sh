#!/usr/bin/env bash
# Builds the simulator for release and runs it. With --fault it is built apart, with the sites of
# planted faults compiled in (docs/decisions/010-planted-faults.md).
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build
for argument in "$@"; do
    if [ "$argument" = --fault ]; then
        folder=.build/planted
        export FIELDCAST_PLANTED=1
    fi
done
swift build -c release --product fieldcast-sim --scratch-path "$folder" 2>&1 | tail -1
exec "$folder/release/fieldcast-sim" "$@"
