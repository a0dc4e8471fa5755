// model_load: so many chats at a time through a running Parley's model gateway, and how long it takes to
// answer something small in between (its loop's lag, a round trip through the broker included). One JSON
// object on standard output.
//   model_load --data DIR [--calls N] [--parallel N] [--role agent] [--parts N] [--text T]
//              [--conversation ID] [--budget-ms N]
#include "client.h"

#include "base/args.h"
#include "base/time.h"
#include "bench/latency.h"
#include "proto/model_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_MS 20
#define CODES_MAX_COUNT 16

typedef struct {
    client_t *client;
    const char *role, *text, *conversation;
    int64_t calls_count, parallel_count, parts_count, budget_ms;
    int64_t started_count, ended_count, ok_count, parts_heard_count, text_bytes;
    struct {
        act_err_t err;
        int64_t count;
    } codes[CODES_MAX_COUNT];
    latency_t *lag;
    int64_t probe_sent_us;
    bool is_probing;
    bool is_done;
} load_t;

static void start_more(load_t *self);

static void count_code(load_t *self, act_err_t err)
{
    size_t i = 0;
    while (i < CODES_MAX_COUNT - 1 && self->codes[i].count > 0 && self->codes[i].err != err)
        i++;
    self->codes[i].err = err;
    self->codes[i].count++;
}

static void on_part(void *context, uint32_t sequence, act_str_t body)
{
    load_t *self = context;
    (void)sequence;
    (void)body;
    self->parts_heard_count++;
}

static void on_reply(void *context, const act_reply_t *reply, const chat_reply_t *body)
{
    load_t *self = context;
    self->ended_count++;
    if (reply->err == ACT_E_OK) {
        self->ok_count++;
        self->text_bytes += body->message ? (int64_t)body->message->text.len_bytes : 0;
    } else {
        count_code(self, reply->err);
    }
    start_more(self);
}

static void start_more(load_t *self)
{
    const chat_message_t message = {.role = ACT_STR("user"), .text = act_str(self->text)};
    const chat_request_t request = {.role = act_str(self->role),
                                    .conversation_id = act_str(self->conversation),
                                    .messages = {.items = &message, .count = 1}};
    const act_call_opts_t opts = {.tenant = ACT_STR("demo"),
                                  .budget_ms = (uint32_t)self->budget_ms,
                                  .on_part = self->parts_count > 0 ? on_part : NULL,
                                  .part_context = self,
                                  .parts_window = (uint32_t)self->parts_count};
    while (self->started_count < self->calls_count &&
           self->started_count - self->ended_count < self->parallel_count) {
        self->started_count++;
        (void)model_chat(client_actor(self->client), &opts, &request, on_reply, self);
    }
    self->is_done = self->ended_count == self->calls_count;
}

static void on_probe(void *context, const act_reply_t *reply, const list_models_reply_t *body)
{
    load_t *self = context;
    (void)body;
    self->is_probing = false;
    if (reply->err == ACT_E_OK)
        latency_add(self->lag, act_time_mono_us() - self->probe_sent_us);
}

static void on_timer(void *context)
{
    load_t *self = context;
    empty_t request = {0};
    const act_call_opts_t opts = {.tenant = ACT_STR("demo"), .budget_ms = 60000};
    if (self->is_probing)
        return;
    self->is_probing = true;
    self->probe_sent_us = act_time_mono_us();
    (void)model_list_models(client_actor(self->client), &opts, &request, on_probe, self);
}

static void print(const load_t *self, int64_t elapsed_us)
{
    printf("{\"calls\":%" PRId64 ",\"ok\":%" PRId64 ",\"failed\":{", self->calls_count,
           self->ok_count);
    for (size_t i = 0; i < CODES_MAX_COUNT && self->codes[i].count > 0; i++)
        printf("%s\"%s\":%" PRId64, i > 0 ? "," : "", act_err_code(self->codes[i].err),
               self->codes[i].count);
    printf("},\"parts\":%" PRId64 ",\"text_bytes\":%" PRId64 ",\"seconds\":%.3f,\"probes\":%" PRIu64
           ",\"lag_p50_ms\":%.3f,\"lag_p99_ms\":%.3f,\"lag_max_ms\":%.3f}\n",
           self->parts_heard_count, self->text_bytes, (double)elapsed_us / 1e6,
           latency_count(self->lag), latency_percentile_ms(self->lag, 50),
           latency_percentile_ms(self->lag, 99), latency_max_ms(self->lag));
}

static bool read_options(int argc, char **argv, load_t *self, const char **ret_data)
{
    const act_arg_t table[] = {
        {"data", .text = ret_data},
        {"role", .text = &self->role},
        {"text", .text = &self->text},
        {"conversation", .text = &self->conversation},
        {"calls", .integer = &self->calls_count, .min = 1},
        {"parallel", .integer = &self->parallel_count, .min = 1},
        {"parts", .integer = &self->parts_count},
        {"budget-ms", .integer = &self->budget_ms, .min = 1},
        {0},
    };
    return act_args_read(argc, argv, table);
}

int main(int argc, char **argv)
{
    const char *data = NULL;
    load_t load = {.role = "agent",
                   .text = "tell",
                   .conversation = "",
                   .calls_count = 100,
                   .parallel_count = 10,
                   .budget_ms = 60000};
    instance_t instance;
    if (!read_options(argc, argv, &load, &data) || instance_locate(data, &instance) != ACT_E_OK) {
        (void)fputs(
            "usage: model_load --data DIR [--calls N] [--parallel N] [--role R] [--parts N] "
            "[--text T] [--conversation ID] [--budget-ms N]\n",
            stderr);
        return 64;
    }
    load.client = client_open_loud(&instance, "model_load");
    if (!load.client)
        return 69;
    load.lag = latency_new();
    act_timer_t *timer = act_timer_new(act_actor_loop(client_actor(load.client)), on_timer, &load);
    act_timer_start(timer, PROBE_MS, PROBE_MS);
    int64_t begun_us = act_time_mono_us();
    start_more(&load);
    bool is_whole = client_wait(load.client, &load.is_done, load.budget_ms * 4 + 60000);
    print(&load, act_time_mono_us() - begun_us);
    act_timer_destroy(&timer);
    client_close(&load.client);
    latency_destroy(&load.lag);
    return is_whole ? 0 : 1;
}
