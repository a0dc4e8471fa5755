// http_server_head: the head of one HTTP/1.x request, from bytes to views. Strict where leniency
// lets two programs disagree about where a request ends (promises.md F-7): CRLF only, no folding,
// no space before the colon, no control characters, at most one Content-Length, never with
// Transfer-Encoding, exactly one Host. Pure: no input or output, no state but the views.
#pragma once
#include "base/str.h"

#define ACT_HTTP_HEAD_MAX_BYTES 16384u
#define ACT_HTTP_LINE_MAX_BYTES 8192u
#define ACT_HTTP_TARGET_MAX_BYTES 4096u
#define ACT_HTTP_FIELDS_MAX_COUNT 100u
#define ACT_HTTP_NO_LENGTH UINT64_MAX

typedef struct {
    act_str_t name; // in lower case
    act_str_t value;
} act_http_field_t;

// Views into the parsed bytes.
typedef struct {
    act_str_t method;
    act_str_t path;                // as sent, not decoded
    act_str_t query;               // without the question mark
    uint64_t content_length_bytes; // or ACT_HTTP_NO_LENGTH
    bool is_http_1_0;
    bool is_chunked;
    bool is_keep_alive;
    bool expects_continue;
    uint32_t fields_count;
    act_http_field_t fields[ACT_HTTP_FIELDS_MAX_COUNT];
} act_http_head_t;

// Where the head ends, looking only at bytes not seen before. *checked_bytes is 0 for a new request
// and kept by the caller between calls. Returns 0 while the end is not there, else the length of
// the head with its empty line. A head that can no longer become a good one sets *ret_status to
// 400, 414 or 431 and returns 0; otherwise *ret_status is 0.
size_t act_http_head_end(act_str_t bytes, size_t *checked_bytes, uint16_t *ret_status);

// Parses a whole head, as long as act_http_head_end said; names are put in lower case in place.
// Returns 0, or the status to answer with before the connection is closed.
uint16_t act_http_head_parse(char *bytes, size_t len_bytes, act_http_head_t *ret_head);

// Decodes %xx, and '+' as a space when is_query, into room for text.len_bytes bytes. Returns the
// length. *ret_is_valid (may be NULL) tells if every '%' had two digits and none was a NUL; others
// stay as they are.
size_t act_http_decode(act_str_t text, bool is_query, char *ret_bytes, bool *ret_is_valid);
