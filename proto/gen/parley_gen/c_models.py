"""x.proto -> proto/x.h and proto/x.c: structs, tables, typed wrappers of base/model.h."""
from .text import BANNER, comment, limits, signature


def emit(file, names):
    for message in file.messages:
        for suffix in ("_t", "_pack", "_unpack", "_check", "_equal", "_to_json", "_model"):
            names.claim(message.c_name + suffix, f"message {message.name}")
    names.claim(f"{file.stem}_models", f"{file.stem}.proto")
    return {f"{file.stem}.h": _header(file), f"{file.stem}.c": _source(file)}


# --- header ---------------------------------------------------------------------------------------


def _header(file):
    lines = [BANNER.format(stem=file.stem)]
    lines += comment(file.doc)
    lines += ["//",
              "// Decoded messages live in the arena and borrow texts from the body; there is no",
              "// free (base/model.h says what is checked).",
              "#pragma once",
              '#include "base/model_json.h"']
    lines += [f'#include "proto/{stem}.h"' for stem in file.imports]
    for message in file.messages:
        lines += ["", *_struct(message), "", *_prototypes(message)]
    return "\n".join(lines) + "\n"


def _struct(message):
    lines = comment(message.doc)
    lines.append(f"typedef struct {message.c_name} {{")
    for field in message.fields:
        lines += comment(field.doc, "    ")
        lines.append(_member(field))
    if not message.fields:
        lines.append("    char unused_; // C has no empty structs")
    lines.append(f"}} {message.c_name}_t;")
    return lines


def _member(field):
    note = limits(field)
    if field.is_repeated:
        note = f" // {note}"
        return (f"    struct {{\n        const {field.c_type} *items;\n        uint32_t count;\n"
                f"    }} {field.c_name};{note}")
    pointer = f"const {field.c_type} *" if field.kind == "MESSAGE" else f"{field.c_type} "
    if field.kind == "MESSAGE":
        note = "NULL when absent" + (", required" if field.is_required else "")
    return f"    {pointer}{field.c_name};" + (f" // {note}" if note else "")


def _functions(message):
    """(result, name, parameters, body) of the wrappers."""
    n = message.c_name
    model = f"&{n}_model"
    return [
        ("void", f"{n}_pack", [f"const {n}_t *self", "act_buf_t *out"],
         f"act_model_pack({model}, self, out);"),
        ("ACT_MUST_CHECK act_err_t", f"{n}_unpack",
         ["act_str_t body", "act_arena_t *arena", f"{n}_t *ret", "const char **ret_field"],
         f"return act_model_unpack({model}, body, arena, ret, ret_field);"),
        ("ACT_MUST_CHECK act_err_t", f"{n}_check",
         ["act_arena_t *arena", "act_str_t body", "const char **ret_field"],
         f"return act_model_check({model}, body, arena, ret_field);"),
        ("bool", f"{n}_equal", [f"const {n}_t *a", f"const {n}_t *b"],
         f"return act_model_equal({model}, a, b);"),
        ("void", f"{n}_to_json", [f"const {n}_t *self", "act_buf_t *out"],
         f"act_model_to_json({model}, self, out);"),
    ]


def _prototypes(message):
    lines = [f"extern const act_model_t {message.c_name}_model;"]
    return lines + [signature(r, n, p) for r, n, p, _ in _functions(message)]


# --- source ---------------------------------------------------------------------------------------


def _source(file):
    lines = [BANNER.format(stem=file.stem), f'#include "proto/{file.stem}.h"', "",
             "#include <stddef.h>"]
    for message in file.messages:
        lines += ["", *_table(message)]
        for result, name, parameters, body in _functions(message):
            head = signature(result.removeprefix("ACT_MUST_CHECK "), name, parameters, "")
            lines += ["", head, "{", f"    {body}", "}"]
    return "\n".join(lines) + "\n"


def _table(message):
    n = message.c_name
    lines = []
    if message.fields:
        lines.append(f"static const act_field_t {n}_fields[] = {{")
        for field in message.fields:
            lines += _row(message, field)
        lines += ["};", ""]
    fields = f"{n}_fields" if message.fields else "NULL"
    return lines + [
        f"const act_model_t {n}_model = {{",
        f'    .name = "{n}",',
        f"    .fields = {fields},",
        f"    .fields_count = {len(message.fields)},",
        f"    .size_bytes = sizeof({n}_t),",
        "};",
    ]


def _row(message, field):
    member = f"offsetof({message.c_name}_t, {field.c_name}"
    values = [f'.name = "{field.name}"', f'.path = "{message.c_name}.{field.name}"',
              f".name_bytes = {len(field.name)}", f".kind = ACT_FIELD_{field.kind}"]
    if field.kind == "MESSAGE":
        values.append(f".model = &{field.c_type.removesuffix('_t')}_model")
    if field.max_bytes:
        values.append(f".max_bytes = {field.max_bytes}")
    if field.is_repeated:
        values += [f".max_items = {field.max_items}", f".offset = {member}.items)",
                   f".count_offset = {member}.count)"]
    else:
        values.append(f".offset = {member})")
    if field.is_required:
        values.append(".is_required = true")
    lines = ["    {" + values[0] + ","]
    for value in values[1:]:
        if len(lines[-1]) + len(value) + 4 > 100:
            lines.append("     " + value + ",")
        else:
            lines[-1] += f" {value},"
    lines[-1] = lines[-1].rstrip(",") + "},"
    return lines


# --- the list of all messages ---------------------------------------------------------------------


def emit_list(files, names):
    """models.h and models.c: every message, for tests, fuzzers and views."""
    names.claim("parley_models", "models.h")
    names.claim("parley_model_row_t", "models.h")
    header = [
        "// Made from proto/*.proto by proto/gen/protoc-gen-parley. Do not edit.",
        "// Every message of every file, for tests, fuzzers and generic views.",
        "#pragma once", '#include "base/model.h"', "",
        "typedef struct {",
        '    const char *file; // "persistence"',
        "    const act_model_t *model;",
        "} parley_model_row_t;", "",
        f"#define PARLEY_MODELS_COUNT {sum(len(f.messages) for f in files)}",
        "extern const parley_model_row_t parley_models[PARLEY_MODELS_COUNT];",
    ]
    source = ["// Made from proto/*.proto by proto/gen/protoc-gen-parley. Do not edit.",
              '#include "proto/models.h"', ""]
    source += [f'#include "proto/{f.stem}.h"' for f in files]
    source += ["", "const parley_model_row_t parley_models[PARLEY_MODELS_COUNT] = {"]
    source += [f'    {{"{f.stem}", &{m.c_name}_model}},' for f in files for m in f.messages]
    source.append("};")
    return {"models.h": "\n".join(header) + "\n", "models.c": "\n".join(source) + "\n"}
