// alerts: what somebody should look at: who waits too long, what was given up, who wants a person.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "show.h"

#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_ROWS 1000

static const char examples[] =
    "Examples:\n"
    "  parley alerts                    those that are open, of all tenants, newest first\n"
    "  parley alerts --tenant demo --all\n"
    "  parley alerts resolve 17         somebody has looked at it\n";

static void print_row(const alert_t *row)
{
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text(row->created_at_ms * 1000, at);
    printf("%6lld  %s  %-8.*s  %-12.*s  %-10.*s  %.*s  %.*s", (long long)row->alert_id, at,
           ACT_STR_ARG(row->severity), ACT_STR_ARG(row->kind), ACT_STR_ARG(row->of_tenant),
           ACT_STR_ARG(row->address), ACT_STR_ARG(row->body));
    if (row->seen_count > 1)
        printf(" (%d times)", row->seen_count);
    if (row->resolved_at_ms > 0)
        printf("  resolved: %.*s", ACT_STR_ARG(row->resolved_by));
    putchar('\n');
}

static int list(client_t *client, const char *tenant, bool is_all, bool is_json)
{
    list_alerts_request_t request = {
        .of_tenant = act_str(tenant ? tenant : ""),
        .with_resolved = is_all,
        .max_rows = LIST_ROWS,
    };
    list_alerts_reply_t reply;
    if (client_call(client, &persistence_service, PERSISTENCE_LIST_ALERTS, "", &request, &reply,
                    /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    if (is_json) {
        show_json(&list_alerts_reply_model, &reply);
        return 0;
    }
    for (uint32_t i = 0; i < reply.alerts.count; i++)
        print_row(&reply.alerts.items[i]);
    if (reply.alerts.count == 0)
        puts(is_all ? "There was never an alert." : "No alert is open.");
    return 0;
}

static int resolve(client_t *client, int64_t id)
{
    resolve_alert_request_t request = {.alert_id = id, .actor = ACT_STR("cli")};
    resolve_alert_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_RESOLVE_ALERT, "",
                                &request, &reply, /* is_loud= */ false);
    if (err == ACT_E_OK) {
        printf("Alert %lld is resolved.\n", (long long)id);
        return 0;
    }
    if (err == ACT_E_NOT_FOUND)
        fprintf(stderr, "parley alerts: there is no open alert %lld (`parley alerts` lists them)\n",
                (long long)id);
    else
        fprintf(stderr, "parley alerts: %s %s\n", act_err_code(err), act_err_text(err));
    return EXIT_UNAVAILABLE;
}

// 0: it is no number.
static int64_t parse_id(const char *text)
{
    char *end = NULL;
    errno = 0;
    long long id = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && id > 0 ? id : 0;
}

int command_alerts(int argc, char **argv)
{
    const char *data = NULL, *tenant = NULL, *words[2] = {NULL, NULL};
    uint32_t words_count = 0;
    bool is_json = false, is_all = false;
    const option_t table[] = {{"tenant", &tenant, NULL, "only this one's"},
                              {"all", NULL, &is_all, "resolved ones, too"},
                              {"json", NULL, &is_json, "one JSON object"},
                              {0}};
    const options_spec_t spec = {"what somebody should look at",
                                 "[list | resolve ID]",
                                 examples,
                                 table,
                                 words,
                                 2,
                                 &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    bool is_list = words_count == 0 || (words_count == 1 && strcmp(words[0], "list") == 0);
    int64_t id = words_count == 2 && strcmp(words[0], "resolve") == 0 ? parse_id(words[1]) : 0;
    if (!is_list && id == 0) {
        fputs("parley alerts: say `list` or `resolve ID` (example: parley alerts resolve 17)\n",
              stderr);
        return EXIT_USAGE;
    }
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    code = is_list ? list(client, tenant, is_all, is_json) : resolve(client, id);
    client_close(&client);
    return code;
}
