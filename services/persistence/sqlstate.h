// sqlstate: PostgreSQL's error classes as ours. Functions in schema/ raise our own codes as
// SQLSTATE 'P' + number: P2001 is PROJECT_2001.
#pragma once
#include "base/err.h"

// NULL (no SQLSTATE: the connection broke) is DATABASE.
act_err_t sqlstate_err(const char *sqlstate);

// In words, with ": " behind them, what a caller's value may have been; "" for everything else. Static.
const char *sqlstate_hint(const char *sqlstate);

// The same transaction may succeed at once: serialization failure, deadlock, lock not given in
// time.
bool sqlstate_is_transient(const char *sqlstate);

// The server committed, but not as durably as it was asked to (promises.md T1).
bool sqlstate_is_not_durable(const char *sqlstate);
