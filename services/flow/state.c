// state: JSON out by hand, JSON in by jansson (io/json.h).
#include "state.h"

#include "io/json.h"

#include <inttypes.h>

#define VERSION 1
#define TRIES_MAX 100
#define PAGE_MAX 100

// --- writing -------------------------------------------------------------------------------------

static void add_member(act_buf_t *out, const char *name, act_str_t value)
{
    act_buf_printf(out, ",\"%s\":", name);
    act_json_quote(value, out);
}

static void add_vars(act_buf_t *out, const vars_t *vars)
{
    act_buf_add_str(out, ACT_STR(",\"vars\":{"));
    const char *separator = "";
    for (uint32_t i = 0; i < vars->graph->variables_count; i++) {
        if (act_str_empty(vars->values[i]))
            continue;
        act_buf_printf(out, "%s\"%s\":", separator, vars->graph->variables[i]);
        act_json_quote(vars->values[i], out);
        separator = ",";
    }
    act_buf_add_char(out, '}');
}

static void add_rows(act_buf_t *out, const state_t *self)
{
    add_member(out, "rows_of", act_str(self->rows_node->node));
    act_buf_add_str(out, ACT_STR(",\"rows\":["));
    for (uint32_t row = 0; row < self->rows.count; row++) {
        act_buf_add_str(out, row > 0 ? ACT_STR(",[") : ACT_STR("["));
        for (uint32_t column = 0; column < self->rows.columns_count; column++) {
            if (column > 0)
                act_buf_add_char(out, ',');
            act_json_quote(rows_cell(&self->rows, row, column), out);
        }
        act_buf_add_char(out, ']');
    }
    act_buf_add_char(out, ']');
}

static void write_json(const state_t *self, act_buf_t *out)
{
    act_buf_printf(out, "{\"v\":%d,\"flow\":\"%s\",\"revision\":%" PRIu32, VERSION,
                   self->graph->flow, self->graph->revision);
    act_buf_printf(out, ",\"node\":\"%s\",\"tries\":%" PRIu32 ",\"page\":%" PRIu32,
                   self->node->node, self->tries, self->page);
    if (!act_str_empty(self->first))
        add_member(out, "first", self->first);
    add_vars(out, &self->vars);
    if (self->node->ask == ASK_PICK && self->rows_node)
        add_rows(out, self);
    act_buf_add_char(out, '}');
}

act_err_t state_write(state_t *self, act_arena_t *arena, act_str_t *ret_json)
{
    for (;;) {
        act_buf_t out;
        act_buf_init(&out, STATE_MAX_BYTES);
        write_json(self, &out);
        bool fits = !out.is_overflowed;
        if (fits)
            *ret_json = act_arena_str(arena, act_buf_str(&out));
        act_buf_fini(&out);
        if (fits)
            return ACT_E_OK;
        if (self->node->ask != ASK_PICK || self->rows.count < 2)
            return ACT_E_TOO_LARGE;
        self->rows.count /= 2;
    }
}

act_err_t state_hand_on(const state_t *self, act_arena_t *arena, act_str_t *ret_json)
{
    act_buf_t out;
    act_buf_init(&out, STATE_MAX_BYTES);
    act_buf_printf(&out, "{\"v\":%d", VERSION);
    add_vars(&out, &self->vars);
    act_buf_add_char(&out, '}');
    bool fits = !out.is_overflowed;
    if (fits)
        *ret_json = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return fits ? ACT_E_OK : ACT_E_TOO_LARGE;
}

// --- reading -------------------------------------------------------------------------------------

static bool read_count(const json_t *json, const char *name, int64_t max, uint32_t *ret_count)
{
    int64_t value = act_json_int(json, name, -1);
    if (value < 0 || value > max)
        return false;
    *ret_count = (uint32_t)value;
    return true;
}

static bool read_vars(const json_t *json, act_arena_t *arena, vars_t *vars)
{
    json_t *values = json_object_get(json, "vars");
    if (!json_is_object(values))
        return false;
    const char *name;
    json_t *value;
    json_object_foreach(values, name, value)
    {
        act_str_t text = act_str_of(json_string_value(value), json_string_length(value));
        if (!json_is_string(value) ||
            graph_variable(vars->graph, act_str(name)) == vars->graph->variables_count)
            return false;
        vars_set(vars, act_str(name), act_arena_str(arena, text));
    }
    return true;
}

static bool read_row(const json_t *row, const call_t *call, act_arena_t *arena, act_str_t *cells)
{
    if (json_array_size(row) != call->columns_count)
        return false;
    for (uint32_t i = 0; i < call->columns_count; i++) {
        const json_t *cell = json_array_get(row, i);
        if (!json_is_string(cell))
            return false;
        cells[i] =
            act_arena_str(arena, act_str_of(json_string_value(cell), json_string_length(cell)));
    }
    return true;
}

static bool read_rows(const json_t *json, act_arena_t *arena, state_t *state)
{
    const node_t *node = graph_node(state->graph, act_json_str(json, "rows_of"));
    const call_t *call = node && node->kind == NODE_CALL ? call_find(act_str(node->call)) : NULL;
    const json_t *rows = json_object_get(json, "rows");
    size_t count = json_array_size(rows);
    if (!call || !call->is_list || count == 0 || count > CALL_MAX_ROWS ||
        !act_str_is(act_str(node->node), state->node->rows))
        return false;
    act_str_t *cells;
    state->rows_node = node;
    state->rows = rows_new(arena, call->columns, call->columns_count, (uint32_t)count, &cells);
    for (size_t i = 0; i < count; i++)
        if (!read_row(json_array_get(rows, i), call, arena, cells + i * call->columns_count))
            return false;
    return true;
}

static state_verdict_t read_rest(const json_t *json, const flow_run_request_t *request,
                                 act_arena_t *arena, state_t *state)
{
    uint32_t revision = 0;
    state->node = graph_node(state->graph, act_json_str(json, "node"));
    if (!read_count(json, "revision", UINT32_MAX, &revision))
        return STATE_BAD;
    if (revision != state->graph->revision || !state->node || state->node->kind != NODE_QUESTION)
        return STATE_OUTDATED;
    state->vars = vars_new(arena, state->graph, request);
    state->first = act_arena_str(arena, act_json_str(json, "first"));
    bool is_good = read_count(json, "tries", TRIES_MAX, &state->tries) &&
                   read_count(json, "page", PAGE_MAX, &state->page) &&
                   read_vars(json, arena, &state->vars) &&
                   (state->node->ask != ASK_PICK || read_rows(json, arena, state));
    return is_good ? STATE_GOOD : STATE_BAD;
}

state_verdict_t state_read(const flows_t *flows, act_str_t json, const flow_run_request_t *request,
                           act_arena_t *arena, state_t *ret_state)
{
    json_t *root = NULL;
    if (json.len_bytes > STATE_MAX_BYTES || act_json_parse(json, &root, NULL, arena) != ACT_E_OK)
        return STATE_BAD;
    state_t state = {.graph = flows_find(flows, act_json_str(root, "flow"))};
    state_verdict_t verdict = STATE_BAD;
    if (state.graph && act_json_int(root, "v", 0) == VERSION)
        verdict = read_rest(root, request, arena, &state);
    json_decref(root);
    if (verdict != STATE_BAD)
        *ret_state = state;
    return verdict;
}

void state_take_over(act_str_t json, act_arena_t *arena, vars_t *vars)
{
    json_t *root = NULL;
    if (act_str_empty(json) || act_json_parse(json, &root, NULL, arena) != ACT_E_OK)
        return;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(root, "vars"), name, value)
    {
        if (json_is_string(value))
            vars_set(vars, act_str(name),
                     act_arena_str(
                         arena, act_str_of(json_string_value(value), json_string_length(value))));
    }
    json_decref(root);
}
