// summary: the memory of a conversation as a question to a model (role summarise), and what is taken of its
// answer. Lines go in as JSON, so that no text can pass for a line of its own. Pure functions.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "proto/model.h"
#include "proto/persistence.h"

// Takes away the last lines, when they are more than one question should hold. True: it did.
bool summary_cut(list_unsummarised_reply_t *read);

// Asks for summary and facts, as an instance of a schema. `own`: the tenant's prompts, or NULL.
void summary_ask(const list_unsummarised_reply_t *read, const list_prompts_reply_t *own,
                 act_str_t conversation_id, act_arena_t *arena, chat_request_t *ret_request);
// The way of the built-in model, which knows no facts: the lines as turns, for a plain text.
void summary_ask_plainly(const list_unsummarised_reply_t *read, act_str_t conversation_id,
                         act_arena_t *arena, chat_request_t *ret_request);

typedef struct {
    put_memory_request_t put;
    uint32_t refused_count; // claims that were not believed
    bool is_empty;          // an instance that says nothing: nobody is there who could
} summary_t;

// False: it is no instance of the schema; *error (initialised by the caller) says why (turn/json_answer.h).
bool summary_take(const list_unsummarised_reply_t *read, act_str_t answer, act_arena_t *arena,
                  summary_t *ret_summary, act_buf_t *error);
// The summary so far, with a plain text of what came since behind it (or nothing); facts by rules.
void summary_take_plainly(const list_unsummarised_reply_t *read, act_str_t text, act_arena_t *arena,
                          summary_t *ret_summary);
