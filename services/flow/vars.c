// vars: an array in the order the graph gives.
#include "vars.h"

#include "check.h"

// A name a customer gave themselves can be anything.
#define GIVEN_MAX_CHARS 60

// Channels tell digits; people read and dial them with the sign.
static act_str_t phone_of(act_arena_t *arena, act_str_t digits)
{
    if (act_str_empty(digits))
        return digits;
    return act_arena_printf(arena, "+%" ACT_STR_FMT, ACT_STR_ARG(digits));
}

vars_t vars_new(act_arena_t *arena, const graph_t *graph, const flow_run_request_t *request)
{
    return (vars_t){
        .graph = graph,
        .request = request,
        .phone = phone_of(arena, request->contact_phone),
        .values = act_arena_alloc_array(arena, graph->variables_count + 1, sizeof(act_str_t)),
    };
}

// The first line, not too long.
static act_str_t clean_name(act_str_t name)
{
    act_str_t line = act_str_trim(act_str_cut(&name, '\n'));
    return act_str_trim(act_utf8_prefix(line, GIVEN_MAX_CHARS));
}

act_str_t vars_get(const vars_t *self, act_str_t name)
{
    if (act_str_is(name, "business_name"))
        return clean_name(self->request->business_name);
    if (act_str_is(name, "contact_name"))
        return clean_name(self->request->contact_name);
    if (act_str_is(name, "contact_phone"))
        return self->phone;
    uint32_t index = graph_variable(self->graph, name);
    return index < self->graph->variables_count ? self->values[index] : (act_str_t){0};
}

void vars_set(vars_t *self, act_str_t name, act_str_t value)
{
    uint32_t index = graph_variable(self->graph, name);
    if (index < self->graph->variables_count)
        self->values[index] = value;
}

void vars_set_row(vars_t *self, const rows_t *rows, uint32_t row)
{
    for (uint32_t i = 0; i < rows->columns_count; i++)
        vars_set(self, act_str(rows->columns[i]), rows_cell(rows, row, i));
}
