// graph: YAML into structs by libcyaml. All of its memory comes from the graph's arena, so that
// whatever the library builds, keeps or forgets goes with the graph.
#include "graph.h"

#include "check.h"
#include "scan.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES 256

// --- what a file may hold ------------------------------------------------------------------------

#define TEXT(structure, key, member)                                                               \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member, 0,    \
                           TEXT_MAX_BYTES)
#define FLAG(key, member) CYAML_FIELD_BOOL(key, CYAML_FLAG_OPTIONAL, node_t, member)

static const cyaml_strval_t kinds[] = {
    {"message", NODE_MESSAGE}, {"question", NODE_QUESTION}, {"condition", NODE_CONDITION},
    {"set", NODE_SET},         {"call", NODE_CALL},         {"handover", NODE_HANDOVER},
    {"next", NODE_NEXT},       {"leave", NODE_LEAVE},       {"end", NODE_END},
};

static const cyaml_strval_t asks[] = {
    {"text", ASK_TEXT},         {"choice", ASK_CHOICE},   {"yes_no", ASK_YES_NO},
    {"severity", ASK_SEVERITY}, {"number", ASK_NUMBER},   {"percent", ASK_PERCENT},
    {"pick", ASK_PICK},         {"contact", ASK_CONTACT},
};

static const cyaml_schema_field_t option_fields[] = {
    TEXT(option_t, "value", value),
    TEXT(option_t, "title", title),
    TEXT(option_t, "description", description),
    TEXT(option_t, "next", next),
    TEXT(option_t, "flow", flow),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t option_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, option_t, option_fields),
};

static const cyaml_schema_field_t node_fields[] = {
    CYAML_FIELD_STRING_PTR("node", CYAML_FLAG_POINTER, node_t, node, 1, TEXT_MAX_BYTES),
    CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, node_t, kind, kinds, CYAML_ARRAY_LEN(kinds)),
    CYAML_FIELD_ENUM("ask", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, node_t, ask, asks,
                     CYAML_ARRAY_LEN(asks)),
    TEXT(node_t, "text", text),
    TEXT(node_t, "error", error),
    TEXT(node_t, "save", save),
    TEXT(node_t, "value", value),
    TEXT(node_t, "filler", filler),
    TEXT(node_t, "label", label),
    TEXT(node_t, "rows", rows),
    TEXT(node_t, "lines", lines),
    TEXT(node_t, "when", when),
    TEXT(node_t, "is", is),
    TEXT(node_t, "call", call),
    TEXT(node_t, "receipt_of", receipt_of),
    TEXT(node_t, "media", media),
    TEXT(node_t, "link", link),
    TEXT(node_t, "file_name", file_name),
    TEXT(node_t, "flow", flow),
    TEXT(node_t, "reason", reason),
    TEXT(node_t, "next", next),
    TEXT(node_t, "else", else_),
    TEXT(node_t, "yes", yes),
    TEXT(node_t, "no", no),
    TEXT(node_t, "empty", empty),
    TEXT(node_t, "one", one),
    TEXT(node_t, "corrects", corrects),
    TEXT(node_t, "unclear", unclear),
    CYAML_FIELD_SEQUENCE("choices", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, node_t, choices,
                         &option_schema, 1, GRAPH_MAX_CHOICES),
    CYAML_FIELD_INT("min", CYAML_FLAG_OPTIONAL, node_t, min),
    CYAML_FIELD_INT("max", CYAML_FLAG_OPTIONAL, node_t, max),
    CYAML_FIELD_UINT("max_chars", CYAML_FLAG_OPTIONAL, node_t, max_chars),
    FLAG("told", told),
    FLAG("yields", yields),
    FLAG("cancel_is_yes", cancel_is_yes),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t node_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, node_t, node_fields),
};

static const cyaml_schema_field_t graph_fields[] = {
    CYAML_FIELD_STRING_PTR("flow", CYAML_FLAG_POINTER, graph_t, flow, 1, TEXT_MAX_BYTES),
    CYAML_FIELD_UINT("revision", CYAML_FLAG_DEFAULT, graph_t, revision),
    CYAML_FIELD_STRING_PTR("start", CYAML_FLAG_POINTER, graph_t, start, 1, TEXT_MAX_BYTES),
    CYAML_FIELD_SEQUENCE("nodes", CYAML_FLAG_POINTER, graph_t, nodes, &node_schema, 1,
                         GRAPH_MAX_NODES),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t graph_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, graph_t, graph_fields),
};

// --- libcyaml's surroundings ---------------------------------------------------------------------

// Stands before each block, because an arena does not know sizes. As large as any alignment.
typedef union {
    size_t size_bytes;
    max_align_t align;
} block_t;

static void *arena_mem(void *context, void *ptr, size_t size_bytes)
{
    if (size_bytes == 0)
        return NULL; // freed with the arena
    block_t *old = ptr ? (block_t *)ptr - 1 : NULL;
    if (old && old->size_bytes >= size_bytes)
        return ptr;
    block_t *block = act_arena_alloc(context, sizeof *block + size_bytes);
    block->size_bytes = size_bytes;
    if (old)
        memcpy(block + 1, ptr, old->size_bytes);
    return block + 1;
}

// The library's messages as one line: "Load: Unexpected key: nxt; in mapping ... (line: 4, ...)".
__attribute__((format(printf, 3, 0))) static void collect_log(cyaml_log_t level, void *context,
                                                              const char *format, va_list args)
{
    (void)level;
    act_buf_t *out = context;
    char line[256];
    vsnprintf(line, sizeof line, format, args);
    act_str_t text = act_str_trim(act_str(line));
    act_buf_printf(out, "%s%" ACT_STR_FMT, out->len_bytes ? "; " : "", ACT_STR_ARG(text));
}

static graph_t *parse(act_arena_t *arena, act_str_t yaml, act_buf_t *log)
{
    const cyaml_config_t config = {
        .log_fn = collect_log,
        .log_ctx = log,
        .mem_fn = arena_mem,
        .mem_ctx = arena,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS, // no aliases: no small file that becomes a large one
    };
    cyaml_data_t *data = NULL;
    cyaml_err_t err = cyaml_load_data((const uint8_t *)yaml.ptr, yaml.len_bytes, &config,
                                      &graph_schema, &data, NULL);
    if (err != CYAML_OK && log->len_bytes == 0)
        act_buf_add_str(log, act_str(cyaml_strerror(err)));
    return err == CYAML_OK ? data : NULL;
}

static graph_t *read_file(act_arena_t *arena, act_str_t name, act_str_t yaml, act_buf_t *error)
{
    act_buf_t log;
    act_buf_init(&log, 1024);
    graph_t *self = NULL;
    if (yaml.len_bytes > GRAPH_MAX_BYTES)
        act_buf_printf(&log, "larger than %u bytes", GRAPH_MAX_BYTES);
    else if (!act_utf8_valid(yaml))
        act_buf_printf(&log, "not UTF-8");
    else if (scan_yaml(yaml, &log) == ACT_E_OK)
        self = parse(arena, yaml, &log);
    if (!self)
        act_buf_printf(error, "%" ACT_STR_FMT ".yaml: %" ACT_STR_FMT, ACT_STR_ARG(name),
                       ACT_STR_ARG(act_buf_str(&log)));
    act_buf_fini(&log);
    return self;
}

// --- lifecycle -----------------------------------------------------------------------------------

act_err_t graph_load(act_str_t name, act_str_t yaml, graph_t **ret_graph, act_buf_t *error)
{
    act_arena_t *arena = act_arena_new();
    graph_t *self = read_file(arena, name, yaml, error);
    if (self)
        self->arena = arena;
    if (!self || check_graph(self, name, error) != ACT_E_OK) {
        act_arena_destroy(&arena);
        return ACT_E_INVALID_ARGUMENT;
    }
    *ret_graph = self;
    return ACT_E_OK;
}

void graph_destroy(graph_t **self_p)
{
    graph_t *self = act_take(self_p);
    if (!self)
        return;
    act_arena_t *arena = self->arena;
    act_arena_destroy(&arena);
}

const node_t *graph_node(const graph_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->nodes_count; i++)
        if (act_str_is(name, self->nodes[i].node))
            return &self->nodes[i];
    return NULL;
}

uint32_t graph_variable(const graph_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->variables_count; i++)
        if (act_str_is(name, self->variables[i]))
            return i;
    return self->variables_count;
}
