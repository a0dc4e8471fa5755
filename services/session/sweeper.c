// sweeper: a query a second.
#include "sweeper.h"

#include "proto/persistence_service.h"
#include "proto/session_service.h"

#define ROWS_MAX_COUNT 500
#define BUDGET_MS 3000

// Through the bus and not straight into our own table: the broker knows which instance a
// conversation belongs to.
static void on_swept(void *context, const act_reply_t *reply, const sweep_inbox_reply_t *body)
{
    session_t *session = context;
    session->is_sweeping = false;
    if (reply->err != ACT_E_OK)
        return;
    for (uint32_t i = 0; i < body->conversations.count; i++) {
        const conversation_ref_t *found = &body->conversations.items[i];
        wake_request_t wake = {.conversation_id = found->conversation_id};
        act_call_opts_t opts = {.tenant = found->tenant, .key = found->conversation_id};
        session_wake(session->actor, &opts, &wake);
    }
    if (body->conversations.count > 0)
        act_log_info(act_actor_log(session->actor), "swept", "count=%u", body->conversations.count);
}

void sweeper_sweep(void *context)
{
    session_t *session = context;
    if (session->is_sweeping || act_str_empty(act_holder_name(session->holder)) ||
        act_actor_is_draining(session->actor))
        return;
    session->is_sweeping = true;
    sweep_inbox_request_t request = {
        .min_age_ms = (uint32_t)(session->sweep_ms + session->quiet.max_ms),
        .max_rows = ROWS_MAX_COUNT,
        .holder = act_holder_name(session->holder),
    };
    act_call_opts_t opts = {.budget_ms = BUDGET_MS, .class_ = ACT_CLASS_BULK};
    persistence_sweep_inbox(session->actor, &opts, &request, on_swept, session);
}

// --- old journals --------------------------------------------------------------------------------

// Little at a time and not often, so that nobody waits for it: 1,000 rows of each tenant.
#define COMPACT_ROWS_MAX_COUNT 1000
#define COMPACT_EVERY_MS 60000
#define COMPACT_AGAIN_MS 1000

static void on_compacted(void *context, const act_reply_t *reply,
                         const compact_journals_reply_t *body)
{
    session_t *session = context;
    bool is_more = reply->err == ACT_E_OK && body->removed_count > 0;
    if (is_more)
        act_log_info(act_actor_log(session->actor), "journals_compacted", "count=%d",
                     body->removed_count);
    if (!session->compact_timer) // closed meanwhile
        return;
    act_timer_start(session->compact_timer, is_more ? COMPACT_AGAIN_MS : COMPACT_EVERY_MS, 0);
}

static void compact(void *context)
{
    session_t *session = context;
    compact_journals_request_t request = {
        .older_than_days = (uint32_t)session->journal_days,
        .max_rows = COMPACT_ROWS_MAX_COUNT,
        .tools_older_than_days = (uint32_t)session->tool_log_days,
    };
    act_call_opts_t opts = {.budget_ms = BUDGET_MS, .class_ = ACT_CLASS_BULK};
    persistence_compact_journals(session->actor, &opts, &request, on_compacted, session);
}

void sweeper_start(session_t *session)
{
    session->sweep_timer = act_timer_new(act_actor_loop(session->actor), sweeper_sweep, session);
    act_timer_start(session->sweep_timer, session->sweep_ms, session->sweep_ms);
    session->compact_timer = act_timer_new(act_actor_loop(session->actor), compact, session);
    act_timer_start(session->compact_timer, COMPACT_EVERY_MS, 0);
}

void sweeper_stop(session_t *session)
{
    act_timer_destroy(&session->sweep_timer);
    act_timer_destroy(&session->compact_timer);
}
