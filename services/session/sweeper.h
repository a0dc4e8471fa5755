// sweeper: finds what was stored but never woken (a hint is only a hint), and wakes it.
#pragma once
#include "session.h"

void sweeper_start(session_t *session);
// Now, unless a sweep is on its way (a timer's or listener's function).
void sweeper_sweep(void *session);
void sweeper_stop(session_t *session);
