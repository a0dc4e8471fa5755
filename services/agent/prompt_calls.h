// prompt_calls: the methods by which people look at the tenant's prompts and change them.
#pragma once
#include "agent_private.h"

void prompt_calls_list(void *agent, act_call_t *call, const empty_t *request);
void prompt_calls_set(void *agent, act_call_t *call, const set_prompt_request_t *request);
