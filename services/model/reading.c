// reading: buffers with limits; the first limit that is passed is the fault.
#include "reading.h"

#include <stdlib.h>

#define TOKENS_MAX_COUNT 1000000000
#define OWN_ID "parley_call_"

void reading_init(reading_t *self, act_arena_t *arena)
{
    *self = (reading_t){.arena = arena};
    act_buf_init(&self->text, READING_TEXT_MAX_BYTES);
    act_buf_init(&self->piece, READING_TEXT_MAX_BYTES);
    act_buf_init(&self->signature, READING_TEXT_MAX_BYTES);
    act_buf_init(&self->scratch, READING_TEXT_MAX_BYTES);
}

void reading_fini(reading_t *self)
{
    for (uint32_t i = 0; i < self->calls_count; i++)
        act_buf_fini(&self->calls[i].arguments);
    act_buf_fini(&self->text);
    act_buf_fini(&self->piece);
    act_buf_fini(&self->signature);
    act_buf_fini(&self->scratch);
    json_decref(self->block);
    json_decref(self->raw);
    *self = (reading_t){.arena = NULL};
}

void reading_fail(reading_t *self, fault_kind_t kind, const char *text)
{
    if (self->fault.kind == FAULT_NONE)
        fault_set(&self->fault, kind, text);
}

json_t *reading_event(reading_t *self, act_str_t data)
{
    json_t *event = NULL;
    if (act_json_parse(data, &event, NULL, NULL) == ACT_E_OK)
        return event;
    reading_fail(self, FAULT_AGAIN, "an event is no JSON");
    return NULL;
}

void reading_take_error(reading_t *self, const json_t *event)
{
    if (self->fault.kind == FAULT_NONE)
        fault_of_event(event, &self->fault);
}

void reading_typed_event(reading_t *self, act_str_t data, const reading_row_t *rows, size_t count)
{
    json_t *event = reading_event(self, data);
    for (size_t i = 0; event && i < count; i++)
        if (act_str_is(act_json_str(event, "type"), rows[i].type))
            rows[i].read(self, event);
    json_decref(event);
}

void reading_add_text(reading_t *self, act_str_t text)
{
    act_buf_add_str(&self->text, text);
    if (self->text.is_overflowed)
        reading_fail(self, FAULT_NEXT, "the answer is too long");
}

reading_call_t *reading_add_call(reading_t *self, act_str_t id, act_str_t name)
{
    if (self->calls_count == READING_CALLS_MAX_COUNT) {
        reading_fail(self, FAULT_NEXT, "too many tool calls");
        return NULL;
    }
    reading_call_t *call = &self->calls[self->calls_count++];
    call->id = act_str_empty(id) ? act_arena_printf(self->arena, OWN_ID "%u", self->calls_count)
                                 : act_arena_str(self->arena, act_utf8_prefix(id, 200));
    call->name = act_arena_str(self->arena, act_utf8_prefix(name, 128));
    act_buf_init(&call->arguments, READING_ARGUMENTS_MAX_BYTES);
    return call;
}

void reading_add_arguments(reading_t *self, reading_call_t *call, act_str_t text)
{
    act_buf_add_str(&call->arguments, text);
    if (call->arguments.is_overflowed)
        reading_fail(self, FAULT_NEXT, "the arguments of a tool call are too long");
}

void reading_add_raw(reading_t *self, json_t *value)
{
    if (!self->raw)
        self->raw = json_array();
    (void)json_array_append(self->raw, value);
}

int64_t reading_tokens(const json_t *usage, const char *name)
{
    int64_t count = act_json_int(usage, name, 0);
    return count > 0 && count <= TOKENS_MAX_COUNT ? count : 0;
}

bool reading_is_own_id(act_str_t id)
{
    return act_str_starts_with(id, OWN_ID);
}

const char *stop_name(stop_t stop)
{
    static const char *const names[] = {
        [STOP_NONE] = "",         [STOP_END] = "end",         [STOP_TOOLS] = "tools",
        [STOP_LENGTH] = "length", [STOP_REFUSED] = "refused", [STOP_CONTEXT] = "context",
    };
    return names[stop];
}

// --- the neutral form ----------------------------------------------------------------------------

static bool is_object(act_str_t text)
{
    json_t *root = NULL;
    if (act_json_parse(text, &root, NULL, NULL) != ACT_E_OK)
        return false;
    bool is = json_is_object(root);
    json_decref(root);
    return is;
}

static void finish_call(const reading_call_t *call, act_arena_t *arena, tool_call_t *ret_call)
{
    act_str_t arguments = act_buf_str(&call->arguments);
    if (act_str_empty(act_str_trim(arguments)))
        arguments = ACT_STR("{}"); // no parameters
    *ret_call = (tool_call_t){.id = call->id,
                              .name = call->name,
                              .arguments = act_arena_str(arena, arguments),
                              .is_malformed = !is_object(arguments)};
}

static act_err_t dump_raw(const reading_t *self, act_str_t *ret_raw)
{
    *ret_raw = ACT_STR("");
    if (!self->raw)
        return ACT_E_OK;
    char *text = json_dumps(self->raw, JSON_COMPACT | JSON_ENCODE_ANY);
    act_str_t raw = act_str(text);
    act_err_t err = raw.len_bytes <= READING_RAW_MAX_BYTES ? ACT_E_OK : ACT_E_TOO_LARGE;
    if (err == ACT_E_OK)
        *ret_raw = act_arena_str(self->arena, raw);
    free(text); // jansson's
    return err;
}

act_err_t reading_finish(reading_t *self, act_str_t identity, chat_message_t *ret_message)
{
    tool_call_t *calls = act_arena_alloc_array(self->arena, self->calls_count, sizeof *calls);
    for (uint32_t i = 0; i < self->calls_count; i++)
        finish_call(&self->calls[i], self->arena, &calls[i]);
    *ret_message = (chat_message_t){
        .role = ACT_STR("assistant"),
        .text = act_arena_str(self->arena, act_buf_str(&self->text)),
        .tool_calls = {.items = calls, .count = self->calls_count},
    };
    act_err_t err = dump_raw(self, &ret_message->raw);
    if (err == ACT_E_OK && !act_str_empty(ret_message->raw))
        ret_message->raw_by = identity;
    return err;
}
