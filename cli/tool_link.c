// tool_link: the generated client of `tool`, under the tool's own service name.
#include "tool_link.h"

#include "base/id.h"

#include <stdio.h>
#include <string.h>

bool tool_link_list(client_t *client, const char *tenant, const char *name,
                    tools_reply_t *ret_reply)
{
    const tools_request_t request = {.name = act_str(name), .tenant = act_str(tenant)};
    return client_call(client, &bus_service, BUS_TOOLS, "", &request, ret_reply,
                       /* is_loud= */ true) == ACT_E_OK;
}

act_err_t tool_link_call(client_t *client, const tool_view_t *tool, const tool_link_opts_t *opts,
                         const char *arguments, tool_call_reply_t *ret_reply, bool is_loud)
{
    char key[48], name[ACT_HEADER_NAME_MAX_BYTES + 1];
    snprintf(key, sizeof key, "cli/%016llx", (unsigned long long)act_random_u64());
    act_str_copy(tool->service, name, sizeof name);
    act_service_t service = tool_service;
    service.name = name;
    const tool_call_request_t request = {
        .tool = tool->name,
        .arguments = act_str(arguments),
        .step_key = act_str(opts->step_key ? opts->step_key : key),
        .conversation_id = act_str(opts->conversation),
        .contact_id = act_str(opts->contact),
        .language = act_str(opts->language),
        .role = act_str(opts->role ? opts->role : "staff"),
        .is_dry_run = opts->is_dry_run,
    };
    return client_call(client, &service, TOOL_CALL, opts->tenant, &request, ret_reply, is_loud);
}
