#!/usr/bin/python3
"""services/broker/acl.yaml -> acl_gen.h and acl_gen.c (the table that is built in) and docs/acl.md.

    acl_gen.py ACL_YAML PROTO_DIR OUT_H OUT_C    what the build runs: checks, then writes
    acl_gen.py ACL_YAML PROTO_DIR --docs         the page docs/acl.md, to standard output
    acl_gen.py ACL_YAML PROTO_DIR --cells OUT_H  for access_matrix_test: actor x method, and whether it is listed

A right to something that proto/ does not have ends the build with one line.
"""
import glob
import os
import re
import sys

import yaml

SERVICE = re.compile(r"^service\s+(\w+)\s*\{(.*?)^\}", re.M | re.S)
RPC = re.compile(r"^\s*rpc\s+(\w+)\s*\(", re.M)
RIGHTS = ("offers", "calls", "publishes", "subscribes")


def fail(text):
    sys.exit(f"services/broker/acl.yaml: {text}")


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def services_of(folder):
    """service -> [method], in the order of the files."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.proto"))):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"//[^\n]*", "", file.read())
        for name, body in SERVICE.findall(text):
            found[snake(name)] = [snake(rpc) for rpc in RPC.findall(body)]
    return found


def check_call(actor, call, services):
    service, _, method = call.rpartition(".")
    if service.startswith("tool.") and "*" not in method:
        service = "tool"  # tool.<name> and tool.* serve what tool.proto says
    if service not in services:
        fail(f"actors[{actor}].calls: {call}: there is no service '{service}'")
    if method != "*" and method not in services[service]:
        fail(f"actors[{actor}].calls: {call}: {service} has no method '{method}'")


def check(actors, services):
    names = [actor["name"] for actor in actors]
    for actor in actors:
        name = actor["name"]
        if names.count(name) > 1:
            fail(f"actors[{name}] is there twice")
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
            fail(f"actors[{name}]: a name is lower case, without a star")
        for key, values in actor.items():
            if key != "name" and key not in RIGHTS:
                fail(f"actors[{name}].{key} is not known (known: {', '.join(RIGHTS)})")
            if key != "name" and len(set(values)) != len(values):
                fail(f"actors[{name}].{key} names something twice")
        for call in actor.get("calls", []):
            check_call(name, call, services)
        for service in actor.get("offers", []):
            if "*" in service or service == "bus":
                fail(f"actors[{name}].offers: {service} cannot be offered")


def load(path, folder):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    actors = yaml.safe_load(text)["actors"]
    services = services_of(folder)
    check(actors, services)
    return text, actors, services


# --- C -------------------------------------------------------------------------------------------
def c_lines(text):
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
        yield f'    "{escaped}\\n"'


def without_comments(text):
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def emit_c(text, header, source):
    note = "// Made from services/broker/acl.yaml by services/broker/acl_gen.py. Do not edit."
    write(header, [note, "#pragma once", "#include <stddef.h>", "", "extern const char acl_gen_yaml[];",
                   "extern const size_t acl_gen_yaml_bytes;"])
    write(source, [note, '#include "acl_gen.h"', "", "const char acl_gen_yaml[] =",
                   *c_lines(without_comments(text))])
    with open(source, "a", encoding="utf-8") as file:
        file.write("    ;\nconst size_t acl_gen_yaml_bytes = sizeof acl_gen_yaml - 1;\n")


# An offer is the cell of the method "".
def emit_cells(actors, services, header):
    def names(values):
        return ", ".join(f'"{value}"' for value in values)

    lines = ["// Made from services/broker/acl.yaml and proto/ by services/broker/acl_gen.py. Do not edit.", "#pragma once",
             "#include <stdbool.h>", "", "typedef struct {", "    const char *actor, *service, *method;",
             "    bool is_allowed;", "} access_cell_t;", "",
             f"static const char *const access_actors[] = {{{names(a['name'] for a in actors)}}};",
             f"static const char *const access_services[] = {{{names(services)}}};",
             "static const access_cell_t access_cells[] = {"]
    for actor in actors:
        for service, methods in services.items():
            # `tool` itself is no service: tool.*.call is of tool.weather and the like
            cells = [("", service in actor.get("offers", []))]
            cells += [(m, may_call(actor, service, m) and f"{service}.*.{m}" not in actor.get("calls", [])) for m in methods]
            lines += [f'    {{"{actor["name"]}", "{service}", "{method}", {"true" if is_allowed else "false"}}},'
                      for method, is_allowed in cells]
    write(header, lines + ["};"])


# --- docs ----------------------------------------------------------------------------------------
def quoted(values):
    return ", ".join(f"`{value}`" for value in values) or "-"


def may_call(actor, service, method):
    calls = actor.get("calls", [])
    return any(call in calls for call in (f"{service}.{method}", f"{service}.*", f"{service}.*.{method}"))


def emit_docs(actors, services):
    print("# Who may do what on the bus\n")
    print("Made from `services/broker/acl.yaml` by `services/broker/acl_gen.py`; `tests/lint/acl` holds both together.")
    print("What is not here is refused with `SYSTEM_5010`, counted (`denied`) and logged. How actors prove who they")
    print("are: [security.md](security.md). A running broker shows the same table: rpc `Acl` of the bus.\n")
    print("## Actors\n")
    print("| actor | may offer | may publish | may hear |\n|---|---|---|---|")
    for actor in actors:
        print(f"| `{actor['name']}` | {quoted(actor.get('offers', []))} | {quoted(actor.get('publishes', []))} "
              f"| {quoted(actor.get('subscribes', []))} |")
    for service, methods in services.items():
        print(f"\n## Calls to `{service}`\n")
        callers = [a for a in actors if any(may_call(a, service, m) for m in methods)]
        if not callers:
            print("Nobody.")
            continue
        names = [f"`{a['name']}`" for a in callers]
        print(f"| method | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
        for method in methods:
            cells = ["yes" if may_call(a, service, method) else "" for a in callers]
            print(f"| `{method}` | {' | '.join(cells)} |")


def main(path, folder, *out):
    text, actors, services = load(path, folder)
    if out == ("--docs",):
        emit_docs(actors, services)
    elif out[0] == "--cells":
        emit_cells(actors, services, out[1])
    else:
        emit_c(text, *out)


if __name__ == "__main__":
    main(*sys.argv[1:])
