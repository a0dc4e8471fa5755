// chaos_load: the outside world of a chaos run, both ends of Parley from one seed. Customers write at
// a steady rate (customers.h), a courier delivers their webhooks until they are acknowledged
// (courier.h), and a Graph API takes the replies, misbehaves and reports statuses (provider.h).
//
// After --seconds, or with a line on standard input, nobody writes any more, and the rest goes on until
// standard input ends: then the
// messages are saved and the last line is printed. Each half second a line of JSON tells how far it is.
// What was lost or doubled is judged by tests/chaos/oracle.mjs from the files and the database.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // ppoll
#endif

#include "base/args.h"
#include "courier.h"
#include "customers.h"
#include "dice.h"
#include "driver.h"
#include "latency.h"
#include "load.h"
#include "provider.h"
#include "webhook_gen.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define WAIT_MAX_US 20000
#define TELL_US 500000
#define MESSAGES_MAX 20000000.0
// A turn has few replies; the bot's own limits keep it so.
#define SENDS_PER_MESSAGE 3u
#define SPARE_COUNT 1000u
#define TENANTS_MAX_COUNT 100u

typedef struct {
    load_options_t load;
    const char *urls[COURIER_SERVERS_MAX];
    uint32_t urls_count;
    webhook_gen_options_t webhooks;
    const char *graph_host;
    uint32_t graph_port;
    uint32_t seed;
    uint32_t tenants_count;
    uint32_t puzzles_pct;
    double seconds;
    double rate;
    const char *folder;
} options_t;

typedef struct {
    options_t options;
    dice_t dice;
    load_t *loads[COURIER_SERVERS_MAX];         // one a URL
    webhook_gen_t *webhooks[TENANTS_MAX_COUNT]; // customer N writes to tenant N % tenants_count
    customers_t *customers;
    courier_t *courier;
    provider_t *provider;
    latency_t *ack_latency;
    int64_t begin_us;
    int64_t end_us;
    int64_t tell_us;
    uint64_t late_count; // messages that nobody could write when it was time
    bool is_over;
} run_t;

static const char usage[] =
    "usage: chaos_load --url URL --secret S --phone-id ID --graph-port PORT --folder DIR [options]\n"
    "  --url URL          where webhooks go, http://HOST:PORT/PATH; several times: to all in turn\n"
    "  --secret S         app secret the webhooks are signed with\n"
    "  --phone-id ID      phone_number_id of the business\n"
    "  --graph-port PORT  where the server's Graph API is: this program listens there\n"
    "  --folder DIR       where ledger.jsonl and messages.jsonl are written\n"
    "  --graph-host IP    its address, which is ours (127.0.0.1)\n"
    "  --tenants N        businesses; the K-th has phone id ID + K and secret S.K, the first S (1)\n"
    "  --connections N    keep-alive connections for webhooks (128)\n"
    "  --conversations N  how many customers write (1000)\n"
    "  --rate R           messages a second (300)\n"
    "  --puzzles-pct N    of a hundred messages so many are for the agent and its model (0)\n"
    "  --seconds S        how long they write (60)\n"
    "  --seed N           of all that is random (1)\n"
    "A line on its standard input ends the writing; it ends when its standard input does.\n";

// --- options -------------------------------------------------------------------------------------

static const char *add_url(void *target, const char *value)
{
    options_t *self = target;
    if (self->urls_count == COURIER_SERVERS_MAX)
        return "given less often";
    self->urls[self->urls_count++] = value;
    return NULL;
}

static bool options_read(options_t *self, int argc, char **argv)
{
    *self = (options_t){.seconds = 60, .rate = 300, .seed = 1, .tenants_count = 1};
    self->load.connections_count = 128;
    self->load.timeout_ms = 10000; // as long as Meta is said to wait at most
    self->webhooks.conversations_count = 1000;
    const act_arg_t table[] = {
        {"url", .read = add_url, .target = self},
        {"secret", .text = &self->webhooks.secret},
        {"phone-id", .text = &self->webhooks.phone_id},
        {"graph-host", .text = &self->graph_host},
        {"graph-port", .count = &self->graph_port, .min = 1, .max = UINT16_MAX},
        {"folder", .text = &self->folder},
        {"tenants", .count = &self->tenants_count, .min = 1, .max = TENANTS_MAX_COUNT},
        {"connections", .count = &self->load.connections_count, .min = 1, .max = 4096},
        {"conversations", .count = &self->webhooks.conversations_count, .min = 1, .max = 1000000},
        {"puzzles-pct", .count = &self->puzzles_pct, .max = 100},
        {"rate", .number = &self->rate, .min = 0.1, .max = DRIVER_RATE_MAX},
        {"seconds", .number = &self->seconds, .min = 0.1, .max = DRIVER_SECONDS_MAX},
        {"seed", .count = &self->seed},
        {0},
    };
    bool is_read = act_args_read(argc, argv, table);
    self->webhooks.seed = self->seed;
    return is_read && self->urls_count > 0 && self->webhooks.secret != NULL &&
           self->webhooks.phone_id != NULL && self->folder != NULL && self->graph_port != 0 &&
           self->rate * self->seconds <= MESSAGES_MAX;
}

// --- telling -------------------------------------------------------------------------------------

static void print_kind(const run_t *self, post_kind_t kind, const char *name)
{
    courier_counts_t counts = courier_counts(self->courier, kind);
    printf(",\"%s\":{\"posted\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"tries\":%" PRIu64
           ",\"unavailable\":%" PRIu64 ",\"unanswered\":%" PRIu64 ",\"refused\":%" PRIu64 "}",
           name, counts.posted_count, counts.acked_count, counts.tries_count,
           counts.unavailable_count, counts.unanswered_count, counts.refused_count);
}

static void tell(const run_t *self)
{
    provider_counts_t sends = provider_counts(self->provider);
    printf("{\"is_writing\":%s", load_now_us() < self->end_us ? "true" : "false");
    print_kind(self, POST_MESSAGE, "messages");
    print_kind(self, POST_STATUS, "statuses");
    printf(",\"sends\":{\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"dropped\":%" PRIu64
           ",\"ambiguous\":%" PRIu64 ",\"slow\":%" PRIu64 ",\"unknown\":%" PRIu64 "}",
           sends.accepted_count, sends.refused_count, sends.hang_ups_count, sends.ambiguous_count,
           sends.slow_count, sends.unknown_count);
    printf(",\"late\":%" PRIu64 ",\"ack_p99_ms\":%.1f,\"ack_max_ms\":%.1f}\n", self->late_count,
           latency_percentile_ms(self->ack_latency, 99), latency_max_ms(self->ack_latency));
    (void)fflush(stdout);
}

// --- the run -------------------------------------------------------------------------------------

static webhook_gen_t *webhooks_of(const run_t *self, uint32_t customer)
{
    return self->webhooks[customer % self->options.tenants_count];
}

static void make_message(void *context, uint32_t index, webhook_t *ret_webhook)
{
    run_t *self = context;
    uint32_t customer = customers_writer_of(self->customers, index);
    customers_make(self->customers, index, webhooks_of(self, customer), ret_webhook);
}

static void on_message_acked(void *context, uint32_t index, int64_t acked_us)
{
    run_t *self = context;
    customers_acked(self->customers, index, acked_us);
    latency_add(self->ack_latency, acked_us - customers_written_us(self->customers, index));
}

static void make_status(void *context, uint32_t index, webhook_t *ret_webhook)
{
    run_t *self = context;
    uint32_t customer = provider_recipient_of(self->provider, index);
    provider_make_status(self->provider, index, webhooks_of(self, customer), ret_webhook);
}

static void on_status_acked(void *context, uint32_t index, int64_t acked_us)
{
    (void)context, (void)index, (void)acked_us;
}

static int64_t message_due_us(const run_t *self)
{
    uint64_t number = customers_messages_count(self->customers) + self->late_count;
    int64_t due_us = self->begin_us + (int64_t)((double)number * 1e6 / self->options.rate);
    return due_us < self->end_us ? due_us : INT64_MAX;
}

// A message that nobody may write is not written later: the rate would hide how long it took.
static void write_due(run_t *self)
{
    uint32_t index;
    int64_t now_us = load_now_us();
    while (message_due_us(self) <= now_us) {
        if (!customers_write(self->customers, &index)) {
            self->late_count++;
            continue;
        }
        // A fifth arrives a little later than written, so customers change places.
        int64_t later_us = dice_in_10000(&self->dice, 2000) ? 50000 : 0;
        courier_post(self->courier, POST_MESSAGE, index,
                     now_us + dice_between(&self->dice, 0, later_us));
    }
}

static int64_t earliest(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static void wait_for_work(run_t *self)
{
    int64_t now_us = load_now_us();
    int64_t due_us = earliest(message_due_us(self), courier_due_us(self->courier));
    due_us = earliest(earliest(due_us, provider_due_us(self->provider)), now_us + WAIT_MAX_US);
    int64_t wait_us = due_us > now_us ? due_us - now_us : 0;
    struct timespec timeout = {.tv_nsec = wait_us * 1000};
    struct pollfd fds[2 + COURIER_SERVERS_MAX] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = provider_fd(self->provider), .events = POLLIN}};
    for (uint32_t i = 0; i < self->options.urls_count; i++)
        fds[2 + i] = (struct pollfd){.fd = load_fd(self->loads[i]), .events = POLLIN};
    (void)ppoll(fds, 2 + self->options.urls_count, &timeout, NULL);
    char nothing[64];
    if (fds[0].revents == 0)
        return;
    if (read(STDIN_FILENO, nothing, sizeof nothing) <= 0)
        self->is_over = true;
    else
        self->end_us = load_now_us();
}

static void run_all(run_t *self)
{
    self->begin_us = load_now_us();
    self->end_us = self->begin_us + (int64_t)(self->options.seconds * 1e6);
    while (!self->is_over) {
        wait_for_work(self);
        provider_turn(self->provider);
        courier_turn(self->courier);
        write_due(self);
        if (load_now_us() >= self->tell_us) {
            tell(self);
            self->tell_us = load_now_us() + TELL_US;
        }
    }
}

static bool save(const run_t *self)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/messages.jsonl", self->options.folder);
    return customers_save(self->customers, self->webhooks[0], path); // ids are the same in all
}

// --- life ----------------------------------------------------------------------------------------

static bool open_webhooks(run_t *self)
{
    long phone_id = strtol(self->options.webhooks.phone_id, NULL, 10);
    for (uint32_t i = 0; i < self->options.tenants_count; i++) {
        char phone[32], secret[256];
        webhook_gen_options_t options = self->options.webhooks;
        (void)snprintf(phone, sizeof phone, "%ld", phone_id + i);
        (void)snprintf(secret, sizeof secret, "%s.%" PRIu32, options.secret, i);
        options.phone_id = phone;
        options.secret = i == 0 ? options.secret : secret;
        self->webhooks[i] = webhook_gen_new(&options);
        if (self->webhooks[i] == NULL)
            return false;
    }
    return true;
}

static bool open_loads(run_t *self)
{
    for (uint32_t i = 0; i < self->options.urls_count; i++) {
        load_options_t options = self->options.load;
        options.url = self->options.urls[i];
        self->loads[i] = load_new(&options);
        if (self->loads[i] == NULL)
            return false;
    }
    return true;
}

static bool open_run(run_t *self)
{
    char path[4096];
    uint32_t messages_count = (uint32_t)(self->options.rate * self->options.seconds) + SPARE_COUNT;
    uint32_t sends_count = SENDS_PER_MESSAGE * messages_count;
    self->dice = dice_new(self->options.seed);
    self->ack_latency = latency_new();
    self->customers = customers_new(self->options.webhooks.conversations_count, messages_count,
                                    self->options.puzzles_pct, &self->dice);
    (void)snprintf(path, sizeof path, "%s/ledger.jsonl", self->options.folder);
    provider_options_t provider = {.host = self->options.graph_host,
                                   .port = (uint16_t)self->options.graph_port,
                                   .sends_max_count = sends_count,
                                   .ledger_path = path};
    self->provider = provider_new(&provider, &self->dice);
    if (!open_webhooks(self) || !open_loads(self) || self->provider == NULL)
        return false;
    const courier_kind_t kinds[POST_KINDS] = {
        [POST_MESSAGE] = {messages_count, 300, make_message, on_message_acked, self},
        [POST_STATUS] = {STATUSES_PER_SEND * sends_count, 200, make_status, on_status_acked, self},
    };
    self->courier = courier_new(self->loads, self->options.urls_count, &self->dice, kinds);
    provider_report_to(self->provider, self->courier);
    return true;
}

static void close_run(run_t *self)
{
    provider_destroy(&self->provider);
    courier_destroy(&self->courier);
    for (uint32_t i = 0; i < COURIER_SERVERS_MAX; i++)
        load_destroy(&self->loads[i]);
    customers_destroy(&self->customers);
    for (uint32_t i = 0; i < TENANTS_MAX_COUNT; i++)
        webhook_gen_destroy(&self->webhooks[i]);
    latency_destroy(&self->ack_latency);
}

int main(int argc, char **argv)
{
    run_t run = {0};
    int result = EXIT_FAILURE;
    if (!options_read(&run.options, argc, argv)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!open_run(&run)) {
        perror("chaos_load");
    } else {
        run_all(&run);
        result = save(&run) ? EXIT_SUCCESS : EXIT_FAILURE;
        tell(&run);
    }
    close_run(&run);
    return result;
}
