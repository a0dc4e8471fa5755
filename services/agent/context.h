// context: what a model is told of a conversation, within a budget of tokens. A table says which part each
// section may take of it; what one does not need the others get, and what does not fit is left out: the
// oldest lines and the least fitting entries first. The customer's message is always there.
//
// Everything that others wrote stands in tagged blocks, and none can be closed from inside (quote.h). Pure: the same input gives the same bytes,
// which is what finds a paid step again.
#pragma once
#include "base/arena.h"
#include "proto/agent.h"
#include "proto/model.h"
#include "proto/persistence.h"

// As the gateway counts: rather too many than too few.
int64_t context_tokens(act_str_t text);

// Is there an entry that the business has not written itself? Then the context is tainted (hands_taint).
bool context_is_foreign(const search_faq_reply_t *hits);

// A fact that is known of the customer.
typedef struct {
    act_str_t name;
    act_str_t value;
} context_fact_t;

typedef struct {
    const respond_request_t *request;
    const search_faq_reply_t *hits; // best first
    act_str_t summary;              // of what was before the history
    const context_fact_t *facts;    // most important first
    uint32_t facts_count;
} context_input_t;

// The user's message for the planner.
act_str_t context_write(act_arena_t *arena, const context_input_t *input, int64_t budget_tokens);

// The end of the conversation with the customer's message, and the knowledge: for the writer.
act_str_t context_write_short(act_arena_t *arena, const context_input_t *input,
                              int64_t budget_tokens);

// Results of tools in the messages so far: while they are more than budget_tokens together, the oldest are
// replaced by a note. They are changed in place.
void context_shrink_results(act_arena_t *arena, chat_message_t *messages, uint32_t count,
                            int64_t budget_tokens);
