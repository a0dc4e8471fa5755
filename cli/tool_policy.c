// tool_policy: parley tool log | rules | rule | value: what the agent did with tools, and what it may do
// (docs/agent-policy.md).
#include "client.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "show.h"
#include "tool.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int call(const char *data, const char *command, uint32_t method, const char *tenant,
                const void *request, void *ret_reply, client_t **ret_client)
{
    int code = client_reach(data, command, ret_client);
    if (code != 0)
        return code;
    return client_call(*ret_client, &persistence_service, method, tenant, request, ret_reply,
                       /* is_loud= */ true) == ACT_E_OK
               ? 0
               : EXIT_UNAVAILABLE;
}

// --- log -------------------------------------------------------------------------------------------

static void print_execution(const tool_execution_t *row)
{
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text(row->started_at_ms * 1000, at);
    printf("%s  %-22.*s %-8.*s %6lld ms  %.*s", at, ACT_STR_ARG(row->tool),
           ACT_STR_ARG(row->outcome), (long long)row->duration_ms, ACT_STR_ARG(row->arguments));
    if (row->reason.len_bytes > 0)
        printf("  (%.*s)", ACT_STR_ARG(row->reason));
    if (row->attempts_count > 1)
        printf("  (%lld times)", (long long)row->attempts_count);
    printf("\n    turn %.*s %.*s\n", ACT_STR_ARG(row->turn_id), ACT_STR_ARG(row->step_key));
    if (row->result.len_bytes > 0)
        printf("    %.*s\n", ACT_STR_ARG(row->result));
}

int tool_log(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *turn = NULL, *tool = NULL, *outcome = NULL;
    bool is_json = false;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"turn", &turn, NULL, "of this turn only"},
        {"tool", &tool, NULL, "of this tool only"},
        {"outcome", &outcome, NULL, "ok, error, failed, refused, waiting or started only"},
        {"json", NULL, &is_json, "one JSON object"},
        {0}};
    int code = 0;
    if (!options_parse(argc, argv, table, "what the agent did with tools, newest first", &data,
                       &code))
        return code;
    const list_tool_executions_request_t request = {
        .turn_id = act_str(turn), .tool = act_str(tool), .outcome = act_str(outcome)};
    list_tool_executions_reply_t reply = {0};
    client_t *client = NULL;
    code =
        call(data, "tool log", PERSISTENCE_LIST_TOOL_EXECUTIONS, tenant, &request, &reply, &client);
    if (code == 0 && is_json) {
        show_json(&list_tool_executions_reply_model, &reply);
    } else if (code == 0) {
        for (uint32_t i = 0; i < reply.executions.count; i++)
            print_execution(&reply.executions.items[i]);
    }
    if (client)
        client_close(&client);
    return code;
}

// --- rules -----------------------------------------------------------------------------------------

static void print_count(const char *name, int64_t count)
{
    if (count > 0)
        printf("  %s %lld", name, (long long)count);
}

static void print_rule(const tool_rule_t *rule)
{
    printf("%-22.*s %-8.*s", ACT_STR_ARG(rule->tool), ACT_STR_ARG(rule->decision));
    static const char *const names[] = {"flow", "role", "contact"};
    const act_str_t values[] = {rule->flow, rule->role, rule->contact_id};
    for (size_t i = 0; i < 3; i++)
        if (values[i].len_bytes > 0)
            printf("  %s %.*s", names[i], ACT_STR_ARG(values[i]));
    print_count("per turn", rule->turn_max_count);
    print_count("per contact and day", rule->contact_day_max_count);
    print_count("per day", rule->tenant_day_max_count);
    putchar('\n');
}

int tool_rules(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo";
    const option_t table[] = {{"tenant", &tenant, NULL, "whose (default demo)"}, {0}};
    int code = 0;
    if (!options_parse(argc, argv, table,
                       "which tools the agent may use, and what it may give them", &data, &code))
        return code;
    const empty_t request = {0};
    list_tool_policies_reply_t rules = {0};
    list_tool_values_reply_t values = {0};
    client_t *client = NULL;
    code =
        call(data, "tool rules", PERSISTENCE_LIST_TOOL_POLICIES, tenant, &request, &rules, &client);
    if (code == 0) {
        for (uint32_t i = 0; i < rules.rules.count; i++)
            print_rule(&rules.rules.items[i]);
        puts(
            "Without a rule: tools without network that read or write may be used, irreversible ones "
            "after\na person's approval, those with network not.");
        if (client_call(client, &persistence_service, PERSISTENCE_LIST_TOOL_VALUES, tenant,
                        &request, &values, /* is_loud= */ true) != ACT_E_OK)
            code = EXIT_UNAVAILABLE;
    }
    for (uint32_t i = 0; code == 0 && i < values.known_values.count; i++)
        printf("%-10.*s %.*s\n", ACT_STR_ARG(values.known_values.items[i].kind),
               ACT_STR_ARG(values.known_values.items[i].value));
    if (client)
        client_close(&client);
    return code;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

static int usage(const char *text)
{
    fprintf(stderr, "parley tool: %s\n", text);
    return EXIT_USAGE;
}

static int64_t count_of(const char *text)
{
    int64_t count = 0;
    return text && act_str_to_int(act_str(text), &count) && count > 0 ? count : 0;
}

int tool_rule(int argc, char **argv)
{
    static const char *const decisions[] = {"allow", "deny", "approve", "default", NULL};
    const char *data = NULL, *tenant = "demo", *flow = NULL, *role = NULL, *contact = NULL,
               *turn = NULL, *contact_day = NULL, *day = NULL, *words[2] = {NULL, NULL};
    uint32_t words_count = 0;
    const option_t table[] = {{"tenant", &tenant, NULL, "whose (default demo)"},
                              {"flow", &flow, NULL, "only in this flow (agent)"},
                              {"role", &role, NULL, "only for contacts with this role"},
                              {"contact", &contact, NULL, "only for the contact with this id"},
                              {"per-turn", &turn, NULL, "at most so many calls in a turn"},
                              {"per-contact-day", &contact_day, NULL, "of one contact in a day"},
                              {"per-day", &day, NULL, "of all in a day"},
                              {0}};
    const options_spec_t spec = {
        .summary = "say whether the agent may use a tool (default: no rule any more)",
        .usage = "NAME allow | deny | approve | default",
        .examples = "parley tool rule weather allow --per-day 1000\n"
                    "parley tool rule '*' deny --role supplier\n",
        .table = table,
        .words = words,
        .words_max = 2,
        .words_count = &words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count < 2 || !is_one_of(words[1], decisions))
        return usage(
            "say NAME and allow, deny, approve or default (example: parley tool rule weather "
            "allow)");
    const put_tool_policy_request_t request = {
        .tool = act_str(words[0]),
        .flow = act_str(flow),
        .role = act_str(role),
        .contact_id = act_str(contact),
        .decision = act_str(words[1]),
        .turn_max_count = count_of(turn),
        .contact_day_max_count = count_of(contact_day),
        .tenant_day_max_count = count_of(day),
        .actor = ACT_STR("cli"),
    };
    empty_t reply;
    client_t *client = NULL;
    code = call(data, "tool rule", PERSISTENCE_PUT_TOOL_POLICY, tenant, &request, &reply, &client);
    if (code == 0)
        puts("From the next turn on.");
    if (client)
        client_close(&client);
    return code;
}

int tool_value(int argc, char **argv)
{
    static const char *const kinds[] = {"recipient", "amount", "url", NULL};
    const char *data = NULL, *tenant = "demo", *words[2] = {NULL, NULL};
    uint32_t words_count = 0;
    bool is_removed = false;
    const option_t table[] = {{"tenant", &tenant, NULL, "whose (default demo)"},
                              {"remove", NULL, &is_removed, "no longer"},
                              {0}};
    const options_spec_t spec = {
        .summary = "a recipient, amount or URL that the agent may give to tools",
        .usage = "recipient | amount | url VALUE",
        .examples = "parley tool value recipient owner@example.com\n",
        .table = table,
        .words = words,
        .words_max = 2,
        .words_count = &words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count < 2 || !is_one_of(words[0], kinds))
        return usage(
            "say recipient, amount or url, and a value (example: parley tool value recipient "
            "owner@example.com)");
    const put_tool_value_request_t request = {.kind = act_str(words[0]),
                                              .value = act_str(words[1]),
                                              .is_removed = is_removed,
                                              .actor = ACT_STR("cli")};
    empty_t reply;
    client_t *client = NULL;
    code = call(data, "tool value", PERSISTENCE_PUT_TOOL_VALUE, tenant, &request, &reply, &client);
    if (code == 0)
        puts("From the next turn on.");
    if (client)
        client_close(&client);
    return code;
}
