#!/usr/bin/env bash
# All tests in one command: installs what is missing, builds, and runs them against real browsers, proxies and clients.
# Further arguments go to `swift test`, for example --filter HTTP.
set -euo pipefail
cd "$(dirname "$0")/.."
Config/setup.sh test
swift build --product millstream
exec swift test "$@"
