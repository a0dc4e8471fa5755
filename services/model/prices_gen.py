#!/usr/bin/python3
"""prices.yaml -> the table of services/model/prices.h.

    prices_gen.py prices.yaml prices_gen.c
"""
import datetime
import pathlib
import sys

import yaml

KEYS = {"model", "from", "above", "input", "read", "write", "write_1h", "output", "per_minute", "mark"}
NAMES = ["input", "read", "write", "write_1h", "output", "per_minute"]


def fail(row, what):
    sys.exit(f"prices.yaml: {row}: {what}")


def micro(row, name):
    """Micro-dollars. Without a price of its own what is read from or put into a cache is input."""
    value = row.get(name)
    if value is None:
        value = 0 if name == "per_minute" else row["input"]
    if not isinstance(value, (int, float)) or value < 0:
        fail(row, f"{name} must be a number, 0 or more")
    return round(value * 1_000_000)


def day_of(row):
    """Days since 1970, 0 for always."""
    day = row.get("from")
    if day is None:
        return 0
    if not isinstance(day, datetime.date):
        fail(row, "from must be a day")
    return (day - datetime.date(1970, 1, 1)).days


def main(source, target):
    rows = yaml.safe_load(pathlib.Path(source).read_text(encoding="utf-8"))["prices"]
    lines = []
    seen = set()
    for row in rows:
        if set(row) - KEYS or not {"model", "input", "output", "mark"} <= set(row):
            fail(row, "needs model, input, output, mark, and knows " + ", ".join(sorted(KEYS)))
        key = (row["model"], day_of(row), row.get("above", 0))
        if key in seen:
            fail(row, "is there twice")
        seen.add(key)
        values = ", ".join(str(micro(row, name)) for name in NAMES)
        lines.append(f'    {{"{key[0]}", {key[1]}, {key[2]}, {values}}},')
    pathlib.Path(target).write_text(
        "// Made from prices.yaml by prices_gen.py. Do not edit.\n#include \"prices.h\"\n\n"
        "const price_t price_table[] = {\n" + "\n".join(lines) + "\n};\n"
        "const size_t price_table_count = sizeof price_table / sizeof *price_table;\n",
        encoding="utf-8")


main(*sys.argv[1:])
