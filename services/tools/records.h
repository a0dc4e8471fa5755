// records: tools on Parley's own tables, without code of their own: a tool.yaml with `rpc: list_projects`
// is that method of persistence. The arguments are fields of its request; who asks, in which conversation
// and language, and the key of an effect come from the call, never from the model.
#pragma once
#include "providers.h"

record_provider_fn records_run;

// Does persistence have this method?
bool records_has(const char *rpc);
