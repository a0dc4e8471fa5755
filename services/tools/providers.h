// providers: who does the work behind a record tool of a system (tool.yaml, system: projects). By default that
// is Parley itself, on its own tables; a tenant whose row of org_integrations (kind: the system) names another
// provider has that one. Another system (PlanRadar) is one more row of the table in providers.c: a function
// that gets the call with its arguments checked, and ends it with tool_call_end, tool_call_fail or
// tool_call_break.
#pragma once
#include "tool_call.h"

typedef struct providers providers_t;
typedef void record_provider_fn(act_actor_t *actor, act_tool_call_t *call);

providers_t *providers_new(act_actor_t *actor);
// No calls may be open.
void providers_destroy(providers_t **self_p);

// Runs the call with the provider of its tenant; what a tenant has is remembered for a minute.
void providers_run(providers_t *self, act_tool_call_t *call);
