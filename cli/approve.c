// approve: calls of tools that wait for a person, and the person's word.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "show.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define LIST_ROWS 500

static const char examples[] =
    "Examples:\n"
    "  parley approve                   what waits, of all tenants\n"
    "  parley approve 0190c7c2-...      do it: the conversation goes on by itself\n"
    "  parley approve 0190c7c2-... --deny --note \"not before Monday\"\n";

static void print_row(const tool_approval_t *row)
{
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text(row->asked_at_ms * 1000, at);
    printf("%.*s  %s  %-9.*s  %-12.*s  %-14.*s  %.*s %.*s\n", ACT_STR_ARG(row->approval_id), at,
           ACT_STR_ARG(row->state), ACT_STR_ARG(row->of_tenant), ACT_STR_ARG(row->address),
           ACT_STR_ARG(row->tool), ACT_STR_ARG(row->arguments));
    if (row->decided_by.len_bytes > 0)
        printf("    by %.*s %.*s\n", ACT_STR_ARG(row->decided_by), ACT_STR_ARG(row->note));
}

static int list(client_t *client, const char *tenant, bool is_all, bool is_json)
{
    const list_tool_approvals_request_t request = {
        .of_tenant = act_str(tenant ? tenant : ""), .with_decided = is_all, .max_rows = LIST_ROWS};
    list_tool_approvals_reply_t reply;
    if (client_call(client, &persistence_service, PERSISTENCE_LIST_TOOL_APPROVALS, "", &request,
                    &reply, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    if (is_json) {
        show_json(&list_tool_approvals_reply_model, &reply);
        return 0;
    }
    for (uint32_t i = 0; i < reply.approvals.count; i++)
        print_row(&reply.approvals.items[i]);
    if (reply.approvals.count == 0)
        puts(is_all ? "Nothing ever waited for a person." : "Nothing waits for a person.");
    return 0;
}

static int decide(client_t *client, const char *id, const char *tenant, bool is_denied,
                  const char *note)
{
    const decide_tool_approval_request_t request = {
        .approval_id = act_str(id),
        .decision = act_str(is_denied ? "denied" : "approved"),
        .actor = ACT_STR("cli"),
        .note = act_str(note ? note : ""),
        .of_tenant = act_str(tenant ? tenant : ""),
    };
    decide_tool_approval_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_DECIDE_TOOL_APPROVAL, "",
                                &request, &reply, /* is_loud= */ false);
    if (err == ACT_E_OK) {
        printf("%.*s is %.*s. The conversation goes on in a moment.\n", ACT_STR_ARG(reply.tool),
               ACT_STR_ARG(reply.state));
        return 0;
    }
    if (err == ACT_E_NOT_FOUND || err == ACT_E_INVALID_ARGUMENT)
        fprintf(stderr,
                "parley approve: nothing of the id %s waits (`parley approve` lists what does)\n",
                id);
    else
        fprintf(stderr, "parley approve: %s %s\n", act_err_code(err), act_err_text(err));
    return EXIT_UNAVAILABLE;
}

int command_approve(int argc, char **argv)
{
    const char *data = NULL, *tenant = NULL, *note = NULL, *word = NULL;
    uint32_t words_count = 0;
    bool is_json = false, is_all = false, is_denied = false;
    const option_t table[] = {{"deny", NULL, &is_denied, "no: the agent is told"},
                              {"note", &note, NULL, "why; the agent is told"},
                              {"tenant", &tenant, NULL, "only this one's"},
                              {"all", NULL, &is_all, "decided ones, too"},
                              {"json", NULL, &is_json, "one JSON object"},
                              {0}};
    const options_spec_t spec = {"what the agent may only do when a person says so",
                                 "[list | ID]",
                                 examples,
                                 table,
                                 &word,
                                 1,
                                 &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    bool is_list = words_count == 0 || strcmp(word, "list") == 0;
    if (is_list && is_denied) {
        fputs("parley approve: --deny needs an ID (example: parley approve 0190c7c2-... --deny)\n",
              stderr);
        return EXIT_USAGE;
    }
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    code = is_list ? list(client, tenant, is_all, is_json)
                   : decide(client, word, tenant, is_denied, note);
    client_close(&client);
    return code;
}
