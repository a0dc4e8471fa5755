// graph_agenda: a binary heap and one timer.
#include "sim/graph_agenda.h"

#include "base/mem.h"

#define FIRST_CAPACITY_COUNT 256

typedef struct {
    int64_t due_ms;
    uint64_t number; // breaks ties
    graph_agenda_fn *fn;
    void *context;
} entry_t;

struct graph_agenda {
    act_loop_t *loop;
    act_timer_t *timer;
    entry_t *entries; // a heap: no entry is later than its children at 2i + 1 and 2i + 2
    uint32_t count;
    uint32_t capacity_count;
    uint32_t max_count;
    uint64_t last_number;
    bool is_running; // inside run: it starts the timer when it is done
};

static bool is_before(const entry_t *a, const entry_t *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void swap(entry_t *a, entry_t *b)
{
    entry_t kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(graph_agenda_t *self, uint32_t at)
{
    while (at > 0 && is_before(&self->entries[at], &self->entries[(at - 1) / 2])) {
        swap(&self->entries[at], &self->entries[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(graph_agenda_t *self)
{
    uint32_t at = 0;
    for (;;) {
        uint32_t first = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < self->count; child++)
            if (is_before(&self->entries[child], &self->entries[first]))
                first = child;
        if (first == at)
            return;
        swap(&self->entries[at], &self->entries[first]);
        at = first;
    }
}

static entry_t take_first(graph_agenda_t *self)
{
    entry_t first = self->entries[0];
    self->entries[0] = self->entries[--self->count];
    sift_down(self);
    return first;
}

static void start_timer(graph_agenda_t *self)
{
    if (self->count > 0)
        act_timer_start(self->timer, self->entries[0].due_ms - act_loop_now_ms(self->loop),
                        /* repeat_ms= */ 0);
}

static void run(void *context)
{
    graph_agenda_t *self = context;
    int64_t now_ms = act_loop_now_ms(self->loop);
    uint64_t last_number = self->last_number; // what is added meanwhile has its turn later
    self->is_running = true;
    while (self->count > 0 && self->entries[0].due_ms <= now_ms &&
           self->entries[0].number <= last_number) {
        entry_t entry = take_first(self);
        entry.fn(entry.context, /* is_due= */ true);
    }
    self->is_running = false;
    start_timer(self);
}

graph_agenda_t *graph_agenda_new(act_loop_t *loop, uint32_t max_count)
{
    graph_agenda_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->max_count = max_count;
    self->timer = act_timer_new(loop, run, self);
    return self;
}

void graph_agenda_destroy(graph_agenda_t **self_p)
{
    if (!*self_p)
        return;
    graph_agenda_t *self = *self_p;
    while (self->count > 0) {
        entry_t entry = take_first(self);
        entry.fn(entry.context, /* is_due= */ false);
    }
    act_timer_destroy(&self->timer);
    act_free(self->entries);
    act_free(act_take(self_p));
}

bool graph_agenda_add(graph_agenda_t *self, int64_t delay_ms, graph_agenda_fn *fn, void *context)
{
    if (self->count == self->max_count)
        return false;
    if (self->count == self->capacity_count) {
        self->capacity_count = self->count ? self->count * 2 : FIRST_CAPACITY_COUNT;
        self->entries = act_realloc(self->entries, self->capacity_count * sizeof *self->entries);
    }
    self->entries[self->count++] = (entry_t){
        .due_ms = act_loop_now_ms(self->loop) + (delay_ms > 0 ? delay_ms : 0),
        .number = ++self->last_number,
        .fn = fn,
        .context = context,
    };
    sift_up(self, self->count - 1);
    if (!self->is_running)
        start_timer(self);
    return true;
}

uint32_t graph_agenda_count(const graph_agenda_t *self)
{
    return self->count;
}
