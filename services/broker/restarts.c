// restarts: a ring of times and a doubling pause.
#include "restarts.h"

#include "base/id.h"
#include "base/mem.h"

void restarts_init(restarts_t *self, const child_spec_t *spec)
{
    *self = (restarts_t){
        .spec = spec,
        .crashes_ms = act_alloc_array(spec->intensity_count, sizeof *self->crashes_ms),
    };
}

void restarts_fini(restarts_t *self)
{
    act_free(self->crashes_ms);
    *self = (restarts_t){0};
}

// A child that lived for so long was well: crashes this far apart are no loop, they never park it.
static int64_t healthy_ms(const restarts_t *self)
{
    return self->spec->intensity_ms / self->spec->intensity_count;
}

static int64_t next_pause_ms(restarts_t *self, int64_t lived_ms)
{
    int64_t base_ms = self->backoff_ms * 2;
    if (self->backoff_ms == 0 || lived_ms >= healthy_ms(self))
        base_ms = self->spec->backoff_ms;
    if (base_ms > self->spec->backoff_max_ms)
        base_ms = self->spec->backoff_max_ms;
    self->backoff_ms = base_ms + (int64_t)(act_random_u64() % (uint64_t)(base_ms / 4 + 1));
    return self->backoff_ms;
}

bool restarts_crash(restarts_t *self, int64_t now_ms, int64_t lived_ms, int64_t *ret_pause_ms)
{
    uint32_t size = self->spec->intensity_count;
    int64_t *slot = &self->crashes_ms[self->crashes_count++ % size];
    int64_t oldest_ms = *slot;
    *slot = now_ms;
    *ret_pause_ms = next_pause_ms(self, lived_ms);
    return self->crashes_count <= size || now_ms - oldest_ms >= self->spec->intensity_ms;
}
