// crowd_load: new contacts, each of whom is everywhere at once: all webhooks of a contact leave together, on as many
// connections. Redelivery: one message in many copies. Newcomers: many first messages, pictures. Each copy goes again
// until it is answered 200; the Graph API of the run counts how often each contact is answered.
//
// Each half second a line of JSON tells how far it is; the last one is printed when standard input ends. It judges nothing
// (tests/chaos/crowd.mjs does).

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // ppoll
#endif

#include "agenda.h"
#include "base/args.h"
#include "driver.h"
#include "graph_stub.h"
#include "latency.h"
#include "load.h"
#include "webhook_gen.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define WAIT_MAX_US 20000
#define TELL_US 500000
#define RETRY_US 100000
#define CONTACTS_MAX 1000000u

typedef struct {
    load_options_t load;
    webhook_gen_options_t webhooks; // conversations_count: the contacts
    uint32_t graph_port;
    uint32_t messages_count; // of a contact
    uint32_t copies_count;   // of a message
} options_t;

typedef struct {
    options_t options;
    load_t *load;
    webhook_gen_t *webhooks;
    graph_stub_t *graph;
    agenda_t *retries;
    latency_t *latency;
    uint32_t *replies;       // of each contact
    uint32_t contacts_count; // who have written
    uint64_t acked_count;
    uint64_t tries_count;
    uint64_t unavailable_count; // answered 503 or 429
    uint64_t unanswered_count;
    uint64_t refused_count;   // any other answer: a bug somewhere
    uint64_t strangers_count; // replies to nobody who wrote
    int64_t begin_us;
    int64_t acked_us; // the last 200
    int64_t tell_us;
    bool is_over;
} run_t;

static const char usage[] =
    "usage: crowd_load --url URL --secret S --phone-id ID --graph-port PORT [options]\n"
    "  --url URL          where webhooks go, http://HOST:PORT/PATH\n"
    "  --secret S         app secret the webhooks are signed with\n"
    "  --phone-id ID      phone_number_id of the business\n"
    "  --graph-port PORT  where the server's Graph API is: this program listens there\n"
    "  --contacts N       who write, once each (10000)\n"
    "  --messages N       so many at once; more than one are pictures (1)\n"
    "  --copies N         of each message at once (64)\n"
    "  --connections N    keep-alive connections, not less than messages times copies (64)\n";

// --- options -------------------------------------------------------------------------------------

static bool options_read(options_t *self, int argc, char **argv)
{
    *self = (options_t){.messages_count = 1, .copies_count = 64};
    self->load.connections_count = 64;
    self->webhooks.conversations_count = 10000;
    const act_arg_t table[] = {
        {"url", .text = &self->load.url},
        {"secret", .text = &self->webhooks.secret},
        {"phone-id", .text = &self->webhooks.phone_id},
        {"graph-port", .count = &self->graph_port, .min = 1, .max = UINT16_MAX},
        {"contacts", .count = &self->webhooks.conversations_count, .min = 1, .max = CONTACTS_MAX},
        {"messages", .count = &self->messages_count, .min = 1, .max = 4096},
        {"copies", .count = &self->copies_count, .min = 1, .max = 4096},
        {"connections", .count = &self->load.connections_count, .min = 1, .max = 4096},
        {0},
    };
    return act_args_read(argc, argv, table) && self->load.url != NULL &&
           self->webhooks.secret != NULL && self->webhooks.phone_id != NULL &&
           self->graph_port != 0 &&
           self->messages_count * self->copies_count <= self->load.connections_count;
}

static uint64_t posts_count(const options_t *options)
{
    return (uint64_t)options->webhooks.conversations_count * options->messages_count *
           options->copies_count;
}

// --- webhooks ------------------------------------------------------------------------------------

// The number is of the message, over all contacts.
static void make(run_t *self, uint64_t number, webhook_t *ret_webhook)
{
    uint32_t contact = (uint32_t)(number / self->options.messages_count);
    if (self->options.messages_count > 1)
        webhook_gen_picture(self->webhooks, number, contact, ret_webhook);
    else
        webhook_gen_numbered(self->webhooks, number, contact, "hello", ret_webhook);
}

static void post(run_t *self, uint64_t number, uint32_t times)
{
    webhook_t webhook;
    make(self, number, &webhook);
    load_request_t request = {.headers = webhook.headers,
                              .body = webhook.body,
                              .body_bytes = webhook.body_bytes,
                              .tag = number};
    for (uint32_t i = 0; i < times; i++) {
        if (load_send(self->load, &request) != 0)
            abort(); // as many connections were idle, and a webhook is far below the limit
    }
    self->tries_count += times;
}

// A contact waits until all its webhooks can leave together; what comes again goes first.
static void post_due(run_t *self)
{
    const options_t *options = &self->options;
    uint64_t number;
    while (load_idle_count(self->load) > 0 && agenda_take(self->retries, load_now_us(), &number))
        post(self, number, 1);
    while (self->contacts_count < options->webhooks.conversations_count &&
           load_idle_count(self->load) >= options->messages_count * options->copies_count) {
        uint64_t first = (uint64_t)self->contacts_count++ * options->messages_count;
        for (uint32_t i = 0; i < options->messages_count; i++)
            post(self, first + i, options->copies_count);
    }
}

static void take_answers(run_t *self)
{
    load_reply_t reply;
    while (load_take_reply(self->load, &reply)) {
        if (reply.status == 200) {
            self->acked_count++;
            self->acked_us = reply.ended_us;
            latency_add(self->latency, reply.ended_us - reply.sent_us);
            continue;
        }
        if (reply.status == 0)
            self->unanswered_count++;
        else if (reply.status == 503 || reply.status == 429)
            self->unavailable_count++;
        else
            self->refused_count++;
        agenda_add(self->retries, load_now_us() + RETRY_US, reply.tag);
    }
}

// --- replies -------------------------------------------------------------------------------------

static graph_answer_t on_message(void *context, const graph_message_t *message)
{
    run_t *self = context;
    uint32_t contact = webhook_gen_conversation(message->to, message->to_bytes);
    if (contact < self->contacts_count)
        self->replies[contact]++;
    else
        self->strangers_count++;
    return (graph_answer_t){0};
}

// --- telling -------------------------------------------------------------------------------------

static void tell(const run_t *self)
{
    uint32_t none_count = 0, one_count = 0;
    uint64_t replies_count = 0;
    for (uint32_t i = 0; i < self->contacts_count; i++) {
        none_count += self->replies[i] == 0;
        one_count += self->replies[i] == 1;
        replies_count += self->replies[i];
    }
    printf("{\"contacts\":%" PRIu32 ",\"posts\":%" PRIu64 ",\"acked\":%" PRIu64
           ",\"tries\":%" PRIu64 ",\"unavailable\":%" PRIu64 ",\"unanswered\":%" PRIu64
           ",\"refused\":%" PRIu64,
           self->contacts_count, posts_count(&self->options), self->acked_count, self->tries_count,
           self->unavailable_count, self->unanswered_count, self->refused_count);
    printf(",\"replied_none\":%" PRIu32 ",\"replied_once\":%" PRIu32 ",\"replies\":%" PRIu64
           ",\"strangers\":%" PRIu64,
           none_count, one_count, replies_count,
           self->strangers_count + graph_stub_broken_count(self->graph));
    printf(",\"seconds\":%.1f,\"ack_p50_ms\":%.1f,\"ack_p99_ms\":%.1f,\"ack_max_ms\":%.1f}\n",
           (double)(self->acked_us - self->begin_us) / 1e6,
           latency_percentile_ms(self->latency, 50), latency_percentile_ms(self->latency, 99),
           latency_max_ms(self->latency));
    (void)fflush(stdout);
}

// --- the run -------------------------------------------------------------------------------------

static void wait_for_work(run_t *self)
{
    struct timespec timeout = {.tv_nsec = (int64_t)WAIT_MAX_US * 1000};
    struct pollfd fds[] = {{.fd = load_fd(self->load), .events = POLLIN},
                           {.fd = graph_stub_fd(self->graph), .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    (void)ppoll(fds, 3, &timeout, NULL);
    char nothing[64];
    if (fds[2].revents != 0 && read(STDIN_FILENO, nothing, sizeof nothing) <= 0)
        self->is_over = true;
}

static void run_all(run_t *self)
{
    self->begin_us = self->acked_us = load_now_us();
    while (!self->is_over) {
        wait_for_work(self);
        graph_stub_turn(self->graph);
        load_wait(self->load, 0);
        take_answers(self);
        post_due(self);
        if (load_now_us() >= self->tell_us) {
            tell(self);
            self->tell_us = load_now_us() + TELL_US;
        }
    }
    tell(self);
}

static bool open_run(run_t *self)
{
    const options_t *options = &self->options;
    self->latency = latency_new();
    self->retries = agenda_new(options->load.connections_count + posts_count(options));
    self->replies = calloc(options->webhooks.conversations_count, sizeof *self->replies);
    self->webhooks = webhook_gen_new(&options->webhooks);
    self->load = load_new(&options->load);
    self->graph = graph_stub_new(NULL, (uint16_t)options->graph_port, on_message, self);
    return self->replies != NULL && self->webhooks != NULL && self->load != NULL &&
           self->graph != NULL;
}

static void close_run(run_t *self)
{
    graph_stub_destroy(&self->graph);
    load_destroy(&self->load);
    webhook_gen_destroy(&self->webhooks);
    agenda_destroy(&self->retries);
    latency_destroy(&self->latency);
    free(self->replies);
}

int main(int argc, char **argv)
{
    run_t run = {0};
    int result = EXIT_FAILURE;
    if (!options_read(&run.options, argc, argv)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (open_run(&run)) {
        run_all(&run);
        result = EXIT_SUCCESS;
    } else {
        perror("crowd_load");
    }
    close_run(&run);
    return result;
}
