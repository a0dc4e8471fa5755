// Finds the end of one HTTP/1.1 reply in what a connection has received so far. For a load driver
// with one request at a time a connection: nothing can follow the reply. Keeps no state and no
// pointer.

#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    HTTP_REPLY_PARTIAL, // read more and ask again with all of it
    HTTP_REPLY_COMPLETE,
    HTTP_REPLY_BROKEN, // this is not a reply we can frame
} http_reply_state_t;

typedef struct {
    int status;
    bool keeps_alive;
    const char *body; // borrowed from the bytes given; of a chunked reply, chunk heads included
    size_t body_bytes;
} http_reply_t;

// ret_reply is written only with HTTP_REPLY_COMPLETE. is_closed: the peer has sent all it will
// send.
http_reply_state_t http_reply_scan(const char *bytes, size_t bytes_count, bool is_closed,
                                   http_reply_t *ret_reply);
