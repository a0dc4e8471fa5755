// websocket: frames of a client, whole and a byte at a time: the same events, and no message over
// the limit.
#include "io/websocket.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#define MESSAGE_MAX_BYTES 1024u

static uint64_t events_of(act_str_t bytes, size_t step)
{
    act_websocket_reader_t reader;
    act_websocket_reader_init(&reader, MESSAGE_MAX_BYTES);
    uint64_t hash = 0;
    for (size_t at = 0; at < bytes.len_bytes;) {
        size_t piece = bytes.len_bytes - at < step ? bytes.len_bytes - at : step;
        act_websocket_event_t event;
        size_t used = act_websocket_read(&reader, act_str_of(bytes.ptr + at, piece), &event);
        if (used == 0 || used > piece || event.data.len_bytes > MESSAGE_MAX_BYTES)
            abort();
        at += used;
        if (event.kind == ACT_WEBSOCKET_MORE)
            continue;
        hash = act_str_hash(event.data, hash + (uint64_t)event.kind * 31 + event.status);
        if (event.kind == ACT_WEBSOCKET_BAD)
            break;
    }
    act_websocket_reader_fini(&reader);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_str_t bytes = act_str_of(data, size_bytes);
    if (size_bytes > 0 && events_of(bytes, size_bytes) != events_of(bytes, 1))
        abort();
    return 0;
}
