// main: act_main, the same for every service: command line, settings, log, signals, run, exit code.
#include "actor/actor.h"
#include "actor/bus.h"
#include "actor/crash.h"
#include "actor/send.h"
#include "base/args.h"
#include "base/assert.h"
#include "base/mem.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 64  // sysexits.h
#define EXIT_CONFIG 78 // sysexits.h; the supervisor does not restart at once after it
#define OVERRIDES_MAX_COUNT 64

static const act_config_row_t common_settings[] = {
    {"log_level", "PARLEY_LOG_LEVEL", ACT_CONFIG_TEXT, "info", 0, 0, "debug",
     "least level that is logged: debug, info, warn, error", false},
    {"slow_handler_ms", "PARLEY_SLOW_HANDLER_MS", ACT_CONFIG_INT, "20", 1, 60000, "20",
     "handlers that take longer are logged", false},
    {"orphan_ms", "PARLEY_ORPHAN_MS", ACT_CONFIG_INT, "30000", 1000, 3600000, "30000",
     "an actor without a broker ends itself after this time", false},
    {"drain_ms", "PARLEY_DRAIN_MS", ACT_CONFIG_INT, "8000", 0, 600000, "8000",
     "most time to finish open calls at a stop", false},
    {"cell", "PARLEY_CELL", ACT_CONFIG_TEXT, "main", 0, 0, "north",
     "name of this broker with its actors; each cell on a database has its own", false},
    {"alive_ms", "PARLEY_ALIVE_MS", ACT_CONFIG_INT, "12000", 3000, 600000, "12000",
     "who was not heard by the database for so long loses its leases and claims", false},
    {"bus", "PARLEY_BUS", ACT_CONFIG_TEXT, "", 0, 0, "tcp://broker:5670",
     "where the broker is, for an actor that is started by hand (--bus says it, too)", false},
    {"bus_server_key", "PARLEY_BUS_SERVER_KEY", ACT_CONFIG_TEXT, "", 0, 0, "keys/bus/broker.pub",
     "file with the broker's public key, for a bus on TCP", false},
    {"bus_key_file", "PARLEY_BUS_KEY_FILE", ACT_CONFIG_TEXT, "", 0, 0, "keys/actors/agent.key",
     "file (0600) with this actor's secret key, for a bus on TCP", false},
    {0},
};

typedef struct {
    const char *bus;
    const char *instance;
    const char *log_dir;
    int64_t recorder; // descriptor, -1: none
    const char *overrides[OVERRIDES_MAX_COUNT + 1];
    size_t overrides_count;
    bool wants_help;
} options_t;

static const char *add_override(void *target, const char *value)
{
    options_t *self = target;
    if (self->overrides_count == OVERRIDES_MAX_COUNT)
        return "given less often";
    self->overrides[self->overrides_count++] = value;
    return NULL;
}

static bool parse_options(int argc, char **argv, options_t *ret_options)
{
    *ret_options = (options_t){.recorder = -1};
    const act_arg_t table[] = {
        {"bus", .text = &ret_options->bus},
        {"instance", .text = &ret_options->instance},
        {"log-dir", .text = &ret_options->log_dir},
        {"set", .read = add_override, .target = ret_options},
        {"recorder", .integer = &ret_options->recorder, .max = INT_MAX},
        {"help", .flag = &ret_options->wants_help},
        {0},
    };
    return act_args_read(argc, argv, table);
}

static void print_help(const act_spec_t *spec, FILE *file)
{
    fprintf(file,
            "%s: an actor of Parley, started by the broker, or by hand with PARLEY_BUS.\n\n"
            "  %s [--bus ENDPOINT] [--instance NAME] [--log-dir DIR] [--recorder DESCRIPTOR]\n"
            "    [--set NAME=VALUE]...\n\n"
            "Settings (name, environment, meaning):\n",
            spec->name, spec->name);
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    if (spec->config)
        act_config_help(spec->config, &out);
    act_config_help(common_settings, &out);
    fwrite(out.ptr, 1, out.len_bytes, file);
    act_buf_fini(&out);
}

static act_log_level_t level_of(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (act_log_level_t)i;
    return ACT_LOG_INFO;
}

static void on_signal(uv_signal_t *uv, int number)
{
    (void)number;
    act_actor_begin_drain(uv->data);
}

static void watch_signal(uv_loop_t *loop, uv_signal_t *uv, int number, act_actor_t *actor)
{
    uv_signal_init(loop, uv);
    uv->data = actor;
    uv_signal_start(uv, on_signal, number);
    uv_unref((uv_handle_t *)uv);
}

// Instances in containers are told apart by the names of their hosts.
static void name_instance(const act_spec_t *spec, const char *wanted, const char *endpoint,
                          char ret_instance[ACT_HEADER_NAME_MAX_BYTES + 1])
{
    char host[40] = "";
    if (!wanted && act_bus_key_is_needed(endpoint) && gethostname(host, sizeof host - 1) == 0)
        snprintf(ret_instance, ACT_HEADER_NAME_MAX_BYTES + 1, "%s-%s", spec->name, host);
    else
        snprintf(ret_instance, ACT_HEADER_NAME_MAX_BYTES + 1, "%s", wanted ? wanted : spec->name);
}

// Where the broker is, and on TCP the keys. False: *error says what is missing.
static bool find_bus(const options_t *options, const act_config_t *config, act_bus_keys_t *keys,
                     act_bus_address_t *ret_address, act_buf_t *error)
{
    act_bus_address_t address = {.endpoint =
                                     options->bus ? options->bus : act_config_text(config, "bus")};
    if (!*address.endpoint) {
        act_buf_printf(error, "no bus: --bus or PARLEY_BUS must say where the broker is "
                              "(example: PARLEY_BUS=tcp://broker:5670)");
        return false;
    }
    if (act_bus_key_is_needed(address.endpoint)) {
        if (act_bus_key_load(act_config_text(config, "bus_server_key"),
                             act_config_text(config, "bus_key_file"), keys, error) != ACT_E_OK)
            return false;
        address.keys = keys;
    }
    *ret_address = address;
    return true;
}

static int run(const act_spec_t *spec, const act_bus_address_t *address, act_config_t *config,
               act_log_t *log, act_recorder_t *recorder, const char *instance)
{
    ACT_AUTO(act_loop) *loop = act_loop_new();
    void *self = act_alloc(spec->self_size_bytes);
    ACT_AUTO(act_actor) *actor = act_actor_new_at(loop, spec, address, instance, self);
    act_actor_supervise(actor, config, log, recorder);
    uv_signal_t term, interrupt;
    watch_signal(act_loop_uv(loop), &term, SIGTERM, actor);
    watch_signal(act_loop_uv(loop), &interrupt, SIGINT, actor);
    act_err_t err = spec->open ? spec->open(self, actor) : ACT_E_OK;
    if (err == ACT_E_OK)
        act_loop_run(loop);
    else
        act_log_error(log, "open_failed", "code=%s", act_err_code(err));
    if (spec->close)
        spec->close(self);
    bool is_good = err == ACT_E_OK && !act_actor_has_failed(actor);
    act_actor_destroy(&actor);
    uv_close((uv_handle_t *)&term, NULL);
    uv_close((uv_handle_t *)&interrupt, NULL);
    act_loop_destroy(&loop);
    act_free(self);
    return is_good ? 0 : EXIT_CONFIG;
}

// Without an inherited one (an actor started by hand) a crash speaks on standard error alone.
static act_recorder_t *open_recorder(const options_t *options, act_log_t *log)
{
    act_recorder_t *recorder = NULL;
    if (options->recorder >= 0 && act_recorder_open((int)options->recorder, &recorder) != ACT_E_OK)
        act_log_warn(log, "no_recorder", "descriptor=%d", (int)options->recorder);
    act_crash_watch(recorder);
    return recorder;
}

int act_main(int argc, char **argv, const act_spec_t *spec)
{
    options_t options;
    if (!parse_options(argc, argv, &options)) {
        print_help(spec, stderr);
        return EXIT_USAGE;
    }
    if (options.wants_help) {
        print_help(spec, stdout);
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    const act_config_row_t *tables[3] = {common_settings, spec->config, NULL};
    act_buf_t error;
    act_buf_init(&error, 4096);
    ACT_AUTO(act_config) *config = NULL;
    int code = EXIT_CONFIG;
    // A method without a function is a bug of the build; say which before the first call finds it.
    const char *unset =
        spec->server && spec->service->unset ? spec->service->unset(spec->server) : NULL;
    act_assert(unset == NULL);
    act_bus_keys_t keys;
    act_bus_address_t address;
    if (act_config_load(tables, options.overrides, &config, &error) != ACT_E_OK ||
        !find_bus(&options, config, &keys, &address, &error)) {
        fprintf(stderr, "%s: %.*s\n", spec->name, (int)error.len_bytes, error.ptr);
    } else {
        char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
        name_instance(spec, options.instance, address.endpoint, instance);
        ACT_AUTO(act_log) *log = act_log_new(options.log_dir, spec->name, instance,
                                             level_of(act_config_text(config, "log_level")));
        ACT_AUTO(act_recorder) *recorder = open_recorder(&options, log);
        code = run(spec, &address, config, log, recorder, instance);
        act_crash_ignore();
    }
    act_buf_fini(&error);
    return code;
}
