"""Small helpers of the emitters."""
import textwrap

from .ir import ModelError

BANNER = "// Made from proto/{stem}.proto by proto/gen/protoc-gen-parley. Do not edit."


def comment(lines, indent=""):
    """// lines, wrapped at 100 columns."""
    out = []
    for line in lines:
        prefix = indent + "//"
        out += [f"{prefix} {part}" for part in textwrap.wrap(line, 96 - len(indent))] or [prefix]
    return out


def signature(result, name, parameters, end=";"):
    """A C function head, wrapped at 100 columns."""
    head = f"{result}{'' if result.endswith('*') else ' '}{name}("
    one = head + ", ".join(parameters) + ")" + end
    if len(one) <= 96:
        return one
    lines = [head]
    pad = " " * (len(head) if len(head) + max(map(len, parameters)) < 98 else 4)
    for index, parameter in enumerate(parameters):
        part = parameter + (")" + end if index == len(parameters) - 1 else ",")
        joined = lines[-1] + ("" if index == 0 else " ") + part
        if len(joined) <= 96:
            lines[-1] = joined
        else:
            lines.append(pad + part)
    return "\n".join(lines)


def limits(field):
    """"at most 10, max 1024 bytes, required", or empty."""
    parts = []
    if field.is_repeated:
        parts.append(f"at most {field.max_items}")
    if field.max_bytes:
        parts.append(f"max {field.max_bytes} bytes" + (" each" if field.is_repeated else ""))
    if field.is_required:
        parts.append("required")
    return ", ".join(parts)


class Names:
    """Every exported C name once, over all files."""

    def __init__(self):
        self.owners = {}

    def claim(self, name, owner):
        if name in self.owners:
            raise ModelError(f"{owner} and {self.owners[name]} would both be called {name} in C")
        self.owners[name] = owner
