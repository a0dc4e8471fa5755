// answer: one call from its request to its reply, between answer.c (what is known, who answers) and
// model_answer.c (what a model makes of it).
#pragma once
#include "agent_private.h"
#include "brain.h"
#include "mouth.h"
#include "proto/persistence.h"

typedef struct {
    agent_t *agent;
    act_call_t *call;
    const respond_request_t *request;
    act_steps_t recorded;
    act_journal_t *journal;
    uint64_t call_id; // the one open call of a read; 0: none
    bool is_again;    // another life of the turn had paid first
    search_faq_reply_t hits;
    // What only a model's answer needs.
    hands_t *hands;
    brain_t *brain;
    mouth_t *mouth;
    list_prompts_reply_t prompts;
    get_memory_reply_t memory;
    act_str_t canary;
    struct {
        int64_t faq_min_score_pct, context_tokens, answer_max_chars;
    } settings;
} answer_job_t;

// Options of a call whose answer is a read step of the turn.
act_call_opts_t answer_read_opts(const answer_job_t *self);
bool answer_is_small(const answer_job_t *self);

// Both end the call and the job.
void answer_end(answer_job_t *self, respond_reply_t *reply);
void answer_fail(answer_job_t *self, act_err_t err, const char *why);
