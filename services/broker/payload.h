// payload: the body of a message on its way through the broker: opaque, shared by reference (a call
// keeps its body until it is answered, because it may have to be sent again). router.c makes payloads
// around ZeroMQ frames; tests and the broker's own answers make them from bytes.
#pragma once
#include "base/str.h"

typedef struct payload payload_t;
struct payload {
    act_str_t bytes;
    uint32_t refs_count;
    void (*release)(payload_t *self); // frees the whole object
};

// One reference, yours.
payload_t *payload_new(act_str_t bytes);
payload_t *payload_ref(payload_t *self);
void payload_unref(payload_t **self_p);
