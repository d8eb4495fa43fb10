#!/usr/bin/env bash
# Runs the fuzzers, each for so many seconds: tools/fuzz.sh SECONDS [NAME...]
# They begin with Fuzz/Corpus and keep what they find new in .build-fuzz/corpus. An input that
# fails is put into Fuzz/Regressions/NAME, which `make test` replays.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(
    messagepack json message document mirror session delivery framing configuration
    http websocket deflate handshake proxy loop
)

# Under a sanitizer the crash reporter hangs and keeps the output open for ever.
export SWIFT_BACKTRACE=enable=no FIELDCAST_FUZZING=1
# Transport's parsers are its own, so its fuzzers look at it as tests do; with that, optimising
# whole modules crashes the compiler (6.3.1).
swift build -c release --sanitize=fuzzer --sanitize=address -Xswiftc -enable-testing \
    -Xswiftc -no-whole-module-optimization --product fieldcast-fuzz \
    --scratch-path .build-fuzz 2>&1 | tail -1
# msgpack-c reserves what a short input declares; a failed reservation is no finding.
export ASAN_OPTIONS=allocator_may_return_null=1

code=0
for name in "${names[@]}"; do
    mkdir -p ".build-fuzz/corpus/$name" "Fuzz/Corpus/$name" "Fuzz/Regressions/$name"
    printf '== %s, %d s\n' "$name" "$seconds"
    FIELDCAST_FUZZ=$name .build-fuzz/release/fieldcast-fuzz -max_total_time="$seconds" \
        -max_len=4096 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=65536 -print_final_stats=1 \
        -dict=Fuzz/words.dict -artifact_prefix="Fuzz/Regressions/$name/" \
        ".build-fuzz/corpus/$name" "Fuzz/Corpus/$name" > ".build-fuzz/$name.log" 2>&1 || code=$?
    grep -aE 'Fatal error|ERROR|SUMMARY|Test unit written|number_of_executed_units' \
        ".build-fuzz/$name.log" || true
    rmdir --ignore-fail-on-non-empty "Fuzz/Regressions/$name" "Fuzz/Corpus/$name"
done
exit "$code"
