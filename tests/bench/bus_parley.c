// bus_parley: a round of the bus bench through a broker process as it runs in production (ledger,
// rights, credit, edges, tracing at 1 %), client and worker with the actors' own runtime.
//
//   bus_parley --target build/services/parley-broker [--window N] [--seconds S] [--warmup S]

#include "actor/actor.h"
#include "base/mem.h"
#include "broker_rig.h"
#include "bus_round.h"
#include "proto/translation_service.h"

#include <stdio.h>
#include <string.h>

#define READY_TRIES_COUNT 200
#define READY_WAIT_MS 20

typedef struct client client_t;

typedef struct {
    client_t *client;
    uint32_t place;
} request_t;

struct client {
    bus_options_t options;
    act_loop_t *loop;
    act_actor_t *actor;
    act_buf_t body;
    bus_round_t *round; // NULL: the worker has not answered yet
    act_timer_t *again;
    uint32_t tries_count;
    uint32_t open_count;
    request_t requests[BUS_WINDOW_MAX_COUNT];
};

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context);

static void send_request(request_t *request)
{
    client_t *self = request->client;
    act_call_opts_t opts = {.budget_ms = 10000};
    self->open_count++;
    act_actor_call(self->actor, "translation", &translation_service.methods[TRANSLATION_DETECT],
                   &opts, &self->body, on_answer, NULL, request);
}

static void begin(client_t *self)
{
    self->round = bus_round_new(&self->options);
    for (uint32_t i = 0; i < self->options.window_count; i++) {
        self->requests[i] = (request_t){self, i};
        send_request(&self->requests[i]);
    }
}

static void try_again(void *context)
{
    client_t *self = context;
    send_request(&self->requests[0]);
}

// The first answer begins the round; until then the worker may not be there.
static void on_first_answer(client_t *self, act_err_t err)
{
    if (err == ACT_E_OK)
        begin(self);
    else if (++self->tries_count < READY_TRIES_COUNT)
        act_timer_start(self->again, READY_WAIT_MS, 0);
    else
        act_loop_stop(self->loop);
}

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    request_t *request = context;
    client_t *self = request->client;
    self->open_count--;
    if (!self->round) {
        on_first_answer(self, reply->err);
        return;
    }
    if (reply->err != ACT_E_OK)
        bus_round_error(self->round);
    if (bus_round_answer(self->round, request->place))
        send_request(request);
    else if (self->open_count == 0)
        act_loop_stop(self->loop);
}

// A request of exactly as many bytes.
static void pack_body(act_buf_t *out)
{
    char text[BUS_BODY_BYTES];
    memset(text, 'x', sizeof text);
    detect_request_t request = {.text = act_str_of(text, sizeof text)};
    act_buf_init(out, 65536);
    detect_request_pack(&request, out);
    request.text.len_bytes -= out->len_bytes - BUS_BODY_BYTES;
    act_buf_reset(out);
    detect_request_pack(&request, out);
}

static int measure(const bus_options_t *options, const char *endpoint)
{
    static const act_spec_t spec = {.name = "session"};
    client_t *self = act_alloc(sizeof *self);
    self->options = *options;
    self->loop = act_loop_new();
    self->again = act_timer_new(self->loop, try_again, self);
    self->requests[0] = (request_t){self, 0};
    pack_body(&self->body);
    self->actor = act_actor_new(self->loop, &spec, endpoint, "session-bench", NULL);
    try_again(self);
    act_loop_run(self->loop);
    int code = self->round ? bus_round_print(self->round) : 1;
    if (!self->round)
        fputs("bus_parley: the worker never answered\n", stderr);
    act_timer_destroy(&self->again);
    act_actor_destroy(&self->actor);
    act_loop_destroy(&self->loop);
    bus_round_destroy(&self->round);
    act_buf_fini(&self->body);
    act_free(self);
    return code;
}

int main(int argc, char **argv)
{
    if (broker_rig_is_worker(argv))
        return broker_rig_work(argc, argv);
    bus_options_t options;
    if (!bus_options_read(argc, argv, &options))
        return 64;
    broker_rig_t rig;
    if (!broker_rig_start(&rig, options.target)) {
        perror("bus_parley");
        return 73;
    }
    int code = measure(&options, rig.endpoint);
    broker_rig_stop(&rig);
    return code;
}
