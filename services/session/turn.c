// turn: the driver. A turn is always in one state with at most one call or timer open, so whatever
// dies, there is one thing to come back or to run out.
#include "turn.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "care.h"
#include "channels/channel.h"
#include "dry_run.h"
#include "metrics.h"
#include "pipeline.h"
#include "replay.h"
#include "proto/agent_service.h"
#include "translator.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"

#include <string.h>

#define SLOW_TURN_US 500000
#define RETRY_MS 20
#define RETRY_MAX_MS 500
// Of the time for an answer: for the commit and the way to the channel.
#define DELIVERY_RESERVE_PCT 8
#define BEGIN_BUDGET_MS 3000
#define COMMIT_BUDGET_MS 3000
// turn_begin is tried this often; then the sweeper comes back to it.
#define BEGIN_ATTEMPTS_MAX_COUNT 5
// Rows of turn_commit's outbox (proto/persistence.proto).
#define OUTBOX_MAX_COUNT 16

static void destroy(turn_t *self)
{
    if (!self->dry_call &&
        turns_find(self->session->turns, self->tenant, self->conversation_id) == self)
        turns_remove(self->session->turns, self);
    translator_forget(self);
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->care.timer);
    act_arena_destroy(&self->arena);
    act_free(self);
}

void turn_abort(turn_t *self)
{
    act_actor_cancel(self->session->actor, self->call_id);
    destroy(self);
}

static void on_timer(void *context);

turn_origin_t turn_origin_of(const act_header_t *header)
{
    return (turn_origin_t){header->trace, (header->flags & ACT_FLAG_SAMPLED) != 0};
}

turn_t *turn_new(session_t *session, act_str_t tenant, act_str_t conversation_id,
                 turn_origin_t origin)
{
    turn_t *self = act_alloc(sizeof *self);
    self->session = session;
    self->arena = act_arena_new();
    self->tenant = act_arena_str(self->arena, tenant);
    self->conversation_id = act_arena_str(self->arena, conversation_id);
    self->origin = origin;
    self->decision = ACT_STR("RESPOND");
    act_loop_t *loop = act_actor_loop(session->actor);
    self->started_ms = act_loop_now_ms(loop);
    self->deadline_ms = self->started_ms + session->turn_budget_ms;
    self->timer = act_timer_new(loop, on_timer, self);
    act_uuid7(self->turn_id);
    self->fast_path_confidence = session->fast_path_confidence;
    return self;
}

int64_t turn_left_ms(const turn_t *self)
{
    return self->deadline_ms - act_loop_now_ms(act_actor_loop(self->session->actor));
}

act_call_opts_t turn_call_opts(const turn_t *self)
{
    int64_t left_ms = turn_left_ms(self);
    return (act_call_opts_t){
        .tenant = self->tenant,
        .key = self->conversation_id,
        .budget_ms = left_ms > 1 ? (uint32_t)left_ms : 1,
        .trace = &self->origin.trace,
    };
}

act_call_opts_t turn_share(act_call_opts_t opts, int64_t pct, int64_t max_ms)
{
    int64_t share_ms = (int64_t)opts.budget_ms * pct / 100;
    if (share_ms > max_ms)
        share_ms = max_ms;
    opts.budget_ms = share_ms > 1 ? (uint32_t)share_ms : 1;
    return opts;
}

// --- begin ---------------------------------------------------------------------------------------

static void begin(turn_t *self);

static int64_t quiet_left_ms(const turn_t *self, act_str_t shape)
{
    const session_t *session = self->session;
    if (session->quiet.window_ms == 0)
        return 0;
    const quiet_burst_t burst = {
        .shape = shape,
        .messages_count = self->wakes_count,
        .waited_ms = act_loop_now_ms(act_actor_loop(session->actor)) - self->started_ms,
    };
    return quiet_wait_ms(&session->quiet,
                         quiet_habits_of(session->habits, self->tenant, self->conversation_id),
                         &burst);
}

static void wait_for_burst(turn_t *self, const wake_request_t *wake)
{
    self->wakes_count++;
    int64_t wait_ms = quiet_left_ms(self, wake->shape);
    if (wait_ms <= 0)
        begin(self);
    else
        act_timer_start(self->timer, wait_ms, 0);
}

// What a turn is started with when another one was before it.
typedef struct {
    turn_origin_t origin;
    uint32_t wakes_count;
    uint32_t planned_count;
} turn_before_t;

static void start(session_t *session, act_str_t tenant, const wake_request_t *wake,
                  const turn_before_t *before)
{
    turn_t *self = turn_new(session, tenant, wake->conversation_id, before->origin);
    if (!turns_put(session->turns, self)) {
        destroy(self);
        return;
    }
    self->state = TURN_QUIET;
    self->wakes_count = before->wakes_count;
    self->planned_count = before->planned_count;
    stage_times_enter(&self->times, "quiet");
    ACT_CRASH_POINT("session.turn.opened");
    wait_for_burst(self, wake);
}

void turn_start(session_t *session, const act_header_t *header, const wake_request_t *wake)
{
    start(session, header->tenant, wake, &(turn_before_t){.origin = turn_origin_of(header)});
}

// A slow turn's calls may be followed though its trace was no sample.
static void report_times(const turn_t *self)
{
    if (self->origin.is_sampled || stage_times_total_us(&self->times) > SLOW_TURN_US)
        stage_times_send(&self->times, self->session->actor, &self->origin.trace, self->turn_id);
}

// Ends the turn, and starts the next one on the same conversation.
static void start_next(turn_t *self, act_str_t shape, turn_before_t before)
{
    session_t *session = self->session;
    report_times(self);
    if (before.origin.trace.trace_low == 0) // what came in said nothing: a story of its own
        before.origin.trace = (act_trace_t){act_random_u64(), act_random_u64(), act_random_u64()};
    ACT_AUTO(act_arena) *arena = act_take(&self->arena); // the texts of what follows
    act_str_t tenant = self->tenant;
    const wake_request_t wake = {.conversation_id = self->conversation_id, .shape = shape};
    turns_remove(session->turns, self);
    translator_forget(self);
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->care.timer);
    act_free(self);
    if (!act_actor_is_draining(session->actor))
        start(session, tenant, &wake, &before);
}

// Ends the turn; if something came in meanwhile, the next one starts at once.
static void finish(turn_t *self, bool has_more)
{
    if (has_more || self->is_woken_again) {
        start_next(self, act_str(""), (turn_before_t){.origin = self->next_origin});
        return;
    }
    report_times(self);
    destroy(self);
}

// The customer wrote more: what was planned is dropped, and planned again with all messages at the end of
// their burst. The lease stays ours, and the database counts.
static void replan(turn_t *self, act_str_t shape)
{
    start_next(self, shape,
               (turn_before_t){
                   .origin = self->next_origin.trace.trace_low ? self->next_origin : self->origin,
                   .wakes_count = self->wakes_count,
                   .planned_count = self->begin.pending.count,
               });
}

int64_t turn_waited_ms(const turn_t *self)
{
    int64_t begun_ms = self->begin.turn_started_at_ms + self->begin.turn_age_ms;
    int64_t waited_ms =
        self->begin.pending.count > 0 ? begun_ms - self->begin.pending.items[0].received_at_ms : 0;
    return waited_ms > 0 ? waited_ms : 0;
}

// Until the tenant's deadline, less what the commit and the way to the channel may take; who is late already
// (we were away) gets the time of a usual turn all the same.
static void plan_deadline(turn_t *self)
{
    int64_t left_ms =
        (int64_t)self->begin.answer_ms * (100 - DELIVERY_RESERVE_PCT) / 100 - turn_waited_ms(self);
    if (left_ms < self->session->turn_budget_ms)
        left_ms = self->session->turn_budget_ms;
    if (left_ms > (int64_t)self->begin.answer_ms)
        left_ms = (int64_t)self->begin.answer_ms;
    self->deadline_ms = act_loop_now_ms(act_actor_loop(self->session->actor)) + left_ms;
}

static void run_pipeline(turn_t *self, act_steps_t recorded)
{
    self->state = TURN_RUNNING;
    turn_steps_start(self, recorded, /* is_replay= */ false);
    plan_deadline(self);
    care_start(self);
    pipeline_start(self);
}

static void on_steps(void *context, const act_reply_t *reply, const list_turn_steps_reply_t *body)
{
    turn_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK || !body) { // begin again: the lease is ours
        act_timer_start(self->timer, RETRY_MAX_MS, 0);
        return;
    }
    ACT_CRASH_POINT("session.turn.resumed");
    run_pipeline(self, (act_steps_t){body->steps.items, body->steps.count});
}

// The turn was open already, and its holder got somewhere.
static void fetch_steps(turn_t *self)
{
    turn_request_t request = {.conversation_id = self->conversation_id,
                              .turn_id = act_str(self->turn_id)};
    act_call_opts_t opts = turn_call_opts(self);
    opts.budget_ms = BEGIN_BUDGET_MS;
    opts.arena = self->arena;
    self->call_id =
        persistence_list_turn_steps(self->session->actor, &opts, &request, on_steps, self);
}

static void on_begun(void *context, const act_reply_t *reply, const turn_begin_reply_t *body)
{
    turn_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK) {
        if (++self->begin_attempts_count >= BEGIN_ATTEMPTS_MAX_COUNT ||
            !act_err_is_retryable(reply->err)) {
            act_log_warn(act_actor_log(self->session->actor), "turn_not_begun", "code=%s",
                         act_err_code(reply->err));
            self->is_woken_again = false;
            finish(self, /* has_more= */ false);
            return;
        }
        act_timer_start(self->timer, RETRY_MS << self->begin_attempts_count, 0);
        return;
    }
    if (!body->is_granted) {
        if (body->retry_after_ms > 0)
            act_timer_start(self->timer, body->retry_after_ms, 0);
        else
            finish(self, /* has_more= */ false);
        return;
    }
    self->begin = *body;
    act_str_copy(self->begin.turn_id, self->turn_id, sizeof self->turn_id);
    self->is_woken_again = false; // what woke us until now is in the reply
    self->is_final = self->planned_count > 0 && !self->begin.was_superseded;
    if (self->begin.was_superseded)
        act_metrics_add(act_actor_metrics(self->session->actor), METRIC_SUPERSEDED, 1);
    ACT_CRASH_POINT("session.turn.granted");
    if (self->begin.steps_count > 0)
        fetch_steps(self);
    else
        run_pipeline(self, (act_steps_t){0});
}

static void begin(turn_t *self)
{
    self->state = TURN_BEGINNING;
    stage_times_enter(&self->times, "begin");
    if (act_str_empty(act_holder_name(self->session->holder))) {
        act_timer_start(self->timer, RETRY_MS, 0);
        return;
    }
    turn_begin_request_t request = {
        .conversation_id = self->conversation_id,
        .holder = act_holder_name(self->session->holder),
        .lease_ms = (uint32_t)self->session->lease_ms,
        .planned_count = self->planned_count,
    };
    act_call_opts_t opts = turn_call_opts(self);
    opts.budget_ms = BEGIN_BUDGET_MS;
    opts.arena = self->arena;
    self->call_id = persistence_turn_begin(self->session->actor, &opts, &request, on_begun, self);
}

// --- commit --------------------------------------------------------------------------------------

static void announce(turn_t *self, int32_t outbox_count)
{
    if (outbox_count > 0) {
        delivery_wake_request_t wake = {.conversation_id = self->conversation_id};
        act_call_opts_t opts = turn_call_opts(self);
        delivery_wake(self->session->actor, &opts, &wake);
    }
    if (!self->session->is_event_wanted && !act_str_is(self->begin.channel, "console"))
        return;
    uint32_t count = self->begin.pending.count;
    act_str_t *ids = act_arena_alloc_array(self->arena, count, sizeof *ids);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = self->begin.pending.items[i].external_id;
    turn_done_t done = {
        .turn_id = act_str(self->turn_id),
        .decision = self->decision,
        .external_ids = {ids, count},
        .outbox_count = (uint32_t)outbox_count,
        .intent = self->understood.intent,
        .path = self->path,
    };
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    turn_done_pack(&done, &body);
    act_str_t topic = act_arena_printf(self->arena, "conversation/%" ACT_STR_FMT,
                                       ACT_STR_ARG(self->conversation_id));
    act_actor_publish(self->session->actor, topic, &body);
    act_buf_fini(&body);
}

// The agent's memory looks at what was said, when it has time. A hint that is lost is made up for by the next.
static void remind(turn_t *self)
{
    if (!act_str_starts_with(self->path, "agent"))
        return;
    remember_request_t request = {.conversation_id = self->conversation_id};
    act_call_opts_t opts = turn_call_opts(self);
    opts.class_ = ACT_CLASS_BULK;
    agent_remember(self->session->actor, &opts, &request);
}

static bool may_retry_commit(const turn_t *self)
{
    int64_t now_ms = act_loop_now_ms(act_actor_loop(self->session->actor));
    return now_ms - self->commit_started_ms < self->session->lease_ms;
}

static void on_committed(void *context, const act_reply_t *reply, const turn_commit_reply_t *body)
{
    turn_t *self = context;
    self->call_id = 0;
    act_log_t *log = act_actor_log(self->session->actor);
    if (reply->err != ACT_E_OK) {
        // Repeating is safe: the commit knows its turn id. After the lease the sweeper takes over.
        bool may_help = act_err_is_retryable(reply->err) || reply->err == ACT_E_DEADLINE;
        if (may_help && may_retry_commit(self)) {
            int64_t wait_ms = (int64_t)RETRY_MS
                              << (self->commit_attempts_count < 5 ? self->commit_attempts_count
                                                                  : 5);
            self->commit_attempts_count++;
            act_timer_start(self->timer, wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS, 0);
            return;
        }
        act_log_error(log, "turn_not_committed", "code=%s,turn=%s", act_err_code(reply->err),
                      self->turn_id);
        if (!may_help && !self->is_last_resort && act_str_is(self->begin.owner, "bot")) {
            // What was to be said can never be committed: something that can.
            self->is_last_resort = true;
            pipeline_last_resort(self, reply->err, "fallback");
            turn_commit(self);
            return;
        }
        finish(self, /* has_more= */ false);
        return;
    }
    if (body->is_stale) {
        replan(self, act_str(""));
        return;
    }
    if (!body->was_committed) {
        act_metrics_add(act_actor_metrics(self->session->actor), METRIC_FENCED, 1);
        act_log_warn(log, "turn_fenced", "turn=%s", self->turn_id);
        finish(self, /* has_more= */ true);
        return;
    }
    ACT_CRASH_POINT("session.turn.committed");
    announce(self, body->outbox_count);
    remind(self);
    finish(self, body->pending_count > 0);
}

// One outbox row a message as the channel takes it: what is too long for one becomes several, each
// with its own id, so that a resend never repeats a part.
static void add_outbox_entry(turn_t *self, outbox_entry_t *entries, uint32_t *count,
                             const outbound_content_t *content)
{
    if (*count == OUTBOX_MAX_COUNT)
        return;
    char *id = act_arena_alloc(self->arena, ACT_UUID_TEXT_BYTES);
    act_uuid7_of(self->turn_id, *count, id);
    entries[(*count)++] = (outbox_entry_t){.outbox_id = act_str(id), .content = content};
}

static void fill_outbox(turn_t *self, turn_commit_request_t *request)
{
    outbox_entry_t *entries = act_arena_alloc_array(self->arena, OUTBOX_MAX_COUNT, sizeof *entries);
    uint32_t count = 0;
    const act_channel_t *channel = act_channel_find(self->begin.channel);
    for (uint32_t i = 0; i < self->messages_count; i++) {
        act_channel_contents_t parts = {0};
        if (channel)
            channel->split(&self->messages[i], self->arena, &parts);
        for (uint32_t part = 0; part < parts.count; part++)
            add_outbox_entry(self, entries, &count, &parts.items[part]);
        if (!channel)
            add_outbox_entry(self, entries, &count, &self->messages[i]);
    }
    request->outbox.items = entries;
    request->outbox.count = count;
}

static turn_commit_request_t decision(turn_t *self)
{
    uint32_t count = self->begin.pending.count;
    int64_t *seqs = act_arena_alloc_array(self->arena, count, sizeof *seqs);
    for (uint32_t i = 0; i < count; i++)
        seqs[i] = self->begin.pending.items[i].inbox_seq;
    act_loop_t *loop = act_actor_loop(self->session->actor);
    return (turn_commit_request_t){
        .conversation_id = self->conversation_id,
        .fence = self->begin.fence,
        .turn_id = act_str(self->turn_id),
        .session_id = act_str(self->session_id),
        .inbox_seqs = {seqs, count},
        .language = self->language,
        .language_confidence = self->language_confidence,
        .text = self->text,
        .translation = self->translation,
        .intent = self->understood.intent,
        .confidence = self->understood.confidence,
        .sentiment = self->understood.sentiment,
        .risk = {self->understood.risk.items, self->understood.risk.count},
        .path = self->path,
        .decision = self->decision,
        .handoff_reason = self->handoff_reason,
        .flow_state = self->flow_state,
        .error_code = self->fallback_err == ACT_E_OK ? act_str("")
                                                     : act_str(act_err_code(self->fallback_err)),
        .duration_ms =
            (int32_t)(self->begin.turn_age_ms + act_loop_now_ms(loop) - self->started_ms),
        .owner_fence = self->begin.owner_fence,
        .is_final = self->is_final,
        .wait_ms = self->wait_ms,
        .wait_for = self->wait_for,
        .understanding = self->understood.understanding,
        .loop_count = self->loop.count,
        .loop_text_hash = self->loop.text_hash,
    };
}

turn_commit_request_t turn_commit_request(turn_t *self)
{
    turn_commit_request_t request = decision(self);
    fill_outbox(self, &request);
    return request;
}

void turn_commit(turn_t *self)
{
    self->state = TURN_COMMITTING;
    ACT_CRASH_POINT("session.turn.ready");
    stage_times_enter(&self->times, "commit");
    turn_commit_request_t request = turn_commit_request(self);
    request.journal = turn_steps_pack(self);
    act_call_opts_t opts = turn_call_opts(self);
    opts.budget_ms = COMMIT_BUDGET_MS;
    self->call_id =
        persistence_turn_commit(self->session->actor, &opts, &request, on_committed, self);
}

// --- events --------------------------------------------------------------------------------------

void turn_destroy(turn_t **self_p)
{
    turn_t *self = act_take(self_p);
    translator_forget(self);
    act_timer_destroy(&self->timer);
    act_arena_destroy(&self->arena);
    act_free(self);
}

void turn_on_pipeline_end(turn_t *self)
{
    if (self->replay) {
        replay_end(self);
        return;
    }
    if (self->dry_call) {
        dry_run_answer(self);
        return;
    }
    self->commit_started_ms = act_loop_now_ms(act_actor_loop(self->session->actor));
    turn_commit(self);
}

static void note_wake(turn_t *self, const wake_request_t *wake)
{
    (void)wake;
    self->is_woken_again = true;
}

// The lease is ours, and the message may be one that the plan has: hints are not in order.
static bool is_in_plan(const turn_t *self, act_str_t external_id)
{
    for (uint32_t i = 0; i < self->begin.pending.count; i++)
        if (act_str_eq(self->begin.pending.items[i].external_id, external_id))
            return true;
    return false;
}

// While an answer is thought of, a new message makes it stale: the call is cancelled and costs nothing
// more. A call that acts is left alone; the commit decides.
static void reconsider(turn_t *self, const wake_request_t *wake)
{
    if (is_in_plan(self, wake->external_id))
        return;
    self->is_woken_again = true;
    if (act_str_empty(wake->external_id) || self->is_acting || self->is_final ||
        self->begin.replans_left <= 0)
        return;
    act_actor_cancel(self->session->actor, self->call_id);
    act_metrics_add(act_actor_metrics(self->session->actor), METRIC_CANCELLED, 1);
    replan(self, wake->shape);
}

static void stay(turn_t *self)
{
    (void)self;
}

static const struct {
    void (*on_wake)(turn_t *self, const wake_request_t *wake);
    void (*on_timer)(turn_t *self);
} actions[TURN_STATES_COUNT] = {
    [TURN_QUIET] = {wait_for_burst, begin},
    [TURN_BEGINNING] = {note_wake, begin},
    [TURN_RUNNING] = {reconsider, stay},
    [TURN_COMMITTING] = {note_wake, turn_commit},
};

static void on_timer(void *context)
{
    turn_t *self = context;
    actions[self->state].on_timer(self);
}

void turn_wake(turn_t *self, const act_header_t *header, const wake_request_t *wake)
{
    self->next_origin = turn_origin_of(header);
    actions[self->state].on_wake(self, wake);
}
