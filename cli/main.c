// parley: the command line. One row a subcommand.
#include "command.h"

#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    command_fn *run;
    const char *help;
} command_t;

static const command_t commands[] = {
    {"up", command_up, "start everything (--detach, --port 8080, --admin-port 8081)"},
    {"down", command_down, "stop everything that `up` started"},
    {"status", command_status, "show every actor instance (--json)"},
    {"restart", command_restart, "roll a service or an instance over to new processes (session)"},
    {"scale", command_scale, "set the number of a service's instances (session 4)"},
    {"tool", command_tool,
     "list, call, make and test tools (list | call NAME JSON | new NAME | test NAME)"},
    {"drain", command_drain, "stop a service or an instance when it has finished (session-2)"},
    {"chat", command_chat, "talk to the bot in the terminal (--tenant demo, --from +33612345678)"},
    {"understand", command_understand,
     "what the bot understands: a message a line in, JSON a line out"},
    {"setup", command_setup, "put the first tenant into a running Parley (containers)"},
    {"keys", command_keys, "keys of actors in containers: init | list | add ACTOR | remove ACTOR"},
    {"model", command_model,
     "models that answer, and what they may cost ([list | set | unset | limit | test])"},
    {"prompt", command_prompt,
     "what models are told ([list | show NAME | set NAME --file FILE | reset NAME])"},
    {"glossary", command_glossary,
     "a tenant's own words in translations ([list | set | keep | unset])"},
    {"product", command_product, "a tenant's price table ([list | set PRODUCT | remove PRODUCT])"},
    {"eval", command_eval, "is what the bot is sure of right ([calibration | threshold], --json)"},
    {"tenant", command_tenant,
     "what is set for one business: name, deadlines, limits (show | set --answer-ms 30000)"},
    {"integration", command_integration,
     "what stands outside for a tenant: ways to the owner, projects, tool servers"},
    {"mcp", command_mcp,
     "tools of MCP servers (list SERVER | approve SERVER | call SERVER TOOL JSON)"},
    {"memory", command_memory,
     "what is remembered of a customer (show CONVERSATION | erase --contact ID)"},
    {"handoffs", command_handoffs, "conversations that wait for a person"},
    {"top", command_top, "services, instances, queues, rates, each second (--once)"},
    {"alerts", command_alerts, "what somebody should look at ([list | resolve ID], --json)"},
    {"approve", command_approve,
     "what the agent may only do when a person says so ([list | ID], --deny)"},
    {"deadletters", command_deadletters,
     "calls that were given up ([list | show ID | edit ID | retry ID | drop ID])"},
    {"obituaries", command_obituaries,
     "how processes ended ([SERVICE]: with stack and last words)"},
    {"replay", command_replay,
     "run a recorded turn again from its journal (TURN | --all | --from FILE; --diff)"},
    {"trace", command_trace, "one customer message as a waterfall (ID | --last)"},
    {"tap", command_tap,
     "record an actor's traffic (INSTANCE --seconds 10), show a recording (show FILE)"},
    {"takeover", command_takeover,
     "take a conversation from the bot (CONVERSATION | --from ADDRESS)"},
    {"reply", command_reply, "write to a customer as a person (CONVERSATION TEXT, --image LINK)"},
    {"outbox", command_outbox,
     "messages that were not sent, and why ([resend ID | drop ID] --json)"},
    {"handback", command_handback,
     "give a conversation back to the bot (--from ADDRESS | --conversation ID)"},
};

// Commands of the launcher script (./parley), which never reach this program.
static const char launcher_help[] =
    "  test         build and test: [unit|integration|e2e|chaos|lint]\n"
    "  bench        measure: webhook | turn | memory | model (--json)\n"
    "  chaos        kill everything under load, judge (--minutes 30)\n";

static void print_help(FILE *file)
{
    fprintf(file, "Parley answers your customers. Usage: parley COMMAND [options]\n\n");
    for (size_t i = 0; i < ACT_COUNT(commands); i++)
        fprintf(file, "  %-12s %s\n", commands[i].name, commands[i].help);
    fprintf(file,
            "%s\nEvery command understands --data DIR (default var/): it names the instance.\n"
            "`parley COMMAND --help` tells more.\n",
            launcher_help);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < ACT_COUNT(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "parley: there is no command '%s'\n\n", name);
    print_help(stderr);
    return EXIT_USAGE;
}
