// decide: what the agent does with a message, without a model: a table of rules, tried in order,
// for what needs no look-up; then the tenant's FAQ; then the offer of a person. Pure: the same
// request and the same hits give the same reply.
//
// What a customer writes is only ever compared and searched for. Nothing in it is an instruction,
// so a prompt injection is a message like any other.
#pragma once
#include "base/arena.h"
#include "proto/agent.h"
#include "proto/persistence.h"

// Ids of the buttons below an offer of a person.
#define DECIDE_YES_ID "handoff:yes"
#define DECIDE_NO_ID "handoff:no"

// True when no look-up is needed: *ret_reply is the answer. Its texts live in the arena or for
// ever.
bool decide_at_once(const respond_request_t *request, act_arena_t *arena,
                    respond_reply_t *ret_reply);

// The best hit of at least min_score, with its source; else the offer of a person.
void decide_from_faq(const respond_request_t *request, const search_faq_reply_t *hits,
                     double min_score, act_arena_t *arena, respond_reply_t *ret_reply);

// How long an answer of a model may be: what the channel is good for, or less when the operator wants less
// (0: not). limits NULL: not known.
int64_t decide_max_chars(const channel_limits_t *limits, int64_t wanted_chars);
// The first buttons that the channel shows below a message; none: a text.
void decide_fit_buttons(const channel_limits_t *limits, respond_reply_t *reply);

// A text of ours with the offer of a person.
void decide_offer_person(act_str_t language, const char *key, act_arena_t *arena,
                         respond_reply_t *ret_reply);
