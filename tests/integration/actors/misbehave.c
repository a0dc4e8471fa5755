// misbehave: an actor for tests of supervision: its methods hang, crash, leave, or eat memory. Called
// with `call DATA SERVICE METHOD [KEY]` it is a client instead: it makes one call without arguments, in
// the lane of the key if there is one, to an instance of Parley and prints the reply as JSON, or the error.
#include "actor/actor.h"
#include "base/mem.h"
#include "base/model_json.h"
#include "client.h"
#include "proto/broker_service.h"
#include "proto/common.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EATEN_BYTES (64u << 20)
#define MOOD_BYTES 16
#define POISON_MS 300
#define KEYED_BUDGET_MS 30000

typedef struct {
    act_actor_t *actor;
} misbehave_t;

static void done(act_call_t *call)
{
    act_buf_t out;
    act_buf_init(&out, 64);
    empty_pack(&(empty_t){0}, &out);
    act_call_reply(&call, &out);
    act_buf_fini(&out);
}

// --- methods -----------------------------------------------------------------------------------------

// Not inlined: its name is what a stack must show.
__attribute__((noinline)) static void spin_for_ever(volatile unsigned *turns)
{
    for (;;)
        ++*turns;
}

static void on_hang(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)self, (void)call, (void)body;
    volatile unsigned turns = 0;
    spin_for_ever(&turns);
}

static void on_touch(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)self, (void)call, (void)body;
    volatile uintptr_t address = 16;
    *(volatile int *)address = 1;
}

static void on_abort(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)self, (void)call, (void)body;
    abort();
}

static void on_leave(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)self, (void)call, (void)body;
    exit(3);
}

static void on_eat(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)self, (void)call, (void)body;
    for (;;)
        memset(act_alloc(EATEN_BYTES), 1, EATEN_BYTES);
}

static void on_die(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)self, (void)call, (void)body;
    kill(getpid(), SIGKILL);
}

static void on_fine(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)body;
    misbehave_t *own = self;
    act_log_info(act_actor_log(own->actor), "fine", "pid=%d", (int)getpid());
    done(call);
}

// Empty: there is no such file.
static void read_mood(act_actor_t *actor, char *ret_mood)
{
    ret_mood[0] = '\0';
    FILE *file = fopen(act_config_text(act_actor_config(actor), "mood"), "r");
    if (!file)
        return;
    if (!fgets(ret_mood, MOOD_BYTES, file))
        ret_mood[0] = '\0';
    fclose(file);
}

static void crash_now(void *context)
{
    (void)context;
    abort();
}

// Crashes whoever takes it after a while, until the mood is better.
static void on_poison(const void *server, void *self, act_call_t *call, act_str_t body)
{
    (void)server, (void)body;
    misbehave_t *own = self;
    char mood[MOOD_BYTES];
    read_mood(own->actor, mood);
    if (strncmp(mood, "poison", 6) == 0)
        act_timer_start(act_timer_new(act_actor_loop(own->actor), crash_now, NULL), POISON_MS, 0);
    else
        done(call);
}

static const act_method_t methods[] = {
    {.name = "hang", .dispatch = on_hang, .request = &empty_model, .reply = &empty_model},
    {.name = "touch", .dispatch = on_touch, .request = &empty_model, .reply = &empty_model},
    {.name = "abort", .dispatch = on_abort, .request = &empty_model, .reply = &empty_model},
    {.name = "leave", .dispatch = on_leave, .request = &empty_model, .reply = &empty_model},
    {.name = "eat", .dispatch = on_eat, .request = &empty_model, .reply = &empty_model},
    {.name = "die", .dispatch = on_die, .request = &empty_model, .reply = &empty_model},
    {.name = "poll",
     .flags = ACT_FLAG_POLL,
     .dispatch = on_die,
     .request = &empty_model,
     .reply = &empty_model},
    {.name = "poison",
     .flags = ACT_FLAG_RETRY_SAFE | ACT_FLAG_ORDERED,
     .dispatch = on_poison,
     .request = &empty_model,
     .reply = &empty_model},
    {.name = "next_in_lane",
     .flags = ACT_FLAG_RETRY_SAFE | ACT_FLAG_ORDERED,
     .dispatch = on_fine,
     .request = &empty_model,
     .reply = &empty_model},
    {.name = "fine",
     .flags = ACT_FLAG_RETRY_SAFE,
     .dispatch = on_fine,
     .request = &empty_model,
     .reply = &empty_model},
};

static const act_service_t misbehave_service = {
    .name = "misbehave", .methods = methods, .methods_count = ACT_COUNT(methods)};

// --- the actor -----------------------------------------------------------------------------------------

static const act_config_row_t settings[] = {
    {"mood", "MISBEHAVE_MOOD", ACT_CONFIG_TEXT, "good", 0, 0, "bad",
     "a file; while it says \"crash\" the actor exits at its start, while \"refuse\" with 78; while "
     "\"poison\" the method of that name kills it",
     false},
    {0},
};

static act_err_t open_misbehave(void *context, act_actor_t *actor)
{
    misbehave_t *self = context;
    self->actor = actor;
    char mood[MOOD_BYTES];
    read_mood(actor, mood);
    if (strncmp(mood, "crash", 5) == 0)
        exit(4);
    if (strncmp(mood, "refuse", 6) == 0)
        act_actor_fail(actor, "refused by its mood");
    return ACT_E_OK;
}

// --- the client ------------------------------------------------------------------------------------------

typedef struct {
    bool is_done;
    act_err_t err;
} keyed_t;

static void on_keyed(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena, (void)fn;
    keyed_t *keyed = context;
    *keyed = (keyed_t){true, reply->err};
}

// In the lane of a key; the reply is empty.
static act_err_t call_keyed(client_t *client, const act_method_t *method, const char *key)
{
    keyed_t keyed = {.err = ACT_E_DEADLINE};
    act_buf_t body;
    act_buf_init(&body, 64);
    empty_pack(&(empty_t){0}, &body);
    act_call_opts_t opts = {.key = act_str(key), .budget_ms = KEYED_BUDGET_MS};
    act_actor_call(client_actor(client), "misbehave", method, &opts, &body, on_keyed, NULL, &keyed);
    act_buf_fini(&body);
    client_wait(client, &keyed.is_done, KEYED_BUDGET_MS + 1000);
    return keyed.err;
}

static int make_call(const char *data, const char *service_name, const char *method_name,
                     const char *key)
{
    const act_service_t *service =
        strcmp(service_name, "bus") == 0 ? &bus_service : &misbehave_service;
    uint32_t method = 0;
    while (method < service->methods_count &&
           strcmp(service->methods[method].name, method_name) != 0)
        method++;
    instance_t instance;
    if (method == service->methods_count || instance_locate(data, &instance) != ACT_E_OK)
        return 64;
    client_t *client = client_open(&instance, 5000);
    if (!client)
        return 69;
    static unsigned char request[4096], reply[4096]; // zeros: all fields empty
    act_err_t err = *key ? call_keyed(client, &service->methods[method], key)
                         : client_call(client, service, method, "", request, reply,
                                       /* is_loud= */ false);
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    if (err == ACT_E_OK)
        act_model_to_json(service->methods[method].reply, reply, &out);
    else
        act_buf_printf(&out, "{\"err\":\"%s\"}", act_err_text(err));
    printf("%.*s\n", (int)out.len_bytes, out.ptr);
    act_buf_fini(&out);
    client_close(&client);
    return 0;
}

int main(int argc, char **argv)
{
    if ((argc == 5 || argc == 6) && strcmp(argv[1], "call") == 0)
        return make_call(argv[2], argv[3], argv[4], argc == 6 ? argv[5] : "");
    return act_main(argc, argv,
                    &(act_spec_t){
                        .name = "misbehave",
                        .service = &misbehave_service,
                        .server = "", // its methods need none
                        .config = settings,
                        .self_size_bytes = sizeof(misbehave_t),
                        .open = open_misbehave,
                    });
}
