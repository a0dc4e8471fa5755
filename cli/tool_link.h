// tool_link: a tool as a command sees it: its row, its card, and calls to it.
#pragma once
#include "client.h"
#include "proto/broker_service.h"
#include "proto/tool_service.h"
#include "tool/card.h"

typedef struct {
    const char *tenant;
    const char *step_key; // NULL: a new one
    const char *conversation;
    const char *contact;
    const char *language;
    const char *role; // NULL: staff, as whoever may use this command is
    bool is_dry_run;
} tool_link_opts_t;

// bus.tools, all or one, of all tenants ("") or one. False: it has been printed.
bool tool_link_list(client_t *client, const char *tenant, const char *name,
                    tools_reply_t *ret_reply);

// The answer to one call as the bus gave it; an error other than of the tool is only in the code.
act_err_t tool_link_call(client_t *client, const tool_view_t *tool, const tool_link_opts_t *opts,
                         const char *arguments, tool_call_reply_t *ret_reply, bool is_loud);
