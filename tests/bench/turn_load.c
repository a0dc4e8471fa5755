// turn_load: how many whole turns a second Parley makes, from a customer's message (a signed webhook)
// to the reply that arrives at the Graph API, and how long each takes. It is both ends: it sends the
// webhooks and stands in for the Graph API, so both times are read from one clock.
//
// Closed loop by default: --window conversations wait for their reply at any time. With --rate the
// loop is open: messages leave at fixed times, and latency counts from the time a message should have
// left. A conversation writes again only after it was answered, so each reply has its turn, replies
// cannot change places, and one that nobody waits for is counted as extra.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // ppoll, memmem
#endif

#include "base/args.h"
#include "driver.h"
#include "graph_stub.h"
#include "latency.h"
#include "load.h"
#include "turn_book.h"
#include "webhook_gen.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXIT_ERRORS 1 // the run is over and not every turn got exactly one reply
#define EXIT_USAGE 2
#define WAIT_MAX_US 50000
#define DRAIN_US 15000000 // for replies that are under way at the end
#define QUIET_US 1000000  // and then for some that nobody waits for

typedef struct {
    load_options_t load;
    webhook_gen_options_t webhooks;
    uint32_t graph_port;
    uint32_t window_count;
    double seconds;
    double warmup_seconds;
    double rate; // 0 for a closed loop
    const char *expect;
} options_t;

typedef struct {
    options_t options;
    load_t *load;
    graph_stub_t *graph;
    webhook_gen_t *webhooks;
    turn_book_t *book;
    latency_t *turn_latency;
    latency_t *webhook_latency;
    int64_t begin_us;
    int64_t measure_us; // when the warm-up is over
    int64_t end_us;
    uint64_t ok_count;         // turns of the measured part
    uint64_t unexpected_count; // replies without the text that was to be in them
    uint64_t unsent_count;
} run_t;

static const char usage[] =
    "usage: turn_load --url URL --secret S --phone-id ID --graph-port PORT [options]\n"
    "  --url URL             where webhooks go, http://HOST:PORT/PATH\n"
    "  --secret S            app secret the webhooks are signed with\n"
    "  --phone-id ID         phone_number_id of the business\n"
    "  --graph-port PORT     where the server's Graph API is: this program listens there\n"
    "  --connections N       keep-alive connections for webhooks (64)\n"
    "  --conversations N     how many contacts write (1024)\n"
    "  --window N            conversations that wait for a reply at any time (128)\n"
    "  --rate R              messages a second, open loop (without: as fast as replies come)\n"
    "  --seconds S           measured time (10)\n"
    "  --warmup-seconds S    time before it that does not count (2)\n"
    "  --expect TEXT         what the body of each reply must contain\n";

// --- options -------------------------------------------------------------------------------------

static bool options_read(options_t *self, int argc, char **argv)
{
    *self = (options_t){.seconds = 10, .warmup_seconds = 2, .window_count = 128};
    self->load.connections_count = 64;
    self->webhooks.conversations_count = 1024;
    const act_arg_t table[] = {
        {"url", .text = &self->load.url},
        {"secret", .text = &self->webhooks.secret},
        {"phone-id", .text = &self->webhooks.phone_id},
        {"graph-port", .count = &self->graph_port, .min = 1, .max = UINT16_MAX},
        {"connections", .count = &self->load.connections_count, .min = 1, .max = 4096},
        {"conversations", .count = &self->webhooks.conversations_count, .min = 1, .max = 1000000},
        {"window", .count = &self->window_count, .min = 1, .max = 1000000},
        {"rate", .number = &self->rate, .min = 0.1, .max = DRIVER_RATE_MAX},
        {"seconds", .number = &self->seconds, .min = 0.1, .max = DRIVER_SECONDS_MAX},
        {"warmup-seconds", .number = &self->warmup_seconds, .max = DRIVER_SECONDS_MAX},
        {"expect", .text = &self->expect},
        {0},
    };
    return act_args_read(argc, argv, table) && self->load.url != NULL &&
           self->webhooks.secret != NULL && self->webhooks.phone_id != NULL &&
           self->graph_port != 0;
}

// --- replies -------------------------------------------------------------------------------------

static bool is_expected(const run_t *self, const graph_message_t *message)
{
    const char *expect = self->options.expect;
    return expect == NULL ||
           memmem(message->body, message->body_bytes, expect, strlen(expect)) != NULL;
}

static void take_reply(run_t *self, const graph_message_t *message)
{
    int64_t now_us = load_now_us(), due_us = 0;
    if (!is_expected(self, message) && self->unexpected_count++ == 0)
        fprintf(stderr, "turn_load: first unexpected reply: %.*s\n", (int)message->body_bytes,
                message->body);
    if (!turn_book_reply(self->book, webhook_gen_conversation(message->to, message->to_bytes),
                         &due_us))
        return;
    bool is_measured = now_us >= self->measure_us && now_us < self->end_us;
    self->ok_count += is_measured;
    // A reply after the end adds no throughput, but leaving it out would hide the slowest ones.
    if (is_measured || (now_us >= self->end_us && due_us >= self->measure_us))
        latency_add(self->turn_latency, now_us - due_us);
}

static graph_answer_t on_message(void *context, const graph_message_t *message)
{
    take_reply(context, message);
    return (graph_answer_t){0};
}

static void take_webhook_replies(run_t *self)
{
    load_reply_t reply;
    while (load_take_reply(self->load, &reply)) {
        turn_book_webhook(self->book, (uint32_t)reply.tag, reply.status == 200);
        if (reply.status == 200 && reply.ended_us >= self->measure_us)
            latency_add(self->webhook_latency, reply.ended_us - reply.due_us);
    }
}

// --- messages ------------------------------------------------------------------------------------

static bool send_one(run_t *self, int64_t due_us)
{
    uint32_t conversation;
    webhook_t webhook;
    if (load_idle_count(self->load) == 0 || !turn_book_open(self->book, due_us, &conversation))
        return false;
    webhook_gen_greeting(self->webhooks, conversation, &webhook);
    load_request_t request = {.headers = webhook.headers,
                              .body = webhook.body,
                              .body_bytes = webhook.body_bytes,
                              .tag = conversation,
                              .due_us = due_us};
    if (load_send(self->load, &request) != 0)
        abort(); // a connection was idle, and a webhook is far below the limit
    return true;
}

// When message `number` of an open loop should leave.
static int64_t due_us_of(const run_t *self, uint64_t number)
{
    return self->begin_us + (int64_t)((double)number * 1e6 / self->options.rate);
}

// Sends what may leave now and says when there will be more to send.
static int64_t send_due(run_t *self)
{
    if (self->options.rate <= 0) {
        while (turn_book_open_count(self->book) < self->options.window_count &&
               send_one(self, load_now_us()))
            continue;
        return self->end_us;
    }
    int64_t due_us = due_us_of(self, turn_book_counts(self->book).opened_count);
    while (due_us < self->end_us && due_us <= load_now_us() && send_one(self, due_us))
        due_us = due_us_of(self, turn_book_counts(self->book).opened_count);
    bool is_late = due_us <= load_now_us(); // then only a reply can help
    return is_late ? self->end_us : due_us;
}

// --- the run -------------------------------------------------------------------------------------

static void wait_until(run_t *self, int64_t until_us)
{
    int64_t now_us = load_now_us();
    int64_t wait_us = until_us < now_us + WAIT_MAX_US ? until_us - now_us : WAIT_MAX_US;
    struct timespec timeout = {.tv_nsec = wait_us > 0 ? wait_us * 1000 : 0};
    struct pollfd fds[] = {{.fd = load_fd(self->load), .events = POLLIN},
                           {.fd = graph_stub_fd(self->graph), .events = POLLIN}};
    (void)ppoll(fds, 2, &timeout, NULL);
    if (fds[1].revents != 0)
        graph_stub_turn(self->graph);
    load_wait(self->load, 0);
    take_webhook_replies(self);
}

static void drain(run_t *self)
{
    int64_t until_us = load_now_us() + DRAIN_US;
    while ((turn_book_open_count(self->book) > 0 || load_busy_count(self->load) > 0) &&
           load_now_us() < until_us)
        wait_until(self, until_us);
    until_us = load_now_us() + QUIET_US;
    while (load_now_us() < until_us)
        wait_until(self, until_us);
}

// Messages of an open loop that should have left and never could: each has waited this long at least.
static void count_unsent(run_t *self)
{
    int64_t due_us;
    if (self->options.rate <= 0)
        return;
    for (uint64_t i = turn_book_counts(self->book).opened_count;
         (due_us = due_us_of(self, i)) < self->end_us; i++) {
        self->unsent_count++;
        if (due_us >= self->measure_us)
            latency_add(self->turn_latency, self->end_us - due_us);
    }
}

static void run_all(run_t *self)
{
    self->begin_us = load_now_us();
    self->measure_us = self->begin_us + (int64_t)(self->options.warmup_seconds * 1e6);
    self->end_us = self->measure_us + (int64_t)(self->options.seconds * 1e6);
    while (load_now_us() < self->end_us)
        wait_until(self, send_due(self));
    count_unsent(self);
    drain(self);
}

// Whether each turn got exactly one reply, and the right one.
static bool is_exact(const run_t *self)
{
    turn_counts_t counts = turn_book_counts(self->book);
    return turn_book_open_count(self->book) == 0 && counts.extra_count == 0 &&
           counts.unknown_count == 0 && counts.refused_count == 0 && self->unexpected_count == 0 &&
           graph_stub_broken_count(self->graph) == 0 && self->ok_count > 0;
}

static void print(const run_t *self, double cpu_seconds)
{
    turn_counts_t counts = turn_book_counts(self->book);
    double elapsed_seconds = (double)(self->end_us - self->begin_us) / 1e6;
    printf("{\"turns_per_s\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f",
           (double)self->ok_count / self->options.seconds,
           latency_percentile_ms(self->turn_latency, 50),
           latency_percentile_ms(self->turn_latency, 99),
           latency_percentile_ms(self->turn_latency, 99.9), latency_max_ms(self->turn_latency));
    printf(",\"webhook_p50_ms\":%.3f,\"webhook_p99_ms\":%.3f",
           latency_percentile_ms(self->webhook_latency, 50),
           latency_percentile_ms(self->webhook_latency, 99));
    printf(",\"ok\":%" PRIu64 ",\"opened_total\":%" PRIu64 ",\"answered_total\":%" PRIu64
           ",\"missing\":%u,\"extra\":%" PRIu64 ",\"unknown\":%" PRIu64 ",\"refused\":%" PRIu64,
           self->ok_count, counts.opened_count, counts.answered_count,
           turn_book_open_count(self->book), counts.extra_count, counts.unknown_count,
           counts.refused_count);
    printf(",\"unexpected\":%" PRIu64 ",\"unsent\":%" PRIu64 ",\"marks\":%" PRIu64
           ",\"broken\":%" PRIu64 ",\"is_exact\":%s,\"driver_cpu_pct\":%.1f}\n",
           self->unexpected_count, self->unsent_count, graph_stub_marks_count(self->graph),
           graph_stub_broken_count(self->graph), is_exact(self) ? "true" : "false",
           100 * cpu_seconds / elapsed_seconds);
}

static bool open_run(run_t *self)
{
    self->turn_latency = latency_new();
    self->webhook_latency = latency_new();
    self->book = turn_book_new(self->options.webhooks.conversations_count);
    self->webhooks = webhook_gen_new(&self->options.webhooks);
    self->load = load_new(&self->options.load);
    self->graph = graph_stub_new(NULL, (uint16_t)self->options.graph_port, on_message, self);
    return self->webhooks != NULL && self->load != NULL && self->graph != NULL;
}

static void close_run(run_t *self)
{
    graph_stub_destroy(&self->graph);
    load_destroy(&self->load);
    webhook_gen_destroy(&self->webhooks);
    turn_book_destroy(&self->book);
    latency_destroy(&self->webhook_latency);
    latency_destroy(&self->turn_latency);
}

int main(int argc, char **argv)
{
    run_t run = {0};
    int result = EXIT_USAGE;
    if (!options_read(&run.options, argc, argv)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (open_run(&run)) {
        run_all(&run);
        print(&run, driver_cpu_seconds());
        result = is_exact(&run) ? EXIT_SUCCESS : EXIT_ERRORS;
    } else {
        perror("turn_load");
    }
    close_run(&run);
    return result;
}
