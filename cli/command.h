// command: what every subcommand of `parley` is: a row in main.c's table and one file.
#pragma once

#define EXIT_USAGE 64 // sysexits.h
#define EXIT_UNAVAILABLE 69
#define EXIT_SETTING 78

// argv[0] is the command's name. Returns the exit code.
typedef int command_fn(int argc, char **argv);

command_fn command_up, command_down, command_status, command_chat, command_understand,
    command_handback, command_handoffs, command_keys, command_setup, command_trace, command_tap,
    command_top, command_deadletters, command_alerts, command_model, command_obituaries,
    command_restart, command_scale, command_drain, command_takeover, command_reply, command_outbox,
    command_replay, command_approve, command_tool, command_mcp, command_memory, command_prompt;
command_fn command_eval, command_glossary, command_integration, command_tenant, command_product;
