// A list of those who may write, and a row for each message.

#include "customers.h"

#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Of ten thousand messages so many come from somebody who wrote just before.
#define BURSTS_IN_10000 2500
#define RECENT_COUNT 16u
#define TEXT_BYTES 96

// One customer in so many asks for a person in this message, and is not answered by the bot from then on.
#define PERSON_EVERY 20u
#define PERSON_NUMBER 3u

typedef struct {
    uint32_t customer;
    uint32_t number; // of this customer, from 1
    uint32_t text;
    int64_t written_us;
    int64_t acked_us; // 0: not yet
} message_t;

typedef struct {
    uint32_t messages_count;
    uint32_t place; // in resting, or UINT32_MAX
} customer_t;

struct customers {
    dice_t *dice;
    uint32_t customers_count;
    uint32_t messages_max_count;
    uint32_t puzzles_pct;
    uint32_t messages_count;
    uint32_t resting_count;
    uint32_t recent[RECENT_COUNT];
    uint32_t recent_next;
    int64_t wall_minus_us; // wall clock - monotonic clock
    customer_t *customers;
    uint32_t *resting;
    message_t *messages;
};

// Most are answered by a flow with the menu, some by the agent from the FAQ.
static const char *const texts[] = {
    "hola %" PRIu32,
    "bonjour %" PRIu32,
    "hello %" PRIu32,
    "good morning (%" PRIu32 ")",
    "\\u00bfcu\\u00e1l es el horario de apertura? %" PRIu32,
};
#define TEXTS_COUNT (sizeof texts / sizeof texts[0])
static const char person[] = "quiero hablar con una persona (%" PRIu32 ")";
// No rule, flow or entry of the FAQ knows these words: they are the model's.
static const char puzzle[] = "zxcv qwfp arst neio (%" PRIu32 ")";
#define PUZZLE TEXTS_COUNT

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void rest(customers_t *self, uint32_t customer)
{
    self->customers[customer].place = self->resting_count;
    self->resting[self->resting_count++] = customer;
}

static void wake(customers_t *self, uint32_t customer)
{
    uint32_t place = self->customers[customer].place;
    uint32_t last = self->resting[--self->resting_count];
    self->resting[place] = last;
    self->customers[last].place = place;
    self->customers[customer].place = UINT32_MAX;
}

customers_t *customers_new(uint32_t customers_count, uint32_t messages_max_count,
                           uint32_t puzzles_pct, dice_t *dice)
{
    customers_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    *self = (customers_t){.dice = dice,
                          .customers_count = customers_count,
                          .messages_max_count = messages_max_count,
                          .puzzles_pct = puzzles_pct,
                          .wall_minus_us = wall_us() - load_now_us()};
    self->customers = calloc(customers_count, sizeof *self->customers);
    self->resting = calloc(customers_count, sizeof *self->resting);
    self->messages = calloc(messages_max_count, sizeof *self->messages);
    if (self->customers == NULL || self->resting == NULL || self->messages == NULL)
        abort();
    for (uint32_t i = 0; i < customers_count; i++)
        rest(self, i);
    return self;
}

void customers_destroy(customers_t **self_p)
{
    customers_t *self = *self_p;
    if (self == NULL)
        return;
    free(self->customers);
    free(self->resting);
    free(self->messages);
    free(self);
    *self_p = NULL;
}

static uint32_t choose(customers_t *self)
{
    uint32_t recent = self->recent[dice_below(self->dice, RECENT_COUNT)];
    bool is_burst = dice_in_10000(self->dice, BURSTS_IN_10000);
    if (is_burst && self->customers[recent].place != UINT32_MAX)
        return recent;
    return self->resting[dice_below(self->dice, self->resting_count)];
}

static uint32_t choose_text(customers_t *self)
{
    bool is_puzzle = self->puzzles_pct > 0 && dice_in_10000(self->dice, self->puzzles_pct * 100);
    return is_puzzle ? PUZZLE : (uint32_t)dice_below(self->dice, TEXTS_COUNT);
}

bool customers_write(customers_t *self, uint32_t *ret_index)
{
    if (self->resting_count == 0 || self->messages_count == self->messages_max_count)
        return false;
    uint32_t customer = choose(self);
    wake(self, customer);
    *ret_index = self->messages_count++;
    self->messages[*ret_index] = (message_t){
        .customer = customer,
        .number = ++self->customers[customer].messages_count,
        .text = choose_text(self),
        .written_us = load_now_us(),
    };
    return true;
}

void customers_acked(customers_t *self, uint32_t index, int64_t acked_us)
{
    message_t *message = &self->messages[index];
    message->acked_us = acked_us;
    rest(self, message->customer);
    self->recent[self->recent_next++ % RECENT_COUNT] = message->customer;
}

int64_t customers_written_us(const customers_t *self, uint32_t index)
{
    return self->messages[index].written_us;
}

uint32_t customers_messages_count(const customers_t *self)
{
    return self->messages_count;
}

uint32_t customers_writer_of(const customers_t *self, uint32_t index)
{
    return self->messages[index].customer;
}

static const char *pattern_of(const message_t *message)
{
    bool wants_person =
        message->customer % PERSON_EVERY == PERSON_EVERY - 1 && message->number == PERSON_NUMBER;
    if (wants_person)
        return person;
    return message->text == PUZZLE ? puzzle : texts[message->text];
}

void customers_make(const customers_t *self, uint32_t index, webhook_gen_t *webhooks,
                    webhook_t *ret_webhook)
{
    const message_t *message = &self->messages[index];
    char text[TEXT_BYTES];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" // one of the table above
    (void)snprintf(text, sizeof text, pattern_of(message), message->number);
#pragma GCC diagnostic pop
    webhook_gen_numbered(webhooks, index, message->customer, text, ret_webhook);
}

static int64_t wall_ms_of(const customers_t *self, int64_t us)
{
    return us == 0 ? 0 : (us + self->wall_minus_us) / 1000;
}

bool customers_save(const customers_t *self, webhook_gen_t *webhooks, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    for (uint32_t i = 0; i < self->messages_count; i++) {
        const message_t *message = &self->messages[i];
        webhook_t webhook;
        customers_make(self, i, webhooks, &webhook);
        (void)fprintf(file,
                      "{\"external_id\":\"%s\",\"from\":%" PRIu32 ",\"number\":%" PRIu32
                      ",\"written_ms\":%" PRId64 ",\"acked_ms\":%" PRId64 "}\n",
                      webhook.wamid, message->customer, message->number,
                      wall_ms_of(self, message->written_us), wall_ms_of(self, message->acked_us));
    }
    return fclose(file) == 0;
}
