// turn: the driver. A turn is always in one state with at most one call or timer open, so whatever
// dies, there is one thing to come back or to run out.
#include "turn.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "channels/channel.h"
#include "pipeline.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"
#include "proto/session_service.h"

#include <string.h>

#define SLOW_TURN_US 500000
#define RETRY_MS 20
#define RETRY_MAX_MS 500
#define BEGIN_BUDGET_MS 3000
#define COMMIT_BUDGET_MS 3000
// turn_begin is tried this often; then the sweeper comes back to it.
#define BEGIN_ATTEMPTS_MAX_COUNT 5
// Rows of turn_commit's outbox (proto/persistence.proto).
#define OUTBOX_MAX_COUNT 16

typedef enum { EVENT_WAKE, EVENT_TIMER, EVENTS_COUNT } turn_event_t;

static void destroy(turn_t *self)
{
    if (!self->dry_call &&
        turns_find(self->session->turns, self->tenant, self->conversation_id) == self)
        turns_remove(self->session->turns, self);
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->typing_timer);
    act_arena_destroy(&self->arena);
    act_free(self);
}

void turn_abort(turn_t *self)
{
    act_actor_cancel(self->session->actor, self->call_id);
    destroy(self);
}

static void on_timer(void *context);

static turn_origin_t origin_of(const act_header_t *header)
{
    return (turn_origin_t){header->trace, (header->flags & ACT_FLAG_SAMPLED) != 0};
}

static turn_t *new_turn(session_t *session, act_str_t tenant, act_str_t conversation_id,
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

// --- begin ---------------------------------------------------------------------------------------

static void begin(turn_t *self);

static void wait_for_burst(turn_t *self)
{
    int64_t now_ms = act_loop_now_ms(act_actor_loop(self->session->actor));
    int64_t wait_ms = self->session->quiet_window_ms;
    if (now_ms + wait_ms > self->quiet_until_ms)
        wait_ms = self->quiet_until_ms - now_ms;
    if (wait_ms <= 0)
        begin(self);
    else
        act_timer_start(self->timer, wait_ms, 0);
}

static void start(session_t *session, act_str_t tenant, act_str_t conversation_id,
                  turn_origin_t origin)
{
    turn_t *self = new_turn(session, tenant, conversation_id, origin);
    if (!turns_put(session->turns, self)) {
        destroy(self);
        return;
    }
    self->state = TURN_QUIET;
    self->quiet_until_ms = self->started_ms + session->quiet_max_ms;
    stage_times_enter(&self->times, "quiet");
    ACT_CRASH_POINT("session.turn.opened");
    wait_for_burst(self);
}

void turn_start(session_t *session, const act_header_t *wake, act_str_t conversation_id)
{
    start(session, wake->tenant, conversation_id, origin_of(wake));
}

// A slow turn's calls may be followed though its trace was no sample.
static void report_times(const turn_t *self)
{
    if (self->origin.is_sampled || stage_times_total_us(&self->times) > SLOW_TURN_US)
        stage_times_send(&self->times, self->session->actor, &self->origin.trace, self->turn_id);
}

// Ends the turn; if something came in meanwhile, the next one starts at once.
static void finish(turn_t *self, bool has_more)
{
    session_t *session = self->session;
    bool is_again = has_more || self->is_woken_again;
    turn_origin_t next_origin = self->next_origin;
    report_times(self);
    if (next_origin.trace.trace_low == 0) // what came in said nothing: a story of its own
        next_origin.trace = (act_trace_t){act_random_u64(), act_random_u64(), act_random_u64()};
    ACT_AUTO(act_arena) *arena = act_take(&self->arena);
    act_str_t tenant = self->tenant, conversation_id = self->conversation_id;
    turns_remove(session->turns, self);
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->typing_timer);
    act_free(self);
    if (is_again && !act_actor_is_draining(session->actor))
        start(session, tenant, conversation_id, next_origin);
}

// The customer's newest message is marked as read, with the sign that an answer is being written.
static void show_typing(void *context)
{
    turn_t *self = context;
    const pending_message_t *newest = &self->begin.pending.items[self->begin.pending.count - 1];
    show_typing_request_t request = {
        .channel = self->begin.channel,
        .channel_account_id = self->begin.channel_account_id,
        .external_id = newest->external_id,
    };
    act_call_opts_t opts = turn_call_opts(self);
    delivery_show_typing(self->session->actor, &opts, &request);
}

// A reply that comes at once needs no announcement; a person's conversation is not ours to mark.
static void plan_typing(turn_t *self)
{
    if (self->session->typing_after_ms < 0 || !act_str_is(self->begin.owner, "bot"))
        return;
    act_loop_t *loop = act_actor_loop(self->session->actor);
    int64_t due_ms = self->started_ms + self->session->typing_after_ms;
    self->typing_timer = act_timer_new(loop, show_typing, self);
    act_timer_start(self->typing_timer, due_ms - act_loop_now_ms(loop), /* repeat_ms= */ 0);
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
    // What borrows from the reply's body must outlive this callback.
    act_str_t kept = act_arena_str(self->arena, reply->body);
    act_assert(turn_begin_reply_unpack(kept, self->arena, &self->begin, NULL) == ACT_E_OK);
    act_str_copy(self->begin.turn_id, self->turn_id, sizeof self->turn_id);
    self->is_woken_again = false; // what woke us until now is in the reply
    self->state = TURN_RUNNING;
    ACT_CRASH_POINT("session.turn.granted");
    plan_typing(self);
    pipeline_start(self);
}

static void begin(turn_t *self)
{
    self->state = TURN_BEGINNING;
    stage_times_enter(&self->times, "begin");
    turn_begin_request_t request = {
        .conversation_id = self->conversation_id,
        .holder = act_str(self->session->holder),
        .lease_ms = (uint32_t)self->session->lease_ms,
    };
    act_call_opts_t opts = turn_call_opts(self);
    opts.budget_ms = BEGIN_BUDGET_MS;
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

static bool may_retry_commit(const turn_t *self)
{
    int64_t now_ms = act_loop_now_ms(act_actor_loop(self->session->actor));
    return now_ms - self->started_ms < self->session->lease_ms;
}

static void on_committed(void *context, const act_reply_t *reply, const turn_commit_reply_t *body)
{
    turn_t *self = context;
    self->call_id = 0;
    act_log_t *log = act_actor_log(self->session->actor);
    if (reply->err != ACT_E_OK) {
        // Repeating is safe: the commit knows its turn id. After the lease the sweeper takes over.
        if (act_err_is_retryable(reply->err) && may_retry_commit(self)) {
            int64_t wait_ms = (int64_t)RETRY_MS
                              << (self->commit_attempts_count < 5 ? self->commit_attempts_count
                                                                  : 5);
            self->commit_attempts_count++;
            act_timer_start(self->timer, wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS, 0);
            return;
        }
        act_log_error(log, "turn_not_committed", "code=%s,turn=%s", act_err_code(reply->err),
                      self->turn_id);
        finish(self, /* has_more= */ false);
        return;
    }
    if (!body->was_committed) {
        act_log_warn(log, "turn_fenced", "turn=%s", self->turn_id);
        finish(self, /* has_more= */ true);
        return;
    }
    ACT_CRASH_POINT("session.turn.committed");
    announce(self, body->outbox_count);
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
    act_uuid7(id);
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

static turn_commit_request_t commit_request(turn_t *self)
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
    };
}

void turn_commit(turn_t *self)
{
    self->state = TURN_COMMITTING;
    ACT_CRASH_POINT("session.turn.ready");
    stage_times_enter(&self->times, "commit");
    turn_commit_request_t request = commit_request(self);
    fill_outbox(self, &request);
    act_call_opts_t opts = turn_call_opts(self);
    opts.budget_ms = COMMIT_BUDGET_MS;
    self->call_id =
        persistence_turn_commit(self->session->actor, &opts, &request, on_committed, self);
}

// --- dry runs ------------------------------------------------------------------------------------

static void answer_dry(turn_t *self)
{
    understand_reply_t reply = {
        .text = self->text,
        .language = self->language,
        .language_confidence = self->language_confidence,
        .translation = self->translation,
        .intent = self->understood.intent,
        .confidence = self->understood.confidence,
        .sentiment = self->understood.sentiment,
        .risk = {self->understood.risk.items, self->understood.risk.count},
        .path = self->path,
    };
    session_understand_reply(&self->dry_call, &reply);
    act_timer_destroy(&self->timer);
    act_arena_destroy(&self->arena);
    act_free(self);
}

void turn_start_dry(session_t *session, act_call_t **call_p, const understand_request_t *request)
{
    const act_header_t *header = act_call_header(*call_p);
    turn_t *self = new_turn(session, header->tenant, act_str(""), origin_of(header));
    self->dry_call = act_take(call_p);
    self->text = act_arena_str(self->arena, request->text);
    self->begin.language = act_arena_str(self->arena, request->prior_language);
    self->state = TURN_RUNNING;
    pipeline_start(self);
}

void turn_on_pipeline_end(turn_t *self)
{
    if (self->dry_call)
        answer_dry(self);
    else
        turn_commit(self);
}

// --- events --------------------------------------------------------------------------------------

static void note_wake(turn_t *self)
{
    self->is_woken_again = true;
}

static void stay(turn_t *self)
{
    (void)self;
}

typedef void turn_action_fn(turn_t *self);
static turn_action_fn *const actions[TURN_STATES_COUNT][EVENTS_COUNT] = {
    [TURN_QUIET] = {[EVENT_WAKE] = wait_for_burst, [EVENT_TIMER] = begin},
    [TURN_BEGINNING] = {[EVENT_WAKE] = note_wake, [EVENT_TIMER] = begin},
    [TURN_RUNNING] = {[EVENT_WAKE] = note_wake, [EVENT_TIMER] = stay},
    [TURN_COMMITTING] = {[EVENT_WAKE] = note_wake, [EVENT_TIMER] = turn_commit},
};

static void on_timer(void *context)
{
    turn_t *self = context;
    actions[self->state][EVENT_TIMER](self);
}

void turn_wake(turn_t *self, const act_header_t *wake)
{
    self->next_origin = origin_of(wake);
    actions[self->state][EVENT_WAKE](self);
}
