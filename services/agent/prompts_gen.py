#!/usr/bin/python3
"""services/agent/prompts/<name>.md -> prompts_gen.c: the table of prompts that are built in.

    prompts_gen.py OUT_C PROMPT_MD...

A placeholder that no code fills is an error here, and so are braces that are none. The version is made from
the text: whoever changes a prompt changes its version.
"""
import hashlib
import os
import re
import sys

# What code fills (prompts.h).
NAMES = ["business_name", "fact_types", "language", "max_chars", "tone"]
MAX_BYTES = 16384
PLACEHOLDER = re.compile(r"\{\{([a-z][a-z_]*)\}\}")


class PromptError(Exception):
    pass


def check(path, text):
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise PromptError(f"{path}: more than {MAX_BYTES} bytes")
    for number, line in enumerate(text.splitlines(), 1):
        for name in PLACEHOLDER.findall(line):
            if name not in NAMES:
                raise PromptError(f"{path}:{number}: {{{{{name}}}}} is none of {', '.join(NAMES)}")
        if re.search(r"\{\{|\}\}", PLACEHOLDER.sub("", line)):
            raise PromptError(f"{path}:{number}: braces that are no {{{{placeholder}}}}")


def c_string(text):
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\?':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        else:
            out.append(char if 32 <= byte < 127 else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def row(path):
    with open(path, encoding="utf-8") as file:
        text = file.read().strip()
    check(path, text)
    name = os.path.basename(path).removesuffix(".md")
    version = hashlib.blake2b(text.encode("utf-8"), digest_size=4).hexdigest()
    lines = "\n     ".join(c_string(line + "\n") for line in text.splitlines()[:-1])
    last = c_string(text.splitlines()[-1] if text else "")
    return f'    {{"{name}", "{version}",\n     {lines + chr(10) + "     " if lines else ""}{last}}},'


def main(arguments):
    target, *paths = arguments
    rows = [row(path) for path in sorted(paths)]
    with open(target, "w", encoding="utf-8") as file:
        file.write("// Made from services/agent/prompts/*.md by services/agent/prompts_gen.py. Do not edit.\n"
                   '#include "prompts.h"\n\n'
                   f"const prompt_t prompts_built_in[] = {{\n" + "\n".join(rows) + "\n    {0},\n};\n\n"
                   "const char *const prompts_names[] = {"
                   + ", ".join(f'"{name}"' for name in NAMES) + ", NULL};\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PromptError as error:
        sys.exit(f"prompts_gen: {error}")
