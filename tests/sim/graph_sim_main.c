// graph_sim: the simulator as a program. Prints "listening http://HOST:PORT" when it can be used
// and ends cleanly on SIGTERM or SIGINT.
#include "sim/graph_sim.h"

#include "base/args.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: graph_sim [--host ADDRESS] [--port PORT] [--webhook URL --secret APP_SECRET]\n"
    "                 [--waba ID] [--ledger FILE] [--ledger-max-count N] [--ledger-max-bytes N]\n"
    "Port 0 (the default) is any free one. sim/graph_sim.h tells what it does.\n";

static bool read_options(int argc, char **argv, graph_sim_options_t *options)
{
    uint32_t port = 0;
    int64_t ledger_max_bytes = 0;
    const act_arg_t table[] = {
        {"host", .text = &options->host},
        {"port", .count = &port, .max = UINT16_MAX},
        {"webhook", .text = &options->webhook_url},
        {"secret", .text = &options->secret},
        {"waba", .text = &options->waba_id},
        {"ledger", .text = &options->ledger_path},
        {"ledger-max-count", .count = &options->ledger_max_count, .max = 100000000},
        {"ledger-max-bytes", .integer = &ledger_max_bytes},
        {0},
    };
    bool is_read = act_args_read(argc, argv, table);
    options->port = (uint16_t)port;
    options->ledger_max_bytes = (size_t)ledger_max_bytes;
    return is_read && (!options->webhook_url || options->secret);
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
