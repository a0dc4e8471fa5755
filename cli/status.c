// status: every actor instance, a row each.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"

#include "base/assert.h"

#include <stdio.h>

static void print_duration(uint64_t ms)
{
    unsigned long long s = ms / 1000;
    char text[32];
    if (s < 60)
        snprintf(text, sizeof text, "%llu s", s);
    else if (s < 3600)
        snprintf(text, sizeof text, "%llu min", s / 60);
    else if (s < 172800)
        snprintf(text, sizeof text, "%llu h", s / 3600);
    else
        snprintf(text, sizeof text, "%llu d", s / 86400);
    printf(" %8s", text);
}

static void print_table(const status_reply_t *status)
{
    printf("%-14s %-18s %8s %-9s %8s %8s %9s %7s %9s %9s\n", "service", "instance", "pid", "state",
           "uptime", "restarts", "in flight", "queued", "p50 ms", "p99 ms");
    for (uint32_t i = 0; i < status->instances.count; i++) {
        const instance_view_t *row = &status->instances.items[i];
        printf("%-14.*s %-18.*s %8d %-9.*s", ACT_STR_ARG(row->service), ACT_STR_ARG(row->instance),
               row->pid, ACT_STR_ARG(row->state));
        print_duration(row->uptime_ms);
        printf(" %8u %9u %7u %9.2f %9.2f\n", row->restarts, row->in_flight, row->queued,
               (double)row->p50_us / 1000.0, (double)row->p99_us / 1000.0);
    }
    printf(
        "\ncalls: %llu accepted = %llu replied + %llu failed + %llu cancelled + %llu dead + %llu "
        "open; %llu requeued, %llu refused, %llu malformed\n",
        (unsigned long long)status->accepted, (unsigned long long)status->replied,
        (unsigned long long)status->failed, (unsigned long long)status->cancelled,
        (unsigned long long)status->dead, (unsigned long long)status->open,
        (unsigned long long)status->requeued, (unsigned long long)status->refused,
        (unsigned long long)status->malformed);
}

// The broker's object with one member more.
static void print_json(const status_reply_t *status, uint64_t unanswered)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    status_reply_to_json(status, &out);
    act_assert(out.len_bytes > 1 && out.ptr[out.len_bytes - 1] == '}');
    printf("%.*s,\"unanswered\":%llu}\n", (int)out.len_bytes - 1, out.ptr,
           (unsigned long long)unanswered);
    act_buf_fini(&out);
}

// Each session counts all; the highest is the newest that somebody knows of.
static uint64_t count_unanswered(const metrics_reply_t *metrics)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < metrics->instances.count; i++)
        for (uint32_t j = 0; j < metrics->instances.items[i].metrics.count; j++) {
            const metric_t *metric = &metrics->instances.items[i].metrics.items[j];
            if (act_str_is(metric->name, "turns_unanswered_count") && metric->value > count)
                count = metric->value;
        }
    return count;
}

// Where conversations wait longer than their tenant allows, `parley alerts` tells which.
static void print_unanswered(uint64_t unanswered)
{
    printf("unanswered: %llu%s\n", (unsigned long long)unanswered,
           unanswered > 0 ? " (see: parley alerts)" : "");
}

int command_status(int argc, char **argv)
{
    const char *data = NULL;
    bool is_json = false;
    const option_t table[] = {{"json", NULL, &is_json, "one JSON object"}, {0}};
    int code = 0;
    client_t *client = NULL;
    if (!options_parse(argc, argv, table, "show every actor instance", &data, &code))
        return code;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    status_reply_t status;
    empty_t empty = {0};
    act_err_t err = client_call(client, &bus_service, BUS_STATUS, "", &empty, &status,
                                /* is_loud= */ true);
    metrics_reply_t metrics = {0};
    if (err == ACT_E_OK)
        err = client_call(client, &bus_service, BUS_METRICS, "", &empty, &metrics,
                          /* is_loud= */ true);
    if (err == ACT_E_OK && is_json)
        print_json(&status, count_unanswered(&metrics));
    if (err == ACT_E_OK && !is_json) {
        print_table(&status);
        print_unanswered(count_unanswered(&metrics));
    }
    client_close(&client);
    return err == ACT_E_OK ? 0 : EXIT_UNAVAILABLE;
}
