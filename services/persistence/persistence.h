// persistence: the only actor that speaks SQL, and the only one with database credentials. Every
// rpc is a row of query_table: the request becomes parameters, rows become the reply, and calls of
// many callers share round trips and commits. There is no code for a single rpc here; adding one is
// a file in schema/queries and an rpc in proto/persistence.proto.
#pragma once
#include "actor/actor.h"

typedef struct pool pool_t;

typedef struct {
    act_actor_t *actor;
    pool_t *pool;
} persistence_t;

extern const act_config_row_t persistence_settings[];

act_err_t persistence_open(void *self, act_actor_t *actor);
void persistence_dispatch(void *self, act_call_t *call, act_str_t body);
void persistence_close(void *self);
