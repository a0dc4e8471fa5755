// question: what a turn asks a model that answers with one JSON object. Has the tenant a model for the role, has
// the turn paid for answers that its caller does not know of (turn/recorded.h), ask, read; an answer that cannot
// be used is told what is wrong with it, once. Whoever asks goes on without an answer when there is none: the
// turn has lost that time and nothing else.
//
//   act_question_new   ->   act_question_open, is there anybody?   ->   act_question_ask
//
// The answers are paid steps of the turn (turn/paid.h). All lives as long as the call that is served.
#pragma once
#include "actor/actor.h"
#include "proto/model.h"
#include "turn/journal.h"
#include "turn/model_roles.h"

#include <jansson.h>

typedef struct {
    act_call_t *call;
    act_model_roles_t *models;
    const char *role;
    act_str_t steps; // prefix of the steps' names, which nobody else has in this turn
    act_str_t conversation_id;
    act_str_t turn_id;
    act_steps_t recorded;
    bool is_replay;
} act_question_opts_t;

typedef struct act_question act_question_t;

act_question_t *act_question_new(const act_question_opts_t *opts);
// Nobody is called any more, and who is asked is told. Accepts NULL.
void act_question_cancel(act_question_t *self);

// The journal for what is read before the question, and for the reply. NULL when there is nobody to ask, or was
// nobody in the turn that is replayed; or when the turn's steps cannot be read, which is then in `err`.
typedef void act_question_open_fn(void *context, act_err_t err, act_journal_t *journal);

// fn is called once, perhaps before this returns.
void act_question_open(act_question_t *self, act_question_open_fn *fn, void *context);

// What an instance of the schema says. On ACT_E_INVALID_ARGUMENT *error has one line that a model can act on;
// OK: it is the answer.
typedef act_err_t act_question_read_fn(void *context, const json_t *answer, act_buf_t *error);

typedef enum {
    ACT_ANSWER_GOOD,
    ACT_ANSWER_REPAIRED,
    ACT_ANSWER_INVALID,
    ACT_ANSWER_FAILED
} act_answer_kind_t;

typedef struct {
    act_answer_kind_t kind;
    act_err_t err;   // why it FAILED
    act_str_t model; // "<provider> <model>"; empty: none answered
} act_answer_t;

typedef void act_question_fn(void *context, const act_answer_t *answer);

typedef struct {
    act_str_t system;
    act_str_t text;
    const char *schema; // JSON Schema
    int64_t max_output_tokens;
    act_question_read_fn *read;
    act_question_fn *fn; // called once, after this returned
    void *context;
} act_question_ask_t;

// After it was opened.
void act_question_ask(act_question_t *self, const act_question_ask_t *ask);
