// trace: one customer message as a waterfall, the list of those that were followed, and how many are.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"
#include "show.h"
#include "waterfall.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LIST_ROWS 20
#define COLUMNS_DEFAULT 120

typedef struct {
    const char *id;
    bool is_last;
    bool is_json;
    const char *sample_ppm;
    const char *service;
} trace_options_t;

static const char examples[] =
    "Examples:\n"
    "  parley trace                              the newest traces, a line each\n"
    "  parley trace --last                       the newest customer message\n"
    "  parley trace 4bf92f3577b34da6a3ce929d0e0e4736\n"
    "  parley trace --last --json | jq .hops\n"
    "  parley trace --sample-ppm 1000000         follow every message from now on\n"
    "  parley trace --sample-ppm 0 --service flow\n";

static uint32_t terminal_columns(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int64_t number = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    if (columns && act_str_to_int(act_str(columns), &number) && number > 0 && number < 1000)
        return (uint32_t)number;
    return COLUMNS_DEFAULT;
}

static int show(client_t *client, act_str_t id, bool is_json)
{
    trace_request_t request = {.trace = id};
    trace_reply_t reply;
    act_err_t err = client_call(client, &bus_service, BUS_TRACE, "", &request, &reply,
                                /* is_loud= */ false);
    if (err != ACT_E_OK) {
        fprintf(stderr,
                "parley trace: %.*s: %s. Traces are a sample (1 %% unless told otherwise) of the "
                "newest messages: `parley trace` lists what is there, `parley trace --sample-ppm "
                "1000000` follows all from now on.\n",
                ACT_STR_ARG(id), act_err_text(err));
        return EXIT_UNAVAILABLE;
    }
    if (is_json) {
        show_json(&trace_reply_model, &reply);
        return 0;
    }
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    waterfall_render(&reply, terminal_columns(), &out);
    fwrite(out.ptr, 1, out.len_bytes, stdout);
    act_buf_fini(&out);
    return 0;
}

static act_err_t list(client_t *client, uint32_t rows_count, traces_reply_t *ret_reply)
{
    traces_request_t request = {.max_rows = rows_count};
    return client_call(client, &bus_service, BUS_TRACES, "", &request, ret_reply,
                       /* is_loud= */ true);
}

static int show_last(client_t *client, bool is_json)
{
    traces_reply_t reply;
    if (list(client, 1000, &reply) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    if (reply.traces.count == 0) {
        fprintf(stderr, "parley trace: no trace was followed yet; `parley trace --sample-ppm "
                        "1000000` follows all from now on.\n");
        return EXIT_UNAVAILABLE;
    }
    uint32_t index = 0; // the newest with a turn is a customer's message; else the newest
    while (index < reply.traces.count && reply.traces.items[index].turn_id.len_bytes == 0)
        index++;
    return show(client, reply.traces.items[index < reply.traces.count ? index : 0].trace, is_json);
}

static int print_list(client_t *client, bool is_json)
{
    traces_reply_t reply;
    if (list(client, LIST_ROWS, &reply) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    if (is_json) {
        show_json(&traces_reply_model, &reply);
        return 0;
    }
    printf("%-32s  %-24s %10s %5s  %-30s %s\n", "trace", "at", "ms", "hops", "first", "");
    for (uint32_t i = 0; i < reply.traces.count; i++) {
        const trace_summary_t *row = &reply.traces.items[i];
        char at[ACT_TIME_TEXT_BYTES];
        act_time_text((int64_t)row->at_ms * 1000, at);
        printf("%.*s  %s %10.2f %5u  %-30.*s %s%s\n", ACT_STR_ARG(row->trace), at,
               (double)row->duration_us / 1000.0, row->hops, ACT_STR_ARG(row->method),
               row->turn_id.len_bytes ? "turn" : "", row->is_error ? " error" : "");
    }
    return 0;
}

static int set_share(client_t *client, const trace_options_t *options)
{
    int64_t ppm = 0;
    if (!act_str_to_int(act_str(options->sample_ppm), &ppm) || ppm < 0 || ppm > 1000000) {
        fprintf(stderr, "parley trace: --sample-ppm is a whole number from 0 to 1000000\n");
        return EXIT_USAGE;
    }
    set_tracing_request_t request = {
        .service = act_str(options->service), .sample_ppm = (uint32_t)ppm, .actor = ACT_STR("cli")};
    empty_t reply;
    act_err_t err = client_call(client, &bus_service, BUS_SET_TRACING, "", &request, &reply,
                                /* is_loud= */ false);
    if (err == ACT_E_OK)
        return 0;
    fprintf(stderr, "parley trace: %s: %s (`parley status` lists the services)\n",
            options->service ? options->service : "", act_err_text(err));
    return EXIT_UNAVAILABLE;
}

static int run(client_t *client, const trace_options_t *options)
{
    if (options->sample_ppm)
        return set_share(client, options);
    if (options->is_last)
        return show_last(client, options->is_json);
    if (options->id)
        return show(client, act_str(options->id), options->is_json);
    return print_list(client, options->is_json);
}

int command_trace(int argc, char **argv)
{
    trace_options_t options = {0};
    const char *data = NULL;
    const option_t table[] = {
        {"last", NULL, &options.is_last, "the newest customer message"},
        {"json", NULL, &options.is_json, "as one JSON object"},
        {"sample-ppm", &options.sample_ppm, NULL,
         "of a million messages, how many are followed from now on"},
        {"service", &options.service, NULL, "with --sample-ppm: for calls of this service only"},
        {0},
    };
    uint32_t words_count = 0;
    options_spec_t spec = {
        .summary = "where the time of a customer message went",
        .usage = "[ID | --last]      ID of a trace or of a turn; without: the newest traces",
        .examples = examples,
        .table = table,
        .words = &options.id,
        .words_max = 1,
        .words_count = &words_count,
    };
    int code = 0;
    client_t *client = NULL;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    code = run(client, &options);
    client_close(&client);
    return code;
}
