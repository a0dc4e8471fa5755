// retry: a table of errors and a delay.
#include "retry.h"

#define FIRST_DELAY_MS 20
#define MAX_DELAY_MS 200

typedef struct {
    act_err_t err;
    retry_action_t action;
    bool is_at_once; // the first time: whoever failed is gone, another may be there already
} row_t;

// What is not here is trouble that only time or a person ends (a version that knows no such method,
// a right that is missing): the channel keeps the message meanwhile.
static const row_t rows[] = {
    {ACT_E_DATABASE, RETRY_AGAIN, false},
    {ACT_E_NOT_DURABLE, RETRY_AGAIN, false},
    {ACT_E_OVERLOADED, RETRY_AGAIN, false},
    {ACT_E_UNAVAILABLE, RETRY_AGAIN, false},
    {ACT_E_WORKER_LOST, RETRY_AGAIN, true},
    {ACT_E_UNKNOWN_METHOD, RETRY_AGAIN, false}, // a broker that just started knows no service yet
    // It killed every worker it met, or no worker will ever take it.
    {ACT_E_DEAD_LETTER, RETRY_SET_ASIDE, false},
    {ACT_E_MALFORMED, RETRY_SET_ASIDE, false},
    {ACT_E_INVALID_ARGUMENT, RETRY_SET_ASIDE, false},
    {ACT_E_TOO_LARGE, RETRY_SET_ASIDE, false},
};

static const row_t *find(act_err_t err)
{
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (rows[i].err == err)
            return &rows[i];
    return NULL;
}

// 20 ms doubling to 200 ms, and of that a random half to whole.
static int64_t backoff_ms(uint32_t attempts_count, uint64_t random)
{
    int64_t delay_ms = FIRST_DELAY_MS;
    for (uint32_t i = 1; i < attempts_count && delay_ms < MAX_DELAY_MS; i++)
        delay_ms *= 2;
    if (delay_ms > MAX_DELAY_MS)
        delay_ms = MAX_DELAY_MS;
    return delay_ms / 2 + (int64_t)(random % (uint64_t)(delay_ms / 2 + 1));
}

retry_t retry_decide(act_err_t err, uint32_t attempts_count, int64_t left_ms,
                     uint32_t retry_after_ms, uint64_t random)
{
    const row_t *row = find(err);
    if (!row)
        return (retry_t){.action = RETRY_GIVE_UP};
    if (row->action != RETRY_AGAIN)
        return (retry_t){.action = row->action};
    bool is_at_once = row->is_at_once && attempts_count == 1;
    int64_t delay_ms = is_at_once ? 0 : backoff_ms(attempts_count, random);
    if (delay_ms < retry_after_ms)
        delay_ms = retry_after_ms;
    if (delay_ms >= left_ms)
        return (retry_t){.action = RETRY_GIVE_UP};
    return (retry_t){.action = RETRY_AGAIN, .delay_ms = delay_ms};
}
