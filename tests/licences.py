#!/usr/bin/env python3
"""Checks that every package in Cargo.lock may be used under a licence that this project accepts.

Reads what `cargo metadata` says, so it needs neither a tool of its own nor the network. Says which package is in the
way, and ends with status 1 then. A licence goes into ACCEPTED only if it asks for no more than naming the authors.
"""

import json
import re
import subprocess
import sys

ACCEPTED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",  # the list of root certificates
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}


def accepted(expression):
    """Whether an SPDX expression leaves a way that is accepted. AND binds closer than OR; `/` is an old OR."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def either():
        good = both()
        while words[:1] == ["OR"]:
            words.pop(0)
            good = both() or good
        return good

    def both():
        good = one()
        while words[:1] == ["AND"]:
            words.pop(0)
            good = one() and good
        return good

    def one():
        word = words.pop(0)
        if word == "(":
            good = either()
            words.pop(0)
            return good
        if words[:1] == ["WITH"]:
            word = f"{word} {words.pop(0)} {words.pop(0)}"
        return word in ACCEPTED

    good = either()
    if words:
        raise ValueError(f"cannot read the licence `{expression}`")
    return good


def main():
    asked = ["cargo", "metadata", "--locked", "--format-version", "1"]
    packages = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)["packages"]
    bad = [
        f"{package['name']} {package['version']}: {package['license'] or 'no licence given'}"
        for package in packages
        if not (package["license"] and accepted(package["license"]))
    ]
    for line in sorted(bad):
        print(f"licence not accepted: {line}")
    print(f"licences: {len(packages)} packages, {len(bad)} not accepted")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
