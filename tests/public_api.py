#!/usr/bin/env python3
"""Compares the public interface of the published crates with the text files that are kept beside them.

    python3 tests/public_api.py             fails and prints the difference
    UPDATE=1 python3 tests/public_api.py    writes the files anew; commit them with the change

One line for each item that a user can name, sorted, read from rustdoc's JSON. That form is a nightly's, so where no
nightly toolchain is installed the comparison is left out, with a line that says so. It is built in a folder of its own,
since a nightly would make the stable toolchain's results stale.
"""

import difflib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "nightly"
CRATES = ["agentspan-semconv", "agentspan"]
# The versions of rustdoc's JSON that this file can read.
FORMATS = range(50, 70)
# What every derive of `PartialEq` adds, and what the compiler finds by itself of which nobody speaks. Whether a type may
# go to another thread stays.
SILENT = {"StructuralPartialEq", "Freeze", "RefUnwindSafe", "UnsafeUnpin", "Unpin", "UnwindSafe"}


def rustdoc(crate):
    command = ["cargo", "+nightly", "rustdoc", "--quiet", "--locked", "-p", crate, "--lib", "--all-features"]
    command += ["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]
    env = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    return json.loads((TARGET / "doc" / f"{crate.replace('-', '_')}.json").read_text())


def last(path):
    return path.rsplit("::", 1)[-1]


def path(it):
    return last(it["path"]) + arguments(it["args"])


def arguments(args):
    if not args:
        return ""
    if "parenthesized" in args:
        inside = args["parenthesized"]
        return f"({', '.join(map(type_, inside['inputs']))})" + output(inside["output"])
    if "angle_bracketed" not in args:
        return ""
    inside = args["angle_bracketed"]
    texts = [argument(arg) for arg in inside["args"]]
    for constraint in inside["constraints"]:
        binding = constraint["binding"]
        if "equality" in binding:
            texts.append(f"{constraint['name']} = {argument(binding['equality'])}")
        else:
            texts.append(f"{constraint['name']}: {bounds(binding['constraint'])}")
    return f"<{', '.join(texts)}>" if texts else ""


def argument(arg):
    if arg == "infer":
        return "_"
    ((kind, it),) = arg.items()
    return {"type": lambda: type_(it), "lifetime": lambda: it}.get(kind, lambda: it.get("expr", "_"))()


def bounds(them):
    return " + ".join(map(bound, them))


def bound(it):
    ((kind, inside),) = it.items()
    if kind == "outlives":
        return inside
    if kind == "use":
        return f"use<{', '.join(next(iter(arg.values())) for arg in inside)}>"
    names = [param["name"] for param in inside["generic_params"]]
    return ("?" if inside["modifier"] == "maybe" else "") + higher(names) + path(inside["trait"])


def higher(names):
    return f"for<{', '.join(names)}> " if names else ""


def type_(it):
    if it == "infer":
        return "_"
    ((kind, inside),) = it.items()
    if kind in ("generic", "primitive"):
        return inside
    if kind == "resolved_path":
        return path(inside)
    if kind == "borrowed_ref":
        lifetime = f"{inside['lifetime']} " if inside["lifetime"] else ""
        return f"&{lifetime}{'mut ' if inside['is_mutable'] else ''}{type_(inside['type'])}"
    if kind == "raw_pointer":
        return f"*{'mut' if inside['is_mutable'] else 'const'} {type_(inside['type'])}"
    if kind == "tuple":
        return f"({', '.join(map(type_, inside))})"
    if kind == "slice":
        return f"[{type_(inside)}]"
    if kind == "array":
        return f"[{type_(inside['type'])}; {inside['len']}]"
    if kind == "impl_trait":
        return f"impl {bounds(inside)}"
    if kind == "dyn_trait":
        traits = [higher([p["name"] for p in one["generic_params"]]) + path(one["trait"]) for one in inside["traits"]]
        return f"dyn {' + '.join(traits + [inside['lifetime']] if inside['lifetime'] else traits)}"
    if kind == "function_pointer":
        inputs = ", ".join(type_(one) for _, one in inside["sig"]["inputs"])
        return f"fn({inputs}){output(inside['sig']['output'])}"
    if kind == "qualified_path":
        if inside["trait"] and inside["trait"]["path"]:
            return f"<{type_(inside['self_type'])} as {path(inside['trait'])}>::{inside['name']}"
        return f"{type_(inside['self_type'])}::{inside['name']}"
    raise ValueError(f"rustdoc speaks of a type `{kind}`, which is not known here")


def output(it):
    return f" -> {type_(it)}" if it else ""


def generics(it):
    """The parameters in angle brackets, and the clause behind."""
    params = []
    for param in it["params"]:
        ((kind, inside),) = param["kind"].items()
        if kind == "type" and inside["is_synthetic"]:
            continue
        if kind == "const":
            params.append(f"const {param['name']}: {type_(inside['type'])}")
        else:
            limits = inside["outlives"] if kind == "lifetime" else [bound(one) for one in inside["bounds"]]
            params.append(param["name"] + (f": {' + '.join(limits)}" if limits else ""))
    clauses = []
    for clause in it["where_predicates"]:
        ((kind, inside),) = clause.items()
        if kind == "bound_predicate":
            names = [param["name"] for param in inside["generic_params"]]
            clauses.append(f"{higher(names)}{type_(inside['type'])}: {bounds(inside['bounds'])}")
        elif kind == "lifetime_predicate":
            clauses.append(f"{inside['lifetime']}: {' + '.join(inside['outlives'])}")
        else:
            clauses.append(f"{type_(inside['lhs'])} == {argument(inside['rhs'])}")
    return f"<{', '.join(params)}>" if params else "", f" where {', '.join(clauses)}" if clauses else ""


class Api:
    def __init__(self, crate):
        self.index = crate["index"]
        self.lines = set()
        root = self.item(crate["root"])
        self.module(root, root["name"])

    def item(self, number):
        return self.index.get(str(number))

    def add(self, line):
        self.lines.add(line)

    def module(self, module, here):
        for number in module["inner"]["module"]["items"]:
            self.named(self.item(number), here)

    def named(self, item, here, name=None):
        if item is None:
            return
        ((kind, inside),) = item["inner"].items()
        if kind == "use":
            target = self.item(inside["id"]) if inside["id"] is not None else None
            if target is None:
                self.add(f"pub use {inside['source']} as {here}::{inside['name']}")
            elif inside["is_glob"]:
                self.module(target, here)
            else:
                self.named(target, here, inside["name"])
            return
        where = f"{here}::{name or item['name']}"
        open_ended = "#[non_exhaustive] " if "non_exhaustive" in item["attrs"] else ""
        if kind == "module":
            self.add(f"pub mod {where}")
            self.module(item, where)
        elif kind == "function":
            self.function(item, "pub ", where)
        elif kind in ("constant", "static"):
            self.add(f"pub {'const' if kind == 'constant' else kind} {where}: {type_(inside['type'])}")
        elif kind == "type_alias":
            self.add(f"pub type {where} = {type_(inside['type'])}")
        elif kind in ("struct", "enum", "union"):
            params, clause = generics(inside["generics"])
            self.add(f"{open_ended}pub {kind} {where}{params}{clause}")
            if kind == "enum":
                self.variants(inside["variants"], where)
            else:
                self.fields(inside["kind"] if kind == "struct" else {"plain": inside}, where)
            self.impls(inside["impls"], where)
        elif kind == "trait":
            params, clause = generics(inside["generics"])
            above = f": {bounds(inside['bounds'])}" if inside["bounds"] else ""
            self.add(f"pub trait {where}{params}{above}{clause}")
            for number in inside["items"]:
                self.member(self.item(number), "", where)
        elif kind in ("macro", "proc_macro"):
            self.add(f"pub macro {where}!")

    def function(self, item, before, where):
        inside = item["inner"]["function"]
        header = inside["header"]
        words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
        params, clause = generics(inside["generics"])
        inputs = ", ".join(self.input(name, it) for name, it in inside["sig"]["inputs"])
        before += "".join(f"{word} " for word in words)
        self.add(f"{before}fn {where}{params}({inputs}){output(inside['sig']['output'])}{clause}")

    def input(self, name, it):
        text = type_(it)
        if name == "self":
            return {"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(text, f"self: {text}")
        return f"{name}: {text}"

    def variants(self, numbers, where):
        for number in numbers:
            variant = self.item(number)
            kind = variant["inner"]["variant"]["kind"]
            inside = ""
            if "tuple" in kind:
                fields = [self.item(one) for one in kind["tuple"] if one is not None]
                inside = f"({', '.join(type_(field['inner']['struct_field']) for field in fields)})"
            self.add(f"pub {where}::{variant['name']}{inside}")
            if "struct" in kind:
                self.fields({"plain": kind["struct"]}, f"{where}::{variant['name']}")

    def fields(self, kind, where):
        numbers = next(iter(kind.values())) if isinstance(kind, dict) else []
        numbers = numbers["fields"] if isinstance(numbers, dict) else numbers
        for field in filter(None, map(self.item, numbers)):
            if field["visibility"] in ("public", "default"):
                self.add(f"pub {where}::{field['name']}: {type_(field['inner']['struct_field'])}")

    def impls(self, numbers, where):
        for it in filter(None, map(self.item, numbers)):
            inside = it["inner"]["impl"]
            if inside["blanket_impl"]:
                continue
            if inside["trait"] is None:
                for number in inside["items"]:
                    self.member(self.item(number), "pub ", where)
            elif last(inside["trait"]["path"]) not in SILENT:
                params, clause = generics(inside["generics"])
                no = "!" if inside["is_negative"] else ""
                self.add(f"impl{params} {no}{path(inside['trait'])} for {type_(inside['for'])}{clause}")

    def member(self, item, before, where):
        if item is None or before and item["visibility"] != "public":
            return
        ((kind, inside),) = item["inner"].items()
        name = f"{where}::{item['name']}"
        if kind == "function":
            self.function(item, before, name)
        elif kind == "assoc_const":
            self.add(f"{before}const {name}: {type_(inside['type'])}")
        elif kind == "assoc_type":
            self.add(f"{before}type {name}" + (f": {bounds(inside['bounds'])}" if inside["bounds"] else ""))


def main():
    nightly = subprocess.run(["rustup", "run", "nightly", "rustc", "--version"], capture_output=True, check=False)
    if nightly.returncode != 0:
        print("the public interface is not compared: there is no nightly toolchain (`rustup toolchain install nightly`)")
        return 0
    changed = False
    for crate in CRATES:
        described = rustdoc(crate)
        if described["format_version"] not in FORMATS:
            print(f"the public interface is not compared: rustdoc's JSON has version {described['format_version']}")
            return 0
        text = "".join(f"{line}\n" for line in sorted(Api(described).lines))
        file = ROOT / "crates" / crate / "public-api.txt"
        kept = file.read_text() if file.exists() else ""
        if text == kept:
            print(f"{crate}: {text.count(chr(10))} public items, as kept")
        elif "UPDATE" in os.environ:
            file.write_text(text)
            print(f"{crate}: written anew")
        else:
            changed = True
            name = str(file.relative_to(ROOT))
            sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), text.splitlines(True), name, "now"))
    if changed:
        print("the public interface is another one; if that is meant: UPDATE=1 python3 tests/public_api.py")
    return int(changed)


if __name__ == "__main__":
    sys.exit(main())
