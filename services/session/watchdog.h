// watchdog: counts the customers who wait longer than their tenant allows, over all tenants and by the clock
// of the database; raises and resolves their alerts, ends waits that ran out, and wakes them all. The
// database does it (watch_turns), so that one session of many is enough.
#pragma once
#include "session.h"

void watchdog_start(session_t *session);
void watchdog_stop(session_t *session);
