// replay: what was recorded becomes a turn; what came of it, a list of differences.
#include "replay.h"

#include "base/mp.h"
#include "pipeline.h"
#include "proto/session_service.h"

#include <inttypes.h>
#include <string.h>

// Same as max_items of ReplayReply.differences.
#define DIFFERENCES_MAX_COUNT 64
#define SHOWN_MAX_BYTES 4096

struct replay {
    act_call_t *call; // its arena holds the record
    const replay_request_t *request;
    turn_journal_t journal;
    replay_difference_t differences[DIFFERENCES_MAX_COUNT];
    uint32_t count;
};

// --- differences ---------------------------------------------------------------------------------

static act_str_t shown(act_str_t text)
{
    return act_utf8_prefix(text, SHOWN_MAX_BYTES / 4);
}

static void note(replay_t *self, act_str_t what, act_str_t recorded, act_str_t replayed)
{
    if (self->count == DIFFERENCES_MAX_COUNT)
        return;
    self->differences[self->count++] =
        (replay_difference_t){what, shown(recorded), shown(replayed)};
}

static void compare(replay_t *self, const char *what, act_str_t recorded, act_str_t replayed)
{
    if (!act_str_eq(recorded, replayed))
        note(self, act_str(what), recorded, replayed);
}

// The table keeps single precision.
static void compare_number(replay_t *self, act_arena_t *arena, const char *what, double recorded,
                           double replayed)
{
    if ((float)recorded != (float)replayed)
        note(self, act_str(what), act_arena_printf(arena, "%.9g", recorded),
             act_arena_printf(arena, "%.9g", replayed));
}

// --- the outbox ----------------------------------------------------------------------------------

static act_str_t content_bytes(act_arena_t *arena, const outbound_content_t *content)
{
    return content ? act_model_packed(&outbound_content_model, content, arena) : (act_str_t){0};
}

static act_str_t content_text(const outbound_content_t *content)
{
    return content ? content->text : (act_str_t){0};
}

static void compare_entry(replay_t *self, act_arena_t *arena, uint32_t index,
                          const outbox_entry_t *recorded, const outbox_entry_t *replayed)
{
    act_str_t what = act_arena_printf(arena, "outbox %u", index + 1);
    if (!recorded || !replayed) {
        note(self, what, recorded ? content_text(recorded->content) : ACT_STR("(nothing)"),
             replayed ? content_text(replayed->content) : ACT_STR("(nothing)"));
        return;
    }
    if (!act_str_eq(recorded->outbox_id, replayed->outbox_id))
        note(self, act_arena_printf(arena, "outbox %u id", index + 1), recorded->outbox_id,
             replayed->outbox_id);
    if (!act_str_eq(content_bytes(arena, recorded->content),
                    content_bytes(arena, replayed->content)))
        note(self, what, content_text(recorded->content), content_text(replayed->content));
}

static void compare_outbox(replay_t *self, act_arena_t *arena, const turn_commit_request_t *now)
{
    const turn_record_t *record = self->request->record;
    uint32_t count =
        record->outbox.count > now->outbox.count ? record->outbox.count : now->outbox.count;
    for (uint32_t i = 0; i < count; i++)
        compare_entry(self, arena, i, i < record->outbox.count ? &record->outbox.items[i] : NULL,
                      i < now->outbox.count ? &now->outbox.items[i] : NULL);
}

// --- steps ---------------------------------------------------------------------------------------

static const turn_step_t *step_of(act_steps_t steps, act_str_t step_key)
{
    for (uint32_t i = 0; i < steps.count; i++)
        if (act_str_eq(steps.items[i].step_key, step_key))
            return &steps.items[i];
    return NULL;
}

static act_str_t step_text(act_arena_t *arena, const turn_step_t *step)
{
    if (!step)
        return ACT_STR("(no such step)");
    if (step->error_number != 0)
        return act_str(act_err_code(act_err_from_number(step->error_number)));
    if (act_mp_check(step->result) != ACT_E_OK || step->result.len_bytes < 24)
        return act_utf8_valid(step->result) ? step->result : ACT_STR("(bytes)");
    return act_arena_printf(arena, "%zu bytes", step->result.len_bytes);
}

static void compare_step(replay_t *self, act_arena_t *arena, const turn_step_t *recorded,
                         const turn_step_t *replayed)
{
    bool is_same = recorded && replayed && recorded->error_number == replayed->error_number &&
                   act_str_eq(recorded->result, replayed->result);
    if (is_same)
        return;
    act_str_t step_key = recorded ? recorded->step_key : replayed->step_key;
    note(self, act_arena_printf(arena, "step %" ACT_STR_FMT, ACT_STR_ARG(step_key)),
         step_text(arena, recorded), step_text(arena, replayed));
}

// Paid for by a life of the turn that did not end it: nobody used it.
static bool is_paid_in_vain(const replay_t *self, const turn_step_t *step)
{
    for (uint32_t i = 0; i < self->journal.paid.count; i++)
        if (act_str_eq(self->journal.paid.items[i], step->step_key))
            return false;
    return act_str_is(step->kind, "paid");
}

static void compare_steps(replay_t *self, const turn_t *turn)
{
    act_steps_t recorded = turn->steps.recorded;
    act_steps_t replayed = turn_steps_all(turn);
    for (uint32_t i = 0; i < recorded.count; i++) {
        const turn_step_t *step = &recorded.items[i];
        const turn_step_t *again = step_of(replayed, step->step_key);
        if (again || !is_paid_in_vain(self, step))
            compare_step(self, turn->arena, step, again);
    }
    for (uint32_t i = 0; i < replayed.count; i++)
        if (!step_of(recorded, replayed.items[i].step_key))
            compare_step(self, turn->arena, NULL, &replayed.items[i]);
}

// --- the decision --------------------------------------------------------------------------------

static act_str_t joined(act_arena_t *arena, const act_str_t *items, uint32_t count)
{
    act_str_t text = act_str("");
    for (uint32_t i = 0; i < count; i++)
        text = act_arena_printf(arena, "%" ACT_STR_FMT "%s%" ACT_STR_FMT, ACT_STR_ARG(text),
                                i ? ", " : "", ACT_STR_ARG(items[i]));
    return text;
}

static void compare_decision(replay_t *self, act_arena_t *arena, const turn_commit_request_t *now)
{
    const turn_record_t *record = self->request->record;
    const struct {
        const char *what;
        act_str_t recorded, replayed;
    } rows[] = {
        {"language", record->language, now->language},
        {"text", record->text, now->text},
        {"translation", record->translation, now->translation},
        {"intent", record->intent, now->intent},
        {"sentiment", record->sentiment, now->sentiment},
        {"risk", record->risk, joined(arena, now->risk.items, now->risk.count)},
        {"path", record->path, now->path},
        {"decision", record->decision, now->decision},
        {"handoff_reason", record->handoff_reason, now->handoff_reason},
        {"error_code", record->error_code, now->error_code},
        {"session_id", record->session_id, now->session_id},
        {"flow_state", self->journal.flow_state, now->flow_state},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        compare(self, rows[i].what, rows[i].recorded, rows[i].replayed);
    compare_number(self, arena, "language_confidence", record->language_confidence,
                   now->language_confidence);
    compare_number(self, arena, "confidence", record->confidence, now->confidence);
}

void replay_end(turn_t *turn)
{
    replay_t *self = turn->replay;
    if (self->journal.refused_error != 0)
        pipeline_last_resort(turn, act_err_from_number(self->journal.refused_error), "fallback");
    turn_commit_request_t now = turn_commit_request(turn);
    compare_steps(self, turn);
    compare_decision(self, turn->arena, &now);
    compare_outbox(self, turn->arena, &now);
    replay_reply_t reply = {
        .differences = {self->differences, self->count},
        .steps_count = turn_steps_all(turn).count,
        .outbox_count = now.outbox.count,
        .path = now.path,
    };
    session_replay_reply(&self->call, &reply);
    turn_destroy(&turn);
}

// --- start ---------------------------------------------------------------------------------------

// What was paid for is kept apart; receipts of effects are in the journal too. Of two lives of the turn that went
// on side by side, one may have been refused what the other paid for: the one that ended it has the journal.
static act_steps_t both(act_arena_t *arena, const turn_journal_t *journal,
                        const replay_request_t *request)
{
    uint32_t count = journal->steps.count;
    turn_step_t *all = act_arena_alloc_array(arena, count + request->steps.count + 1, sizeof *all);
    for (uint32_t i = 0; i < count; i++)
        all[i] = journal->steps.items[i];
    for (uint32_t i = 0; i < request->steps.count; i++)
        if (act_str_is(request->steps.items[i].kind, "paid") &&
            !step_of((act_steps_t){all, journal->steps.count}, request->steps.items[i].step_key))
            all[count++] = request->steps.items[i];
    return (act_steps_t){all, count};
}

static act_err_t read_journal(const turn_record_t *record, act_arena_t *arena,
                              turn_journal_t *ret_journal, turn_begin_reply_t *ret_input)
{
    if (!record || act_str_empty(record->journal))
        return ACT_E_NOT_FOUND;
    if (record->turn_id.len_bytes != ACT_UUID_TEXT_BYTES - 1 || record->pending.count == 0)
        return ACT_E_INVALID_ARGUMENT;
    act_err_t err = turn_journal_unpack(record->journal, arena, ret_journal, NULL);
    if (err == ACT_E_OK && ret_journal->format > TURN_JOURNAL_FORMAT)
        err = ACT_E_INVALID_ARGUMENT; // of a newer Parley
    return err == ACT_E_OK ? turn_begin_reply_unpack(ret_journal->input, arena, ret_input, NULL)
                           : err;
}

// Of a turn that is given up nobody looks at what was written: turn_begin gave its messages without.
static void take_messages(turn_t *turn, const turn_record_t *record)
{
    uint32_t count = record->pending.count;
    pending_message_t *items = act_arena_alloc_array(turn->arena, count + 1, sizeof *items);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = record->pending.items[i];
        if (turn->begin.is_poison)
            items[i].content = NULL;
    }
    turn->begin.pending.items = items;
    turn->begin.pending.count = count;
}

void replay_start(session_t *session, act_call_t **call_p, const replay_request_t *request)
{
    act_call_t *call = act_take(call_p);
    act_arena_t *arena = act_call_arena(call);
    replay_t *self = act_arena_alloc(arena, sizeof *self);
    turn_begin_reply_t input;
    act_err_t err = read_journal(request->record, arena, &self->journal, &input);
    if (err != ACT_E_OK) {
        act_call_fail(&call, err, "there is no journal to replay");
        return;
    }
    self->call = call;
    self->request = request;
    const turn_record_t *record = request->record;
    const act_header_t *header = act_call_header(call);
    turn_t *turn =
        turn_new(session, header->tenant, record->conversation_id, turn_origin_of(header));
    turn->replay = self;
    turn->begin = input;
    take_messages(turn, record);
    act_str_copy(record->turn_id, turn->turn_id, sizeof turn->turn_id);
    turn->state = TURN_RUNNING;
    turn_steps_start(turn, both(arena, &self->journal, request), /* is_replay= */ true);
    pipeline_start(turn);
}
