// postgres: the private PostgreSQL cluster of an instance, for machines without a DATABASE_URL. It
// listens on a Unix socket only, survives the launcher, and is adopted by the next one.
#pragma once
#include "instance.h"

#include "base/buf.h"

#define POSTGRES_URL_BYTES (PATH_MAX + 64)

// Creates the cluster when there is none, starts it when it does not run, makes the database, and
// gives its URL. Takes about a second the first time. As root, the server runs as user postgres.
// On an error *error has one line.
ACT_MUST_CHECK act_err_t postgres_start(const instance_t *instance, char *ret_url,
                                        act_buf_t *error);

// Its URL, for one more cell on it.
void postgres_url(const instance_t *instance, char ret_url[POSTGRES_URL_BYTES]);

// Does the server live? (Its pid file names a living process.)
bool postgres_is_running(const instance_t *instance);

// Starts a server that died, without waiting for its recovery.
void postgres_revive(const instance_t *instance);

// A clean, fast shutdown; waits for it.
void postgres_stop(const instance_t *instance);
