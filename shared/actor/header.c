// header: a fixed msgpack array. Positions are the format; new fields go to the end.
#include "actor/header.h"

#include "base/mp.h"

#include <string.h>

#define FIELDS_COUNT 20
#define BIN_8 0xc4
// All but the texts' own bytes: the array's head, 13 numbers, two ids, the heads of six texts.
#define FIXED_MAX_BYTES (3 + 13 * 9 + 2 + 16 + 2 + 8 + 6 * 5)

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

// Writing by hand into room reserved once: a header is packed and unpacked four times for each call.
static char *put_uint(char *at, uint64_t value)
{
    if (value < 0x80) {
        *at = (char)value;
        return at + 1;
    }
    unsigned power = value <= UINT8_MAX ? 0 : value <= UINT16_MAX ? 1 : value <= UINT32_MAX ? 2 : 3;
    *at++ = (char)(0xcc + power);
    for (int shift = (8 << power) - 8; shift >= 0; shift -= 8)
        *at++ = (char)(value >> shift & 0xff);
    return at;
}

static char *put_text(char *at, act_str_t text)
{
    size_t len_bytes = text.len_bytes;
    if (len_bytes < 32) {
        *at++ = (char)(0xa0 | len_bytes);
    } else {
        unsigned power = len_bytes <= UINT8_MAX ? 0 : len_bytes <= UINT16_MAX ? 1 : 2;
        *at++ = (char)(0xd9 + power);
        for (int shift = (8 << power) - 8; shift >= 0; shift -= 8)
            *at++ = (char)(len_bytes >> shift & 0xff);
    }
    if (len_bytes > 0)
        memcpy(at, text.ptr, len_bytes);
    return at + len_bytes;
}

static char *put_trace(char *at, const act_trace_t *trace)
{
    *at++ = (char)BIN_8;
    *at++ = 16;
    put_u64(at, trace->trace_high);
    put_u64(at + 8, trace->trace_low);
    at += 16;
    *at++ = (char)BIN_8;
    *at++ = 8;
    put_u64(at, trace->span);
    return at + 8;
}

void act_header_pack(const act_header_t *self, act_buf_t *out)
{
    const act_str_t *first_texts[] = {&self->sender, &self->tenant, &self->service, &self->method,
                                      &self->key};
    size_t texts_bytes = self->idempotency_key.len_bytes;
    for (size_t i = 0; i < ACT_COUNT(first_texts); i++)
        texts_bytes += first_texts[i]->len_bytes;
    char *room = act_buf_reserve(out, FIXED_MAX_BYTES + texts_bytes);
    if (!room)
        return;
    char *at = room;
    *at++ = (char)0xdc; // an array of up to 65535
    *at++ = 0;
    *at++ = FIELDS_COUNT;
    at = put_uint(at, ACT_HEADER_VERSION);
    at = put_uint(at, self->kind);
    at = put_uint(at, self->class_);
    at = put_uint(at, self->flags);
    at = put_uint(at, self->id);
    at = put_trace(at, &self->trace);
    for (size_t i = 0; i < ACT_COUNT(first_texts); i++)
        at = put_text(at, *first_texts[i]);
    at = put_uint(at, self->budget_ms);
    at = put_uint(at, self->attempt);
    at = put_uint(at, self->hops);
    at = put_text(at, self->idempotency_key);
    const uint32_t numbers[] = {self->credit_messages, self->credit_bytes, self->err,
                                self->sequence};
    for (size_t i = 0; i < ACT_COUNT(numbers); i++)
        at = put_uint(at, numbers[i]);
    out->len_bytes += (size_t)(at - room);
}

static bool read_number(act_mp_t *mp, uint64_t max, uint64_t *ret_value)
{
    if (mp->at < mp->end && *mp->at < 0x80) { // most are small
        *ret_value = *mp->at++;
        return *ret_value <= max;
    }
    return act_mp_read_uint(mp, ret_value) && *ret_value <= max;
}

// Names become C texts and keys of tables, so they are UTF-8 without NUL, whatever their type says.
static bool is_name(act_str_t text)
{
    bool is_plain = true;
    for (size_t i = 0; i < text.len_bytes; i++)
        is_plain &= (int8_t)text.ptr[i] > 0;
    return is_plain || (act_utf8_valid(text) && !memchr(text.ptr, '\0', text.len_bytes));
}

static bool read_text(act_mp_t *mp, size_t max_bytes, act_str_t *ret_text)
{
    return act_mp_read_str(mp, ret_text) && ret_text->len_bytes <= max_bytes && is_name(*ret_text);
}

static bool read_id(act_mp_t *mp, size_t len_bytes, const char **ret_bytes)
{
    act_mp_value_t value;
    if (!act_mp_next(mp, &value) || (value.type != ACT_MP_BIN && value.type != ACT_MP_STR) ||
        value.str.len_bytes != len_bytes ||
        (value.type == ACT_MP_STR && !act_utf8_valid(value.str)))
        return false;
    *ret_bytes = value.str.ptr;
    return true;
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
    const char *trace = NULL, *span = NULL;
    if (!read_id(mp, 16, &trace) || !read_id(mp, 8, &span))
        return false;
    h->trace = (act_trace_t){get_u64(trace), get_u64(trace + 8), get_u64(span)};
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
    act_mp_t mp = act_mp_open(frame);
    act_header_t header = {0};
    uint32_t count = 0;
    if (!act_mp_read_array(&mp, &count) || count < FIELDS_COUNT || !read_start(&mp, &header) ||
        !read_names(&mp, &header) || !read_end(&mp, &header))
        return ACT_E_MALFORMED;
    // Each field was checked as it was read; what follows them was not.
    bool has_more = count > FIELDS_COUNT || mp.at != mp.end;
    if (has_more && act_mp_check(frame) != ACT_E_OK)
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
