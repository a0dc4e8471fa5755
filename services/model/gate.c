// gate: numbers only; whoever asks brings the time.
#include "gate.h"

#include "base/assert.h"
#include "base/id.h"

#define WINDOW_COUNT 20
#define ILL_IN_WINDOW_COUNT 10
#define ILL_IN_A_ROW_MASK 0x1fu // the last five
#define OPEN_FIRST_MS 500
#define RETRY_SHARE_MILLI 100
#define RETRY_START_MILLI 900 // with the first request's share it may be tried again
#define RETRY_MOST_MILLI 10000
#define MINUTE_MS 60000

struct gate {
    gate_t *next;
    act_str_t name;
    gate_limits_t limits;
    int64_t entered_count;
    int64_t paused_until_ms;
    // The rate, as a bucket: when the next request is due, a tenth of a minute ahead at most.
    int64_t due_ms_milli;
    uint32_t window; // the latest outcomes, a bit each; 1 is ill
    bool is_open;
    bool is_probing;
    int64_t open_until_ms;
    int64_t open_ms;
    int64_t retry_milli;
};

struct gates {
    gate_t *first;
};

gates_t *gates_new(void)
{
    return act_alloc(sizeof(gates_t));
}

void gates_destroy(gates_t **self_p)
{
    gates_t *self = *self_p;
    if (!self)
        return;
    while (self->first) {
        gate_t *gate = self->first;
        self->first = gate->next;
        act_free((char *)(uintptr_t)gate->name.ptr);
        act_free(gate);
    }
    act_free(act_take(self_p));
}

gate_t *gates_find(gates_t *self, act_str_t name, const gate_limits_t *limits)
{
    gate_t *gate = self->first;
    while (gate && !act_str_eq(gate->name, name))
        gate = gate->next;
    if (!gate) {
        gate = act_alloc(sizeof *gate);
        char *copy = act_alloc(name.len_bytes + 1);
        (void)act_str_copy(name, copy, name.len_bytes + 1);
        gate->name = act_str(copy);
        gate->retry_milli = RETRY_START_MILLI;
        gate->next = self->first;
        self->first = gate;
    }
    gate->limits = *limits;
    return gate;
}

// --- rate ----------------------------------------------------------------------------------------

// 0: now.
static int64_t rate_wait_ms(const gate_t *self, int64_t now_ms)
{
    int64_t ahead_milli = self->due_ms_milli - now_ms * 1000;
    int64_t burst_milli = MINUTE_MS / 10 * 1000;
    if (self->limits.requests_per_minute == 0 || ahead_milli <= burst_milli)
        return 0;
    return (ahead_milli - burst_milli) / 1000 + 1;
}

static void rate_take(gate_t *self, int64_t now_ms)
{
    if (self->limits.requests_per_minute == 0)
        return;
    if (self->due_ms_milli < now_ms * 1000)
        self->due_ms_milli = now_ms * 1000;
    self->due_ms_milli += (int64_t)MINUTE_MS * 1000 / self->limits.requests_per_minute;
}

// --- breaker -------------------------------------------------------------------------------------

static bool is_ill(const gate_t *self)
{
    uint32_t window = self->window & ((1u << WINDOW_COUNT) - 1);
    return (window & ILL_IN_A_ROW_MASK) == ILL_IN_A_ROW_MASK ||
           __builtin_popcount(window) >= ILL_IN_WINDOW_COUNT;
}

// A little less than its time, so that many gateways do not probe at once.
static void open_breaker(gate_t *self, int64_t now_ms)
{
    self->open_ms = self->is_open ? self->open_ms * 2 : OPEN_FIRST_MS;
    if (self->open_ms > GATE_OPEN_MAX_MS)
        self->open_ms = GATE_OPEN_MAX_MS;
    int64_t less_ms = (int64_t)(act_random_u64() % (uint64_t)(self->open_ms / 4));
    self->is_open = true;
    self->is_probing = false;
    self->open_until_ms = now_ms + self->open_ms - less_ms;
}

static void close_breaker(gate_t *self)
{
    self->is_open = false;
    self->is_probing = false;
    self->window = 0;
}

const char *gate_breaker(const gate_t *self, int64_t now_ms)
{
    if (!self->is_open)
        return "closed";
    return self->is_probing || now_ms >= self->open_until_ms ? "probing" : "open";
}

// --- through -------------------------------------------------------------------------------------

bool gate_enter(gate_t *self, int64_t now_ms, int64_t *ret_wait_ms)
{
    if (self->is_open && (self->is_probing || now_ms < self->open_until_ms)) {
        *ret_wait_ms = -1;
        return false;
    }
    int64_t pause_ms = self->paused_until_ms - now_ms;
    int64_t rate_ms = rate_wait_ms(self, now_ms);
    bool is_full = self->entered_count >= self->limits.concurrency_max_count;
    if (pause_ms > 0 || rate_ms > 0 || is_full) {
        *ret_wait_ms = pause_ms > rate_ms ? pause_ms : rate_ms;
        return false;
    }
    rate_take(self, now_ms);
    self->is_probing = self->is_open;
    self->entered_count++;
    self->retry_milli += RETRY_SHARE_MILLI;
    if (self->retry_milli > RETRY_MOST_MILLI)
        self->retry_milli = RETRY_MOST_MILLI;
    return true;
}

void gate_leave(gate_t *self, int64_t now_ms, gate_outcome_t outcome)
{
    act_assert(self->entered_count > 0);
    self->entered_count--;
    if (outcome == GATE_UNKNOWN) {
        self->is_probing = false; // the next one may
        return;
    }
    self->window = self->window << 1 | (outcome == GATE_ILL);
    if (outcome == GATE_GOOD && self->is_open)
        close_breaker(self);
    else if (outcome == GATE_ILL && (self->is_probing || (!self->is_open && is_ill(self))))
        open_breaker(self, now_ms);
}

void gate_pause(gate_t *self, int64_t now_ms, int64_t pause_ms)
{
    if (now_ms + pause_ms > self->paused_until_ms)
        self->paused_until_ms = now_ms + pause_ms;
}

bool gate_may_retry(gate_t *self)
{
    if (self->retry_milli < 1000)
        return false;
    // The retry goes through the gate and would earn a share of its own.
    self->retry_milli -= 1000 + RETRY_SHARE_MILLI;
    return true;
}
