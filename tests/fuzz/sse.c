// sse: a stream whole and a byte at a time gives the same events, none over the limit, and the same place to
// take it up again.
#include "io/sse.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#define EVENT_MAX_BYTES 256u

static void hear(void *context, act_str_t name, act_str_t data)
{
    uint64_t *hash = context;
    if (data.len_bytes > EVENT_MAX_BYTES || name.len_bytes >= ACT_SSE_NAME_MAX_BYTES)
        abort();
    *hash = act_str_hash(data, act_str_hash(name, *hash + 1));
}

static uint64_t events_of(act_str_t bytes, size_t step)
{
    act_sse_t sse;
    uint64_t hash = 0;
    act_sse_init(&sse, EVENT_MAX_BYTES);
    for (size_t at = 0; at < bytes.len_bytes; at += step) {
        size_t piece = bytes.len_bytes - at < step ? bytes.len_bytes - at : step;
        if (act_sse_feed(&sse, act_str_of(bytes.ptr + at, piece), hear, &hash) != ACT_E_OK)
            break;
    }
    hash = act_str_hash(act_str(sse.id), hash + sse.retry_ms);
    act_sse_fini(&sse);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_str_t bytes = act_str_of(data, size_bytes);
    if (size_bytes > 0 && events_of(bytes, size_bytes) != events_of(bytes, 1))
        abort();
    return 0;
}
