// host: the process of tools that need no language of their own: C plugins (<name>.so) and record tools.
// One tool, or all tools of a kit.
#pragma once
#include "actor/actor.h"

extern const act_config_row_t host_config[];

// What this process is called and offers; both live as long as the actor.
typedef struct {
    char name[ACT_HEADER_NAME_MAX_BYTES + 1];
    act_service_t service;
} host_identity_t;

// "tool.<tool>".
act_spec_t host_spec(const char *tool, host_identity_t *ret_identity);
