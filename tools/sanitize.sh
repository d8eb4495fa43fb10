#!/usr/bin/env bash
# Runs tests under a sanitizer: tools/sanitize.sh address|thread FILTER
# The crash reporter hangs under sanitizers, and XCTest does not start under them.
set -euo pipefail
cd "$(dirname "$0")/.."

# The second is for tests that watch a server's memory.
export SWIFT_BACKTRACE=enable=no FIELDCAST_SANITIZED=$1
export LSAN_OPTIONS=suppressions="$PWD/tools/leaks.txt"
exec swift test --disable-xctest --sanitize="$1" --scratch-path ".build-$1" --filter "$2"
