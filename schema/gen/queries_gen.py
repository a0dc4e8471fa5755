#!/usr/bin/python3
"""Makes the table of the persistence actor (services/persistence/query.h) from schema/ and proto/.

    queries_gen.py --proto proto/persistence.proto --schema schema --out queries_gen.c

One file schema/queries/<area>/<rpc_in_snake_case>.sql is one statement for one rpc. Comment lines
at the top that look like "-- name: value" are directives, all others are for readers:

    -- rpc: turn_begin          the rpc, in snake case; also the file's name
    -- result: one              one row fills the reply; no row: see missing
             many accounts      each row is an item of this repeated field of the reply
             none               the reply is Empty
    -- each: messages           run once for each item of this repeated field of the request, in one
                                batch; :field is looked up in the item, then in the request
    -- arrays: messages         run once for all items of this repeated field of the request: a field
                                of the items is an array, with an element an item
    -- gather: place            the operations of a batch run as one statement: each parameter but
                                :tenant is an array with an element an operation; of a repeated field
                                it has the elements of all, one after the other, and :field_count how
                                many are whose. The last column has this name and says whose row it
                                is, from 1
    -- scope: tenant|system     whose rows: the header's tenant (default), or all (a sweep)
    -- key: outbox_id           field(s) of the item or the request: operations with the same key go
                                through the same connection, in order; first one that is not empty
                                (default: the key of the call's header)
    -- lock_order: 2            operations of a batch run in this order, then by key: transactions
                                that lock in the same order do not deadlock (default 5)
    -- missing: NOT_FOUND       error when a `one` has no row (default NOT_FOUND)
    -- budget_ms: 50            slower than this is logged

:name is a parameter, :tenant the tenant of the call. Columns are named as the fields they fill, all
fields must be filled. In a `many`, columns may also be other fields of the reply (the last row
wins), and a row whose first column is null adds no item.

schema/queries/{session,migrate}/*.sql hold what the actor itself needs ("-- session: <name>").
schema/migrations/NNNN_name.sql and schema/functions/<function>.sql are embedded with their SHA-256.
Anything that does not fit is an error "file: what", and nothing is written.
"""
import argparse
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

F = descriptor_pb2.FieldDescriptorProto
INTS = {F.TYPE_INT32, F.TYPE_INT64, F.TYPE_UINT32, F.TYPE_UINT64, F.TYPE_SINT32, F.TYPE_SINT64}
DIRECTIVES = {"rpc", "session", "result", "each", "arrays", "gather", "scope", "key", "lock_order", "missing",
              "budget_ms"}
ARRAY_OF = {"TEXT": "TEXTS", "INT": "INTS", "BOOL": "BOOLS", "DOUBLE": "DOUBLES",
            "BYTES": "BYTES_ARRAY", "JSON": "JSON_ARRAY"}
COUNT = "_count"  # of a repeated field, in a gathered query
TOKEN = re.compile(r"""
    (?P<space>\s+) | (?P<comment>--[^\n]*|/\*.*?\*/) | (?P<string>'(?:[^']|'')*')
  | (?P<body>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$) | (?P<quoted>"[^"]*") | (?P<cast>::)
  | (?P<param>:[a-z_][a-z0-9_]*) | (?P<word>[A-Za-z_][A-Za-z0-9_]*) | (?P<number>\d+(?:\.\d+)?)
  | (?P<other>.)""", re.VERBOSE | re.DOTALL)


class Mistake(Exception):
    pass


def tokens_of(sql):
    """(kind, text) without comments; runs of white space are one blank."""
    out = []
    for match in TOKEN.finditer(sql):
        kind = match.lastgroup if match.lastgroup != "tag" else "body"
        if kind in ("space", "comment"):
            if out and out[-1][0] != "space":
                out.append(("space", " "))
        else:
            out.append((kind, match.group()))
    while out and (out[-1][0] == "space" or out[-1][1] == ";"):
        out.pop()
    return out


def split_file(path):
    """Directives and tokens of a query file."""
    directives = {}
    text = path.read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        match = re.match(r"-- ([a-z_]+): (.*\S)\s*$", line)
        if match:
            name, value = match.groups()
            if name not in DIRECTIVES:
                raise Mistake(f"{path}: unknown directive '{name}'")
            directives[name] = value
    tokens = tokens_of(text)
    if any(text == ";" for _, text in tokens):
        raise Mistake(f"{path}: more than one statement")
    return directives, tokens


# --- the model ------------------------------------------------------------------------------------

def load_model(protoc, proto):
    """{full message name: message}, service"""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set"
        subprocess.run([protoc, f"-I{proto.parent}", "--include_imports",
                        f"--descriptor_set_out={out}", str(proto)], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    messages = {f".{file.package}.{m.name}": m for file in files for m in file.message_type}
    service = next(s for file in files if file.name == proto.name for s in file.service)
    return messages, service


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def fields_of(message):
    return {f.name: f for f in message.field}


def is_repeated(field):
    return field.label == F.LABEL_REPEATED


def kind_of(field):
    if field.type == F.TYPE_MESSAGE:
        return "JSONS" if is_repeated(field) else "JSON"
    base = ("INT" if field.type in INTS else "TEXT" if field.type == F.TYPE_STRING else
            "BOOL" if field.type == F.TYPE_BOOL else "BYTES" if field.type == F.TYPE_BYTES else
            "DOUBLE" if field.type in (F.TYPE_DOUBLE, F.TYPE_FLOAT) else None)
    if base is None or (is_repeated(field) and base not in ("INT", "TEXT")):
        raise Mistake(f"field {field.name}: no SQL type for it")
    return base + "S" if is_repeated(field) else base


# --- one query ------------------------------------------------------------------------------------

def columns_in(path, tokens):
    """Names of the result columns: of the last RETURNING, else of the first outer SELECT."""
    depth, start, is_returning = 0, None, False
    for index, (kind, text) in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(text, 0) if kind == "other" else 0
        if kind == "word" and depth == 0:
            if text.lower() == "returning":
                start, is_returning = index + 1, True
            elif text.lower() == "select" and start is None:
                start = index + 1
    if start is None:
        raise Mistake(f"{path}: no outer SELECT or RETURNING")
    rest = [t for t in tokens[start:]]
    rest = without_distinct(rest)
    items, item, depth = [], [], 0
    for kind, text in rest:
        depth += {"(": 1, ")": -1}.get(text, 0) if kind == "other" else 0
        if depth == 0 and kind == "word" and not is_returning and text.lower() == "from":
            break
        if depth == 0 and text == ",":
            items.append(item)
            item = []
        elif kind != "space":
            item.append((kind, text))
    items.append(item)
    return [column_name(path, item) for item in items]


def without_distinct(tokens):
    words = [t for t in tokens if t[0] != "space"]
    if not words or words[0][1].lower() != "distinct":
        return tokens
    if words[1][1].lower() != "on":
        return words[1:]
    depth = 0
    for index, (_, text) in enumerate(words):
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text == ")" and depth == 0:
            return words[index + 1:]
    return words


def column_name(path, item):
    text = " ".join(t for _, t in item)
    is_named = len(item) >= 2 and item[-2][1].lower() == "as"
    is_plain = len(item) == 1 or (len(item) == 3 and item[1][1] == ".")
    if not item or item[-1][0] != "word" or not (is_named or is_plain):
        raise Mistake(f"{path}: result column without a name: {text}")
    return item[-1][1]


class Query:
    def __init__(self, path, model, service):
        self.path = path
        self.directives, self.tokens = split_file(path)
        self.name = self.directives.get("rpc", "")
        if self.name != path.stem:
            raise Mistake(f"{path}: rpc '{self.name}' is not the file's name")
        self.method = next((m for m in service.method if snake(m.name) == self.name), None)
        if self.method is None:
            raise Mistake(f"{path}: no rpc '{self.name}' in the model")
        self.request = fields_of(model[self.method.input_type])
        self.reply = fields_of(model[self.method.output_type])
        self.items_as = "ARRAYS" if "arrays" in self.directives else "EACH"
        self.items = self.directives.get("arrays", self.directives.get("each"))
        if "arrays" in self.directives and "each" in self.directives:
            raise Mistake(f"{path}: each and arrays exclude each other")
        self.place = self.directives.get("gather")
        if self.place and ("each" in self.directives or self.directives.get("result") != "one"):
            raise Mistake(f"{path}: gather is for result: one, without each")
        self.item = self.item_of(self.items, self.request, model, self.items_as.lower())
        self.read_result(model)
        self.read_params()
        self.read_columns()
        self.read_rest()

    def item_of(self, name, fields, model, directive):
        if name is None:
            return {}
        field = fields.get(name)
        if field is None or not is_repeated(field) or field.type != F.TYPE_MESSAGE:
            raise Mistake(f"{self.path}: {directive}: '{name}' is no repeated message")
        return fields_of(model[field.type_name])

    def read_result(self, model):
        words = self.directives.get("result", "").split()
        if not words or words[0] not in ("one", "many", "none") or \
                len(words) != (2 if words[0] == "many" else 1):
            raise Mistake(f"{self.path}: result is one of: one, many <field>, none")
        self.result = words[0].upper()
        self.many = words[1] if self.result == "MANY" else None
        self.row = self.item_of(self.many, self.reply, model, "result: many")
        if self.result == "NONE" and self.reply:
            raise Mistake(f"{self.path}: result is none, but the reply has fields")
        if self.item and self.items_as == "EACH" and self.result == "ONE":
            raise Mistake(f"{self.path}: each and result: one exclude each other")

    def find(self, name):
        """(field, is_item) of a name in the item, then in the request."""
        if name in self.item:
            return self.item[name], True
        if name in self.request and name != self.items:
            return self.request[name], False
        raise Mistake(f"{self.path}: no field '{name}' in the request of {self.method.name}")

    def read_params(self):
        self.params, sql = [], []
        for kind, text in self.tokens:
            if kind != "param":
                sql.append(text)
                continue
            name = text[1:]
            if name not in self.params:
                self.params.append(name)
            sql.append(f"${self.params.index(name) + 1}")
        self.sql = "".join(sql)
        self.param_rows = []
        for name in self.params:
            repeated = self.request.get(name[:-len(COUNT)]) if name.endswith(COUNT) else None
            if name == "tenant":
                self.param_rows.append((name, "TENANT", False, "WHOLE"))
            elif self.place and repeated and is_repeated(repeated):
                self.param_rows.append((repeated.name, "INTS", False, "COUNT"))
            else:
                field, is_item = self.find(name)
                of_many = self.items if is_item else name if is_repeated(field) else None
                if self.place and of_many and of_many + COUNT not in self.params:
                    raise Mistake(f"{self.path}: gather: :{name} needs :{of_many}{COUNT} beside it")
                is_element = self.place and not is_item and not is_repeated(field)
                self.param_rows.append((name, self.param_kind(field, is_item or is_element), is_item,
                                        "ELEMENT" if is_element else "WHOLE"))

    def param_kind(self, field, is_element):
        kind = kind_of(field)
        if not is_element or (self.items_as == "EACH" and not self.place):
            return kind
        if kind not in ARRAY_OF:
            raise Mistake(f"{self.path}: field {field.name}: no array of {kind}")
        return ARRAY_OF[kind]

    def read_columns(self):
        self.column_rows = []
        if self.result == "NONE":
            return
        others = {k: v for k, v in self.reply.items() if k != self.many}
        wanted = set(self.row) | set(others)
        columns = columns_in(self.path, self.tokens)
        if self.place and columns.pop() != self.place:
            raise Mistake(f"{self.path}: the last column is not '{self.place}', as gather says")
        for name in columns:
            if name in self.row:
                self.column_rows.append((name, kind_of(self.row[name]), True))
            elif name in others:
                self.column_rows.append((name, kind_of(others[name]), False))
            else:
                raise Mistake(f"{self.path}: no field '{name}' in the reply of {self.method.name}")
            if name not in wanted:
                raise Mistake(f"{self.path}: column '{name}' twice")
            wanted.discard(name)
        if wanted:
            raise Mistake(f"{self.path}: no column for {', '.join(sorted(wanted))}")
        if self.result == "MANY" and not self.column_rows[0][2]:
            raise Mistake(f"{self.path}: the first column must be one of the items of {self.many}")

    def read_rest(self):
        self.scope = self.directives.get("scope", "tenant")
        if self.scope not in ("tenant", "system"):
            raise Mistake(f"{self.path}: scope is one of: tenant, system")
        self.keys = []
        for name in self.directives.get("key", "").split():
            field, is_item = self.find(name)
            if kind_of(field) != "TEXT":
                raise Mistake(f"{self.path}: key '{name}' is no string")
            self.keys.append((name, is_item))
        try:
            self.lock_order = int(self.directives.get("lock_order", "5"))
            self.budget_ms = int(self.directives["budget_ms"])
        except (KeyError, ValueError):
            raise Mistake(f"{self.path}: budget_ms and lock_order are whole numbers") from None
        self.missing = self.directives.get("missing", "NOT_FOUND")


# --- C --------------------------------------------------------------------------------------------

def literal(text):
    """A C literal, one source line for each line of the text."""
    lines = text.split("\n")
    out = []
    for index, line in enumerate(lines):
        line = line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
        out.append('    "' + line + ("\\n" if index < len(lines) - 1 else "") + '"')
    return "\n".join(out)


def names_table(c_type, name, rows):
    lines = [f"static const {c_type} {name}[] = {{"]
    lines += [f"    {{ACT_STR_INIT(\"{row[0]}\"), {', '.join(row[1:])}}}," for row in rows]
    return "\n".join(lines + ["};"])


def flag(value):
    return "true" if value else "false"


def query_tables(query):
    out = []
    if query.param_rows:
        out.append(names_table("query_param_t", f"{query.name}_params",
                               [(n, f"QUERY_{k}", flag(i), f"QUERY_{g}")
                                for n, k, i, g in query.param_rows]))
    if query.column_rows:
        out.append(names_table("query_column_t", f"{query.name}_columns",
                               [(n, f"QUERY_{k}", flag(i)) for n, k, i in query.column_rows]))
    if query.keys:
        out.append(names_table("query_key_t", f"{query.name}_keys",
                               [(n, flag(i)) for n, i in query.keys]))
    return "\n".join(out)


def query_row(query):
    def table(suffix, rows):
        name = f"{query.name}_{suffix}"
        return (name, f"ACT_COUNT({name})") if rows else ("NULL", "0")
    params, columns, keys = (table("params", query.param_rows), table("columns", query.column_rows),
                             table("keys", query.keys))
    return f"""    {{
        .method = "{query.name}",
        .name = "{query.name}",
        .sql =
{literal(query.sql)},
        .params = {params[0]}, .params_count = {params[1]},
        .columns = {columns[0]}, .columns_count = {columns[1]},
        .keys = {keys[0]}, .keys_count = {keys[1]},
        .result = QUERY_RESULT_{query.result},
        .many = ACT_STR_INIT("{query.many or ''}"), .items = ACT_STR_INIT("{query.items or ''}"),
        .items_as = QUERY_{query.items_as}, .is_gathered = {flag(query.place)},
        .is_system = {flag(query.scope == 'system')}, .lock_order = {query.lock_order},
        .missing_err = ACT_E_{query.missing}, .budget_ms = {query.budget_ms},
    }},"""


def script_rows(scripts):
    return "\n".join(f"""    {{
        .number = {number}, .name = "{name}",
        .checksum = "{hashlib.sha256(sql.encode()).hexdigest()}",
        .sql =
{literal(sql)},
    }},""" for number, name, sql in scripts)


def migrations_in(folder):
    out = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        match = re.match(r"(\d{4})_([a-z0-9_]+)$", path.stem)
        if not match or int(match.group(1)) != number:
            raise Mistake(f"{path}: migrations are numbered without gaps, NNNN_name.sql")
        out.append((number, path.stem, path.read_text(encoding="utf-8")))
    return out


def functions_in(folder):
    """Dropped before they are made: CREATE OR REPLACE cannot change what a function returns."""
    out = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        sql = path.read_text(encoding="utf-8")
        made = re.findall(r"^create or replace function (\w+)", sql, re.MULTILINE)
        if made != [path.stem]:
            raise Mistake(f"{path}: makes {made}, not the one function {path.stem}")
        out.append((number, path.stem, f"drop function if exists parley.{path.stem};\n{sql}"))
    return out


def statements_in(folder):
    out = {}
    for path in sorted(folder.glob("*/*.sql")):
        directives, tokens = split_file(path)
        if "session" in directives:
            if directives["session"] != path.stem:
                raise Mistake(f"{path}: session '{directives['session']}' is not the file's name")
            out[path.stem] = "".join(text for _, text in tokens)
    return out


def generate(args):
    model, service = load_model(args.protoc, args.proto)
    queries = {}
    for path in sorted((args.schema / "queries").glob("*/*.sql")):
        if "session" in split_file(path)[0]:
            continue
        query = Query(path, model, service)
        if query.name in queries:
            raise Mistake(f"{path}: {queries[query.name].path} is for the same rpc")
        queries[query.name] = query
    missing = [m.name for m in service.method if snake(m.name) not in queries]
    if missing:
        raise Mistake(f"{args.schema / 'queries'}: no file for {', '.join(missing)}")
    ordered = [queries[snake(m.name)] for m in service.method]
    return render(ordered, statements_in(args.schema / "queries"),
                  migrations_in(args.schema / "migrations"),
                  functions_in(args.schema / "functions"))


def render(queries, statements, migrations, functions):
    parts = ['// Made by schema/gen/queries_gen.py from schema/ and proto/; do not edit.',
             '#include "query.h"', ""]
    parts += [tables for tables in map(query_tables, queries) if tables]
    parts += ["", "const query_t query_table[] = {", *map(query_row, queries), "};",
              "const size_t query_table_count = ACT_COUNT(query_table);", ""]
    parts += [f"const char query_sql_{name}[] =\n{literal(sql)};"
              for name, sql in statements.items()]
    for name, scripts in (("migrations", migrations), ("functions", functions)):
        parts += ["", f"const query_script_t query_{name}[] = {{", script_rows(scripts), "};",
                  f"const size_t query_{name}_count = ACT_COUNT(query_{name});"]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protoc", default="protoc")
    parser.add_argument("--proto", type=pathlib.Path, required=True)
    parser.add_argument("--schema", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    try:
        text = generate(args)
    except (Mistake, subprocess.CalledProcessError) as mistake:
        print(f"queries_gen: {mistake}", file=sys.stderr)
        return 1
    if not args.out.exists() or args.out.read_text(encoding="utf-8") != text:
        args.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
