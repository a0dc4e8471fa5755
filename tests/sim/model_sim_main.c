// model_sim: the simulator as a program: model_sim [--host ADDRESS] [--port PORT]. Prints "listening
// http://HOST:PORT" when it can be used, and ends on SIGTERM or SIGINT.
#include "sim/model_sim.h"

#include "base/mem.h"
#include "base/str.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

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

static const char *option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return fallback;
}

int main(int argc, char **argv)
{
    const char *host = option(argc, argv, "--host", "127.0.0.1");
    int64_t port = 0;
    struct rlimit files;
    if (!act_str_to_int(act_str(option(argc, argv, "--port", "0")), &port) || port < 0 ||
        port > 65535) {
        (void)fputs("usage: model_sim [--host ADDRESS] [--port PORT]\n", stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { // a connection a request
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    ACT_AUTO(act_loop) *loop = act_loop_new();
    model_sim_t *sim = NULL;
    uv_signal_t signals[2];
    if (model_sim_new(loop, host, (uint16_t)port, &sim) != ACT_E_OK) {
        (void)fputs("model_sim: address or port cannot be used\n", stderr);
        return 1;
    }
    watch_signal(loop, &signals[0], SIGTERM);
    watch_signal(loop, &signals[1], SIGINT);
    printf("listening http://%s:%u\n", host, model_sim_port(sim));
    (void)fflush(stdout);
    act_loop_run(loop);
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    model_sim_destroy(&sim);
    for (int turns = 0; turns < 4; turns++)
        (void)uv_run(act_loop_uv(loop), UV_RUN_NOWAIT);
    return 0;
}
