// http_server_chunked: takes the chunked framing off a request body as it arrives. Extensions and
// trailers are passed over; both are bounded. Pure: bytes in, bytes out.
#pragma once
#include "base/buf.h"

// Extensions and trailers of one body together.
#define ACT_HTTP_CHUNKED_EXTRA_MAX_BYTES 8192u

typedef enum {
    ACT_HTTP_CHUNKED_MORE,
    ACT_HTTP_CHUNKED_DONE,
    ACT_HTTP_CHUNKED_BAD,       // not chunked framing
    ACT_HTTP_CHUNKED_TOO_LARGE, // the body passes the limit of the buffer
} act_http_chunked_result_t;

typedef struct {
    uint8_t phase;
    uint8_t digits_count;
    uint32_t extra_bytes;
    uint64_t left_bytes; // of the current chunk
} act_http_chunked_t;

void act_http_chunked_init(act_http_chunked_t *self);

// Adds what it finds to `body`. *ret_used_bytes tells how many bytes were taken; fewer than all
// only when the body has ended.
act_http_chunked_result_t act_http_chunked_feed(act_http_chunked_t *self, act_str_t bytes,
                                                act_buf_t *body, size_t *ret_used_bytes);
