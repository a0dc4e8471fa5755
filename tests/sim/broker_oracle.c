// broker_oracle: tables of calls by number and of lanes.
#include "broker_oracle.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES_COUNT (2 * WORLD_KEYS_MAX_COUNT)
// An answer may be late by a tick of the broker and the way there and back.
#define GRACE_US 40000
#define REQUEUES_MAX_COUNT 65536
// The low bits of the broker's ids are a slot that is taken while the call is open.
#define SLOTS_COUNT (1u << 17)
#define GIVEN_MAX_COUNT 4096

typedef struct {
    uint32_t client, lane, repeat_of;
    uint32_t budget_ms;
    int64_t arrived_us; // 0: not yet
    uint64_t id;        // the broker's, of the newest grant
    uint32_t worker;
    uint32_t grants_count;
    int64_t taken_us; // 0: it was not
    uint8_t answers_count;
    bool is_let_go;
    bool is_done; // its last grant was answered
    bool has_reply;
} call_t;

typedef struct {
    uint32_t holder; // number + 1; 0: nobody
    uint32_t newest; // granted last, by arrival
} lane_row_t;

// Calls given to a worker and not answered or taken since.
typedef struct {
    uint32_t numbers[GIVEN_MAX_COUNT];
    uint32_t count;
} given_t;

struct oracle {
    uint32_t number_of_slot[SLOTS_COUNT];
    given_t given[WORLD_ACTORS_COUNT];
    call_t *calls;
    uint32_t count, capacity;
    uint32_t arrivals_count;
    uint32_t *arrival_of; // by number: its place among the arrivals
    lane_row_t lanes[LANES_COUNT];
    char *violation;
    size_t violation_bytes;
    uint32_t requeue_us[REQUEUES_MAX_COUNT];
    uint32_t requeues_count;
};

oracle_t *oracle_new(char *violation, size_t violation_bytes)
{
    oracle_t *self = act_alloc(sizeof *self);
    self->violation = violation;
    self->violation_bytes = violation_bytes;
    violation[0] = '\0';
    return self;
}

void oracle_destroy(oracle_t **self_p)
{
    act_free((*self_p)->calls);
    act_free((*self_p)->arrival_of);
    act_free(act_take(self_p));
}

// The first one counts.
void oracle_violation(oracle_t *self, const char *format, ...)
{
    if (self->violation[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(self->violation, self->violation_bytes, format, args);
    va_end(args);
}

uint32_t oracle_ask(oracle_t *self, uint32_t client, uint32_t lane, uint32_t repeat_of,
                    uint32_t budget_ms)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 4096;
        self->calls = act_realloc(self->calls, self->capacity * sizeof *self->calls);
        self->arrival_of = act_realloc(self->arrival_of, self->capacity * sizeof(uint32_t));
    }
    self->calls[self->count] =
        (call_t){.client = client, .lane = lane, .repeat_of = repeat_of, .budget_ms = budget_ms};
    return self->count++;
}

void oracle_on_arrival(oracle_t *self, uint32_t number, int64_t now_us)
{
    self->calls[number].arrived_us = now_us;
    self->arrival_of[number] = ++self->arrivals_count;
}

static void check_lane(oracle_t *self, uint32_t number)
{
    const call_t *call = &self->calls[number];
    lane_row_t *lane = &self->lanes[call->lane];
    if (lane->holder > 0) {
        const call_t *holder = &self->calls[lane->holder - 1];
        if (lane->holder != number + 1 && !holder->is_done && holder->taken_us == 0)
            oracle_violation(self, "two in flight in lane %u: calls %u and %u", call->lane,
                             lane->holder - 1, number);
    }
    if (self->arrival_of[number] < lane->newest)
        oracle_violation(self, "order in lane %u: call %u after one that came later", call->lane,
                         number);
    lane->newest = self->arrival_of[number];
    lane->holder = number + 1;
}

void oracle_on_grant(oracle_t *self, uint32_t number, const act_header_t *header,
                     const oracle_worker_t *worker, int64_t now_us)
{
    call_t *call = &self->calls[number];
    int64_t deadline_us = call->arrived_us + (int64_t)call->budget_ms * 1000;
    if (header->budget_ms == 0 || now_us >= deadline_us)
        oracle_violation(self, "call %u was begun after its time", number);
    if (call->grants_count > 0 && header->attempt < 2)
        oracle_violation(self, "call %u was given twice as attempt 1", number);
    if (worker->held_count > WORLD_CREDIT)
        oracle_violation(self, "worker %u has %u calls", worker->worker, worker->held_count);
    if (call->repeat_of != ORACLE_NO_REPEAT && self->calls[call->repeat_of].has_reply)
        oracle_violation(self, "call %u repeats %u, which had its reply", number, call->repeat_of);
    if (call->lane != ORACLE_NO_LANE)
        check_lane(self, number);
    if (call->taken_us > 0 && self->requeues_count < REQUEUES_MAX_COUNT)
        self->requeue_us[self->requeues_count++] = (uint32_t)(now_us - call->taken_us);
    call->taken_us = 0;
    call->is_done = false;
    call->id = header->id;
    call->worker = worker->worker;
    call->grants_count++;
    self->number_of_slot[header->id % SLOTS_COUNT] = number;
    given_t *given = &self->given[worker->worker];
    act_assert(given->count < GIVEN_MAX_COUNT);
    given->numbers[given->count++] = number;
}

static void forget_given(given_t *given, uint32_t number)
{
    for (uint32_t i = 0; i < given->count; i++)
        if (given->numbers[i] == number)
            given->numbers[i--] = given->numbers[--given->count];
}

void oracle_on_done(oracle_t *self, uint64_t id, bool is_reply, int64_t now_us)
{
    (void)now_us;
    uint32_t number = self->number_of_slot[id % SLOTS_COUNT];
    call_t *call = number < self->count ? &self->calls[number] : NULL;
    if (!call || call->id != id || call->taken_us > 0)
        return; // taken from it before: the answer is late
    forget_given(&self->given[call->worker], number);
    call->is_done = true;
    bool is_leader = call->repeat_of == ORACLE_NO_REPEAT;
    call_t *first = is_leader ? call : &self->calls[call->repeat_of];
    first->has_reply |= is_reply;
}

void oracle_on_taken(oracle_t *self, uint32_t worker, int64_t now_us)
{
    given_t *given = &self->given[worker];
    for (uint32_t i = 0; i < given->count; i++)
        self->calls[given->numbers[i]].taken_us = now_us;
    given->count = 0;
}

bool oracle_is_open(const oracle_t *self, uint32_t number)
{
    return self->calls[number].answers_count == 0 && !self->calls[number].is_let_go;
}

void oracle_on_answer(oracle_t *self, uint32_t number, int64_t now_us)
{
    call_t *call = &self->calls[number];
    if (++call->answers_count > 1)
        oracle_violation(self, "call %u was answered twice", number);
    int64_t deadline_us = call->arrived_us + (int64_t)call->budget_ms * 1000;
    if (call->arrived_us > 0 && now_us > deadline_us + GRACE_US)
        oracle_violation(self, "call %u was answered %lld ms after its time", number,
                         (long long)((now_us - deadline_us) / 1000));
}

void oracle_let_go(oracle_t *self, uint32_t number)
{
    self->calls[number].is_let_go = true;
}

void oracle_forget_client(oracle_t *self, uint32_t client)
{
    for (uint32_t i = self->count; i > 0 && i + 65536 > self->count; i--)
        if (self->calls[i - 1].client == client)
            self->calls[i - 1].is_let_go = true;
}

void oracle_at_end(oracle_t *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (oracle_is_open(self, i))
            oracle_violation(self, "call %u was never answered", i);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

uint64_t oracle_p99_requeue_us(oracle_t *self)
{
    if (self->requeues_count == 0)
        return 0;
    qsort(self->requeue_us, self->requeues_count, sizeof *self->requeue_us, compare);
    return self->requeue_us[self->requeues_count * 99 / 100];
}
