// hands_kit: hands for tests, with nobody behind them: the database, the broker's tools and the tools are
// arrays in this process. A test says what a tool answers and looks at what it was asked; nothing is judged
// here.
#pragma once
#include "hands.h"
#include "proto/persistence.h"
#include "proto/tool.h"

#define HANDS_KIT_STEPS_MAX_COUNT 64
#define HANDS_KIT_QUEUE_MAX_COUNT 64
#define HANDS_KIT_DAYS_MAX_COUNT 64

typedef struct {
    char key[200];
    turn_step_t step; // texts are the kit's
} kit_step_t;

typedef struct hands_kit hands_kit_t;

// What a tool does: fills the reply (texts live until the next call), or returns an error.
typedef act_err_t hands_kit_tool_fn(void *context, const tool_call_request_t *request,
                                    act_str_t idempotency_key, tool_call_reply_t *reply);

struct hands_kit {
    hands_io_t io;
    tool_set_t *set;
    tool_shelf_t *shelf; // of one look, which never grows old
    tool_turn_reply_t known;
    hands_kit_tool_fn *run;
    void *context;
    act_err_t tool_err;     // of the next calls of tools; OK: run
    act_err_t database_err; // of the next calls of persistence
    // What was written, of the turn that runs.
    kit_step_t steps[HANDS_KIT_STEPS_MAX_COUNT];
    uint32_t steps_count;
    uint32_t counts[METRICS_COUNT];
    uint32_t refused_count, asked_count, begun_count, ended_count, called_count, cancelled_count;
    char last_refusal[64];
    char last_outcome[32];
    char last_shown[2048]; // arguments of the last row
    char asked_arguments[4096];
    char asked_hash[65];
    // Calls of a day, by tool.
    struct {
        char tool[48];
        uint32_t count;
    } days[HANDS_KIT_DAYS_MAX_COUNT];
    uint32_t days_count;
    // Answers that are on their way.
    struct {
        uint64_t id;
        hands_answer_fn *fn;
        void *context;
        act_reply_t reply;
        char *body;
    } queue[HANDS_KIT_QUEUE_MAX_COUNT];
    uint32_t queue_count;
    uint64_t next_id;
    int64_t now_ms;
};

// cards: JSON of each tool.
void hands_kit_init(hands_kit_t *self, const char *const cards[], uint32_t count);
void hands_kit_fini(hands_kit_t *self);
// A new turn: what was written is forgotten. The days go on.
void hands_kit_forget(hands_kit_t *self);
// What the journal of this turn holds, as persistence.list_turn_steps would give it to the next run.
act_steps_t hands_kit_recorded(const hands_kit_t *self, act_arena_t *arena);
// Answers come until none is on its way.
void hands_kit_pump(hands_kit_t *self);

// Hands of a turn, prepared.
hands_t *hands_kit_open(hands_kit_t *self, act_arena_t *arena, act_steps_t recorded,
                        const char *turn_id);
// Runs the calls; the outcome is that of the last.
hands_outcome_t hands_kit_run(hands_kit_t *self, hands_t *hands, const tool_call_t *calls,
                              uint32_t count);
