#!/usr/bin/python3
"""errors.yaml -> base/err_gen.h and docs/protocol/errors.md.

errors_gen.py errors.yaml [--header FILE] [--docs FILE]
"""
import argparse
import pathlib
import re
import sys

import yaml

KEYS = {"name", "code", "retry", "text", "customer"}


def load(path):
    """The rows of the file with their numbers; ends the program when a row is wrong."""
    rows = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))["errors"]
    seen = set()
    for row in rows:
        match = re.fullmatch(r"[A-Z]+_([1-9][0-9]{3})", str(row.get("code")))
        if set(row) != KEYS or not match or not isinstance(row["retry"], bool):
            sys.exit(f"{path}: bad row: {row}")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", row["name"]) or row["name"] == "OK":
            sys.exit(f"{path}: bad name: {row['name']}")
        row["number"] = int(match.group(1))
        for unique in (row["name"], row["number"]):
            if unique in seen:
                sys.exit(f"{path}: used twice: {unique}")
            seen.add(unique)
    return rows


def c_text(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def header(rows):
    lines = [
        "// Made from proto/errors.yaml by proto/gen/errors_gen.py. Do not edit.",
        '// X(NAME, number, "FAMILY_number", is_retryable, "text", "customer text")',
        "#pragma once",
        "",
        "#define ACT_ERRORS(X) \\",
    ]
    for row in rows:
        values = [row["name"], str(row["number"]), c_text(row["code"]), str(int(row["retry"])),
                  c_text(row["text"]), c_text(row["customer"])]
        lines.append(f"    X({', '.join(values)}) \\")
    lines[-1] = lines[-1][:-2]
    return "\n".join(lines) + "\n"


def docs(rows):
    lines = [
        "# Errors",
        "",
        "Made from `proto/errors.yaml`; do not edit. The code is what logs and APIs show;",
        "its number travels in message headers. *Retry*: the same request may succeed later.",
        "",
        "| code | name | retry | meaning | the customer sees |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        retry = "yes" if row["retry"] else "no"
        lines.append(f"| {row['code']} | `{row['name']}` | {retry} | {row['text']} | "
                     f"{row['customer']} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("errors")
    parser.add_argument("--header")
    parser.add_argument("--docs")
    args = parser.parse_args()
    rows = load(args.errors)
    for path, text in ((args.header, header(rows)), (args.docs, docs(rows))):
        if path:
            pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
