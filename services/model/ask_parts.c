// ask_parts: what was read goes to the caller in parts: the first at once, then some each 40 ms, as many as
// it takes. A caller that takes none holds nobody up: what is left comes with the reply.
#include "asks_private.h"

#define PART_EVERY_MS 40
#define PART_MAX_BYTES 32768u

// At most so many bytes, no code point cut.
static act_str_t part_of(const act_buf_t *text, size_t from_bytes)
{
    size_t end_bytes = text->len_bytes;
    if (end_bytes - from_bytes > PART_MAX_BYTES) {
        end_bytes = from_bytes + PART_MAX_BYTES;
        while (end_bytes > from_bytes && ((unsigned char)text->ptr[end_bytes] & 0xc0) == 0x80)
            end_bytes--;
    }
    return act_str_of(text->ptr + from_bytes, end_bytes - from_bytes);
}

static bool say_one(ask_t *self)
{
    chat_delta_t delta = {.text = part_of(&self->work.reading.text, self->said_bytes)};
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    chat_delta_pack(&delta, &body);
    bool is_said = act_call_partial(self->work.call, &body) == ACT_E_OK;
    act_buf_fini(&body);
    if (is_said)
        self->said_bytes += delta.text.len_bytes;
    return is_said;
}

void ask_say(ask_t *self, bool is_all)
{
    int64_t now = gateway_now_ms(self->asks->gateway);
    bool is_due = is_all || self->said_bytes == 0 || now - self->said_ms >= PART_EVERY_MS;
    if (!self->wants_parts || !is_due)
        return;
    while (self->said_bytes < self->work.reading.text.len_bytes && say_one(self))
        self->said_ms = now;
}
