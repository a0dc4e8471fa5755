// client: waiting for answers.
#include "client.h"

#include "actor/bus.h"
#include "base/mem.h"
#include "base/time.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_BUDGET_MS 15000

struct client {
    act_loop_t *loop;
    act_actor_t *actor;
    act_arena_t *arena;
    act_timer_t *pulse; // so that waiting looks at the clock
};

static const act_spec_t client_spec = {.name = "cli"};

static void on_pulse(void *context)
{
    (void)context;
}

static bool wait_for_welcome(client_t *self, int64_t wait_ms)
{
    int64_t until_ms = act_time_mono_ms() + wait_ms;
    while (!act_actor_is_connected(self->actor) && act_time_mono_ms() < until_ms)
        act_loop_turn(self->loop);
    return act_actor_is_connected(self->actor);
}

// Another machine's bus, when the environment names one.
static act_bus_address_t address_of(const instance_t *instance, act_bus_keys_t *keys)
{
    const char *bus = getenv("PARLEY_BUS");
    act_bus_address_t address = {.endpoint = bus && *bus ? bus : instance->endpoint};
    if (!act_bus_key_is_needed(address.endpoint))
        return address;
    act_buf_t error;
    act_buf_init(&error, 4096);
    if (act_bus_key_load(getenv("PARLEY_BUS_SERVER_KEY"), getenv("PARLEY_BUS_KEY_FILE"), keys,
                         &error) != ACT_E_OK) {
        fprintf(stderr, "parley: %.*s\n", (int)error.len_bytes, error.ptr);
        exit(EXIT_SETTING);
    }
    act_buf_fini(&error);
    address.keys = keys;
    return address;
}

client_t *client_open(const instance_t *instance, int64_t wait_ms)
{
    client_t *self = act_alloc(sizeof *self);
    char name[ACT_HEADER_NAME_MAX_BYTES];
    char host[32] = "";
    (void)gethostname(host, sizeof host - 1); // two containers may have the same pid
    snprintf(name, sizeof name, "cli-%s-%d", host, (int)getpid());
    self->arena = act_arena_new();
    self->loop = act_loop_new();
    self->pulse = act_timer_new(self->loop, on_pulse, self);
    act_timer_start(self->pulse, 20, 20);
    act_bus_keys_t keys;
    act_bus_address_t address = address_of(instance, &keys);
    self->actor = act_actor_new_at(self->loop, &client_spec, &address, name, NULL);
    explicit_bzero(&keys, sizeof keys);
    if (wait_for_welcome(self, wait_ms))
        return self;
    client_close(&self);
    return NULL;
}

client_t *client_open_loud(const instance_t *instance, const char *command)
{
    client_t *self = client_open(instance, 3000);
    if (!self)
        fprintf(stderr, "parley %s: nothing is running on %s (start it: ./parley up)\n", command,
                instance->data);
    return self;
}

int client_reach(const char *data, const char *command, client_t **ret_client)
{
    instance_t instance;
    if (instance_locate(data, &instance) != ACT_E_OK)
        return EXIT_USAGE;
    *ret_client = client_open_loud(&instance, command);
    return *ret_client ? 0 : EXIT_UNAVAILABLE;
}

void client_close(client_t **self_p)
{
    client_t *self = *self_p;
    if (!self)
        return;
    act_timer_destroy(&self->pulse);
    act_actor_destroy(&self->actor);
    act_loop_destroy(&self->loop);
    act_arena_destroy(&self->arena);
    act_free(act_take(self_p));
}

act_actor_t *client_actor(client_t *self)
{
    return self->actor;
}

act_arena_t *client_arena(client_t *self)
{
    return self->arena;
}

bool client_wait(client_t *self, const bool *is_done, int64_t wait_ms)
{
    int64_t until_ms = act_time_mono_ms() + wait_ms;
    while (!*is_done && act_time_mono_ms() < until_ms)
        act_loop_turn(self->loop);
    return *is_done;
}

typedef struct {
    client_t *client;
    const act_method_t *method;
    void *reply;
    act_err_t err;
    act_str_t text;
    bool is_done;
} waiting_t;

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    waiting_t *waiting = context;
    act_arena_t *own = waiting->client->arena;
    waiting->is_done = true;
    waiting->err = reply->err;
    waiting->text = act_arena_str(own, reply->text);
    if (reply->err == ACT_E_OK)
        waiting->err = act_model_unpack(waiting->method->reply, act_arena_str(own, reply->body),
                                        own, waiting->reply, NULL);
}

act_err_t client_call(client_t *self, const act_service_t *service, uint32_t method,
                      const char *tenant, const void *request, void *ret_reply, bool is_loud)
{
    const act_method_t *row = &service->methods[method];
    waiting_t waiting = {.client = self, .method = row, .reply = ret_reply};
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(row->request, request, &body);
    act_call_opts_t opts = {.tenant = act_str(tenant), .budget_ms = CALL_BUDGET_MS};
    act_actor_call(self->actor, service->name, row, &opts, &body, on_reply, NULL, &waiting);
    act_buf_fini(&body);
    client_wait(self, &waiting.is_done, CALL_BUDGET_MS + 1000);
    if (waiting.err != ACT_E_OK && is_loud)
        fprintf(stderr, "parley: %s.%s failed: %s %s (%" ACT_STR_FMT ")\n", service->name,
                row->name, act_err_code(waiting.err), act_err_text(waiting.err),
                ACT_STR_ARG(waiting.text));
    return waiting.err;
}
