// up: checks the settings, starts PostgreSQL and the launcher, seeds the first tenant, says where.
#include "base/mem.h"
#include "base/time.h"
#include "admin_token.h"
#include "client.h"
#include "command.h"
#include "io/http_server.h"
#include "keys.h"
#include "launcher.h"
#include "options.h"
#include "postgres.h"
#include "proto/broker_service.h"
#include "seed.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECT_MS 20000
#define READY_MS 60000
#define CELL_MAX_BYTES 32
#define CELL_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

typedef struct {
    const char *data;
    const char *port;
    const char *admin_port;
    const char *cell;
    const char *join;
    bool is_detached;
} up_options_t;

typedef struct {
    up_options_t options;
    instance_t instance;
    instance_t joined; // whose database and key are used, with --join
    bool has_own_postgres;
    act_config_t *settings;
    int listener;
    uint16_t port;
    pid_t launcher;
    client_t *client;
    char admin_token[ADMIN_TOKEN_BYTES];
    bool is_admin_token_new;
} up_t;

static int fail(int code, const char *format, ...) ACT_PRINTF(2, 3);
static int fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("parley up: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

static int fail_buf(int code, act_buf_t *error)
{
    act_buf_add_char(error, '\0');
    int result = fail(code, "%s", error->ptr);
    act_buf_fini(error);
    return result;
}

// --- what must be there before anything is started -------------------------------------------------

static bool parse_port(const char *text, uint16_t *ret_port)
{
    int64_t number = 0;
    if (!act_str_to_int(act_str(text), &number) || number < 0 || number > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)number;
    return true;
}

// The admin actor opens its port itself; a port that is taken is better said now than by its log.
static int probe_admin_port(uint16_t port)
{
    int probe = -1;
    if (act_listen("127.0.0.1", port, &probe, &port) != ACT_E_OK)
        return fail(EXIT_UNAVAILABLE,
                    "--admin-port %u cannot be opened: %s (example: --admin-port %u)", port,
                    strerror(errno), port < UINT16_MAX - 10 ? port + 10u : 8081u);
    close(probe);
    return 0;
}

static int open_listener(up_t *self)
{
    uint16_t wanted = 0, admin = 0;
    if (!parse_port(self->options.port, &wanted))
        return fail(EXIT_USAGE, "--port must be 0 to 65535 (example: --port 8080)");
    if (!parse_port(self->options.admin_port, &admin))
        return fail(EXIT_USAGE, "--admin-port must be 0 to 65535 (example: --admin-port 8081)");
    if (act_listen("0.0.0.0", wanted, &self->listener, &self->port) != ACT_E_OK)
        return fail(EXIT_UNAVAILABLE, "--port %u cannot be opened: %s (example: --port %u)", wanted,
                    strerror(errno), wanted < UINT16_MAX - 10 ? wanted + 10u : 8080u);
    return probe_admin_port(admin);
}

static int use_key(const char *path, char *ret_path)
{
    if (access(path, R_OK) != 0)
        return fail(EXIT_UNAVAILABLE, "cannot read the master key %s: %s", path, strerror(errno));
    snprintf(ret_path, PATH_MAX, "%s", path);
    return 0;
}

// The key opens what is in the database: cells on one database have the same.
static int make_key(up_t *self, char *ret_path)
{
    const char *shared = getenv("PARLEY_MASTER_KEY_FILE");
    if (shared && *shared && !self->options.join)
        return use_key(shared, ret_path);
    if (self->options.join) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%.*s/master.key", PATH_MAX - 16, self->joined.keys);
        return use_key(path, ret_path);
    }
    if (seed_master_key(&self->instance, ret_path) != ACT_E_OK)
        return fail(EXIT_UNAVAILABLE, "cannot write %s: %s", ret_path, strerror(errno));
    return 0;
}

// Without X_ADMIN_TOKEN the token is in a file that is made once.
static int make_admin_token(up_t *self)
{
    char path[PATH_MAX];
    if (*act_config_text(self->settings, "x_admin_token") != '\0')
        return 0;
    if (admin_token_make(&self->instance, path, self->admin_token, &self->is_admin_token_new) !=
        ACT_E_OK)
        return fail(EXIT_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
    setenv("PARLEY_ADMIN_TOKEN_FILE", path, /* overwrite= */ 1);
    return 0;
}

static int prepare_database(up_t *self)
{
    const char *url = act_config_text(self->settings, "database_url");
    char own_url[POSTGRES_URL_BYTES];
    if (self->options.join) {
        if (!postgres_is_running(&self->joined))
            return fail(EXIT_UNAVAILABLE,
                        "--join %s: no PostgreSQL runs there (parley up --data "
                        "%s first, or set DATABASE_URL instead)",
                        self->options.join, self->options.join);
        postgres_url(&self->joined, own_url);
        url = own_url;
    } else if (*url == '\0') {
        self->has_own_postgres = true;
        act_buf_t error;
        act_buf_init(&error, 8192);
        if (postgres_start(&self->instance, own_url, &error) != ACT_E_OK)
            return fail_buf(EXIT_UNAVAILABLE, &error);
        act_buf_fini(&error);
        url = own_url;
    }
    setenv("DATABASE_URL", url, /* overwrite= */ 1);
    return 0;
}

// For actors in containers; the broker opens a port only when PARLEY_BUS_LISTEN says so.
static int make_bus_keys(up_t *self)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    if (keys_init(&self->instance, &error) != ACT_E_OK)
        return fail_buf(EXIT_SETTING, &error);
    act_buf_fini(&error);
    return 0;
}

static int prepare(up_t *self)
{
    char key[PATH_MAX];
    if (instance_create(&self->instance) != ACT_E_OK)
        return fail(EXIT_UNAVAILABLE, "cannot make %s: %s", self->instance.data, strerror(errno));
    if (instance_lock(&self->instance) != ACT_E_OK) {
        printf("Parley is already running on %s (pid %d, port %ld).\n", self->instance.data,
               (int)instance_running(&self->instance),
               instance_read_number(&self->instance, "http.port"));
        return -1;
    }
    int code = open_listener(self);
    if (code == 0)
        code = make_key(self, key);
    if (code == 0)
        code = make_admin_token(self);
    if (code == 0)
        code = make_bus_keys(self);
    if (code == 0) {
        setenv("PARLEY_MASTER_KEY_FILE", key, /* overwrite= */ 1);
        setenv("PARLEY_MCP_DIR", self->instance.data, /* overwrite= */ 0);
        setenv("PARLEY_ADMIN_PORT", self->options.admin_port, /* overwrite= */ 1);
        code = prepare_database(self);
    }
    return code;
}

// --- the launcher --------------------------------------------------------------------------------

static void detach(const up_t *self)
{
    char output[PATH_MAX];
    snprintf(output, sizeof output, "%.*s/launcher.out", PATH_MAX - 16, self->instance.log);
    setsid();
    int descriptor = open(output, O_WRONLY | O_CREAT | O_APPEND, 0640);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(descriptor, STDOUT_FILENO);
    dup2(descriptor, STDERR_FILENO);
    close(descriptor);
    close(null);
}

_Noreturn static void be_launcher(up_t *self)
{
    if (self->options.is_detached)
        detach(self);
    launcher_options_t options = {
        .instance = &self->instance,
        .listener = self->listener,
        .has_own_postgres = self->has_own_postgres,
    };
    int code = launcher_run(&options);
    if (self->has_own_postgres)
        postgres_stop(&self->instance);
    instance_clean(&self->instance);
    _exit(code);
}

static int start_launcher(up_t *self)
{
    fflush(NULL);
    self->launcher = fork();
    if (self->launcher < 0)
        return fail(EXIT_UNAVAILABLE, "cannot fork: %s", strerror(errno));
    if (self->launcher == 0)
        be_launcher(self);
    instance_write_number(&self->instance, "launcher.pid", (long)self->launcher);
    instance_write_number(&self->instance, "http.port", self->port);
    close(self->listener);
    return 0;
}

// --- the first tenant ----------------------------------------------------------------------------

// The first instance that does not run yet, or NULL.
static const instance_view_t *find_unready(const status_reply_t *status)
{
    for (uint32_t i = 0; i < status->instances.count; i++) {
        const instance_view_t *row = &status->instances.items[i];
        if (act_str_starts_with(row->service, "tool."))
            continue; // a tool that does not start is no reason not to
        if (!act_str_is(row->state, "ready") && !act_str_is(row->state, "client") &&
            !act_str_is(row->state, "remote"))
            return row;
    }
    return NULL;
}

// Waits until every child of the broker is ready; says which one is not.
static bool wait_until_ready(up_t *self)
{
    int64_t until_ms = act_time_mono_ms() + READY_MS;
    while (act_time_mono_ms() < until_ms) {
        status_reply_t status;
        empty_t empty = {0};
        if (client_call(self->client, &bus_service, BUS_STATUS, "", &empty, &status,
                        /* is_loud= */ false) != ACT_E_OK)
            return false;
        const instance_view_t *unready = find_unready(&status);
        if (!unready)
            return true;
        if (act_str_is(unready->state, "parked")) {
            fail(EXIT_UNAVAILABLE, "%.*s does not start: see %s/%.*s.out",
                 ACT_STR_ARG(unready->instance), self->instance.log,
                 ACT_STR_ARG(unready->instance));
            return false;
        }
        bool never = false;
        client_wait(self->client, &never, 30);
    }
    return false;
}

static int make_ready(up_t *self)
{
    self->client = client_open(&self->instance, CONNECT_MS);
    if (!self->client)
        return fail(EXIT_UNAVAILABLE, "the broker does not answer: see %s", self->instance.log);
    if (seed_first_tenant(self->client, self->settings) != ACT_E_OK)
        return fail(EXIT_UNAVAILABLE, "the first tenant could not be set up: see %s",
                    self->instance.log);
    if (!wait_until_ready(self))
        return fail(EXIT_UNAVAILABLE, "not every actor became ready: see `parley status` and %s",
                    self->instance.log);
    client_close(&self->client);
    return 0;
}

static void print_addresses(const up_t *self)
{
    printf("Parley is running.\n\n"
           "  webhook   http://localhost:%u/webhook/whatsapp\n"
           "  health    http://localhost:%u/readyz\n"
           "  console   http://localhost:%s/\n"
           "  data      %s\n\n",
           self->port, self->port, self->options.admin_port, self->instance.data);
    if (self->is_admin_token_new)
        printf("Token of the console, shown this once (kept in %s/admin.token):\n\n  %s\n\n",
               self->instance.keys, self->admin_token);
    if (!settings_has_whatsapp(self->settings))
        printf(
            "WhatsApp is not connected yet: set VERIFY_TOKEN, WH_TOKEN, WH_PHONE_ID and WH_APP_SECRET "
            "in .env (see .env.example).\n");
    printf("Try it: ./parley chat%s%s\n", self->options.data ? " --data " : "",
           self->options.data ? self->options.data : "");
    fflush(stdout);
}

// --- the foreground ------------------------------------------------------------------------------

// In a terminal Ctrl-C reaches the launcher too; a signal sent to this process alone is passed on.
static int wait_for_launcher(const up_t *self)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    for (;;) {
        int status = 0;
        if (waitpid(self->launcher, &status, WNOHANG) == self->launcher)
            return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_UNAVAILABLE;
        int number = 0;
        sigwait(&signals, &number);
        if (number != SIGCHLD)
            kill(self->launcher, SIGTERM);
    }
}

static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

static int run(up_t *self)
{
    int code = prepare(self);
    if (code == 0)
        code = start_launcher(self);
    if (code != 0)
        return code < 0 ? 0 : code;
    if (!self->options.is_detached)
        block_signals();
    code = make_ready(self);
    client_close(&self->client);
    if (code != 0) {
        kill(self->launcher, SIGTERM);
        waitpid(self->launcher, NULL, 0);
        return code;
    }
    print_addresses(self);
    return self->options.is_detached ? 0 : wait_for_launcher(self);
}

// The broker and its actors read it from the environment.
static int choose_cell(up_t *self)
{
    const char *given = getenv("PARLEY_CELL");
    const char *cell = self->options.cell ? self->options.cell : given && *given ? given : NULL;
    if (self->options.join && instance_locate(self->options.join, &self->joined) != ACT_E_OK)
        return fail(EXIT_USAGE, "--join is too long (example: --join var)");
    if (self->options.join && !cell)
        return fail(EXIT_USAGE, "--join needs a name for this cell (example: --cell north)");
    if (!cell)
        return 0;
    size_t len = strlen(cell);
    if (len == 0 || len > CELL_MAX_BYTES || strspn(cell, CELL_CHARACTERS) != len)
        return fail(EXIT_USAGE, "--cell has 1 to %d of a-z, 0-9 and - (example: --cell north)",
                    CELL_MAX_BYTES);
    setenv("PARLEY_CELL", cell, /* overwrite= */ 1);
    return 0;
}

int command_up(int argc, char **argv)
{
    up_t self = {.listener = -1, .options = {.port = "8080", .admin_port = "8081"}};
    const option_t table[] = {
        {"port", &self.options.port, NULL, "public port for webhooks (default 8080)"},
        {"admin-port", &self.options.admin_port, NULL,
         "port of console and metrics (default 8081)"},
        {"cell", &self.options.cell, NULL,
         "name of this cell; each on a database has its own (default main)"},
        {"join", &self.options.join, NULL,
         "use database and master key of the instance in this data folder, as one more cell"},
        {"detach", NULL, &self.options.is_detached, "return when everything is ready"},
        {0},
    };
    int code = 0;
    unsetenv("PARLEY_BUS"); // this instance has its own
    if (!options_parse(argc, argv, table, "start everything", &self.options.data, &code))
        return code;
    if (instance_locate(self.options.data, &self.instance) != ACT_E_OK)
        return fail(EXIT_USAGE, "--data is too long (example: --data var)");
    code = choose_cell(&self);
    if (code != 0)
        return code;
    act_buf_t error;
    act_buf_init(&error, 4096);
    if (settings_load(self.instance.source, &self.settings, &error) != ACT_E_OK)
        return fail_buf(EXIT_SETTING, &error);
    act_buf_fini(&error);
    code = run(&self);
    act_config_destroy(&self.settings);
    return code;
}
