#!/usr/bin/env bash
# Installs what building and testing Fieldcast needs and this machine lacks; touches nothing else.
# Says nothing and takes a few hundredths of a second when all is there, so that every make
# target can stand on it. Exit 1 names what is missing and what to do about it.
#
#     tools/deps.sh          for building and testing
#     tools/deps.sh bench    with the peers of the benchmarks as well; starts none of them
set -euo pipefail

wanted_swift=6.3
swift_download=https://www.swift.org/install/linux/

# One line a package: its name, then what it is for.
packages="
make         the targets of the Makefile
pkg-config   finding the libraries below
git          .ci/run and the tests that read the tree
libssl-dev   TLS, and the signatures of tokens
zlib1g-dev   compression of WebSocket messages
liburing-dev the io_uring event loop
libsqlite3-dev the store
libmsgpack-dev  tests and benchmarks: the second opinion on MessagePack
libjansson-dev  benchmarks: the peer of the JSON reader
libjs-chart.js  the chart on the demonstration's page
nodejs       the tests of the JavaScript client
python3      tests with clients of other people's making
python3-venv tests with clients of other people's making
python3-websockets  tests of the WebSocket by another implementation
curl         tests of HTTP by another implementation
nginx        tests of the node behind a proxy, and the peer of a benchmark's HTTP row
openssl      tests that look at certificates
"
[ "${1:-}" != bench ] || packages+="
wrk          benchmarks: the load of the HTTP row
libuv1       benchmarks: socketify stands on it
"
# The peers of the WebSocket rows, in a Python of their own.
venv=.build/bench/venv
peers="socketify==0.0.31 uvicorn[standard]==0.54.0 fastapi==0.165.0"

fail() {
    printf 'deps: %s\n' "$@" >&2
    exit 1
}

check_swift() {
    command -v swiftc >/dev/null 2>&1 || fail \
        "no Swift compiler on the PATH." \
        "Install Swift $wanted_swift or later from $swift_download" \
        "and put its usr/bin on the PATH."
    local line version
    line=$(swiftc --version 2>/dev/null | grep -o 'Swift version [0-9.]*' || true)
    version=${line##* }
    [ -n "$version" ] || fail "'swiftc --version' does not tell a version; is the toolchain whole?"
    printf '%s\n' "$wanted_swift" "$version" | sort -V -C || fail \
        "Swift $version is on the PATH, and $wanted_swift is the least that builds this." \
        "Install a newer one from $swift_download"
}

names() { awk 'NF { print $1 }' <<<"$packages"; }

missing() {
    local have
    # shellcheck disable=SC2046  # one word a package is what dpkg-query wants
    have=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $(names) 2>/dev/null || true)
    comm -23 <(names | sort) <(awk '$2 == "installed" { print $1 }' <<<"$have" | sort)
}

# The peers from PyPI are the benchmarks' alone: without them their rows say so, others are taken.
bench_python() {
    [ "${1:-}" = bench ] && [ "$(cat "$venv/peers" 2>/dev/null)" != "$peers" ] || return 0
    printf 'deps: making %s with %s\n' "$venv" "$peers" >&2
    # shellcheck disable=SC2086  # one word a package
    if { python3 -m venv "$venv" && "$venv/bin/pip" -q install $peers; } >&2; then
        printf '%s\n' "$peers" >"$venv/peers"
    else
        rm -rf "$venv"
        printf 'deps: no %s; their rows will be left out\n' "$peers" >&2
    fi
}

describe() {
    local name
    for name in "$@"; do awk -v n="$name" '$1 == n { print "  " $0 }' <<<"$packages"; done
}

check_swift

if ! command -v dpkg-query >/dev/null 2>&1; then
    [ -n "${FIELDCAST_DEPS_PRESENT:-}" ] && exit 0
    describe $(names) >&2
    fail "this is not Debian or a relative of it, so nothing was installed." \
        "Install the equivalents of the list above, then run again with FIELDCAST_DEPS_PRESENT=1."
fi

cd "$(dirname "$0")/.."
absent=$(missing)
if [ -z "$absent" ]; then
    bench_python "$@"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        describe $absent >&2
        fail "the packages above are missing, and there is no sudo to install them with." \
            "As root: apt-get install" $absent
    }
    as_root=(sudo)
fi
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >&2
}

# A package of a server starts it, unless this file says that nothing may be started.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

printf 'deps: installing %s\n' $absent >&2
apt update || printf 'deps: could not refresh the package lists; trying with the old ones\n' >&2
# All at once is quick; one at a time says which of them is at fault.
apt install --no-install-recommends $absent || for name in $absent; do
    apt install --no-install-recommends "$name" || true
done

absent=$(missing)
if [ -z "$absent" ]; then
    bench_python "$@"
    exit 0
fi
describe $absent >&2
fail "the packages above could not be installed; the lines before say why." \
    "Check the network and /etc/apt/sources.list, then run tools/deps.sh again," \
    "or install them by hand."
