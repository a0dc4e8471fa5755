#!/usr/bin/python3
"""embed.py NAME IN OUT: a text file as a C string, <NAME>; JSON without white space."""
import json
import sys

name, source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    text = file.read()
if source.endswith(".json"):
    text = json.dumps(json.loads(text), separators=(",", ":"))
literal = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
parts = [literal[i:i + 90] for i in range(0, len(literal), 90)]
# A backslash pair must not be cut in two.
lines, rest = [], ""
for part in parts:
    part = rest + part
    rest = ""
    if (len(part) - len(part.rstrip("\\"))) % 2:
        part, rest = part[:-1], "\\"
    lines.append(part)
if rest:
    lines[-1] += rest
with open(target, "w", encoding="utf-8") as file:
    file.write("#pragma once\nstatic const char %s[] =\n" % name)
    file.write("\n".join('    "%s"' % line for line in lines) + ";\n")
