"""service X -> proto/x_service.h and .c: method table, server struct, replies, client calls."""
from .text import BANNER, comment, signature


def emit(file, names):
    if not file.services:
        return {}
    for service in file.services:
        _claim(service, names)
    return {f"{file.stem}_service.h": _header(file), f"{file.stem}_service.c": _source(file)}


def _claim(service, names):
    owner = f"service {service.name}"
    for suffix in ("service", "server_t", "METHODS_COUNT"):
        prefix = service.name.upper() if suffix.isupper() else service.name
        names.claim(f"{prefix}_{suffix}", owner)
    for method in service.methods:
        owner = f"rpc {service.name}.{method.name}"
        n = f"{service.name}_{method.name}"
        names.claim(n.upper(), owner)
        names.claim(n, owner)
        if not method.is_cast:
            names.claim(f"{n}_reply", owner)
            names.claim(f"{n}_fn", owner)


# --- header ---------------------------------------------------------------------------------------


def _header(file):
    lines = [BANNER.format(stem=file.stem)]
    lines += comment(file.doc)
    lines += ["//",
              "// Serving: give act_spec_t the service and a static const <service>_server_t with",
              "// one function a method. Calling: fn is called exactly once, never inside the",
              "// call; body is NULL unless reply->err is ACT_E_OK, and lives as long as the",
              "// callback.",
              "#pragma once", '#include "actor/actor.h"', f'#include "proto/{file.stem}.h"']
    for service in file.services:
        lines += ["", *_enum(service), "", *_server(service)]
        for method in service.methods:
            lines += ["", *_method_prototypes(service, method)]
    return "\n".join(lines) + "\n"


def _enum(service):
    lines = ["// Places in the method table.", "enum {"]
    lines += [f"    {_index(service, m)}," for m in service.methods]
    return lines + [f"    {service.name.upper()}_METHODS_COUNT,", "};"]


def _index(service, method):
    return f"{service.name}_{method.name}".upper()


def _server(service):
    lines = [f"extern const act_service_t {service.name}_service;", ""]
    lines += comment(service.doc)
    lines.append(f"typedef struct {service.name}_server {{")
    for method in service.methods:
        lines += comment(method.doc, "    ")
        lines.append("    " + signature(
            "void", f"(*{method.name})",
            ["void *self", "act_call_t *call", f"const {method.request.c_name}_t *request"]
        ).replace("\n", "\n    "))
    return lines + [f"}} {service.name}_server_t;"]


def _client(service, method, end):
    n = f"{service.name}_{method.name}"
    parameters = ["act_actor_t *actor", "const act_call_opts_t *opts",
                  f"const {method.request.c_name}_t *request"]
    if method.is_cast:
        return signature("void", n, parameters, end)
    return signature("uint64_t", n, parameters + [f"{n}_fn *fn", "void *context"], end)


def _reply(service, method, end):
    return signature("void", f"{service.name}_{method.name}_reply",
                     ["act_call_t **call_p", f"const {method.reply.c_name}_t *reply"], end)


def _method_prototypes(service, method):
    lines = comment(method.doc)
    if method.is_cast:
        return lines + [_client(service, method, ";")]
    lines.append(signature(
        "typedef void", f"{service.name}_{method.name}_fn",
        ["void *context", "const act_reply_t *reply", f"const {method.reply.c_name}_t *body"]))
    return lines + [_client(service, method, ";"), _reply(service, method, ";")]


# --- source ---------------------------------------------------------------------------------------


def _source(file):
    lines = [BANNER.format(stem=file.stem), f'#include "proto/{file.stem}_service.h"', "",
             '#include "proto/lib/rpc.h"']
    for service in file.services:
        for method in service.methods:
            lines += ["", *_dispatch(service, method)]
        lines += ["", *_service_table(service)]
        for method in service.methods:
            lines += ["", *_calls(service, method)]
    return "\n".join(lines) + "\n"


def _assign(variable, value):
    one = f"    {variable} = {value};"
    return [one] if len(one) <= 100 else [f"    {variable} =", f"        {value};"]


def _dispatch(service, method):
    n = f"{service.name}_{method.name}"
    return [
        signature("static void", f"dispatch_{n}",
                  ["const void *server", "void *self", "act_call_t *call", "act_str_t body"], ""),
        "{",
        *_assign(f"const {method.request.c_name}_t *request",
                 f"act_rpc_request(&call, &{method.request.c_name}_model, body)"),
        "    if (request)",
        f"        ((const {service.name}_server_t *)server)->{method.name}(self, call, request);",
        "}",
    ]


def _flags(method):
    names = (["ACT_FLAG_RETRY_SAFE"] * method.is_retry_safe + ["ACT_FLAG_ORDERED"] * method.is_ordered +
             ["ACT_FLAG_POLL"] * method.is_poll)
    return " | ".join(names) or "0"


def _service_table(service):
    lines = [f"static const act_method_t {service.name}_methods[] = {{"]
    for method in service.methods:
        lines += [
            f"    [{_index(service, method)}] = {{",
            f'        .name = "{method.name}",',
            f"        .flags = {_flags(method)},",
            f"        .is_cast = {'true' if method.is_cast else 'false'},",
            f"        .request = &{method.request.c_name}_model,",
            f"        .reply = &{method.reply.c_name}_model,",
            f"        .dispatch = dispatch_{service.name}_{method.name},",
            f"        .check = {method.request.c_name}_check,",
            "    },",
        ]
    s = service.name
    return lines + [
        "};", "",
        f"// act_rpc_unset reads the struct as a list of {s.upper()}_METHODS_COUNT functions.",
        f"_Static_assert(sizeof({s}_server_t) == {s.upper()}_METHODS_COUNT * sizeof(act_fn_t *),",
        '               "one function a method");', "",
        f"static const char *unset_{s}(const void *server)", "{",
        f"    return act_rpc_unset(&{s}_service, server);", "}", "",
        f"const act_service_t {s}_service = {{",
        f'    .name = "{s}",',
        f"    .methods = {s}_methods,",
        f"    .methods_count = {s.upper()}_METHODS_COUNT,",
        f"    .unset = unset_{s},",
        "};",
    ]


def _calls(service, method):
    s, n = service.name, f"{service.name}_{method.name}"
    index = f"&{s}_service, {_index(service, method)}"
    if method.is_cast:
        return [_client(service, method, ""), "{",
                f"    act_rpc_cast(actor, {index}, opts, request);", "}"]
    return [
        signature("static void", f"on_{n}",
                  ["const act_reply_t *reply", "act_arena_t *arena", "act_fn_t *fn",
                   "void *context"], ""),
        "{",
        "    act_reply_t checked = *reply;",
        *_assign(f"const {method.reply.c_name}_t *body",
                 f"act_rpc_body(&checked, arena, &{method.reply.c_name}_model)"),
        f"    (({n}_fn *)fn)(context, &checked, body);",
        "}", "",
        _client(service, method, ""), "{",
        f"    const act_rpc_done_t done = {{on_{n}, (act_fn_t *)fn, context}};",
        "    " + signature("return", "act_rpc_call",
                           ["actor", f"&{s}_service", _index(service, method), "opts", "request",
                            "&done"]).replace("\n", "\n    "),
        "}", "",
        _reply(service, method, ""), "{",
        f"    act_rpc_reply(call_p, &{method.reply.c_name}_model, reply);", "}",
    ]


# --- the list of all services ---------------------------------------------------------------------


def emit_list(files, names):
    """services.h and services.c, for the command line and the broker's views."""
    names.claim("parley_services", "services.h")
    services = [(f, s) for f in files for s in f.services]
    header = [
        "// Made from proto/*.proto by proto/gen/protoc-gen-parley. Do not edit.",
        "// Every service, for the command line and generic views.",
        "#pragma once", '#include "actor/actor.h"', "",
        f"#define PARLEY_SERVICES_COUNT {len(services)}",
        "extern const act_service_t *const parley_services[PARLEY_SERVICES_COUNT];",
    ]
    source = ["// Made from proto/*.proto by proto/gen/protoc-gen-parley. Do not edit.",
              '#include "proto/services.h"', ""]
    source += [f'#include "proto/{f.stem}_service.h"' for f in files if f.services]
    source += ["", "const act_service_t *const parley_services[PARLEY_SERVICES_COUNT] = {"]
    source += [f"    &{s.name}_service," for _, s in services] + ["};"]
    return {"services.h": "\n".join(header) + "\n", "services.c": "\n".join(source) + "\n"}
