#!/usr/bin/env python3
"""Writes programs that type checkers must accept, and lines that they must refuse.

usage: cases.py SCHEMAS PACKAGE FOLDER

SCHEMAS is the output of `runcomfy-codegen export json-schema`, PACKAGE the folder of the Python types.
Writes FOLDER/cases.ts and FOLDER/cases.py. Each line that must be refused says so: a checker that takes
it reports the line as one that needs no exception.
"""

import json
import pathlib
import re
import sys


def sample(schema):
    """Returns a value of the types that a schema names."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return whole(schema, required_only=True)
    if kind == "array":
        return [sample(schema["items"])] if "items" in schema else []
    return {"string": "a", "integer": 1, "number": 0.5, "boolean": True}.get(kind)


def whole(schema, required_only=False):
    """Returns an object with all properties, or with those that are required."""
    required = schema.get("required", [])
    properties = schema.get("properties", {}).items()
    return {
        name: sample(each)
        for name, each in properties
        if name in required or not required_only
    }


def wrong(schema, language):
    """Returns values that are not of the types that a schema names."""
    values = schema.get("enum", [])
    # Integers that a double cannot hold are any number in TypeScript, those beyond 64 bits any in Python.
    largest = 2**53 - 1 if language == "ts" else 2**63 - 1
    simple = all(isinstance(v, (str, bool)) or v is None or isinstance(v, int) and abs(v) <= largest for v in values)
    if values and all(isinstance(v, str) for v in values):
        yield "no member"
    elif values and simple:
        yield 0.25
        yield "no member"
    elif values:
        return
    else:
        kind = schema.get("type")
        if kind == "string":
            yield 7
        elif kind == "boolean":
            yield "true"
        elif kind == "number":
            yield "0.5"
        elif kind == "integer":
            yield "1"
            # TypeScript has no type of integers.
            if language == "py":
                yield 0.5
        elif kind == "array":
            yield "a"
            for value in wrong(schema.get("items", {}), language):
                yield [value]
        elif kind == "object" and "properties" in schema:
            yield "a"
            for value in refused(schema, language):
                yield value


def refused(schema, language):
    """Returns objects with one fault each."""
    good = whole(schema)
    for name, each in schema.get("properties", {}).items():
        for value in wrong(each, language):
            yield good | {name: value}
    for name in schema.get("required", []):
        if name in schema.get("properties", {}):
            yield {key: value for key, value in good.items() if key != name}
    if schema.get("properties") and schema.get("additionalProperties") is not True:
        yield good | {"no such property": 1}


def without_empty_names(schema):
    """Leaves out what no TypedDict of Python can have."""
    if isinstance(schema, list):
        return [without_empty_names(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_empty_names(each) for key, each in schema.items() if key}


def main():
    schemas = json.loads(pathlib.Path(sys.argv[1]).read_text())
    package = pathlib.Path(sys.argv[2])
    folder = pathlib.Path(sys.argv[3])
    modules = {}
    for file in package.rglob("*.py"):
        found = re.search(r"_api\.Model\((\".*\")\)$", file.read_text(), re.M)
        if found:
            parts = list(file.relative_to(package.parent).with_suffix("").parts)
            modules[json.loads(found[1])] = ".".join(p for p in parts if p != "__init__")
    assert modules.keys() == schemas.keys(), modules.keys() ^ schemas.keys()

    ts = ['import type { Input } from "./ts/index.js";']
    py = []
    py += [f"import {modules[id]} as m{i}" for i, id in enumerate(schemas)]
    counts = [0, 0, 0]
    for i, (id, schema) in enumerate(schemas.items()):
        for number, value in enumerate([whole(schema), whole(schema, required_only=True)]):
            ts.append(f"export const a{i}_{number}: Input<{json.dumps(id)}> = {json.dumps(value)};")
            py.append(f"a{i}_{number}: m{i}.Input = {without_empty_names(value)!r}")
            counts[0] += 1
        for number, value in enumerate(refused(schema, "ts")):
            ts.append("// @ts-expect-error")
            ts.append(f"export const r{i}_{number}: Input<{json.dumps(id)}> = {json.dumps(value)};")
            counts[1] += 1
        for number, value in enumerate(refused(without_empty_names(schema), "py")):
            py.append(f"r{i}_{number}: m{i}.Input = {value!r}  # type: ignore")
            counts[2] += 1
    (folder / "cases.ts").write_text("\n".join(ts) + "\n")
    (folder / "cases.py").write_text("\n".join(py) + "\n")
    print(f"{len(schemas)} models: {counts[0]} accepted, {counts[1]} refused by tsc, {counts[2]} by mypy and pyright")


main()
