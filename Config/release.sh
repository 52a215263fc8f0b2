#!/usr/bin/env bash
# Builds what is deployed: .build/release/millstream with the Swift runtime linked in, and .build/release/millstream.stripped, the same
# without symbols. On the target it needs three libraries and the C++ runtime:
#   apt install libevent-2.1-7 libevent-core-2.1-7 libevent-extra-2.1-7 libsqlite3-0 libyaml-0-2 libstdc++6
set -euo pipefail
cd "$(dirname "$0")/.."
Config/setup.sh build
# The linker remarks that the static Foundation holds a function with `mktemp`; it is never called.
swift build -c release --static-swift-stdlib --product millstream 2>&1 | grep -v "the use of \`mktemp' is dangerous"
strip -o .build/release/millstream.stripped .build/release/millstream
bytes=$(stat -c %s .build/release/millstream.stripped)
echo "stripped: $bytes bytes"
# Twice that size came with one careless import already: Foundation's Unicode tables.
if [ "$bytes" -gt 25000000 ]; then echo "the binary is larger than 25 MB" >&2; exit 1; fi
