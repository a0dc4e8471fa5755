// migrate: brings a database to the schema this program was built with: roles, numbered migrations
// (each once, in a transaction of its own, never edited), and the functions, which are made again
// whenever their text changed. Both are embedded in the program (query.h).
//
// This is the one place that blocks on the database: it runs on a fresh connection before the actor
// is READY, or while the whole database was away, and takes about 0.1 s on an empty database, some
// milliseconds on one that is up to date.
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

#include <libpq-fe.h>

// conn: just connected, not in pipeline mode, blocking. Afterwards its role is the login's again.
// On failure error holds one line:
//   UNAVAILABLE  another instance is at it; try again soon
//   CONFIG       can never work: no right to create what is missing, or an edited migration
//   DATABASE     anything else; try again
ACT_MUST_CHECK act_err_t migrate_run(PGconn *conn, act_log_t *log, act_buf_t *error);
