// watchdog: a query every few seconds.
#include "watchdog.h"

#include "metrics.h"
#include "proto/persistence_service.h"
#include "proto/session_service.h"

#define ROWS_MAX_COUNT 500
#define BUDGET_MS 3000

static void wake(const session_t *session, const watched_turn_t *found)
{
    const wake_request_t request = {.conversation_id = found->conversation_id};
    const act_call_opts_t opts = {.tenant = found->tenant, .key = found->conversation_id};
    session_wake(session->actor, &opts, &request);
}

static void on_watched(void *context, const act_reply_t *reply, const watch_turns_reply_t *body)
{
    session_t *session = context;
    session->is_watching = false;
    if (reply->err != ACT_E_OK)
        return; // the count stays as it was; without a database nobody is answered
    int64_t unanswered_count = 0;
    for (uint32_t i = 0; i < body->conversations.count; i++) {
        const watched_turn_t *found = &body->conversations.items[i];
        unanswered_count = found->unanswered_count;
        if (!act_str_empty(found->conversation_id))
            wake(session, found);
    }
    act_metrics_set(act_actor_metrics(session->actor), METRIC_UNANSWERED,
                    (uint64_t)unanswered_count);
    if (unanswered_count > 0)
        act_log_warn(act_actor_log(session->actor), "unanswered", "count=%lld",
                     (long long)unanswered_count);
}

static void watch(void *context)
{
    session_t *session = context;
    if (session->is_watching || act_actor_is_draining(session->actor))
        return;
    session->is_watching = true;
    const watch_turns_request_t request = {.max_rows = ROWS_MAX_COUNT};
    const act_call_opts_t opts = {.budget_ms = BUDGET_MS, .class_ = ACT_CLASS_BULK};
    persistence_watch_turns(session->actor, &opts, &request, on_watched, session);
}

void watchdog_start(session_t *session)
{
    session->watch_timer = act_timer_new(act_actor_loop(session->actor), watch, session);
    act_timer_start(session->watch_timer, session->watch_ms, session->watch_ms);
}

void watchdog_stop(session_t *session)
{
    act_timer_destroy(&session->watch_timer);
}
