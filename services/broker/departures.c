// departures: a short list, of which the first is on its way.
#include "departures.h"

#include "base/arena.h"
#include "base/mem.h"
#include "proto/persistence.h"

#include <stdio.h>
#include <string.h>

#define PERSISTENCE "persistence"
#define END_INSTANCE "end_instance"
#define BUDGET_MS 5000
#define PAUSE_MS 100 // after one that could not be told

typedef struct {
    char instance[ACT_HEADER_KEY_MAX_BYTES]; // "<cell>/<name>"
    int32_t pid;
    bool is_dead;
    int64_t at_ms;
} departure_t;

struct departures {
    broker_t *broker;
    act_log_t *log;
    char cell[ACT_HEADER_NAME_MAX_BYTES + 1];
    departure_t rows[DEPARTURES_MAX_COUNT]; // oldest first
    uint32_t count;
    bool is_under_way; // the first
    int64_t pause_until_ms;
};

departures_t *departures_new(broker_t *broker, act_log_t *log, const char *cell)
{
    departures_t *self = act_alloc(sizeof *self);
    self->broker = broker;
    self->log = log;
    act_str_copy(act_str(cell), self->cell, sizeof self->cell);
    return self;
}

void departures_destroy(departures_t **self_p)
{
    if (*self_p)
        act_free(act_take(self_p));
}

void departures_on_gone(departures_t *self, const peer_t *peer, bool is_dead)
{
    if (self->count == DEPARTURES_MAX_COUNT) {
        act_log_warn(self->log, "departure_untold", "instance=%s", peer->instance);
        return;
    }
    departure_t *row = &self->rows[self->count++];
    *row =
        (departure_t){.pid = peer->pid, .is_dead = is_dead, .at_ms = broker_now_ms(self->broker)};
    snprintf(row->instance, sizeof row->instance, "%s/%s", self->cell, peer->instance);
}

static void drop_first(departures_t *self)
{
    self->count--;
    memmove(self->rows, self->rows + 1, self->count * sizeof self->rows[0]);
}

static void on_told(void *context, act_err_t err, act_str_t body)
{
    departures_t *self = context;
    (void)body;
    self->is_under_way = false;
    if (err == ACT_E_OK)
        drop_first(self);
    else
        self->pause_until_ms = broker_now_ms(self->broker) + PAUSE_MS;
}

static void tell(departures_t *self, const departure_t *row)
{
    static const act_header_t header = {
        .kind = ACT_KIND_CALL,
        .class_ = ACT_CLASS_CONTROL,
        .flags = ACT_FLAG_RETRY_SAFE,
        .service = {PERSISTENCE, sizeof PERSISTENCE - 1},
        .method = {END_INSTANCE, sizeof END_INSTANCE - 1},
        .budget_ms = BUDGET_MS,
        .attempt = 1,
    };
    end_instance_request_t request = {
        .instance = act_str(row->instance), .pid = row->pid, .is_dead = row->is_dead};
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    end_instance_request_pack(&request, &out);
    self->is_under_way = true;
    if (!broker_call_own(self->broker, &header, act_buf_str(&out), on_told, self)) {
        self->is_under_way = false; // nobody is there
        self->pause_until_ms = broker_now_ms(self->broker) + PAUSE_MS;
    }
    act_buf_fini(&out);
}

void departures_on_tick(departures_t *self)
{
    int64_t now_ms = broker_now_ms(self->broker);
    if (self->is_under_way || now_ms < self->pause_until_ms)
        return;
    while (self->count > 0 && now_ms - self->rows[0].at_ms > DEPARTURES_MAX_AGE_MS)
        drop_first(self);
    if (self->count > 0)
        tell(self, &self->rows[0]);
}

uint32_t departures_count(const departures_t *self)
{
    return self->count;
}
