// obituaries: how processes ended: when, how, with what in hand, and their last words.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"
#include "show.h"

#include "base/mem.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>

static const char examples[] =
    "Examples:\n"
    "  parley obituaries                       every death the broker remembers, newest first\n"
    "  parley obituaries session               of one service, with stack and last words\n"
    "  parley obituaries --json | jq '.obituaries[] | select(.reason == \"hang\")'\n";

static void print_row(const obituary_t *row)
{
    char at[ACT_TIME_TEXT_BYTES], how[64] = "";
    act_time_text((int64_t)row->at_ms * 1000, at);
    if (row->signal != 0)
        snprintf(how, sizeof how, " (signal %d%s)", row->signal, row->is_core ? ", core" : "");
    else if (act_str_is(row->reason, "exit"))
        snprintf(how, sizeof how, " (code %d)", row->exit_code);
    printf("%s  %-16.*s pid %-8d up %9.1f s  %.*s%s%s%.*s\n", at, ACT_STR_ARG(row->instance),
           row->pid, (double)row->uptime_ms / 1000, ACT_STR_ARG(row->reason), how,
           act_str_empty(row->method_in_hand) ? "" : "  in ", ACT_STR_ARG(row->method_in_hand));
}

static void print_details(const obituary_t *row)
{
    printf("    cpu %" PRIu64 " ms, at most %" PRIu64 " KiB\n",
           row->user_cpu_ms + row->system_cpu_ms, row->rss_max_kb);
    show_lines(row->backtrace, "    ");
    for (uint32_t i = 0; i < row->log_lines.count; i++)
        show_lines(row->log_lines.items[i], "    ");
}

static void print_all(const obituaries_reply_t *reply, const char *service)
{
    for (uint32_t i = 0; i < reply->obituaries.count; i++) {
        print_row(&reply->obituaries.items[i]);
        if (service)
            print_details(&reply->obituaries.items[i]);
    }
    if (reply->obituaries.count == 0)
        printf("Nobody%s%s has died.\n", service ? " of " : "", service ? service : "");
}

static int run(client_t *client, const char *service, bool is_json)
{
    obituaries_request_t request = {.service = act_str(service)};
    obituaries_reply_t reply;
    act_err_t err = client_call(client, &bus_service, BUS_OBITUARIES, "", &request, &reply,
                                /* is_loud= */ true);
    if (err != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    if (is_json)
        show_json(&obituaries_reply_model, &reply);
    else
        print_all(&reply, service);
    return 0;
}

int command_obituaries(int argc, char **argv)
{
    bool is_json = false;
    const char *data = NULL, *words[1] = {NULL};
    const option_t table[] = {
        {"json", NULL, &is_json, "as one JSON object"},
        {0},
    };
    uint32_t words_count = 0;
    const options_spec_t spec = {
        .summary = "how processes ended, newest first",
        .usage = "[SERVICE]",
        .examples = examples,
        .table = table,
        .words = words,
        .words_max = ACT_COUNT(words),
        .words_count = &words_count,
    };
    int code = 0;
    client_t *client = NULL;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    code = client_reach(data, argv[0], &client);
    if (code == 0)
        code = run(client, words[0], is_json);
    client_close(&client);
    return code;
}
