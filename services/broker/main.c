// broker: the process. Composes router (sockets), broker (decisions), supervisor (processes), views.
#include "base/args.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "departures.h"
#include "router.h"
#include "child_process.h"
#include "supervision.h"
#include "supervisor.h"
#include "tool_folder.h"
#include "views.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 64
#define EXIT_CONFIG 78
#define EXIT_CANNOT_BIND 73
#define TICK_MS 10
#define DENIALS_LOG_MS 1000
// After a restart, children that live have this long to say HELLO before others are started in their
// place. They reconnect every 20 to 200 ms (shared/actor/bus.c).
#define ADOPT_MS 700

static const broker_limits_t limits = {
    .ping_ms = 1500, // actors speak once a second by themselves
    .lost_ms = 5000, // promises.md 3.2: slow after 3 missed pings, at most 5 s
    .queue_max_count = 10000,
    .queue_max_bytes = 64u << 20,
    .attempts_max_count = 3,
    .traces = {.sample_ppm = 10000, .slow_ms = 500},
    .dedupe_ms = 120000,
    .outcomes_max_count = 8192,
    .outcomes_max_bytes = 8u << 20,
};

typedef struct {
    const char *bus;
    const char *children;
    const char *bin_dir;
    const char *log_dir;
    const char *child_log_dir; // as log_dir, unless the broker itself logs to standard error
    const char *acl;
    const char *listen;
    const char *keys;
    const char *cell;
    const char *builtin_tools;
    const char *tools;
    const char *sdk;
    int listener;
    uint32_t trace_ppm;
    bool is_restart;
} options_t;

typedef struct {
    act_loop_t *loop;
    act_log_t *log;
    acl_t *acl;
    router_t *router;
    broker_t *broker;
    child_paths_t paths;
    supervisor_t *supervisor;
    tool_folder_t *tools; // NULL: none
    char run_dir[PATH_MAX];
    dead_letters_t *dead_letters;
    departures_t *departures;
    views_t views;
    act_timer_t *tick;
    int64_t denials_ms; // when refusals were last logged
    uint64_t denied;    // how many there had been
    uv_signal_t signals[3];
} process_self_t;

static const char usage[] =
    "broker: routes messages between Parley's actors and supervises them. Started by `parley up`.\n\n"
    "  parley-broker --bus ENDPOINT [--log-dir DIR] [--children FILE --bin-dir DIR]\n"
    "                [--listener DESCRIPTOR] [--acl FILE] [--restart]\n"
    "                [--listen ENDPOINT,... --keys DIR]\n"
    "                [--builtin-tools DIR] [--tools DIR] [--sdk DIR] [--tool-log-dir DIR]\n"
    "                [--trace-ppm N]\n\n"
    "  --bus         where actors connect: ipc:///run/parley/bus.sock\n"
    "  --children    parley.yaml; without it no actor is started, all come by themselves\n"
    "  --bin-dir     folder of the actors' programs (parley-<name>)\n"
    "  --listener    public listening socket, inherited by the actor that has_listener\n"
    "  --acl         a file that adds to the built-in table of rights (services/broker/acl.yaml);\n"
    "                also PARLEY_ACL_FILE\n"
    "  --listen      also open the bus to TCP, with CURVE: tcp://0.0.0.0:5670; also PARLEY_BUS_LISTEN\n"
    "  --keys        folder of keys for that (parley keys init): broker.key, allowed/<actor>.pub\n"
    "  PARLEY_CELL   name of this broker with its actors (default main)\n"
    "  --tools       folder of the operator's tools (docs/plugins.md), --builtin-tools: of those that\n"
    "                come with Parley, --sdk: what tools in Python and Node import. They need --bin-dir\n"
    "                and --log-dir, or --tool-log-dir where the broker itself logs to standard error.\n"
    "                PARLEY_TOOL_JAIL=lenient: where the kernel refuses namespaces they run without\n"
    "  --restart     actors of an earlier broker may be alive: adopt them\n"
    "  --trace-ppm   of a million traces, how many are followed (default 10000: 1 %);\n"
    "                also PARLEY_TRACE_PPM\n";

// 0 to 2 are not handed on, and a number that is no open descriptor would become someone else's later.
static const char *read_listener(void *target, const char *value)
{
    int *descriptor = target;
    int64_t number = 0;
    if (!act_str_to_int(act_str(value), &number) || number <= STDERR_FILENO || number > INT_MAX ||
        fcntl((int)number, F_GETFD) < 0)
        return "the number of an open descriptor, 3 or more";
    *descriptor = (int)number;
    return NULL;
}

static bool parse_options(int argc, char **argv, options_t *ret_options)
{
    options_t options = {
        .listener = -1, .trace_ppm = limits.traces.sample_ppm, .cell = getenv("PARLEY_CELL")};
    const act_arg_t table[] = {
        {"bus", .text = &options.bus},
        {"children", .text = &options.children},
        {"bin-dir", .text = &options.bin_dir},
        {"log-dir", .text = &options.log_dir},
        {"listener", .read = read_listener, .target = &options.listener},
        {"acl", .text = &options.acl, .env = "PARLEY_ACL_FILE"},
        {"listen", .text = &options.listen, .env = "PARLEY_BUS_LISTEN"},
        {"keys", .text = &options.keys},
        {"builtin-tools", .text = &options.builtin_tools},
        {"tools", .text = &options.tools},
        {"sdk", .text = &options.sdk},
        {"restart", .flag = &options.is_restart},
        {"tool-log-dir", .text = &options.child_log_dir},
        {"trace-ppm", .count = &options.trace_ppm, .max = TRACES_PPM_MAX,
         .env = "PARLEY_TRACE_PPM"},
        {0},
    };
    if (!act_args_read(argc, argv, table))
        return false;
    if (options.listen && !*options.listen)
        options.listen = NULL;
    if (!options.cell || !*options.cell)
        options.cell = ACT_CELL_DEFAULT;
    if (!options.child_log_dir)
        options.child_log_dir = options.log_dir;
    *ret_options = options;
    bool has_children = options.children || options.tools || options.builtin_tools;
    return options.bus && (!options.children || options.log_dir) &&
           (!has_children || (options.bin_dir && options.child_log_dir));
}

static void on_hello(void *context, const peer_t *peer)
{
    process_self_t *self = context;
    supervisor_on_hello(self->supervisor, peer);
}

static void on_ready(void *context, const peer_t *peer)
{
    process_self_t *self = context;
    supervisor_on_ready(self->supervisor, peer);
}

static bool send_frame(void *context, uint64_t route, const act_header_t *header,
                       const payload_t *body)
{
    process_self_t *self = context;
    taps_t *taps = broker_taps(self->broker);
    const peer_t *peer = taps_are_open(taps) ? peers_find(broker_peers(self->broker), route) : NULL;
    if (peer)
        taps_record(taps, peer, /* is_in= */ false, header, body->bytes, act_time_mono_us());
    return router_send(self->router, route, header, body);
}

static void on_bus_call(void *context, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    process_self_t *self = context;
    views_on_call(&self->views, header, body, call_id);
}

static void on_stopped(void *context)
{
    process_self_t *self = context;
    broker_say_bye(self->broker);
    act_loop_stop(self->loop);
}

static void shut_down(void *context)
{
    process_self_t *self = context;
    act_log_info(self->log, "shutdown", "open=%u", broker_open_count(self->broker));
    supervisor_stop(self->supervisor, on_stopped, self);
}

static void on_signal(uv_signal_t *uv, int number)
{
    process_self_t *self = uv->data;
    if (number == SIGHUP)
        router_refresh_keys(self->router);
    else
        shut_down(self);
}

static void on_dead(void *context, const entry_t *entry, act_err_t err)
{
    process_self_t *self = context;
    dead_letters_on_dead(self->dead_letters, entry, err);
}

static void on_gone(void *context, const peer_t *peer, bool is_dead)
{
    process_self_t *self = context;
    departures_on_gone(self->departures, peer, is_dead);
}

// At most a few lines a second, whatever somebody tries; the rest is a number.
static void log_denials(process_self_t *self)
{
    int64_t now_ms = broker_now_ms(self->broker);
    if (now_ms - self->denials_ms < DENIALS_LOG_MS)
        return;
    self->denials_ms = now_ms;
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    uint32_t count = broker_take_denials(self->broker, rows);
    for (uint32_t i = 0; i < count; i++)
        act_log_warn(self->log, "denied", "what=%s,actor=%s,instance=%s,name=%s,method=%s",
                     rows[i].what, rows[i].actor, rows[i].instance, rows[i].name, rows[i].method);
    uint64_t more = broker_counters(self->broker)->denied - self->denied - count;
    if (more > 0)
        act_log_warn(self->log, "denied_more", "count=%llu", (unsigned long long)more);
    self->denied += count + more;
}

static void on_tick(void *context)
{
    process_self_t *self = context;
    broker_set_time(self->broker, act_time_mono_us());
    broker_on_tick(self->broker);
    dead_letters_on_tick(self->dead_letters);
    departures_on_tick(self->departures);
    log_denials(self);
    supervision_store_obituaries(&self->views);
}

static void watch_signals(process_self_t *self)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < ACT_COUNT(numbers); i++) {
        uv_signal_init(act_loop_uv(self->loop), &self->signals[i]);
        self->signals[i].data = self;
        uv_signal_start(&self->signals[i], on_signal, numbers[i]);
    }
}

// Sockets of tools are beside that of the bus.
static void open_tools(process_self_t *self, const options_t *options)
{
    static const char scheme[] = "ipc://";
    if ((!options->tools && !options->builtin_tools) ||
        strncmp(options->bus, scheme, sizeof scheme - 1) != 0)
        return;
    const char *jail = getenv("PARLEY_TOOL_JAIL");
    snprintf(self->run_dir, sizeof self->run_dir, "%s", options->bus + sizeof scheme - 1);
    char *slash = strrchr(self->run_dir, '/');
    if (slash)
        *slash = '\0';
    const tool_folder_opts_t opts = {
        .builtin_dir = options->builtin_tools,
        .user_dir = options->tools,
        .bin_dir = options->bin_dir,
        .run_dir = self->run_dir,
        .sdk_dir = options->sdk,
        .is_lenient = jail && strcmp(jail, "lenient") == 0,
    };
    self->tools =
        tool_folder_new(self->loop, self->log, self->acl, self->router, self->supervisor, &opts);
    self->views.tools = self->tools;
}

static void compose(process_self_t *self, const options_t *options, const children_t *children)
{
    broker_io_t io = {send_frame, on_hello, on_ready, on_bus_call, on_dead, on_gone, self};
    broker_limits_t own_limits = limits;
    own_limits.epoch = act_random_u64() >> 1;
    own_limits.traces.sample_ppm = options->trace_ppm;
    char tap_dir[PATH_MAX];
    snprintf(tap_dir, sizeof tap_dir, "%s/tap", options->log_dir ? options->log_dir : "/tmp");
    own_limits.tap_dir = tap_dir;
    own_limits.acl = self->acl;
    self->broker = broker_new(&own_limits, &io);
    broker_set_time(self->broker, act_time_mono_us());
    self->dead_letters = dead_letters_new(self->broker, self->log);
    self->departures = departures_new(self->broker, self->log, options->cell);
    self->paths = (child_paths_t){
        .loop = self->loop,
        .bin_dir = options->bin_dir,
        .log_dir = options->child_log_dir,
        .endpoint = options->bus,
        .listener = options->listener,
    };
    supervisor_opts_t opts = {
        .log_dir = options->child_log_dir,
        .adopt_ms = options->is_restart ? ADOPT_MS : 0,
    };
    child_host_t host = child_processes(&self->paths);
    self->supervisor = supervisor_new(self->loop, self->broker, self->log, children, &host, &opts);
    self->views = (views_t){
        .broker = self->broker,
        .offers = tool_offers_new(),
        .supervisor = self->supervisor,
        .dead_letters = self->dead_letters,
        .started_ms = broker_now_ms(self->broker),
        .log = self->log,
        .log_dir = options->child_log_dir,
        .shutdown = shut_down,
        .context = self,
    };
    open_tools(self, options);
    watch_signals(self);
    self->tick = act_timer_new(self->loop, on_tick, self);
    act_timer_start(self->tick, TICK_MS, TICK_MS);
    router_start(self->router, self->broker);
}

static void decompose(process_self_t *self)
{
    act_timer_destroy(&self->tick);
    tool_folder_destroy(&self->tools);
    tool_offers_destroy(&self->views.offers);
    for (size_t i = 0; i < ACT_COUNT(self->signals); i++)
        uv_close((uv_handle_t *)&self->signals[i], NULL);
    supervisor_destroy(&self->supervisor);
    broker_destroy(&self->broker);
    dead_letters_destroy(&self->dead_letters);
    departures_destroy(&self->departures);
    acl_destroy(&self->acl);
    router_destroy(&self->router);
    act_loop_destroy(&self->loop);
    act_log_destroy(&self->log);
}

// Opens the bus to TCP, if it is to be.
static act_err_t listen_to_tcp(router_t *router, const options_t *options, act_buf_t *error)
{
    if (!options->listen)
        return ACT_E_OK;
    if (!options->keys) {
        act_buf_printf(error, "PARLEY_BUS_LISTEN needs --keys (example: --keys var/keys/bus)");
        return ACT_E_CONFIG;
    }
    char path[PATH_MAX], allowed[PATH_MAX];
    snprintf(path, sizeof path, "%s/broker.key", options->keys);
    snprintf(allowed, sizeof allowed, "%s/allowed", options->keys);
    act_bus_pair_t own;
    act_err_t err = act_bus_key_check_folder(options->keys, error);
    if (err == ACT_E_OK)
        err = act_bus_key_load_pair(path, &own, error);
    if (err == ACT_E_OK)
        err = router_listen(router, options->listen, &own, allowed, error);
    explicit_bzero(&own, sizeof own);
    return err;
}

static int fail(act_buf_t *error, int code)
{
    fprintf(stderr, "broker: %.*s\n", (int)error->len_bytes, error->ptr);
    act_buf_fini(error);
    return code;
}

int main(int argc, char **argv)
{
    options_t options;
    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    act_buf_t error;
    act_buf_init(&error, 4096);
    ACT_AUTO(children) *children = NULL;
    ACT_AUTO(acl) *acl = acl_new();
    if ((options.children && children_load(options.children, &children, &error) != ACT_E_OK) ||
        (options.acl && acl_add_file(acl, options.acl, &error) != ACT_E_OK))
        return fail(&error, EXIT_CONFIG);
    process_self_t self = {.loop = act_loop_new(),
                           .acl = act_take(&acl),
                           .log = act_log_new(options.log_dir, "broker", "broker", ACT_LOG_INFO)};
    act_err_t err = router_new(self.loop, options.bus, &self.router);
    if (err != ACT_E_OK)
        act_buf_printf(&error, "cannot bind %s: %s", options.bus, strerror(errno));
    else
        err = listen_to_tcp(self.router, &options, &error);
    if (err != ACT_E_OK) {
        router_destroy(&self.router);
        act_loop_destroy(&self.loop);
        act_log_destroy(&self.log);
        acl_destroy(&self.acl);
        return fail(&error, err == ACT_E_CONFIG ? EXIT_CONFIG : EXIT_CANNOT_BIND);
    }
    act_buf_fini(&error);
    static const children_t none = {0};
    compose(&self, &options, children ? children : &none);
    act_loop_run(self.loop);
    decompose(&self);
    return 0;
}
