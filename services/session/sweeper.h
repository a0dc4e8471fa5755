// sweeper: finds what was stored but never woken (a hint is only a hint), and wakes it.
#pragma once
#include "session.h"

void sweeper_start(session_t *session);
void sweeper_stop(session_t *session);
