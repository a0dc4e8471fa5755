// restarts: when a child that crashed may start again: the pause before it, and whether it has crashed
// so often that it is parked (broker.md row 13). Time comes in.
#pragma once
#include "children.h"

typedef struct {
    const child_spec_t *spec;
    int64_t *crashes_ms; // ring of the last intensity_count
    uint32_t crashes_count;
    int64_t backoff_ms; // the last pause; 0: none yet
} restarts_t;

void restarts_init(restarts_t *self, const child_spec_t *spec);
void restarts_fini(restarts_t *self);

// A crash after lived_ms. False: more than intensity_count in intensity_ms, so park it. *ret_pause_ms
// doubles up to the maximum, with up to a quarter of jitter, and starts over after a life
// of intensity_ms / intensity_count, which is no crash loop.
bool restarts_crash(restarts_t *self, int64_t now_ms, int64_t lived_ms, int64_t *ret_pause_ms);
