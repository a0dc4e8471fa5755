// dry_run: a turn without a conversation.
#include "dry_run.h"

#include "pipeline.h"
#include "proto/session_service.h"

void dry_run_answer(turn_t *self)
{
    understand_reply_t reply = {
        .text = self->text,
        .language = self->language,
        .language_confidence = self->language_confidence,
        .translation = self->translation,
        .intent = self->understood.intent,
        .confidence = self->understood.confidence,
        .sentiment = self->understood.sentiment,
        .risk = {self->understood.risk.items, self->understood.risk.count},
        .path = self->path,
    };
    session_understand_reply(&self->dry_call, &reply);
    turn_destroy(&self);
}

void dry_run_start(session_t *session, act_call_t **call_p, const understand_request_t *request)
{
    const act_header_t *header = act_call_header(*call_p);
    turn_t *self = turn_new(session, header->tenant, act_str(""), turn_origin_of(header));
    self->dry_call = act_take(call_p);
    self->text = act_arena_str(self->arena, request->text);
    self->begin.language = act_arena_str(self->arena, request->prior_language);
    self->state = TURN_RUNNING;
    pipeline_start(self);
}
