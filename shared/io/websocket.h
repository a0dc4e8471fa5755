// websocket: RFC 6455 from the server's side: the handshake's key, frames from bytes, bytes from frames.
// Strict: client frames must be masked, reserved bits and opcodes are refused, control frames are
// whole and short, lengths are in their shortest form, text is UTF-8, a message is bounded. No
// extensions, no subprotocols. Pure: no input or output; http_server carries the bytes.
#pragma once
#include "base/buf.h"
#include "base/err.h"

// --- handshake -----------------------------------------------------------------------------------

// 28 characters and the terminating NUL.
#define ACT_WEBSOCKET_ACCEPT_BYTES 29

// Sec-WebSocket-Accept for a Sec-WebSocket-Key. MALFORMED unless the key is base64 of 16 bytes.
ACT_MUST_CHECK act_err_t act_websocket_accept(act_str_t key, char *ret_accept);

// --- frames --------------------------------------------------------------------------------------

typedef enum {
    ACT_WEBSOCKET_MORE, // the bytes are used up and nothing is whole yet
    ACT_WEBSOCKET_TEXT,
    ACT_WEBSOCKET_BINARY,
    ACT_WEBSOCKET_CLOSE, // data is the peer's two bytes of status and its reason, or empty
    ACT_WEBSOCKET_PING,  // to be answered with a pong of the same data
    ACT_WEBSOCKET_PONG,
    ACT_WEBSOCKET_BAD, // close the connection with ret_event->status; nothing more is read
} act_websocket_kind_t;

typedef struct {
    act_websocket_kind_t kind;
    act_str_t data;  // borrowed until the next read
    uint16_t status; // of BAD: 1002, 1007 or 1009
} act_websocket_event_t;

typedef struct {
    uint8_t head[14]; // as far as it has come
    uint8_t head_len_bytes;
    uint8_t head_want_bytes;
    uint8_t mask[4];
    uint8_t opcode;
    uint8_t message_opcode; // of a message whose last fragment is awaited; 0: none
    bool is_final;
    bool is_in_payload;
    bool is_bad;
    uint64_t left_bytes;
    size_t mask_at;
    act_buf_t message;
    act_buf_t control;
} act_websocket_reader_t;

void act_websocket_reader_init(act_websocket_reader_t *self, size_t message_max_bytes);
void act_websocket_reader_fini(act_websocket_reader_t *self);

// Takes bytes until one event is whole, tells how many; call again with the rest.
size_t act_websocket_read(act_websocket_reader_t *self, act_str_t bytes,
                          act_websocket_event_t *ret_event);

// Adds one unmasked, final frame: TEXT, BINARY, PING, PONG or CLOSE.
void act_websocket_write(act_websocket_kind_t kind, act_str_t data, act_buf_t *out);
void act_websocket_write_close(uint16_t status, act_buf_t *out);
