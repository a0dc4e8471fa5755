#!/usr/bin/python3
"""openapi.yaml and proto/*.proto -> routes_gen.c (table of routes, the document as bytes) and openapi.json.

    api_gen.py --api openapi.yaml --proto proto --c routes_gen.c --json openapi.json

An operation with x-mcp is a tool of the MCP server too; its schemas come from the same fields.

Anything that does not fit (an rpc, parameter or field that does not exist) is an error, and nothing
is written.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import yaml  # noqa: E402
from google.protobuf import descriptor_pb2  # noqa: E402
from google.protobuf.compiler import plugin_pb2  # noqa: E402

METHODS = ("get", "post", "put", "patch", "delete")
EXTENSIONS = {"x-rpc", "x-handler", "x-query", "x-body", "x-headers", "x-fixed", "x-tenant", "x-audit", "x-mcp", "x-wakes"}
INTEGERS = {"INT32": (-2**31, 2**31 - 1), "UINT32": (0, 2**32 - 1), "INT64": (None, None), "UINT64": (0, None)}


class Mistake(Exception):
    pass


def read_models(folder):
    """({"bus.Status": (service, method)}, {"StatusReply": message}) of all .proto files."""
    sys.path.insert(0, str(folder / "gen"))
    from parley_gen import ir  # pylint: disable=import-outside-toplevel
    names = sorted(p.name for p in folder.glob("*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "--include_imports", "--include_source_info", f"--descriptor_set_out={out.name}",
                        "-I", str(folder), *names], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=names)
    request.proto_file.extend(files.file)
    rpcs, messages = {}, {}
    for file in ir.read_request(request.SerializeToString())[1]:
        messages |= {message.name: message for message in file.messages}
        for service in file.services:
            rpcs |= {f"{service.name}.{ir.snake(method.name)}": (service, method) for method in service.methods}
    return rpcs, messages, ir.snake


# --- schemas --------------------------------------------------------------------------------------


def schema_of(field):
    if field.kind == "BOOL":
        schema = {"type": "boolean"}
    elif field.kind == "DOUBLE":
        schema = {"type": "number"}
    elif field.kind in INTEGERS:
        low, high = INTEGERS[field.kind]
        schema = {"type": "integer"} | ({"minimum": low} if low is not None else {}) | \
            ({"maximum": high} if high is not None else {})
    elif field.kind == "MESSAGE":
        schema = {"$ref": f"#/components/schemas/{field.message}"}
    else:
        schema = {"type": "string", "maxLength": field.max_bytes}
    if field.is_repeated:
        return {"type": "array", "maxItems": field.max_items, "items": schema}
    return schema


def documented(schema, doc):
    text = " ".join(line.strip() for line in doc).strip()
    return schema | {"description": text} if text else schema


class Document:
    def __init__(self, api, models):
        self.api = api
        self.rpcs, self.messages, self.snake = models
        self.schemas = api["components"]["schemas"]
        self.routes = []

    def add_message(self, message):
        """The schema of a reply: every field is there, an absent message is null."""
        if message.name in self.schemas:
            return
        properties = {}
        self.schemas[message.name] = {"type": "object", "required": [f.name for f in message.fields],
                                      "properties": properties}
        for field in message.fields:
            schema = schema_of(field)
            if field.kind == "MESSAGE":
                self.add_message(self.messages[field.message])
                if not field.is_repeated:
                    schema = {"anyOf": [schema, {"type": "null"}]}
            properties[field.name] = documented(schema, field.doc)

    def field_of(self, where, request, name):
        for field in request.fields:
            if field.name == name:
                return field
        raise Mistake(f"{where}: {request.name} has no field {name}")

    def read_rpc(self, where, operation):
        service, name = operation["x-rpc"].split(".")
        key = f"{service}.{self.snake(name)}"
        if key not in self.rpcs:
            raise Mistake(f"{where}: proto/ has no rpc {operation['x-rpc']}")
        return self.rpcs[key]

    def finish_rpc(self, where, path, verb, operation):
        """Fills in what follows from the rpc: parameters, body, answers."""
        _, method = self.read_rpc(where, operation)
        in_path = re.findall(r"{(\w+)}", path)
        parameters = [self.parameter(where, method.request, name, "path") for name in in_path]
        parameters += [self.parameter(where, method.request, name, "query") for name in operation.get("x-query", [])]
        parameters += [self.parameter(where, method.request, field, "header") | {"name": header}
                       for field, header in operation.get("x-headers", {}).items()]
        if operation.get("x-tenant") == "query":
            parameters.append({"name": "tenant", "in": "query", "required": True,
                               "schema": {"type": "string", "maxLength": 64}})
        if parameters:
            operation["parameters"] = parameters
        for name in operation.get("x-fixed", {}):
            self.field_of(where, method.request, name)
        body = operation.get("x-body")
        if body:
            fields = [self.field_of(where, method.request, name) for name in body]
            schema = {"type": "object", "additionalProperties": False,
                      "properties": {f.name: documented(schema_of(f), f.doc) for f in fields}}
            required = [f.name for f in fields if f.is_required]
            if required:
                schema["required"] = required
            operation["requestBody"] = {"required": bool(required), "content": {"application/json": {"schema": schema}}}
        self.add_message(method.reply)
        operation["responses"] = {"200": {
            "description": " ".join(method.doc).strip() or operation["summary"],
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{method.reply.name}"}}}}}
        if verb == "get" and operation.get("x-audit"):
            raise Mistake(f"{where}: a GET is no command")

    def parameter(self, where, request, name, place):
        field = self.field_of(where, request, name)
        return documented({"name": name, "in": place, "required": place == "path" or field.is_required,
                           "schema": schema_of(field)}, field.doc)

    def finish(self):
        for path, verbs in self.api["paths"].items():
            for verb, operation in verbs.items():
                where = f"{verb.upper()} {path}"
                unknown = {key for key in operation if key.startswith("x-")} - EXTENSIONS
                if verb not in METHODS or unknown or ("x-rpc" in operation) == ("x-handler" in operation):
                    raise Mistake(f"{where}: verb, extensions {sorted(unknown)}, or not exactly one of x-rpc, x-handler")
                if "x-rpc" in operation:
                    self.finish_rpc(where, path, verb, operation)
                self.routes.append((verb.upper(), path, dict(operation)))
                operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
        self.api["security"] = [{"bearer": []}, {"adminToken": []}, {"session": []}]
        for verbs in self.api["paths"].values():
            for operation in verbs.values():
                for key in EXTENSIONS:
                    operation.pop(key, None)
        return json.dumps(self.api, ensure_ascii=False, separators=(",", ":"))


# --- tools of MCP ---------------------------------------------------------------------------------


def tool_name(operation):
    """x-mcp: NAME, or {name: NAME, hints: {openWorldHint: true}}."""
    told = operation.get("x-mcp")
    return told["name"] if isinstance(told, dict) else told


def tool_input(document, where, path, operation):
    """All that path, query, headers and body give to the rpc, as one object; tenant is a member like others."""
    _, method = document.read_rpc(where, operation)
    names = re.findall(r"{(\w+)}", path)
    required = list(names)
    names += operation.get("x-query", []) + list(operation.get("x-headers", {})) + operation.get("x-body", [])
    fields = [document.field_of(where, method.request, name) for name in names]
    required += [f.name for f in fields if f.is_required and f.name not in required]
    properties = {f.name: documented(schema_of(f), f.doc) for f in fields}
    if operation.get("x-tenant") == "query":
        properties["tenant"] = {"type": "string", "maxLength": 64, "description": "Whose business; list_tenants tells them."}
        required.append("tenant")
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def tool_output(document, reply):
    """The reply's schema, complete in itself."""
    def used(name, seen):
        for ref in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document.schemas[name])):
            if ref not in seen:
                seen.append(ref)
                used(ref, seen)
        return seen
    schema = dict(document.schemas[reply.name])
    others = {name: document.schemas[name] for name in used(reply.name, [])}
    if others:
        schema["$defs"] = others
    return json.loads(json.dumps(schema).replace("#/components/schemas/", "#/$defs/"))


def tool_of(document, verb, path, operation):
    where = f"x-mcp of {path}"
    if "x-rpc" not in operation or "x-fixed" in operation or not re.fullmatch(r"[a-z_]{1,64}", tool_name(operation)):
        raise Mistake(f"{where}: wants an rpc without x-fixed and a name of small letters")
    _, method = document.read_rpc(where, operation)
    summary = operation["summary"]
    doc = " ".join(method.doc).strip()
    told = operation["x-mcp"] if isinstance(operation["x-mcp"], dict) else {}
    is_read = verb == "GET"
    hints = {"readOnlyHint": is_read, "destructiveHint": False, "idempotentHint": is_read or method.is_retry_safe,
             "openWorldHint": False} | told.get("hints", {})
    return {"name": tool_name(operation), "title": summary, "description": f"{summary}. {doc}".strip(),
            "inputSchema": tool_input(document, where, path, operation),
            "outputSchema": tool_output(document, method.reply), "annotations": hints}


# --- C --------------------------------------------------------------------------------------------


def c_text(text):
    return json.dumps(text, ensure_ascii=True)


def c_names(names):
    return "(const char *const[]){" + "".join(f"{c_text(n)}, " for n in names) + "NULL}"


def c_route(document, verb, path, operation):
    parts = [f".method = {c_text(verb)}", f".path = {c_text(path)}", f".operation = {c_text(operation['operationId'])}"]
    if "x-rpc" in operation:
        service, method = document.read_rpc(path, operation)
        parts += [f".service = &{service.name}_service", f".rpc = {service.name.upper()}_{method.name.upper()}"]
        params = re.findall(r"{(\w+)}", path)
        parts += [f".params = {c_names(params)}" if params else "",
                  f".query = {c_names(operation['x-query'])}" if "x-query" in operation else "",
                  f".body = {c_names(operation['x-body'])}" if "x-body" in operation else "",
                  f".headers = {c_names([n for f, h in operation['x-headers'].items() for n in (f, h.lower())])}"
                  if "x-headers" in operation else "",
                  f".fixed = {c_text(json.dumps(operation['x-fixed']))}" if "x-fixed" in operation else "",
                  f".tenant = {c_text(operation['x-tenant'])}" if "x-tenant" in operation else "",
                  ".is_audited = true" if operation.get("x-audit") else "",
                  f".wakes_{operation['x-wakes']} = true" if "x-wakes" in operation else ""]
    else:
        parts.append(f".handler = admin_{operation['x-handler']}")
    if "x-mcp" in operation:
        parts.append(f".tool = {c_text(json.dumps(tool_of(document, verb, path, operation), ensure_ascii=False))}")
    if operation.get("security") == []:
        parts.append(".is_open = true")
    return "    {" + ", ".join(part for part in parts if part) + "},"


def c_source(document, text):
    services = sorted({operation["x-rpc"].split(".")[0] for _, _, operation in document.routes if "x-rpc" in operation})
    lines = ["// Made by api_gen.py from openapi.yaml and proto/; do not edit.", '#include "routes.h"', ""]
    lines += [f'#include "proto/{"broker" if s == "bus" else s}_service.h"' for s in services]
    lines += ["", "const route_t routes[] = {"]
    lines += [c_route(document, *route) for route in document.routes]
    lines += ["    {.method = NULL},", "};", "", "static const char openapi[] = {"]
    data = text.encode()
    lines += ["    " + ", ".join(str(b if b < 128 else b - 256) for b in data[at:at + 24]) + ","
              for at in range(0, len(data), 24)]
    lines += ["};", "", "act_str_t routes_openapi(void)", "{",
              "    return (act_str_t){.ptr = openapi, .len_bytes = sizeof openapi};", "}"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("api", "proto", "c", "json"):
        parser.add_argument("--" + name, type=pathlib.Path, required=True)
    args = parser.parse_args()
    document = Document(yaml.safe_load(args.api.read_text(encoding="utf-8")), read_models(args.proto))
    try:
        text = document.finish()
        source = c_source(document, text)
    except Mistake as mistake:
        sys.exit(f"{args.api}: {mistake}")
    args.json.write_text(text + "\n", encoding="utf-8")
    args.c.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main()
