// payload: reference counting of bodies.
#include "payload.h"

#include "base/mem.h"

#include <string.h>

static void release_copy(payload_t *self)
{
    act_free(self);
}

payload_t *payload_new(act_str_t bytes)
{
    payload_t *self = act_alloc(sizeof *self + bytes.len_bytes);
    if (bytes.len_bytes > 0)
        memcpy(self + 1, bytes.ptr, bytes.len_bytes);
    *self = (payload_t){act_str_of(self + 1, bytes.len_bytes), 1, release_copy};
    return self;
}

payload_t *payload_ref(payload_t *self)
{
    self->refs_count++;
    return self;
}

void payload_unref(payload_t **self_p)
{
    payload_t *self = act_take(self_p);
    if (self && --self->refs_count == 0)
        self->release(self);
}
