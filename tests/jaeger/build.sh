#!/usr/bin/env bash
# Builds a real Jaeger for the tests into the user's cache folder, unless it is there, and prints where it is.
# The first time takes about six minutes, 2.2 GB of memory and a Go toolchain; afterwards nothing.
# go.mod and go.sum are lock files: `go mod tidy` would ask for modules that only Jaeger's own tests need.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=1.76.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/agentspan
binary=$cache/jaeger-$version

if [[ ! -x $binary ]]; then
    if ! command -v go >/dev/null; then
        echo "tests/jaeger/build.sh: Go is needed to build Jaeger, and there is no \`go\` on the PATH." >&2
        echo "Install it, for example with \`apt-get install golang-go\`, or put a Jaeger $version at $binary." >&2
        exit 1
    fi
    mkdir -p "$cache"
    # Two at once would build twice.
    exec 9>"$cache/jaeger-$version.lock"
    flock 9
    if [[ ! -x $binary ]]; then
        echo "building Jaeger $version into $binary; the first time takes about six minutes" >&2
        # Under another name until it is whole, so that nobody starts half a program.
        unfinished=$(mktemp "$binary.XXXXXX")
        trap 'rm -f "$unfinished"' EXIT
        go build -C "$here" -mod=readonly -trimpath -ldflags '-s -w' -o "$unfinished" \
            github.com/jaegertracing/jaeger/cmd/jaeger >&2
        chmod 755 "$unfinished"
        mv "$unfinished" "$binary"
    fi
fi
echo "$binary"
