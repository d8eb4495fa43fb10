#!/usr/bin/env bash
# Wire without JSON as Embedded Swift: for a Cortex-M4 and for WebAssembly it must build; on this
# machine a program on its public face alone must print what the ordinary build of it prints.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --product fieldcast-device 2>&1 | tail -1
ordinary=$(.build/debug/fieldcast-device)

export FIELDCAST_EMBEDDED=1
room=.build-embedded
swift build -c release --product fieldcast-device --scratch-path "$room/host" 2>&1 | tail -1
embedded=$("$room/host/release/fieldcast-device")
for triple in armv7em-none-none-eabi wasm32-unknown-none-wasm; do
    printf '%s: ' "$triple"
    swift build -c release --triple "$triple" --target fieldcast-device \
        --scratch-path "$room/$triple" 2>&1 | tail -1
done

if [ "$ordinary" != "$embedded" ] || [ "${ordinary##*: }" = 0 ]; then
    printf 'the two builds differ:\n%s\n---\n%s\n' "$ordinary" "$embedded"
    exit 1
fi
printf '%s\nthe same from the ordinary build and from Embedded Swift\n' "$embedded"
