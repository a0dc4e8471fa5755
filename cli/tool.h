// tool: the parts of `parley tool`; each is a command of its own.
#pragma once
#include "command.h"

command_fn tool_new, tool_build, tool_test;
