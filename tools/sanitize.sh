#!/usr/bin/env bash
# Runs tests under a sanitizer: tools/sanitize.sh address|thread FILTER
# The crash reporter hangs under sanitizers, and XCTest does not start under them.
set -euo pipefail
cd "$(dirname "$0")/.."

export SWIFT_BACKTRACE=enable=no
# What has been freed is kept back to catch late uses; the tests that watch a server's memory need
# that bounded.
export ASAN_OPTIONS=quarantine_size_mb=4:thread_local_quarantine_size_kb=64
export TSAN_OPTIONS=halt_on_error=0
exec swift test --disable-xctest --sanitize="$1" --scratch-path ".build-$1" --filter "$2"
