// admission: a token bucket whose rate follows what is answered. A class is let in while the bucket holds more
// than its share, so that what runs low is left to those who are in a conversation.
#include "admission.h"

// A backlog of this many is a moment's work, whatever the rate.
#define BACKLOG_FREE_COUNT 1500u
// Fewer answers a second are no rate to steer by: something is being restarted, or there is little to do.
#define DONE_MIN_PER_S 50.0
#define RATE_MIN_PER_S 50.0
#define SMOOTHING 0.4
#define FACTOR_MIN 0.5
#define FACTOR_MAX 1.25
#define BURST_S 0.25
#define BURST_MIN 20.0
// A status is a write, a message is a turn.
#define STATUS_COST 0.2

// Of the full bucket, what must be there.
static const double shares[ADMISSION_CLASSES_COUNT] = {
    [ADMISSION_STATUSES] = 0.6,
    [ADMISSION_AGAIN] = 0.45,
    [ADMISSION_NEW] = 0.3,
    [ADMISSION_KNOWN] = 0.0,
};

void admission_init(admission_t *self, int64_t delay_max_ms)
{
    *self = (admission_t){.delay_max_ms = delay_max_ms};
}

static double burst_of(const admission_t *self)
{
    double burst = self->rate_per_s * BURST_S;
    return burst > BURST_MIN ? burst : BURST_MIN;
}

static void fill(admission_t *self, int64_t now_ms)
{
    double burst = burst_of(self);
    self->tokens += self->rate_per_s * (double)(now_ms - self->filled_ms) / 1000.0;
    if (self->tokens > burst)
        self->tokens = burst;
    self->filled_ms = now_ms;
}

// What came in and is not waiting has been answered.
static void measure(admission_t *self, int64_t now_ms, uint32_t backlog_count)
{
    double seconds = (double)(now_ms - self->reported_ms) / 1000.0;
    double done = (double)self->backlog_count + self->admitted - backlog_count;
    double per_s = done > 0 ? done / seconds : 0;
    self->done_per_s += SMOOTHING * (per_s - self->done_per_s);
    // After an outage the average is still low, and what waits is soon done.
    self->speed_per_s = per_s > self->done_per_s ? per_s : self->done_per_s;
}

// Around the rate of answers: below it while too many wait, above it once few do.
static double factor_of(const admission_t *self, double delay_ms)
{
    double factor = 1.0 + 0.5 - delay_ms / (double)self->delay_max_ms;
    if (factor < FACTOR_MIN)
        return FACTOR_MIN;
    return factor > FACTOR_MAX ? FACTOR_MAX : factor;
}

// Little waits: everything may come, or soon may.
static void loosen(admission_t *self)
{
    if (self->refused_count == 0)
        self->is_limited = false;
    self->rate_per_s *= 2;
    if (self->rate_per_s < RATE_MIN_PER_S)
        self->rate_per_s = RATE_MIN_PER_S;
    self->tokens = burst_of(self);
}

static void steer(admission_t *self, int64_t now_ms)
{
    if (self->is_limited)
        fill(self, now_ms);
    if (self->backlog_count <= BACKLOG_FREE_COUNT) {
        loosen(self);
        return;
    }
    if (self->speed_per_s < DONE_MIN_PER_S) { // nobody works on it
        self->is_limited = false;
        return;
    }
    double delay_ms = 1000.0 * (double)self->backlog_count / self->speed_per_s;
    if (!self->is_limited && delay_ms > (double)self->delay_max_ms) {
        self->is_limited = true;
        self->tokens = 0;
        self->filled_ms = now_ms;
    }
    self->rate_per_s = self->done_per_s * factor_of(self, delay_ms);
    if (self->rate_per_s < RATE_MIN_PER_S)
        self->rate_per_s = RATE_MIN_PER_S;
}

void admission_report(admission_t *self, int64_t now_ms, uint32_t backlog_count)
{
    bool is_first = self->reported_ms == 0;
    if (!is_first && now_ms <= self->reported_ms)
        return;
    if (!is_first)
        measure(self, now_ms, backlog_count);
    self->backlog_count = backlog_count;
    if (!is_first)
        steer(self, now_ms);
    self->reported_ms = now_ms;
    self->admitted = 0;
    self->refused_count = 0;
}

bool admission_is_shut(admission_t *self, int64_t now_ms)
{
    if (!self->is_limited)
        return false;
    fill(self, now_ms);
    if (self->tokens >= 1.0)
        return false;
    self->refused_count++;
    return true;
}

bool admission_take(admission_t *self, admission_class_t class, uint32_t messages_count,
                    int64_t now_ms)
{
    double cost = class == ADMISSION_STATUSES ? STATUS_COST : (double)messages_count;
    if (self->is_limited) {
        fill(self, now_ms);
        if (self->tokens < 1.0 || self->tokens < shares[class] * burst_of(self)) {
            self->refused_count++;
            return false;
        }
        self->tokens -= cost;
    }
    self->admitted += cost;
    return true;
}
