// session: settings, life, and the two methods.
#include "session.h"

#include "dry_run.h"
#include "metrics.h"
#include "proto/session_service.h"
#include "replay.h"
#include "sweeper.h"
#include "turn.h"
#include "watchdog.h"

const act_config_row_t session_settings[] = {
    {"quiet_window_ms", "PARLEY_QUIET_WINDOW_MS", ACT_CONFIG_INT, "250", 0, 10000, "250",
     "silence that ends a burst of messages, adapted to what was written and to how the customer writes; "
     "0 answers at once",
     false},
    {"quiet_max_ms", "PARLEY_QUIET_MAX_MS", ACT_CONFIG_INT, "1500", 0, 60000, "1500",
     "longest wait for the end of a burst", false},
    {"lease_ms", "PARLEY_LEASE_MS", ACT_CONFIG_INT, "15000", 1000, 600000, "15000",
     "how long a conversation is ours without a commit", false},
    {"turn_budget_ms", "PARLEY_TURN_BUDGET_MS", ACT_CONFIG_INT, "10000", 500, 600000, "10000",
     "time that a turn gets however late it is; who is in time has until the tenant's deadline",
     false},
    {"sweep_ms", "PARLEY_SWEEP_MS", ACT_CONFIG_INT, "1000", 100, 60000, "1000",
     "how often stored messages that nobody took are looked for", false},
    {"tool_log_days", "PARLEY_TOOL_LOG_DAYS", ACT_CONFIG_INT, "90", 0, 3650, "90",
     "how long is kept which tools were called, with what and what came of it; 0: for ever", false},
    {"journal_days", "PARLEY_JOURNAL_DAYS", ACT_CONFIG_INT, "30", 1, 3650, "30",
     "how long turns can be replayed (`parley replay`); then their journals are removed", false},
    {"watch_ms", "PARLEY_WATCH_MS", ACT_CONFIG_INT, "5000", 100, 600000, "5000",
     "how often customers that wait longer than their tenant allows are looked for", false},
    {"typing_after_ms", "PARLEY_TYPING_AFTER_MS", ACT_CONFIG_INT, "200", -1, 60000, "200",
     "a turn that takes longer shows the customer a read receipt and \"typing\"; -1: never", false},
    {"fast_path_confidence_pct", "PARLEY_FAST_PATH_CONFIDENCE_PCT", ACT_CONFIG_INT, "90", 1, 100,
     "90", "confidence from which an intent takes its flow", false},
    {"turn_events", "PARLEY_TURN_EVENTS", ACT_CONFIG_BOOL, "false", 0, 1, "true",
     "publish an event at the end of turns of all channels, not only of `parley chat`", false},
    {0},
};

// The sweeper's wakes are of messages whose time to be waited for is over.
static void note_habit(session_t *self, const act_header_t *header, const wake_request_t *wake)
{
    if (self->quiet.window_ms == 0 || act_str_empty(wake->external_id))
        return;
    quiet_note(quiet_habits_of(self->habits, header->tenant, wake->conversation_id), &self->quiet,
               act_loop_now_ms(act_actor_loop(self->actor)));
}

void session_on_wake(session_t *self, const act_header_t *header, const wake_request_t *wake)
{
    note_habit(self, header, wake);
    turn_t *turn = turns_find(self->turns, header->tenant, wake->conversation_id);
    if (turn)
        turn_wake(turn, header, wake);
    else if (!act_actor_is_draining(self->actor))
        turn_start(self, header, wake);
}

static void on_wake(void *context, act_call_t *call, const wake_request_t *request)
{
    session_on_wake(context, act_call_header(call), request);
    act_buf_t nothing;
    act_buf_init(&nothing, 1);
    act_call_reply(&call, &nothing);
}

static void on_understand(void *context, act_call_t *call, const understand_request_t *request)
{
    dry_run_start(context, &call, request);
}

static void on_replay(void *context, act_call_t *call, const replay_request_t *request)
{
    replay_start(context, &call, request);
}

static const session_server_t server = {
    .wake = on_wake, .understand = on_understand, .replay = on_replay};

static void load_settings(session_t *self)
{
    const act_config_t *config = act_actor_config(self->actor);
    self->quiet.window_ms = act_config_int(config, "quiet_window_ms");
    self->quiet.max_ms = act_config_int(config, "quiet_max_ms");
    self->lease_ms = act_config_int(config, "lease_ms");
    self->turn_budget_ms = act_config_int(config, "turn_budget_ms");
    self->watch_ms = act_config_int(config, "watch_ms");
    self->sweep_ms = act_config_int(config, "sweep_ms");
    self->journal_days = act_config_int(config, "journal_days");
    self->tool_log_days = act_config_int(config, "tool_log_days");
    self->typing_after_ms = act_config_int(config, "typing_after_ms");
    self->fast_path_confidence = (double)act_config_int(config, "fast_path_confidence_pct") / 100.0;
    self->is_event_wanted = act_config_bool(config, "turn_events");
}

static void on_welcome(void *context)
{
    session_t *self = context;
    act_holder_beat(self->holder);
    sweeper_sweep(self);
}

static act_err_t open_session(void *context, act_actor_t *actor)
{
    session_t *self = context;
    self->actor = actor;
    load_settings(self);
    self->turns = turns_new();
    self->models = act_model_roles_new(actor);
    self->habits = quiet_habits_new();
    sweeper_start(self);
    self->holder = act_holder_new(actor, "session", /* claim_delay_ms= */ 0, sweeper_sweep, self);
    act_actor_on_welcome(actor, on_welcome, self);
    watchdog_start(self);
    return ACT_E_OK;
}

static void close_session(void *context)
{
    session_t *self = context;
    sweeper_stop(self);
    watchdog_stop(self);
    for (turn_t *turn = turns_any(self->turns); turn; turn = turns_any(self->turns))
        turn_abort(turn);
    turns_destroy(&self->turns);
    act_model_roles_destroy(&self->models);
    quiet_habits_destroy(&self->habits);
    act_holder_destroy(&self->holder);
}

const act_spec_t session_spec = {
    .name = "session",
    .service = &session_service,
    .server = &server,
    .config = session_settings,
    .metrics = session_metrics,
    .credit_messages = 1024, // a turn waits for others most of its life
    .self_size_bytes = sizeof(session_t),
    .open = open_session,
    .close = close_session,
};
