// A table of faults, a ledger, and statuses for the courier.

#include "provider.h"

#include "graph_stub.h"
#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#define OUTBOX_ID_MAX_BYTES 36
#define STORM_EVERY_US 30000000
#define STORM_US 2000000
#define STORM_REFUSES_IN_10000 7000
#define HASH_BYTES crypto_generichash_BYTES_MIN

typedef struct {
    uint32_t conversation_index;
    char wamid[GRAPH_WAMID_BYTES];
    char outbox_id[OUTBOX_ID_MAX_BYTES + 1];
} sent_t;

struct provider {
    graph_stub_t *stub;
    dice_t *dice;
    courier_t *courier;
    FILE *ledger;
    provider_counts_t counts;
    int64_t storm_from_us; // the next one, or the one that is
    uint32_t sends_max_count;
    uint32_t sends_count;
    sent_t *sends;
};

// --- faults --------------------------------------------------------------------------------------

// What may happen to a send: so many of ten thousand each, the rest is answered within a moment.
typedef struct {
    uint32_t in_10000;
    const char *name;
    int64_t delay_min_us;
    int64_t delay_max_us;
    int refusal;
    int code;
    bool hangs_up;
    bool is_cut;
    bool is_garbage;
    bool is_accepted;
} fault_t;

static const fault_t faults[] = {
    {.in_10000 = 200,
     .name = "slow",
     .delay_min_us = 200000,
     .delay_max_us = 3000000,
     .is_accepted = true},
    {.in_10000 = 60, .name = "internal", .delay_max_us = 50000, .refusal = 500, .code = 131000},
    {.in_10000 = 30, .name = "pair_rate", .delay_max_us = 50000, .refusal = 429, .code = 131056},
    {.in_10000 = 1, .name = "rate", .delay_max_us = 50000, .refusal = 429, .code = 130429},
    {.in_10000 = 20, .name = "drop", .delay_max_us = 100000, .hangs_up = true},
    {.in_10000 = 20,
     .name = "hang_up",
     .delay_max_us = 100000,
     .hangs_up = true,
     .is_accepted = true},
    {.in_10000 = 5, .name = "cut", .delay_max_us = 100000, .is_cut = true, .is_accepted = true},
    {.in_10000 = 5,
     .name = "garbage",
     .delay_max_us = 100000,
     .is_garbage = true,
     .is_accepted = true},
    // Longer than delivery waits.
    {.in_10000 = 3,
     .name = "hang",
     .delay_min_us = 12000000,
     .delay_max_us = 20000000,
     .is_accepted = true},
};
#define FAULTS_COUNT (sizeof faults / sizeof faults[0])

static const fault_t no_fault = {
    .name = "none", .delay_min_us = 2000, .delay_max_us = 40000, .is_accepted = true};
// Of a storm: for a while most sends are refused so.
static const fault_t storm = {
    .name = "storm", .delay_max_us = 20000, .refusal = 503, .code = 131000};
static const fault_t full = {.name = "full", .refusal = 503, .code = 131016};

static bool is_storm(provider_t *self)
{
    int64_t now_us = load_now_us();
    if (self->storm_from_us == 0 || now_us > self->storm_from_us + STORM_US)
        self->storm_from_us =
            now_us + dice_between(self->dice, STORM_EVERY_US / 2, STORM_EVERY_US * 2);
    return now_us >= self->storm_from_us;
}

static const fault_t *choose_fault(provider_t *self)
{
    uint64_t at = dice_below(self->dice, 10000);
    if (self->sends_count == self->sends_max_count)
        return &full;
    if (is_storm(self) && dice_in_10000(self->dice, STORM_REFUSES_IN_10000))
        return &storm;
    for (size_t i = 0; i < FAULTS_COUNT; i++) {
        if (at < faults[i].in_10000)
            return &faults[i];
        at -= faults[i].in_10000;
    }
    return &no_fault;
}

static void count(provider_counts_t *counts, const fault_t *fault)
{
    counts->accepted_count += fault->is_accepted;
    counts->refused_count += fault->refusal != 0;
    counts->hang_ups_count += fault->hangs_up && !fault->is_accepted;
    counts->ambiguous_count +=
        fault->is_accepted &&
        (fault->hangs_up || fault->is_cut || fault->is_garbage || strcmp(fault->name, "hang") == 0);
    counts->slow_count += fault == &faults[0];
}

// --- accepting -----------------------------------------------------------------------------------

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// .../v26.0/800001/messages
static int account_of(const graph_message_t *message)
{
    const char *end = message->path + message->path_bytes;
    const char *version = memmem(message->path, message->path_bytes, "/v", 2);
    const char *from =
        version == NULL ? NULL : memchr(version + 1, '/', (size_t)(end - version - 1));
    return from == NULL ? 0 : atoi(from + 1);
}

static void write_line(provider_t *self, const graph_message_t *message, const sent_t *sent,
                       const fault_t *fault)
{
    unsigned char hash[HASH_BYTES];
    char hex[HASH_BYTES * 2 + 1];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)message->body, message->body_bytes,
                       NULL, 0);
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)fprintf(self->ledger,
                  "{\"wamid\":\"%s\",\"outbox_id\":\"%s\",\"to\":%" PRIu32
                  ",\"body_hash\":\"%s\",\"at_ms\":%" PRId64 ",\"connection\":%" PRIu64
                  ",\"account\":\"%d\",\"fault\":\"%s\"}\n",
                  sent->wamid, sent->outbox_id, sent->conversation_index, hex, wall_ms(),
                  message->connection, account_of(message), fault->name);
}

// Most statuses come soon, some before the answer, a few so late that Parley has long given up
// waiting for them.
static void report(provider_t *self, uint32_t send_index)
{
    int64_t now_us = load_now_us();
    bool is_late = dice_in_10000(self->dice, 100);
    for (uint32_t i = 0; i < STATUSES_PER_SEND; i++) {
        int64_t delay_us = is_late ? dice_between(self->dice, 1000000, 20000000)
                                   : dice_between(self->dice, 0, 150000 * (i + 1));
        courier_post(self->courier, POST_STATUS, STATUSES_PER_SEND * send_index + i,
                     now_us + delay_us);
    }
}

static void accept_send(provider_t *self, const graph_message_t *message,
                        uint32_t conversation_index, const fault_t *fault)
{
    uint32_t index = self->sends_count++;
    sent_t *sent = &self->sends[index];
    sent->conversation_index = conversation_index;
    (void)snprintf(sent->wamid, sizeof sent->wamid, "%s", message->wamid);
    (void)snprintf(sent->outbox_id, sizeof sent->outbox_id, "%.*s", (int)message->outbox_id_bytes,
                   message->outbox_id);
    write_line(self, message, sent, fault);
    report(self, index);
}

static graph_answer_t on_message(void *context, const graph_message_t *message)
{
    provider_t *self = context;
    uint32_t conversation_index = webhook_gen_conversation(message->to, message->to_bytes);
    const fault_t *fault = choose_fault(self);
    if (message->outbox_id_bytes != OUTBOX_ID_MAX_BYTES || conversation_index == UINT32_MAX) {
        self->counts.unknown_count++;
        return (graph_answer_t){.refusal = 400, .code = 100};
    }
    count(&self->counts, fault);
    if (fault->is_accepted)
        accept_send(self, message, conversation_index, fault);
    return (graph_answer_t){
        .delay_us = dice_between(self->dice, fault->delay_min_us, fault->delay_max_us),
        .refusal = fault->refusal,
        .code = fault->code,
        .hangs_up = fault->hangs_up,
        .is_cut = fault->is_cut,
        .is_garbage = fault->is_garbage,
    };
}

uint32_t provider_recipient_of(const provider_t *self, uint32_t index)
{
    return self->sends[index / STATUSES_PER_SEND].conversation_index;
}

void provider_make_status(const provider_t *self, uint32_t index, webhook_gen_t *webhooks,
                          webhook_t *ret_webhook)
{
    static const char *const names[STATUSES_PER_SEND] = {"sent", "delivered", "read"};
    const sent_t *sent = &self->sends[index / STATUSES_PER_SEND];
    webhook_status_t status = {.conversation_index = sent->conversation_index,
                               .wamid = sent->wamid,
                               .status = names[index % STATUSES_PER_SEND],
                               .outbox_id = sent->outbox_id};
    webhook_gen_status(webhooks, &status, ret_webhook);
}

// --- life ----------------------------------------------------------------------------------------

provider_t *provider_new(const provider_options_t *options, dice_t *dice)
{
    provider_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    self->dice = dice;
    self->sends_max_count = options->sends_max_count;
    self->sends = calloc(self->sends_max_count, sizeof *self->sends);
    if (self->sends == NULL)
        abort();
    self->ledger = fopen(options->ledger_path, "we");
    if (self->ledger != NULL)
        self->stub = graph_stub_new(options->host, options->port, on_message, self);
    if (self->stub == NULL) {
        int error = errno;
        provider_destroy(&self);
        errno = error;
    }
    return self;
}

void provider_destroy(provider_t **self_p)
{
    provider_t *self = *self_p;
    if (self == NULL)
        return;
    graph_stub_destroy(&self->stub);
    if (self->ledger != NULL && fclose(self->ledger) != 0)
        perror("chaos_load: ledger");
    free(self->sends);
    free(self);
    *self_p = NULL;
}

void provider_report_to(provider_t *self, courier_t *courier)
{
    self->courier = courier;
}

int provider_fd(const provider_t *self)
{
    return graph_stub_fd(self->stub);
}

int64_t provider_due_us(const provider_t *self)
{
    return graph_stub_due_us(self->stub);
}

void provider_turn(provider_t *self)
{
    graph_stub_turn(self->stub);
}

provider_counts_t provider_counts(const provider_t *self)
{
    return self->counts;
}
