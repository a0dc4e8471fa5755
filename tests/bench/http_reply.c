// One HTTP/1.1 reply: status, framing and end, nothing else.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // memmem
#endif

#include "http_reply.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define STATUS_LINE_MIN_BYTES 12 // "HTTP/1.1 200"
#define LENGTH_MAX_DIGITS 9

typedef struct {
    const char *ptr;
    size_t len_bytes;
} view_t;

typedef struct {
    bool is_chunked;
    bool has_length;
    bool keeps_alive;
    size_t length_bytes;
} framing_t;

static bool view_is(view_t view, const char *word)
{
    return view.len_bytes == strlen(word) && strncasecmp(view.ptr, word, view.len_bytes) == 0;
}

static view_t view_trim(view_t view)
{
    while (view.len_bytes > 0 && (view.ptr[0] == ' ' || view.ptr[0] == '\t')) {
        view.ptr++;
        view.len_bytes--;
    }
    while (view.len_bytes > 0 &&
           (view.ptr[view.len_bytes - 1] == ' ' || view.ptr[view.len_bytes - 1] == '\t')) {
        view.len_bytes--;
    }
    return view;
}

static bool parse_length(view_t digits, size_t *ret_bytes)
{
    if (digits.len_bytes == 0 || digits.len_bytes > LENGTH_MAX_DIGITS)
        return false;
    size_t bytes = 0;
    for (size_t i = 0; i < digits.len_bytes; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        bytes = bytes * 10 + (size_t)(digits.ptr[i] - '0');
    }
    *ret_bytes = bytes;
    return true;
}

static bool framing_read_line(framing_t *self, view_t line)
{
    const char *colon = memchr(line.ptr, ':', line.len_bytes);
    if (colon == NULL)
        return false;
    size_t name_bytes = (size_t)(colon - line.ptr);
    view_t name = {line.ptr, name_bytes};
    view_t value = view_trim((view_t){colon + 1, line.len_bytes - name_bytes - 1});
    if (view_is(name, "content-length")) {
        self->has_length = true;
        return parse_length(value, &self->length_bytes);
    }
    if (view_is(name, "transfer-encoding"))
        self->is_chunked = view_is(value, "chunked");
    else if (view_is(name, "connection") && view_is(value, "close"))
        self->keeps_alive = false;
    return true;
}

// head: the status line and all header lines, with the CR LF of each.
static bool framing_read(framing_t *self, const char *head, size_t head_bytes)
{
    bool is_status_line = true;
    size_t at_bytes = 0;
    while (at_bytes < head_bytes) {
        const char *line = head + at_bytes;
        const char *end = memmem(line, head_bytes - at_bytes, "\r\n", 2);
        if (end == NULL)
            return false;
        view_t view = {line, (size_t)(end - line)};
        if (!is_status_line && !framing_read_line(self, view))
            return false;
        is_status_line = false;
        at_bytes += view.len_bytes + 2;
    }
    return true;
}

// 0 when the line is not a status line of HTTP/1.x.
static int parse_status(const char *line)
{
    if (memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ')
        return 0;
    int status = 0;
    for (size_t i = 9; i < STATUS_LINE_MIN_BYTES; i++) {
        if (line[i] < '0' || line[i] > '9')
            return 0;
        status = status * 10 + (line[i] - '0');
    }
    return status;
}

// With one request at a time nothing follows the last chunk, so looking at the tail is enough.
static bool chunks_end(view_t body)
{
    if (body.len_bytes == 5)
        return memcmp(body.ptr, "0\r\n\r\n", 5) == 0;
    return body.len_bytes > 7 && memcmp(body.ptr + body.len_bytes - 7, "\r\n0\r\n\r\n", 7) == 0;
}

static http_reply_state_t body_state(const framing_t *framing, int status, view_t body,
                                     bool is_closed)
{
    if (status == 204 || status == 304)
        return HTTP_REPLY_COMPLETE;
    if (framing->is_chunked)
        return chunks_end(body) ? HTTP_REPLY_COMPLETE : HTTP_REPLY_PARTIAL;
    if (!framing->has_length) // such a body ends where the connection ends
        return is_closed ? HTTP_REPLY_COMPLETE : HTTP_REPLY_PARTIAL;
    if (body.len_bytes > framing->length_bytes)
        return HTTP_REPLY_BROKEN;
    return body.len_bytes == framing->length_bytes ? HTTP_REPLY_COMPLETE : HTTP_REPLY_PARTIAL;
}

http_reply_state_t http_reply_scan(const char *bytes, size_t bytes_count, bool is_closed,
                                   http_reply_t *ret_reply)
{
    const char *head_end = memmem(bytes, bytes_count, "\r\n\r\n", 4);
    if (head_end == NULL)
        return HTTP_REPLY_PARTIAL;
    size_t head_bytes = (size_t)(head_end - bytes);
    if (head_bytes < STATUS_LINE_MIN_BYTES)
        return HTTP_REPLY_BROKEN;
    int status = parse_status(bytes);
    if (status < 200) // we never ask for a 1xx
        return HTTP_REPLY_BROKEN;

    framing_t framing = {.keeps_alive = bytes[7] == '1'};
    if (!framing_read(&framing, bytes, head_bytes + 2))
        return HTTP_REPLY_BROKEN;

    view_t body = {head_end + 4, bytes_count - head_bytes - 4};
    http_reply_state_t state = body_state(&framing, status, body, is_closed);
    if (state == HTTP_REPLY_COMPLETE) {
        *ret_reply = (http_reply_t){.status = status,
                                    .keeps_alive = framing.keeps_alive && !is_closed,
                                    .body = body.ptr,
                                    .body_bytes = body.len_bytes};
    }
    return state;
}
