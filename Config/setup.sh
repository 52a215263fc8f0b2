#!/usr/bin/env bash
# Installs from Debian's packages (and, for `test` and `bench`, from PyPI into a directory of the build) what Millstream needs.
#   Config/setup.sh build        headers to compile against
#   Config/setup.sh demo         … and the programs and the recording of the transcription demo
#   Config/setup.sh test         … and the browsers, proxies and clients that the tests talk to
#   Config/setup.sh yardsticks   headers, and the C programs that Millstream is measured against, built under Benchmarks/.build-peers
#   Config/setup.sh bench        … and the servers of others that it is measured against
# Does nothing when everything is there already. Needs root (or sudo) only when something is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-build}
build="libevent-dev libsqlite3-dev libyaml-dev pkg-config"
demo="ffmpeg pocketsphinx pocketsphinx-en-us pocketsphinx-testdata"
test="curl nginx-light caddy haproxy chromium chromium-driver firefox-esr nodejs node-eventsource python3-venv jq"
yardsticks="gcc libc6-dev liburing-dev"
# binutils: the stripped binary is measured, too. nchan's file in /etc/nginx is read by no test: they bring a whole configuration.
bench="binutils nodejs python3-venv nginx-light libnginx-mod-nchan"

case $level in
    build) wanted=$build ;;
    demo) wanted="$build $demo" ;;
    test) wanted="$build $demo $test" ;;
    yardsticks) wanted="$build $yardsticks" ;;
    bench) wanted="$build $yardsticks $bench" ;;
    *) echo "usage: Config/setup.sh [build|demo|test|yardsticks|bench]" >&2; exit 64 ;;
esac

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done

if [ -n "$missing" ]; then
    echo "installing:$missing"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "run as root, or install:$missing" >&2; exit 77; }
        as_root=sudo
    fi
    # The services of these packages stay off: the tests start what they need, on ports of their own.
    $as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >/tmp/policy-rc.d.millstream && chmod +x /tmp/policy-rc.d.millstream
        [ -e /usr/sbin/policy-rc.d ] || ln -s /tmp/policy-rc.d.millstream /usr/sbin/policy-rc.d'
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    $as_root sh -c '[ "$(readlink /usr/sbin/policy-rc.d)" = /tmp/policy-rc.d.millstream ] && rm -f /usr/sbin/policy-rc.d; rm -f /tmp/policy-rc.d.millstream'
fi

if [ "$level" = test ]; then
    clients=.build/test-clients
    if [ ! -x "$clients/bin/python" ] || ! "$clients/bin/python" -c 'import httpx_sse, sseclient, requests_sse, selenium, jsonschema, prometheus_client' 2>/dev/null; then
        mkdir -p .build
        python3 -m venv "$clients"
        "$clients/bin/pip" install -q --disable-pip-version-check -r Config/test-clients.txt
    fi
fi

peers=Benchmarks/.build-peers
if [ "$level" = yardsticks ] || [ "$level" = bench ]; then
    mkdir -p "$peers"
    compile() { # SOURCE LIBRARIES…: only when the source or a header is newer
        program="$peers/$(basename "$1" .c)"
        if [ ! -e "$program" ] || [ -n "$(find "$(dirname "$1")" Benchmarks/Peers/common -name '*.[ch]' -newer "$program")" ]; then
            gcc -O2 -Wall -Wextra -Werror -o "$program" "$1" "${@:2}"
        fi
    }
    compile Benchmarks/Peers/epoll/epoll-sse.c
    compile Benchmarks/Peers/durable/durable-sse.c -pthread
    compile Benchmarks/Peers/libevent/steal-sse.c -levent
    compile Benchmarks/Experiments/ring-send.c -luring -pthread
    compile Benchmarks/Experiments/log-writes.c
fi

if [ "$level" = bench ]; then
    requirements=Benchmarks/Peers/starlette/requirements.txt
    if ! cmp -s "$requirements" "$peers/venv/installed.txt"; then
        rm -rf "$peers/venv"
        python3 -m venv "$peers/venv"
        "$peers/venv/bin/pip" install -q --disable-pip-version-check -r "$requirements"
        cp "$requirements" "$peers/venv/installed.txt"
    fi
fi
