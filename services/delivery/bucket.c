// bucket: tokens in thousandths, added up when they are asked for.
#include "bucket.h"

#define MILLI 1000

static int64_t most_milli(const bucket_t *self)
{
    int64_t quarter_milli = self->rate_per_s * MILLI / 4;
    return quarter_milli > MILLI ? quarter_milli : MILLI;
}

void bucket_init(bucket_t *self, int64_t rate_per_s, int64_t now_ms)
{
    *self = (bucket_t){.rate_per_s = rate_per_s, .updated_ms = now_ms};
    self->tokens_milli = most_milli(self);
}

void bucket_set_rate(bucket_t *self, int64_t rate_per_s)
{
    self->rate_per_s = rate_per_s > 0 ? rate_per_s : 1;
}

bool bucket_take(bucket_t *self, int64_t now_ms)
{
    int64_t idle_ms = now_ms - self->updated_ms;
    // A second fills any bucket that holds a quarter of one; slower ones hold one token.
    int64_t gain_ms = idle_ms < MILLI * 1000 ? idle_ms : MILLI * 1000;
    if (gain_ms > 0) {
        self->tokens_milli += gain_ms * self->rate_per_s;
        self->updated_ms = now_ms;
    }
    if (self->tokens_milli > most_milli(self))
        self->tokens_milli = most_milli(self);
    if (self->tokens_milli < MILLI)
        return false;
    self->tokens_milli -= MILLI;
    return true;
}
