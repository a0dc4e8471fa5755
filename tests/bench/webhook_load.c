// webhook_load: how many signed WhatsApp webhooks a second a server takes, and how long each takes.
//
// Closed loop by default: each connection sends again as soon as it has its reply. With --rate the
// loop is open: requests leave at fixed times whatever the server does, and latency counts from the
// time a request should have left, so a server that stalls pays for all that it kept waiting.
//
// per_s and ok count the replies with 200 that arrive in the measured seconds, after the warm-up.
// sent_total and acked_total count the whole run: the server must hold acked_total messages at
// least, and sent_total at most. shed counts, of the errors, 429 and 503; their latency counts from when they
// were sent.

#include "base/args.h"
#include "driver.h"
#include "latency.h"
#include "load.h"
#include "webhook_gen.h"

#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXIT_ERRORS 1 // the run is over and had errors, or no reply at all
#define EXIT_USAGE 2
#define DRAIN_MS 10000 // for replies that are under way at the end

typedef struct {
    load_options_t load;
    webhook_gen_options_t webhooks;
    double seconds;
    double warmup_seconds;
    double rate; // 0 for a closed loop
    int64_t tick_us;
    uint32_t realtime;
} options_t;

typedef struct {
    options_t options;
    load_t *load;
    webhook_gen_t *webhooks;
    latency_t *latency;
    int64_t begin_us;
    int64_t measure_us; // when the warm-up is over
    int64_t end_us;
    uint64_t sent_count;
    uint64_t acked_count;
    uint64_t ok_count;    // of the measured part
    uint64_t error_count; // of the whole run
    uint64_t unsent_count;
    uint64_t shed_count; // of the errors: 429 and 503
    latency_t *shed_latency;
    load_reply_t first_error;
    bool is_realtime;
} run_t;

static const char usage[] =
    "usage: webhook_load --url URL --secret S --phone-id ID [options]\n"
    "  --url URL             where webhooks go, http://HOST:PORT/PATH\n"
    "  --secret S            app secret the webhooks are signed with\n"
    "  --phone-id ID         phone_number_id of the business\n"
    "  --connections N       keep-alive connections (64)\n"
    "  --seconds S           measured time (10)\n"
    "  --warmup-seconds S    time before it that does not count (2)\n"
    "  --rate R              webhooks a second, open loop (without: as fast as replies come)\n"
    "  --realtime P          with this priority of SCHED_FIFO, where that is permitted: the world outside\n"
    "                        waits for none of our processors\n"
    "  --tick-us T           look only so often, and send what is due then: takes less of the machine\n"
    "  --conversations N     how many contacts write (1000)\n"
    "  --type text|greeting|reaction  of the messages; greetings are all answered with one message,\n"
    "                        reactions are stored and never answered (text)\n"
    "  --timeout-ms N        when a reply counts as lost (10000)\n";

static const char *read_kind(void *target, const char *value)
{
    static const char *const names[] = {
        [WEBHOOK_TEXT] = "text", [WEBHOOK_GREETING] = "greeting", [WEBHOOK_REACTION] = "reaction"};
    webhook_kind_t *kind = target;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(value, names[i]) == 0) {
            *kind = (webhook_kind_t)i;
            return NULL;
        }
    return "text, greeting or reaction";
}

static bool options_read(options_t *self, int argc, char **argv)
{
    *self = (options_t){.seconds = 10, .warmup_seconds = 2};
    self->load.connections_count = 64;
    self->webhooks.conversations_count = 1000;
    const act_arg_t table[] = {
        {"url", .text = &self->load.url},
        {"secret", .text = &self->webhooks.secret},
        {"phone-id", .text = &self->webhooks.phone_id},
        {"connections", .count = &self->load.connections_count, .min = 1, .max = 4096},
        {"seconds", .number = &self->seconds, .min = 0.1, .max = DRIVER_SECONDS_MAX},
        {"warmup-seconds", .number = &self->warmup_seconds, .max = DRIVER_SECONDS_MAX},
        {"rate", .number = &self->rate, .min = 0.1, .max = DRIVER_RATE_MAX},
        {"realtime", .count = &self->realtime, .min = 1, .max = 99},
        {"tick-us", .integer = &self->tick_us, .min = 1, .max = 100000},
        {"conversations", .count = &self->webhooks.conversations_count, .min = 1, .max = 10000000},
        {"timeout-ms", .integer = &self->load.timeout_ms, .min = 1, .max = 3600000},
        {"type", .read = read_kind, .target = &self->webhooks.kind},
        {0},
    };
    return act_args_read(argc, argv, table) && self->load.url != NULL &&
           self->webhooks.secret != NULL && self->webhooks.phone_id != NULL;
}

static void run_send(run_t *self, int64_t due_us)
{
    webhook_t webhook;
    webhook_gen_next(self->webhooks, &webhook);
    load_request_t request = {.headers = webhook.headers,
                              .body = webhook.body,
                              .body_bytes = webhook.body_bytes,
                              .due_us = due_us};
    if (load_send(self->load, &request) != 0)
        abort(); // a connection was idle, and a webhook is far below the limit
    self->sent_count++;
}

// When request number `number` of an open loop should leave.
static int64_t run_due_us(const run_t *self, uint64_t number)
{
    return self->begin_us + (int64_t)((double)number * 1e6 / self->options.rate);
}

// Sends what may leave now and says when there will be more to send.
static int64_t run_send_due(run_t *self)
{
    if (self->options.rate <= 0) {
        while (load_idle_count(self->load) > 0)
            run_send(self, /* due_us= */ 0);
        return self->end_us;
    }
    int64_t due_us = run_due_us(self, self->sent_count);
    while (load_idle_count(self->load) > 0 && due_us < self->end_us && due_us <= load_now_us()) {
        run_send(self, due_us);
        due_us = run_due_us(self, self->sent_count);
    }
    bool is_late = load_idle_count(self->load) == 0; // then only a reply can help
    return is_late || due_us > self->end_us ? self->end_us : due_us;
}

static void run_count(run_t *self, const load_reply_t *reply)
{
    if (reply->status != 200) {
        if (self->error_count++ == 0)
            self->first_error = *reply;
        if (reply->status == 503 || reply->status == 429) {
            self->shed_count++;
            latency_add(self->shed_latency, reply->ended_us - reply->sent_us);
        }
        return;
    }
    self->acked_count++;
    bool is_measured = reply->ended_us >= self->measure_us && reply->ended_us < self->end_us;
    if (is_measured)
        self->ok_count++;
    // A reply after the end adds no throughput, but leaving it out would hide the slowest ones.
    if (is_measured || (reply->ended_us >= self->end_us && reply->due_us >= self->measure_us))
        latency_add(self->latency, reply->ended_us - reply->due_us);
}

static void run_take_replies(run_t *self)
{
    load_reply_t reply;
    while (load_take_reply(self->load, &reply))
        run_count(self, &reply);
}

static void run_drain(run_t *self)
{
    int64_t until_us = load_now_us() + DRAIN_MS * 1000;
    while (load_busy_count(self->load) > 0 && load_now_us() < until_us) {
        load_wait(self->load, until_us);
        run_take_replies(self);
    }
    self->error_count += load_busy_count(self->load); // no reply at all
}

// Requests of an open loop that should have left and never could: each has waited this long at
// least.
static void run_count_unsent(run_t *self)
{
    if (self->options.rate <= 0)
        return;
    int64_t due_us;
    for (uint64_t i = self->sent_count; (due_us = run_due_us(self, i)) < self->end_us; i++) {
        self->unsent_count++;
        if (due_us >= self->measure_us)
            latency_add(self->latency, self->end_us - due_us);
    }
}

static bool run_in_real_time(uint32_t priority)
{
    const struct sched_param param = {.sched_priority = (int)priority};
    return priority > 0 && sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

static void run_wait(run_t *self, int64_t until_us)
{
    int64_t tick_us = self->options.tick_us;
    if (tick_us > 0)
        (void)nanosleep(
            &(struct timespec){.tv_sec = tick_us / 1000000, .tv_nsec = tick_us % 1000000 * 1000},
            NULL);
    load_wait(self->load, tick_us > 0 ? 0 : until_us);
}

static void run_all(run_t *self)
{
    const options_t *options = &self->options;
    self->is_realtime = run_in_real_time(options->realtime);
    self->begin_us = load_now_us();
    self->measure_us = self->begin_us + (int64_t)(options->warmup_seconds * 1e6);
    self->end_us = self->measure_us + (int64_t)(options->seconds * 1e6);
    while (load_now_us() < self->end_us) {
        run_wait(self, run_send_due(self));
        run_take_replies(self);
    }
    run_drain(self);
    run_count_unsent(self);
}

static void run_print(const run_t *self)
{
    double elapsed_seconds = (double)(load_now_us() - self->begin_us) / 1e6;
    printf("{\"per_s\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"ok\":%" PRIu64 ",\"errors\":%" PRIu64,
           (double)self->ok_count / self->options.seconds, latency_percentile_ms(self->latency, 50),
           latency_percentile_ms(self->latency, 99), self->ok_count, self->error_count);
    printf(",\"p999_ms\":%.3f,\"max_ms\":%.3f", latency_percentile_ms(self->latency, 99.9),
           latency_max_ms(self->latency));
    printf(",\"shed\":%" PRIu64 ",\"shed_p99_ms\":%.3f", self->shed_count,
           latency_percentile_ms(self->shed_latency, 99));
    printf(",\"sent_total\":%" PRIu64 ",\"acked_total\":%" PRIu64 ",\"unsent\":%" PRIu64,
           self->sent_count, self->acked_count, self->unsent_count);
    printf(",\"connect_errors\":%" PRIu64 ",\"is_realtime\":%s,\"driver_cpu_pct\":%.1f}\n",
           load_connect_errors_count(self->load), self->is_realtime ? "true" : "false",
           100 * driver_cpu_seconds() / elapsed_seconds);
}

static void run_explain(const run_t *self)
{
    if (self->error_count > 0 && self->first_error.status != 0)
        fprintf(stderr, "webhook_load: first error: status %d\n", self->first_error.status);
    else if (self->error_count > 0)
        fprintf(stderr, "webhook_load: first error: %s\n",
                self->first_error.error != 0 ? strerror(self->first_error.error) : "no reply");
    if (load_connect_errors_count(self->load) > 0)
        fprintf(stderr, "webhook_load: cannot connect: %s\n",
                strerror(load_connect_error(self->load)));
}

int main(int argc, char **argv)
{
    run_t run = {0};
    if (!options_read(&run.options, argc, argv)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    int result = EXIT_USAGE;
    run.latency = latency_new();
    run.shed_latency = latency_new();
    run.webhooks = webhook_gen_new(&run.options.webhooks);
    run.load = load_new(&run.options.load);
    if (run.webhooks == NULL || run.load == NULL) {
        perror("webhook_load");
    } else {
        run_all(&run);
        run_print(&run);
        run_explain(&run);
        result = run.error_count == 0 && run.ok_count > 0 ? EXIT_SUCCESS : EXIT_ERRORS;
    }
    load_destroy(&run.load);
    webhook_gen_destroy(&run.webhooks);
    latency_destroy(&run.latency);
    latency_destroy(&run.shed_latency);
    return result;
}
