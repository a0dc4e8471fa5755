// graph_sim: the simulator as a program. Prints "listening http://HOST:PORT" when it can be used
// and ends cleanly on SIGTERM or SIGINT.
#include "sim/graph_sim.h"

#include "base/mem.h"
#include "base/str.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: graph_sim [--host ADDRESS] [--port PORT] [--webhook URL --secret APP_SECRET]\n"
    "                 [--waba ID] [--ledger FILE] [--ledger-max-count N] [--ledger-max-bytes N]\n"
    "Port 0 (the default) is any free one. sim/graph_sim.h tells what it does.\n";

enum { HOST, PORT, WEBHOOK, SECRET, WABA, LEDGER, LEDGER_COUNT, LEDGER_BYTES };

static const struct option long_options[] = {
    {"host", required_argument, NULL, HOST},
    {"port", required_argument, NULL, PORT},
    {"webhook", required_argument, NULL, WEBHOOK},
    {"secret", required_argument, NULL, SECRET},
    {"waba", required_argument, NULL, WABA},
    {"ledger", required_argument, NULL, LEDGER},
    {"ledger-max-count", required_argument, NULL, LEDGER_COUNT},
    {"ledger-max-bytes", required_argument, NULL, LEDGER_BYTES},
    {0},
};

static bool read_number(const char *text, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    if (!act_str_to_int(act_str(text), &value) || value < 0 || value > max)
        return false;
    *ret_value = value;
    return true;
}

static bool read_numbers(int option, const char *text, graph_sim_options_t *options)
{
    int64_t value = 0;
    int64_t max = option == PORT ? UINT16_MAX : option == LEDGER_COUNT ? 100000000 : INT64_MAX;
    if (!read_number(text, max, &value))
        return false;
    if (option == PORT)
        options->port = (uint16_t)value;
    else if (option == LEDGER_COUNT)
        options->ledger_max_count = (uint32_t)value;
    else
        options->ledger_max_bytes = (size_t)value;
    return true;
}

static bool read_options(int argc, char **argv, graph_sim_options_t *options)
{
    const char **texts[] = {
        [HOST] = &options->host,    [WEBHOOK] = &options->webhook_url, [SECRET] = &options->secret,
        [WABA] = &options->waba_id, [LEDGER] = &options->ledger_path,  [LEDGER_BYTES] = NULL,
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option < 0 || option > LEDGER_BYTES)
            return false;
        if (texts[option])
            *texts[option] = optarg;
        else if (!read_numbers(option, optarg, options))
            return false;
    }
    bool is_signed = !options->webhook_url || options->secret;
    return optind == argc && is_signed;
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    act_loop_stop(handle->data);
}

static void watch_signal(act_loop_t *loop, uv_signal_t *handle, int number)
{
    (void)uv_signal_init(act_loop_uv(loop), handle);
    handle->data = loop;
    (void)uv_signal_start(handle, on_signal, number);
}

static void run(act_loop_t *loop, const char *host, const graph_sim_t *sim)
{
    uv_signal_t signals[2];
    watch_signal(loop, &signals[0], SIGTERM);
    watch_signal(loop, &signals[1], SIGINT);
    printf("listening http://%s:%u\n", host, graph_sim_port(sim));
    (void)fflush(stdout);
    act_loop_run(loop);
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    (void)uv_run(act_loop_uv(loop), UV_RUN_NOWAIT); // the handles are on this stack
}

int main(int argc, char **argv)
{
    graph_sim_options_t options = {.host = "127.0.0.1"};
    if (!read_options(argc, argv, &options)) {
        (void)fputs(usage, stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    ACT_AUTO(act_loop) *loop = act_loop_new();
    graph_sim_t *sim = NULL;
    act_err_t err = graph_sim_new(loop, &options, &sim);
    if (err == ACT_E_OK)
        run(loop, options.host, sim);
    else
        (void)fprintf(stderr, "graph_sim: %s (address, port or ledger file)\n", act_err_text(err));
    graph_sim_destroy(&sim);
    act_loop_run(loop); // until the last connection is closed
    return err == ACT_E_OK ? 0 : 1;
}
