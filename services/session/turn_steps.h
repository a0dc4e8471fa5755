// turn_steps: the journal of a turn, as session keeps it: its own steps (turn/journal.h) and those that flow
// and agent give back, until all of it is written with the commit (TurnJournal).
#pragma once
#include "turn/journal.h"

typedef struct turn turn_t;

// Raised with every change of what a recorded turn is made of; tests/golden keeps turns of each number, which
// are replayed for ever (docs/developing.md).
#define TURN_JOURNAL_FORMAT 1

// Steps of one turn, and bytes of their results; what is more is noted without its result. Less than
// TurnCommitRequest.journal takes.
#define TURN_STEPS_MAX_COUNT 256
#define TURN_STEPS_MAX_BYTES (512u << 10)

typedef struct {
    act_journal_t *own;   // NULL: a dry run of `understand`, which keeps none
    act_steps_t recorded; // known before the turn began: its holder died, or it is replayed
    turn_step_t *items;   // of flow and agent
    uint32_t count;
    size_t bytes_count;
    uint32_t flow_runs_count;
} turn_steps_t;

// `recorded` is borrowed for as long as the turn lives.
void turn_steps_start(turn_t *turn, act_steps_t recorded, bool is_replay);

// Steps of a flow or the agent; the views live as long as the turn.
void turn_steps_take(turn_t *turn, const turn_step_t *items, uint32_t count);

// All of them, our own first.
act_steps_t turn_steps_all(const turn_t *turn);

// TurnJournal, packed; empty when none is kept.
act_str_t turn_steps_pack(turn_t *turn);

// Options for a call whose answer is a step; for one that gives the same answer when it is asked again
// only a failure is (act_journal_failures).
act_call_opts_t turn_step_opts(const turn_t *turn);
act_call_opts_t turn_pure_opts(const turn_t *turn);
