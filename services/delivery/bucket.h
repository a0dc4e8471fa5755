// bucket: how many sends a second one account may make. Embedded, no memory of its own.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t rate_per_s; // also thousandths of a token a millisecond
    int64_t tokens_milli;
    int64_t updated_ms;
} bucket_t;

// A quarter of a second's worth may go at once, one at least.
void bucket_init(bucket_t *self, int64_t rate_per_s, int64_t now_ms);

// Another rate from now on: instances come and go, and share what the provider allows.
void bucket_set_rate(bucket_t *self, int64_t rate_per_s);

// False when there is no token now.
bool bucket_take(bucket_t *self, int64_t now_ms);
