// session: the actor's state, shared by its modules: settings and the turns it works on.
#pragma once
#include "actor/actor.h"
#include "cell/holder.h"
#include "proto/session.h"
#include "quiet.h"
#include "turn/model_roles.h"
#include "turns.h"

typedef struct {
    act_actor_t *actor;
    turns_t *turns;
    quiet_habits_t *habits;
    act_timer_t *sweep_timer;
    act_timer_t *compact_timer;
    act_timer_t *watch_timer;
    bool is_sweeping;     // a sweep call is in flight
    bool is_watching;     // a watch call is in flight
    act_holder_t *holder; // who holds our leases
    act_model_roles_t *models;
    // Settings.
    quiet_policy_t quiet;
    int64_t lease_ms;
    int64_t turn_budget_ms;
    int64_t sweep_ms;
    int64_t journal_days;
    int64_t tool_log_days;
    int64_t watch_ms;
    int64_t typing_after_ms; // negative: never
    double fast_path_confidence;
    bool is_event_wanted;
} session_t;

extern const act_config_row_t session_settings[]; // ends with a row without name
extern const act_spec_t session_spec;

// Something is new in this conversation: start a turn, or note it for the end of the running one.
// The header is that of the hint: tenant and trace.
void session_on_wake(session_t *self, const act_header_t *header, const wake_request_t *wake);
