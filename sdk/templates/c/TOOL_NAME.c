#include "tool.h"

#include <stdio.h>
#include <string.h>

static void run(act_tool_call_t *call)
{
    const char *city = act_tool_text(call, "city", "");
    char summary[200];
    if (strcmp(city, "Atlantis") == 0) {
        act_tool_fail(call, "There is no weather in Atlantis. Ask for a city on land.");
        return;
    }
    snprintf(summary, sizeof summary, "It is sunny in %s.", city);
    act_tool_set_text(call, "summary", summary);
    act_tool_reply(call);
}

const act_tool_t act_tool_export = {.abi = ACT_TOOL_ABI, .name = "TOOL_NAME", .run = run};
