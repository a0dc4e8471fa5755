// tap_show: frames to JSON, with redaction.
#include "tap_show.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mp.h"
#include "base/time.h"
#include "proto/broker.h"
#include "proto/common.h"
#include "proto/services.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

// Calls whose answer has not come yet; a new one takes the place of one with the same hash.
#define OPEN_CALLS_COUNT 4096

typedef struct {
    uint64_t id;
    uint64_t instance_hash;
    bool is_in;
    const act_method_t *method;
} open_call_t;

struct tap_show {
    open_call_t calls[OPEN_CALLS_COUNT];
    act_arena_t *arena;
};

tap_show_t *tap_show_new(void)
{
    tap_show_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    return self;
}

void tap_show_destroy(tap_show_t **self_p)
{
    if (!*self_p)
        return;
    act_arena_destroy(&(*self_p)->arena);
    act_free(act_take(self_p));
}

// --- which model ---------------------------------------------------------------------------------

static const act_method_t *find_method(act_str_t service, act_str_t method)
{
    for (size_t i = 0; i < PARLEY_SERVICES_COUNT; i++) {
        const act_service_t *row = parley_services[i];
        for (uint32_t m = 0; act_str_is(service, row->name) && m < row->methods_count; m++)
            if (act_str_is(method, row->methods[m].name))
                return &row->methods[m];
    }
    return NULL;
}

static open_call_t *place_of(tap_show_t *self, uint64_t id, uint64_t instance_hash)
{
    uint64_t hash = (id ^ instance_hash) * UINT64_C(0x9e3779b97f4a7c15);
    return &self->calls[hash >> 52];
}
_Static_assert(OPEN_CALLS_COUNT == 1 << 12, "a place is 12 bits of the hash");

// The model of a frame's body, NULL when it is not known. Calls are remembered for their answers.
static const act_model_t *model_of(tap_show_t *self, const act_tap_record_t *record,
                                   const act_method_t **ret_method)
{
    const act_header_t *header = &record->header;
    uint64_t instance_hash = act_str_hash(record->name, 0);
    open_call_t *call = place_of(self, header->id, instance_hash);
    bool is_answer = header->kind == ACT_KIND_REPLY || header->kind == ACT_KIND_ERROR;
    *ret_method = NULL;
    if (is_answer && call->id == header->id && call->instance_hash == instance_hash &&
        call->is_in != record->is_in)
        *ret_method = call->method;
    if (header->kind == ACT_KIND_CALL || header->kind == ACT_KIND_CAST)
        *ret_method = find_method(header->service, header->method);
    if (header->kind == ACT_KIND_CALL)
        *call = (open_call_t){header->id, instance_hash, record->is_in, *ret_method};
    static const act_model_t *const of_kind[ACT_KIND_LAST + 1] = {
        [ACT_KIND_HELLO] = &hello_model,      [ACT_KIND_WELCOME] = &welcome_model,
        [ACT_KIND_ERROR] = &error_body_model, [ACT_KIND_PING] = &stats_model,
        [ACT_KIND_PONG] = &stats_model,
    };
    if (of_kind[header->kind])
        return of_kind[header->kind];
    if (!*ret_method)
        return NULL;
    return is_answer ? (*ret_method)->reply : (*ret_method)->request;
}

// --- values ----------------------------------------------------------------------------------------

static bool ends_with(act_str_t text, const char *end)
{
    size_t len = strlen(end);
    return text.len_bytes >= len && memcmp(text.ptr + text.len_bytes - len, end, len) == 0;
}

static bool is_secret(act_str_t name)
{
    static const char *const ends[] = {"secret", "token", "password", "credential", "api_key"};
    for (size_t i = 0; i < ACT_COUNT(ends); i++)
        if (ends_with(name, ends[i]))
            return true;
    return false;
}

static void add_text(act_buf_t *out, act_str_t name, act_str_t text)
{
    act_buf_add_char(out, '"');
    if (is_secret(name) && text.len_bytes > 0)
        act_buf_add_str(out, ACT_STR("[redacted]"));
    else
        act_log_add_redacted(out, text);
    act_buf_add_char(out, '"');
}

static void add_double(act_buf_t *out, double number)
{
    if (isfinite(number))
        act_buf_printf(out, "%.17g", number);
    else
        act_buf_add_str(out, ACT_STR("null"));
}

static void add_message(act_buf_t *out, const act_model_t *model, const void *message);

static void add_value(act_buf_t *out, const act_field_t *field, const void *slot)
{
    switch (field->kind) {
    case ACT_FIELD_BOOL:
        act_buf_printf(out, "%s", *(const bool *)slot ? "true" : "false");
        return;
    case ACT_FIELD_INT32:
        act_buf_printf(out, "%" PRId32, *(const int32_t *)slot);
        return;
    case ACT_FIELD_UINT32:
        act_buf_printf(out, "%" PRIu32, *(const uint32_t *)slot);
        return;
    case ACT_FIELD_INT64:
        act_buf_printf(out, "%" PRId64, *(const int64_t *)slot);
        return;
    case ACT_FIELD_UINT64:
        act_buf_printf(out, "%" PRIu64, *(const uint64_t *)slot);
        return;
    case ACT_FIELD_DOUBLE:
        add_double(out, *(const double *)slot);
        return;
    case ACT_FIELD_STRING:
        add_text(out, act_str(field->name), *(const act_str_t *)slot);
        return;
    case ACT_FIELD_BYTES: // sealed tokens and media: their size is all one may see
        act_buf_printf(out, "{\"bytes\":%zu}", ((const act_str_t *)slot)->len_bytes);
        return;
    case ACT_FIELD_MESSAGE:
    default:
        add_message(out, field->model, slot);
    }
}

static void add_field(act_buf_t *out, const act_field_t *field, const void *message)
{
    uint32_t count = act_field_count(field, message);
    act_buf_printf(out, "\"%s\":", field->name);
    if (field->max_items == 0 && count == 0)
        act_buf_add_str(out, ACT_STR("null"));
    if (field->max_items > 0)
        act_buf_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            act_buf_add_char(out, ',');
        add_value(out, field, act_field_value(field, message, i));
    }
    if (field->max_items > 0)
        act_buf_add_char(out, ']');
}

static void add_message(act_buf_t *out, const act_model_t *model, const void *message)
{
    act_buf_add_char(out, '{');
    for (uint32_t i = 0; i < model->fields_count; i++) {
        if (i > 0)
            act_buf_add_char(out, ',');
        add_field(out, &model->fields[i], message);
    }
    act_buf_add_char(out, '}');
}

// --- msgpack without a model -------------------------------------------------------------------------

static void add_raw(act_buf_t *out, act_mp_t *mp, act_str_t name);

static void add_items(act_buf_t *out, act_mp_t *mp, const act_mp_value_t *head, act_str_t name)
{
    bool is_map = head->type == ACT_MP_MAP;
    act_buf_add_char(out, is_map ? '{' : '[');
    for (uint32_t i = 0; i < head->count; i++) {
        act_str_t key = name;
        if (i > 0)
            act_buf_add_char(out, ',');
        if (is_map && !act_mp_read_str(mp, &key))
            key = ACT_STR("?"); // a key that is no text was passed over
        if (is_map) {
            add_text(out, ACT_STR(""), key);
            act_buf_add_char(out, ':');
        }
        add_raw(out, mp, key);
    }
    act_buf_add_char(out, is_map ? '}' : ']');
}

// One value of a checked buffer; depth is bounded by the check.
static void add_raw(act_buf_t *out, act_mp_t *mp, act_str_t name)
{
    act_mp_value_t value = {0};
    if (!act_mp_next(mp, &value))
        return;
    switch (value.type) {
    case ACT_MP_BOOL:
        act_buf_printf(out, "%s", value.boolean ? "true" : "false");
        return;
    case ACT_MP_INT:
        act_buf_printf(out, "%" PRId64, value.integer);
        return;
    case ACT_MP_UINT:
        act_buf_printf(out, "%" PRIu64, value.unsigned_integer);
        return;
    case ACT_MP_DOUBLE:
        add_double(out, value.number);
        return;
    case ACT_MP_STR:
        add_text(out, name, value.str);
        return;
    case ACT_MP_BIN:
        act_buf_printf(out, "{\"bytes\":%zu}", value.str.len_bytes);
        return;
    case ACT_MP_ARRAY:
    case ACT_MP_MAP:
        add_items(out, mp, &value, name);
        return;
    case ACT_MP_NIL:
    default:
        act_buf_add_str(out, ACT_STR("null"));
    }
}

// --- lines -----------------------------------------------------------------------------------------

static void add_body(tap_show_t *self, const act_model_t *model, act_str_t body, act_buf_t *out)
{
    act_arena_reset(self->arena);
    const void *message = model ? act_model_decode(model, body, self->arena, NULL) : NULL;
    act_mp_t mp = act_mp_open(body);
    act_buf_printf(out, ",\"body_bytes\":%zu,\"body\":", body.len_bytes);
    if (message)
        add_message(out, model, message);
    else if (act_mp_check(body) == ACT_E_OK)
        add_raw(out, &mp, ACT_STR(""));
    else
        act_buf_add_str(out, ACT_STR("null"));
}

static void add_named(act_buf_t *out, const char *name, act_str_t text)
{
    if (text.len_bytes == 0)
        return;
    act_buf_printf(out, ",\"%s\":", name);
    add_text(out, ACT_STR(""), text);
}

static void add_frame(tap_show_t *self, const act_tap_record_t *record, act_buf_t *out)
{
    const act_header_t *header = &record->header;
    const act_method_t *method = NULL;
    const act_model_t *model = model_of(self, record, &method);
    act_buf_printf(out, ",\"direction\":\"%s\",\"kind\":\"%s\",\"id\":%" PRIu64,
                   record->is_in ? "in" : "out", act_kind_name((act_kind_t)header->kind),
                   header->id);
    if (header->trace.trace_high || header->trace.trace_low)
        act_buf_printf(out, ",\"trace\":\"%016" PRIx64 "%016" PRIx64 "\"", header->trace.trace_high,
                       header->trace.trace_low);
    add_named(out, "sender", header->sender);
    add_named(out, "tenant", header->tenant);
    add_named(out, header->kind == ACT_KIND_EVENT ? "topic" : "service", header->service);
    add_named(out, "method", method ? act_str(method->name) : header->method);
    add_named(out, "key", header->key);
    add_named(out, "idempotency_key", header->idempotency_key);
    if (header->budget_ms)
        act_buf_printf(out, ",\"budget_ms\":%" PRIu32, header->budget_ms);
    if (header->attempt > 1)
        act_buf_printf(out, ",\"attempt\":%u", header->attempt);
    if (header->err)
        act_buf_printf(out, ",\"err\":\"%s\"", act_err_code((act_err_t)header->err));
    add_body(self, model, record->body, out);
}

void tap_show_record(tap_show_t *self, const act_tap_record_t *record, act_buf_t *out)
{
    static const char *const kinds[] = {
        [ACT_TAP_START] = "start", [ACT_TAP_FRAME] = "frame", [ACT_TAP_END] = "end"};
    static const char *const names[] = {
        [ACT_TAP_START] = "target", [ACT_TAP_FRAME] = "instance", [ACT_TAP_END] = "reason"};
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text(record->at_us, at);
    act_buf_printf(out, "{\"record\":\"%s\",\"at\":\"%s\",\"at_us\":%" PRId64, kinds[record->kind],
                   at, record->at_us);
    add_named(out, names[record->kind], record->name);
    if (record->kind == ACT_TAP_FRAME)
        add_frame(self, record, out);
    if (record->kind == ACT_TAP_END)
        act_buf_printf(out, ",\"frames\":%" PRIu64, record->frames);
    act_buf_add_str(out, ACT_STR("}\n"));
}
