// websocket: frames are read byte by byte through a small table of what a head may be; payloads are
// unmasked as they come.
#include "io/websocket.h"

#include "base/assert.h"

#include <openssl/evp.h>
#include <string.h>

enum { OP_CONTINUE = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

#define STATUS_PROTOCOL 1002
#define STATUS_NOT_UTF8 1007
#define STATUS_TOO_LARGE 1009
#define CONTROL_MAX_BYTES 125u
#define FINAL_BIT 0x80u
#define RESERVED_BITS 0x70u
#define MASK_BIT 0x80u

// --- handshake -----------------------------------------------------------------------------------

#define KEY_BYTES 24 // base64 of 16 bytes
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static bool is_key(act_str_t key)
{
    if (key.len_bytes != KEY_BYTES || memcmp(key.ptr + KEY_BYTES - 2, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < KEY_BYTES - 2; i++) {
        char c = key.ptr[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '+' && c != '/')
            return false;
    }
    return true;
}

act_err_t act_websocket_accept(act_str_t key, char *ret_accept)
{
    if (!is_key(key))
        return ACT_E_MALFORMED;
    char text[KEY_BYTES + sizeof GUID - 1];
    memcpy(text, key.ptr, KEY_BYTES);
    memcpy(text + KEY_BYTES, GUID, sizeof GUID - 1);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_bytes = 0;
    act_assert(EVP_Digest(text, sizeof text, digest, &digest_bytes, EVP_sha1(), NULL) == 1);
    unsigned char accept[ACT_WEBSOCKET_ACCEPT_BYTES];
    act_assert(EVP_EncodeBlock(accept, digest, (int)digest_bytes) ==
               ACT_WEBSOCKET_ACCEPT_BYTES - 1);
    memcpy(ret_accept, accept, sizeof accept);
    return ACT_E_OK;
}

// --- reading -------------------------------------------------------------------------------------

void act_websocket_reader_init(act_websocket_reader_t *self, size_t message_max_bytes)
{
    *self = (act_websocket_reader_t){.head_want_bytes = 2};
    act_buf_init(&self->message, message_max_bytes);
    act_buf_init(&self->control, CONTROL_MAX_BYTES);
}

void act_websocket_reader_fini(act_websocket_reader_t *self)
{
    act_buf_fini(&self->message);
    act_buf_fini(&self->control);
}

static bool is_control(uint8_t opcode)
{
    return opcode >= OP_CLOSE;
}

static act_buf_t *target(act_websocket_reader_t *self)
{
    return is_control(self->opcode) ? &self->control : &self->message;
}

static void fail(act_websocket_reader_t *self, uint16_t status, act_websocket_event_t *event)
{
    self->is_bad = true;
    event->kind = ACT_WEBSOCKET_BAD;
    event->status = status;
}

// The first two bytes: what follows, and whether it may.
static bool check_start(act_websocket_reader_t *self)
{
    uint8_t first = self->head[0], second = self->head[1];
    uint8_t length = second & 0x7fu;
    self->opcode = first & 0x0fu;
    self->is_final = (first & FINAL_BIT) != 0;
    if ((first & RESERVED_BITS) != 0 || (second & MASK_BIT) == 0)
        return false;
    if (is_control(self->opcode)) {
        if (self->opcode > OP_PONG || !self->is_final || length > CONTROL_MAX_BYTES)
            return false;
    } else if (self->opcode > OP_BINARY ||
               (self->opcode == OP_CONTINUE) != (self->message_opcode != 0)) {
        return false; // unknown, a fragment of nothing, or a message inside another
    }
    self->head_want_bytes = (uint8_t)(length == 126 ? 8 : length == 127 ? 14 : 6);
    return true;
}

// The whole head: the length in its shortest form, the mask.
static bool finish_head(act_websocket_reader_t *self)
{
    size_t mask_at = self->head_want_bytes - 4u;
    uint64_t length_bytes = self->head[1] & 0x7fu;
    if (mask_at > 2) {
        length_bytes = 0;
        for (size_t i = 2; i < mask_at; i++)
            length_bytes = length_bytes << 8 | self->head[i];
        if (length_bytes < (mask_at == 4 ? 126u : 65536u) || length_bytes > INT64_MAX)
            return false;
    }
    memcpy(self->mask, self->head + mask_at, 4);
    self->left_bytes = length_bytes;
    self->mask_at = 0;
    self->is_in_payload = true;
    if (is_control(self->opcode))
        act_buf_reset(&self->control);
    else if (self->opcode != OP_CONTINUE) {
        self->message_opcode = self->opcode;
        act_buf_reset(&self->message);
    }
    return true;
}

static size_t read_head(act_websocket_reader_t *self, act_str_t bytes, act_websocket_event_t *event)
{
    size_t used_bytes = 0;
    while (used_bytes < bytes.len_bytes && self->head_len_bytes < self->head_want_bytes) {
        self->head[self->head_len_bytes++] = (uint8_t)bytes.ptr[used_bytes++];
        if (self->head_len_bytes == 2 && !check_start(self)) {
            fail(self, STATUS_PROTOCOL, event);
            return used_bytes;
        }
    }
    if (self->head_len_bytes < self->head_want_bytes)
        return used_bytes;
    if (!finish_head(self))
        fail(self, STATUS_PROTOCOL, event);
    else if (self->left_bytes > target(self)->max_bytes - target(self)->len_bytes)
        fail(self, STATUS_TOO_LARGE, event);
    return used_bytes;
}

static size_t read_payload(act_websocket_reader_t *self, act_str_t bytes)
{
    size_t take_bytes = bytes.len_bytes;
    if (self->left_bytes < take_bytes)
        take_bytes = (size_t)self->left_bytes;
    char *room = take_bytes > 0 ? act_buf_reserve(target(self), take_bytes) : NULL;
    for (size_t i = 0; room && i < take_bytes; i++)
        room[i] = (char)((uint8_t)bytes.ptr[i] ^ self->mask[self->mask_at++ & 3]);
    if (room)
        target(self)->len_bytes += take_bytes;
    self->left_bytes -= take_bytes;
    return take_bytes;
}

// RFC 6455, section 7.4: what a close may say.
static bool is_good_close(act_str_t data)
{
    if (data.len_bytes == 0)
        return true;
    if (data.len_bytes == 1)
        return false;
    uint16_t status = (uint16_t)((uint8_t)data.ptr[0] << 8 | (uint8_t)data.ptr[1]);
    bool is_known = status >= 1000 && status <= 1014 && (status < 1004 || status > 1006);
    if (!is_known && (status < 3000 || status > 4999))
        return false;
    return act_utf8_valid(act_str_of(data.ptr + 2, data.len_bytes - 2));
}

// A frame is whole: an event, or one more fragment.
static void finish_frame(act_websocket_reader_t *self, act_websocket_event_t *event)
{
    static const act_websocket_kind_t kinds[] = {
        [OP_TEXT] = ACT_WEBSOCKET_TEXT,   [OP_BINARY] = ACT_WEBSOCKET_BINARY,
        [OP_CLOSE] = ACT_WEBSOCKET_CLOSE, [OP_PING] = ACT_WEBSOCKET_PING,
        [OP_PONG] = ACT_WEBSOCKET_PONG,
    };
    self->is_in_payload = false;
    self->head_len_bytes = 0;
    self->head_want_bytes = 2;
    if (!self->is_final)
        return;
    uint8_t opcode = is_control(self->opcode) ? self->opcode : self->message_opcode;
    event->kind = kinds[opcode];
    event->data = act_buf_str(target(self));
    if (!is_control(opcode))
        self->message_opcode = 0;
    if (opcode == OP_TEXT && !act_utf8_valid(event->data))
        fail(self, STATUS_NOT_UTF8, event);
    else if (opcode == OP_CLOSE && !is_good_close(event->data))
        fail(self, STATUS_PROTOCOL, event);
}

size_t act_websocket_read(act_websocket_reader_t *self, act_str_t bytes,
                          act_websocket_event_t *ret_event)
{
    *ret_event = (act_websocket_event_t){.kind = ACT_WEBSOCKET_MORE};
    size_t used_bytes = 0;
    if (self->is_bad) {
        fail(self, STATUS_PROTOCOL, ret_event);
        return bytes.len_bytes;
    }
    while (ret_event->kind == ACT_WEBSOCKET_MORE && used_bytes < bytes.len_bytes) {
        act_str_t rest = act_str_of(bytes.ptr + used_bytes, bytes.len_bytes - used_bytes);
        used_bytes +=
            self->is_in_payload ? read_payload(self, rest) : read_head(self, rest, ret_event);
        if (self->is_in_payload && self->left_bytes == 0 && ret_event->kind == ACT_WEBSOCKET_MORE)
            finish_frame(self, ret_event);
    }
    return used_bytes;
}

// --- writing -------------------------------------------------------------------------------------

void act_websocket_write(act_websocket_kind_t kind, act_str_t data, act_buf_t *out)
{
    static const uint8_t opcodes[] = {
        [ACT_WEBSOCKET_TEXT] = OP_TEXT,   [ACT_WEBSOCKET_BINARY] = OP_BINARY,
        [ACT_WEBSOCKET_CLOSE] = OP_CLOSE, [ACT_WEBSOCKET_PING] = OP_PING,
        [ACT_WEBSOCKET_PONG] = OP_PONG,
    };
    act_assert(kind > ACT_WEBSOCKET_MORE && kind < ACT_WEBSOCKET_BAD);
    act_buf_add_char(out, (char)(FINAL_BIT | opcodes[kind]));
    size_t length_field_bytes = data.len_bytes < 126 ? 0 : data.len_bytes < 65536 ? 2 : 8;
    char first = (char)data.len_bytes;
    if (length_field_bytes > 0)
        first = length_field_bytes == 2 ? 126 : 127;
    act_buf_add_char(out, first);
    for (size_t i = length_field_bytes; i > 0; i--)
        act_buf_add_char(out, (char)(data.len_bytes >> (8 * (i - 1)) & 0xff));
    act_buf_add_str(out, data);
}

void act_websocket_write_close(uint16_t status, act_buf_t *out)
{
    const char data[2] = {(char)(status >> 8), (char)(status & 0xff)};
    act_websocket_write(ACT_WEBSOCKET_CLOSE, act_str_of(data, sizeof data), out);
}
