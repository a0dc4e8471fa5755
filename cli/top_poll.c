// top_poll: one call at a time for each of look, log and command; answers come while the keys are read.
#include "top_private.h"

#include "base/mem.h"
#include "base/time.h"
#include "proto/broker_service.h"

#define POLL_MS 1000
#define CALL_BUDGET_MS 3000
#define COMMAND_BUDGET_MS 15000

static void say_failure(top_t *self, const char *what, const act_reply_t *reply)
{
    top_say(self, /* is_bad= */ true, "%s: %s %s%s%.*s", what, act_err_code(reply->err),
            act_err_text(reply->err), reply->text.len_bytes ? ": " : "", ACT_STR_ARG(reply->text));
}

static uint32_t next_of(const top_t *self)
{
    return (self->newest + 1) % ACT_COUNT(self->looks);
}

// --- looks ---------------------------------------------------------------------------------------

static void on_services(void *context, const act_reply_t *reply, const services_reply_t *body)
{
    (void)body;
    top_t *self = context;
    uint32_t next = next_of(self);
    self->is_asking = false;
    act_str_t kept = act_arena_str(self->arenas[next], reply->body);
    if (reply->err != ACT_E_OK ||
        services_reply_unpack(kept, self->arenas[next], &self->looks[next].services, NULL) !=
            ACT_E_OK)
        say_failure(self, "the services are not known", reply); // the instances are
    self->looks[next].at_ms = act_time_mono_ms();
    self->newest = next;
}

static void on_status(void *context, const act_reply_t *reply, const status_reply_t *body)
{
    (void)body;
    top_t *self = context;
    uint32_t next = next_of(self);
    act_arena_reset(self->arenas[next]);
    self->looks[next] = (top_look_t){0};
    act_str_t kept = act_arena_str(self->arenas[next], reply->body);
    if (reply->err != ACT_E_OK ||
        status_reply_unpack(kept, self->arenas[next], &self->looks[next].status, NULL) !=
            ACT_E_OK) {
        self->is_asking = false;
        say_failure(self, "the broker does not answer", reply);
        return;
    }
    act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
    bus_services(client_actor(self->client), &opts, &(empty_t){0}, on_services, self);
}

// --- logs ----------------------------------------------------------------------------------------

static void on_logs(void *context, const act_reply_t *reply, const logs_reply_t *body)
{
    (void)body;
    top_t *self = context;
    self->is_asking_log = false;
    act_arena_reset(self->log_arena);
    self->log = (logs_reply_t){0};
    act_str_t kept = act_arena_str(self->log_arena, reply->body);
    if (reply->err != ACT_E_OK ||
        logs_reply_unpack(kept, self->log_arena, &self->log, NULL) != ACT_E_OK)
        say_failure(self, "no log", reply);
}

static void ask_log(top_t *self)
{
    logs_request_t request = {
        .service = act_str(self->log_service),
        .instance = act_str(self->log_instance),
        .max_lines = TOP_LOG_LINES_MAX,
    };
    act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
    self->is_asking_log = true;
    bus_logs(client_actor(self->client), &opts, &request, on_logs, self);
}

void top_poll(top_t *self)
{
    int64_t now_ms = act_time_mono_ms();
    if (self->asked_ms && now_ms - self->asked_ms < POLL_MS)
        return;
    self->asked_ms = now_ms;
    if (!self->is_asking) {
        act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
        self->is_asking = true;
        bus_status(client_actor(self->client), &opts, &(empty_t){0}, on_status, self);
    }
    if (self->view == TOP_VIEW_LOG && !self->is_asking_log)
        ask_log(self);
}

// --- commands ------------------------------------------------------------------------------------

static void on_done(void *context, const act_reply_t *reply, const empty_t *body)
{
    (void)body;
    top_t *self = context;
    self->asked_ms = 0; // look at once
    if (reply->err == ACT_E_OK)
        top_say(self, /* is_bad= */ false, "done");
    else
        say_failure(self, "refused", reply);
}

void top_run_command(top_t *self)
{
    act_actor_t *actor = client_actor(self->client);
    act_call_opts_t opts = {.budget_ms = COMMAND_BUDGET_MS};
    instance_request_t request = {
        .service = act_str(self->command_service),
        .instance = act_str(self->command_instance),
        .actor = ACT_STR("cli"),
    };
    int64_t count = 0;
    top_say(self, /* is_bad= */ false, "asked, waiting for the answer");
    if (self->command == TOP_COMMAND_RESTART)
        bus_restart(actor, &opts, &request, on_done, self);
    if (self->command == TOP_COMMAND_DRAIN)
        bus_drain(actor, &opts, &request, on_done, self);
    if (self->command == TOP_COMMAND_SCALE) {
        if (!act_str_to_int(act_str(self->number), &count) || count < 0) {
            top_say(self, /* is_bad= */ true, "that is no number");
            return;
        }
        scale_request_t scale = {.service = act_str(self->command_service),
                                 .count = (uint32_t)count,
                                 .actor = ACT_STR("cli")};
        bus_scale(actor, &opts, &scale, on_done, self);
    }
}
