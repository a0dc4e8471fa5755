// tool_call: arguments in, result out, both held to the schemas of the card.
#include "tool_call.h"

#include "base/assert.h"
#include "io/json.h"
#include "tool/json_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tool_call_free(act_tool_call_t **self_p)
{
    act_tool_call_t *self = *self_p;
    json_decref(self->arguments);
    json_decref(self->result);
    json_decref(self->receipt);
    free(self->arguments_text);
    act_buf_fini(&self->text);
    act_free(act_take(self_p));
}

act_tool_call_t *tool_call_new(const act_tool_card_t *card, act_call_t *call,
                               const tool_call_request_t *request)
{
    json_t *arguments = NULL;
    if (card->is_for_staff && !act_str_is(request->role, "staff")) {
        act_call_fail(&call, ACT_E_FORBIDDEN, "this tool is for people of the business");
        return NULL;
    }
    act_buf_t why;
    act_buf_init(&why, 1024);
    act_err_t err = act_json_parse(request->arguments, &arguments, NULL, NULL);
    if (err == ACT_E_OK)
        err = act_json_schema_validate(card->input, arguments, "arguments", &why);
    else
        act_buf_printf(&why, "arguments: are not JSON");
    act_tool_call_t *self = NULL;
    if (err == ACT_E_OK) {
        self = act_alloc(sizeof *self);
        *self = (act_tool_call_t){.card = card,
                                  .call = call,
                                  .request = request,
                                  .arguments = arguments,
                                  .result = json_object()};
        act_buf_init(&self->text, 16384);
    } else {
        json_decref(arguments);
        act_buf_add_char(&why, '\0');
        act_call_fail(&call, ACT_E_INVALID_ARGUMENT, why.ptr);
    }
    act_buf_fini(&why);
    return self;
}

// Only what the schema names, so that a row's other columns reach no model.
static json_t *project(const json_t *schema, json_t *value)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *items = json_object_get(schema, "items");
    if (json_is_object(value) && properties) {
        json_t *kept = json_object();
        const char *name;
        json_t *item;
        json_object_foreach(value, name, item)
        {
            const json_t *own = json_object_get(properties, name);
            if (own)
                json_object_set_new(kept, name, project(own, item));
        }
        return kept;
    }
    if (json_is_array(value) && items) {
        json_t *kept = json_array();
        size_t index;
        json_t *item;
        json_array_foreach(value, index, item) json_array_append_new(kept, project(items, item));
        return kept;
    }
    return json_incref(value);
}

static void answer(act_tool_call_t *self, act_str_t result, bool is_error)
{
    char *receipt = self->receipt ? json_dumps(self->receipt, JSON_COMPACT) : NULL;
    const tool_call_reply_t reply = {
        .result = result,
        .text = act_buf_str(&self->text),
        .is_error = is_error,
        .receipt = act_str(receipt),
    };
    tool_call_reply(&self->call, &reply);
    free(receipt);
}

void tool_call_end(act_tool_call_t **self_p, json_t *result)
{
    act_tool_call_t *self = *self_p;
    json_t *kept = project(self->card->output, result);
    json_decref(result);
    act_buf_t why;
    act_buf_init(&why, 1024);
    char *text = json_dumps(kept, JSON_COMPACT);
    if (act_json_schema_validate(self->card->output, kept, "result", &why) != ACT_E_OK) {
        act_buf_add_char(&why, '\0');
        act_call_fail(&self->call, ACT_E_INTERNAL, why.ptr);
    } else if (!text || strlen(text) > ACT_TOOL_JSON_MAX_BYTES) {
        act_call_fail(&self->call, ACT_E_TOO_LARGE, "result is too large");
    } else {
        answer(self, act_str(text), /* is_error= */ false);
    }
    act_buf_fini(&why);
    free(text);
    json_decref(kept);
    tool_call_free(self_p);
}

void tool_call_fail(act_tool_call_t **self_p, act_str_t text)
{
    act_tool_call_t *self = *self_p;
    act_buf_reset(&self->text);
    act_buf_add_str(&self->text, act_utf8_prefix(text, 2000));
    answer(self, act_str(""), /* is_error= */ true);
    tool_call_free(self_p);
}

void tool_call_break(act_tool_call_t **self_p, act_err_t err, act_str_t text)
{
    char words[256];
    act_str_copy(text, words, sizeof words);
    act_call_fail(&(*self_p)->call, err, words);
    tool_call_free(self_p);
}

// --- what a plugin sees (tool.h) ---------------------------------------------------------------------

static const json_t *argument(const act_tool_call_t *call, const char *name)
{
    return json_object_get(call->arguments, name);
}

const char *act_tool_text(const act_tool_call_t *call, const char *name, const char *fallback)
{
    const char *text = json_string_value(argument(call, name));
    return text ? text : fallback;
}

double act_tool_number(const act_tool_call_t *call, const char *name, double fallback)
{
    const json_t *value = argument(call, name);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

int64_t act_tool_integer(const act_tool_call_t *call, const char *name, int64_t fallback)
{
    const json_t *value = argument(call, name);
    if (json_is_real(value)) // 3.0 is a whole number in JSON
        return (int64_t)json_real_value(value);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool act_tool_flag(const act_tool_call_t *call, const char *name, bool fallback)
{
    const json_t *value = argument(call, name);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const char *act_tool_arguments(const act_tool_call_t *call)
{
    act_tool_call_t *self = (act_tool_call_t *)(uintptr_t)call;
    if (!self->arguments_text)
        self->arguments_text = json_dumps(call->arguments, JSON_COMPACT);
    return self->arguments_text;
}

static const char *text_of(const act_tool_call_t *call, act_str_t text)
{
    return act_arena_str(act_call_arena(call->call), text).ptr;
}

const char *act_tool_tenant(const act_tool_call_t *call)
{
    return text_of(call, act_call_header(call->call)->tenant);
}

const char *act_tool_conversation(const act_tool_call_t *call)
{
    return text_of(call, call->request->conversation_id);
}

const char *act_tool_contact(const act_tool_call_t *call)
{
    return text_of(call, call->request->contact_id);
}

const char *act_tool_language(const act_tool_call_t *call)
{
    return text_of(call, call->request->language);
}

const char *act_tool_step_key(const act_tool_call_t *call)
{
    return text_of(call, call->request->step_key);
}

bool act_tool_is_dry_run(const act_tool_call_t *call)
{
    return call->request->is_dry_run;
}

// A value that is no JSON (a number that is infinite, a text that is not UTF-8) is left out, and the
// result's schema says that it is missing.
static void set(act_tool_call_t *call, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(call->result, name, value);
}

void act_tool_set_text(act_tool_call_t *call, const char *name, const char *text)
{
    set(call, name, json_string(text));
}

void act_tool_set_number(act_tool_call_t *call, const char *name, double number)
{
    set(call, name, json_real(number));
}

void act_tool_set_integer(act_tool_call_t *call, const char *name, int64_t number)
{
    set(call, name, json_integer(number));
}

void act_tool_set_flag(act_tool_call_t *call, const char *name, bool flag)
{
    set(call, name, json_boolean(flag));
}

bool act_tool_set_json(act_tool_call_t *call, const char *name, const char *json)
{
    json_t *value = NULL;
    if (act_json_parse(act_str(json), &value, NULL, NULL) != ACT_E_OK)
        return false;
    set(call, name, value);
    return true;
}

void act_tool_say(act_tool_call_t *call, const char *text)
{
    act_buf_reset(&call->text);
    act_buf_add_str(&call->text, act_utf8_prefix(act_str(text), 2000));
}

void act_tool_reply(act_tool_call_t *call)
{
    json_t *result = json_incref(call->result);
    tool_call_end(&call, result);
}

void act_tool_fail(act_tool_call_t *call, const char *text)
{
    tool_call_fail(&call, act_str(text));
}
