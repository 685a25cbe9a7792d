#!/usr/bin/env bash
# Checks the published crates against the oldest versions that their manifests allow, so that no lower bound promises what
# it does not keep. The choice of versions needs a nightly cargo and the registry; without them the check is left out,
# with a line that says so. Works in a copy, and keeps both the choice and what was built, so that a second run is short.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}/oldest
copy=$target/workspace
chosen=$target/chosen

if ! rustup run nightly cargo --version >/dev/null 2>&1; then
    echo "the oldest dependencies are not checked: there is no nightly toolchain (\`rustup toolchain install nightly\`)"
    exit 0
fi
rm -rf "$copy"
mkdir -p "$copy/crates"
# With their times, so that cargo sees what has changed and nothing else.
cp -rp crates/agentspan-semconv crates/agentspan "$copy/crates/"
sed 's/^members = .*/members = ["crates\/agentspan-semconv", "crates\/agentspan"]/' Cargo.toml >"$copy/Cargo.toml"

key=$(cat Cargo.toml crates/*/Cargo.toml | sha256sum | cut -d' ' -f1)
if [[ $(cat "$chosen/key" 2>/dev/null) == "$key" ]]; then
    cp -p "$chosen/Cargo.lock" "$copy/Cargo.lock"
else
    # From the versions of the workspace, so that only those that a manifest names go down.
    cp -p Cargo.lock "$copy/Cargo.lock"
    if ! (cd "$copy" && cargo +nightly update --quiet -Z direct-minimal-versions) 2>"$target/problem"; then
        if grep -qE 'failed to (download|fetch|get)|network|registry index|timed out|resolve host' "$target/problem"; then
            echo "the oldest dependencies are not checked: the registry cannot be reached"
            exit 0
        fi
        cat "$target/problem" >&2
        exit 1
    fi
    mkdir -p "$chosen"
    cp -p "$copy/Cargo.lock" "$chosen/Cargo.lock"
    echo "$key" >"$chosen/key"
fi
cd "$copy"
CARGO_TARGET_DIR=$target/target cargo check --locked --package agentspan --all-features
