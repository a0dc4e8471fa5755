// tool: the parts of `parley tool`; each is a command of its own.
#pragma once
#include "command.h"

command_fn tool_new, tool_build, tool_test;
// Of the agent (tool_policy.c).
command_fn tool_log, tool_rules, tool_rule, tool_value;
// Of servers of tools (tool_server.c).
command_fn tool_add_server, tool_servers, tool_approve_server, tool_remove_server;
