// tool_call: one call of a tool, as its host sees it (tool.h is what a plugin sees of it).
#pragma once
#include "actor/actor.h"
#include "proto/tool_service.h"
#include "tool.h"
#include "tool/card.h"

struct act_tool_call {
    const act_tool_card_t *card;
    act_call_t *call; // NULL: it has ended
    const tool_call_request_t *request;
    json_t *arguments;
    char *arguments_text; // as a plugin asked for it
    json_t *result;
    act_buf_t text;
    json_t *receipt;
};

// Checks the arguments. NULL: it has been answered already. request lives as long as the call.
act_tool_call_t *tool_call_new(const act_tool_card_t *card, act_call_t *call,
                               const tool_call_request_t *request);
// Replies with this result (consumed), of which only what the card's output names is told, when it is of
// the output's schema; otherwise the tool is at fault.
void tool_call_end(act_tool_call_t **self_p, json_t *result);
void tool_call_fail(act_tool_call_t **self_p, act_str_t text);
// The call as a whole has failed: the caller may try again where the code says so.
void tool_call_break(act_tool_call_t **self_p, act_err_t err, act_str_t text);
