#!/usr/bin/python3
"""services/flow/flows/*.yaml -> flows_gen.h and flows_gen.c: the flows that are built in.

    flows_gen.py OUT_H OUT_C FLOW_YAML...

What the files say is checked when the actor starts, and by its unit test.
"""
import os
import sys


def c_lines(data):
    """Bytes as C string literals, one a line of the file."""
    for line in data.decode("utf-8").splitlines(keepends=True):
        out = []
        for byte in line.encode("utf-8"):
            char = chr(byte)
            if char in '"\\?':
                out.append("\\" + char)
            elif char == "\n":
                out.append("\\n")
            elif 32 <= byte < 127:
                out.append(char)
            else:
                out.append(f"\\{byte:03o}")
        yield '    "' + "".join(out) + '"'


def header(count):
    return "\n".join([
        "// Made from services/flow/flows/*.yaml by services/flow/flows_gen.py. Do not edit.",
        "#pragma once", '#include "base/str.h"', "",
        f"#define FLOWS_GEN_COUNT {count}", "",
        "typedef struct {", "    const char *name;", "    act_str_t yaml;", "} flows_gen_t;", "",
        "extern const flows_gen_t flows_gen[FLOWS_GEN_COUNT];", ""])


def source(files):
    lines = ["// Made from services/flow/flows/*.yaml by services/flow/flows_gen.py. Do not edit.",
             '#include "flows_gen.h"']
    for name, data in files:
        lines += ["", f"static const char yaml_{name}[] =", "\n".join(c_lines(data)) + ";"]
    lines += ["", "const flows_gen_t flows_gen[FLOWS_GEN_COUNT] = {"]
    lines += [f'    {{"{name}", {{yaml_{name}, sizeof yaml_{name} - 1}}}},' for name, _ in files]
    return "\n".join(lines + ["};", ""])


def main(header_path, source_path, *paths):
    files = []
    for path in sorted(paths):
        with open(path, "rb") as file:
            files.append((os.path.basename(path).removesuffix(".yaml"), file.read()))
    for path, text in ((header_path, header(len(files))), (source_path, source(files))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
