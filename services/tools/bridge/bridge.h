// bridge: the actor that speaks for tools outside: those of plain HTTP tool servers (a row of org_integrations,
// kind tool_server, each) and of MCP servers (mcp.json in the data folder). It asks them for their tools at the
// start, once a minute and when told to; tells the broker what there is (bus.put_tools), so that they are cards
// in bus.tools like any; and makes the calls. Only what a person has approved, and as it was then, is ready.
#pragma once
#include "actor/actor.h"

extern const act_spec_t bridge_spec;
