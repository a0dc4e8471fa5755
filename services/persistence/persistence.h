// persistence: the only actor that speaks SQL, and the only one with database credentials. Every
// rpc is a row of query_table: the request becomes parameters, rows become the reply, and calls of
// many callers share round trips and commits. There is no code for a single rpc here; adding one is
// a file in schema/queries and an rpc in proto/persistence.proto.
#pragma once
#include "actor/actor.h"

extern const act_spec_t persistence_spec;
