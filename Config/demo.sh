#!/usr/bin/env bash
# The main job in one command: installs what is missing, builds, and serves the page with the demo kinds.
# Further arguments go to `millstream serve`, for example --port 9000.
set -euo pipefail
cd "$(dirname "$0")/.."
Config/setup.sh demo
Config/release.sh
exec .build/release/millstream serve --demo "$@"
