// header: a fixed msgpack array. Positions are the format; new fields go to the end.
#include "actor/header.h"

#include "base/mp.h"

#include <string.h>

#define FIELDS_COUNT 20

// Trace ids are numbers here and 16 + 8 bytes on the wire, most significant byte first (W3C).
static void put_u64(char *at, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        at[i] = (char)(value & 0xff);
}

static uint64_t get_u64(const char *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)at[i];
    return value;
}

void act_header_pack(const act_header_t *self, act_buf_t *out)
{
    char trace[24];
    put_u64(trace, self->trace.trace_high);
    put_u64(trace + 8, self->trace.trace_low);
    put_u64(trace + 16, self->trace.span);
    act_mp_array(out, FIELDS_COUNT);
    act_mp_uint(out, ACT_HEADER_VERSION);
    act_mp_uint(out, self->kind);
    act_mp_uint(out, self->class_);
    act_mp_uint(out, self->flags);
    act_mp_uint(out, self->id);
    act_mp_bin(out, act_str_of(trace, 16));
    act_mp_bin(out, act_str_of(trace + 16, 8));
    act_mp_str(out, self->sender);
    act_mp_str(out, self->tenant);
    act_mp_str(out, self->service);
    act_mp_str(out, self->method);
    act_mp_str(out, self->key);
    act_mp_uint(out, self->budget_ms);
    act_mp_uint(out, self->attempt);
    act_mp_uint(out, self->hops);
    act_mp_str(out, self->idempotency_key);
    act_mp_uint(out, self->credit_messages);
    act_mp_uint(out, self->credit_bytes);
    act_mp_uint(out, self->err);
    act_mp_uint(out, self->sequence);
}

static bool read_number(act_mp_t *mp, uint64_t max, uint64_t *ret_value)
{
    return act_mp_read_uint(mp, ret_value) && *ret_value <= max;
}

// Names become C texts and keys of tables, so they are UTF-8 (BIN is not checked yet) without NUL.
static bool read_text(act_mp_t *mp, size_t max_bytes, act_str_t *ret_text)
{
    return act_mp_read_str(mp, ret_text) && ret_text->len_bytes <= max_bytes &&
           act_utf8_valid(*ret_text) && !memchr(ret_text->ptr, '\0', ret_text->len_bytes);
}

static bool read_start(act_mp_t *mp, act_header_t *h)
{
    uint64_t version = 0, kind = 0, class_ = 0, flags = 0;
    if (!read_number(mp, ACT_HEADER_VERSION, &version) || version != ACT_HEADER_VERSION ||
        !read_number(mp, ACT_KIND_LAST, &kind) || kind == 0 ||
        !read_number(mp, ACT_CLASS_COUNT - 1, &class_) || !read_number(mp, UINT32_MAX, &flags) ||
        !read_number(mp, UINT64_MAX, &h->id))
        return false;
    h->kind = (uint8_t)kind;
    h->class_ = (uint8_t)class_;
    h->flags = (uint32_t)flags;
    act_str_t trace, span;
    if (!act_mp_read_str(mp, &trace) || trace.len_bytes != 16 || !act_mp_read_str(mp, &span) ||
        span.len_bytes != 8)
        return false;
    h->trace = (act_trace_t){get_u64(trace.ptr), get_u64(trace.ptr + 8), get_u64(span.ptr)};
    return true;
}

static bool read_names(act_mp_t *mp, act_header_t *h)
{
    return read_text(mp, ACT_HEADER_NAME_MAX_BYTES, &h->sender) &&
           read_text(mp, ACT_HEADER_NAME_MAX_BYTES, &h->tenant) &&
           read_text(mp, ACT_HEADER_KEY_MAX_BYTES, &h->service) &&
           read_text(mp, ACT_HEADER_NAME_MAX_BYTES, &h->method) &&
           read_text(mp, ACT_HEADER_KEY_MAX_BYTES, &h->key);
}

static bool read_end(act_mp_t *mp, act_header_t *h)
{
    uint64_t budget_ms = 0, attempt = 0, hops = 0, messages = 0, bytes = 0, err = 0, sequence = 0;
    if (!read_number(mp, UINT32_MAX, &budget_ms) || !read_number(mp, UINT8_MAX, &attempt) ||
        !read_number(mp, UINT8_MAX, &hops) ||
        !read_text(mp, ACT_HEADER_KEY_MAX_BYTES, &h->idempotency_key) ||
        !read_number(mp, UINT32_MAX, &messages) || !read_number(mp, UINT32_MAX, &bytes) ||
        !read_number(mp, UINT32_MAX, &err) || !read_number(mp, UINT32_MAX, &sequence))
        return false;
    h->budget_ms = (uint32_t)budget_ms;
    h->attempt = (uint8_t)attempt;
    h->hops = (uint8_t)hops;
    h->credit_messages = (uint32_t)messages;
    h->credit_bytes = (uint32_t)bytes;
    h->err = (uint32_t)err;
    h->sequence = (uint32_t)sequence;
    return true;
}

act_err_t act_header_unpack(act_str_t frame, act_header_t *ret_header)
{
    if (act_mp_check(frame) != ACT_E_OK)
        return ACT_E_MALFORMED;
    act_mp_t mp = act_mp_open(frame);
    act_header_t header = {0};
    uint32_t count = 0;
    if (!act_mp_read_array(&mp, &count) || count < FIELDS_COUNT || !read_start(&mp, &header) ||
        !read_names(&mp, &header) || !read_end(&mp, &header))
        return ACT_E_MALFORMED;
    *ret_header = header;
    return ACT_E_OK;
}

const char *act_kind_name(act_kind_t kind)
{
    static const char *const names[] = {
        [ACT_KIND_HELLO] = "HELLO",
        [ACT_KIND_WELCOME] = "WELCOME",
        [ACT_KIND_REFUSED] = "REFUSED",
        [ACT_KIND_HELLO_AGAIN] = "HELLO_AGAIN",
        [ACT_KIND_CALL] = "CALL",
        [ACT_KIND_REPLY] = "REPLY",
        [ACT_KIND_ERROR] = "ERROR",
        [ACT_KIND_CANCEL] = "CANCEL",
        [ACT_KIND_CAST] = "CAST",
        [ACT_KIND_SUBSCRIBE] = "SUBSCRIBE",
        [ACT_KIND_UNSUBSCRIBE] = "UNSUBSCRIBE",
        [ACT_KIND_EVENT] = "EVENT",
        [ACT_KIND_PING] = "PING",
        [ACT_KIND_PONG] = "PONG",
        [ACT_KIND_DRAIN] = "DRAIN",
        [ACT_KIND_BYE] = "BYE",
        [ACT_KIND_PARTIAL] = "PARTIAL",
        [ACT_KIND_CREDIT] = "CREDIT",
    };
    return kind >= ACT_KIND_HELLO && kind <= ACT_KIND_LAST ? names[kind] : "?";
}
