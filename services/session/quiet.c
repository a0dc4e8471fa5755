// quiet: a table of percentages and a direct-mapped cache.
#include "quiet.h"

#include "base/mem.h"

#define ALONE_COUNT 4
#define ALONE_PCT 50
#define GAP_PCT 150
#define GAP_MAX_MS 60000

static const struct {
    const char *shape;
    int64_t pct; // of the window
} shapes[] = {
    {"choice", 0}, {"sentence", 60}, {"words", 100}, {"fragment", 150}, {"media", 156},
};

static int64_t pct_of(act_str_t shape)
{
    for (size_t i = 0; i < ACT_COUNT(shapes); i++)
        if (act_str_is(shape, shapes[i].shape))
            return shapes[i].pct;
    return 100;
}

// Messages that are further apart than this belong to no burst.
static int64_t burst_gap_ms(const quiet_policy_t *policy)
{
    return policy->max_ms * 2 < GAP_MAX_MS ? policy->max_ms * 2 : GAP_MAX_MS;
}

void quiet_note(quiet_habit_t *habit, const quiet_policy_t *policy, int64_t now_ms)
{
    int64_t gap_ms = now_ms - habit->last_ms;
    bool is_first = habit->last_ms == 0;
    habit->last_ms = now_ms;
    if (is_first)
        return;
    if (gap_ms > burst_gap_ms(policy)) {
        if (habit->alone_count < UINT16_MAX)
            habit->alone_count++;
        return;
    }
    habit->alone_count = 0;
    habit->gap_ms = (uint16_t)(habit->gap_ms == 0 ? gap_ms : (3 * habit->gap_ms + gap_ms) / 4);
}

int64_t quiet_wait_ms(const quiet_policy_t *policy, const quiet_habit_t *habit,
                      const quiet_burst_t *burst)
{
    int64_t wait_ms = policy->window_ms * pct_of(burst->shape) / 100;
    if (wait_ms > 0 && habit) {
        int64_t usual_ms = (int64_t)habit->gap_ms * GAP_PCT / 100;
        if (burst->messages_count > 1)
            wait_ms = usual_ms > wait_ms ? usual_ms : wait_ms;
        else if (habit->alone_count >= ALONE_COUNT)
            wait_ms = wait_ms * ALONE_PCT / 100;
    }
    int64_t left_ms = policy->max_ms - burst->waited_ms;
    return wait_ms < left_ms ? wait_ms : left_ms;
}

// --- the cache -----------------------------------------------------------------------------------

struct quiet_habits {
    quiet_habit_t places[QUIET_HABITS_COUNT];
};

quiet_habits_t *quiet_habits_new(void)
{
    return act_alloc(sizeof(quiet_habits_t));
}

void quiet_habits_destroy(quiet_habits_t **self_p)
{
    act_free(act_take(self_p));
}

quiet_habit_t *quiet_habits_of(quiet_habits_t *self, act_str_t tenant, act_str_t conversation_id)
{
    uint64_t key = act_str_hash(conversation_id, act_str_hash(tenant, 0)) | 1;
    quiet_habit_t *habit = &self->places[(key >> 1) % QUIET_HABITS_COUNT];
    if (habit->key != key)
        *habit = (quiet_habit_t){.key = key};
    return habit;
}
