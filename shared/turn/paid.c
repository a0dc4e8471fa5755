// paid: find, ask, commit, note; one call is open at a time, and one callback ends it.
#include "turn/paid.h"

#include "base/crash_point.h"
#include "proto/persistence_service.h"

// Of PutTurnStepRequest.result.
#define RESULT_MAX_BYTES (256u << 10)

struct act_paid {
    act_paid_turn_t turn;
    const act_method_t *method;
    act_str_t step_key;
    act_str_t request; // packed
    act_paid_fn *fn;
    void *context;
    uint64_t call_id; // 0: none is open
    act_reply_t known;
    bool is_posted;
    bool is_cancelled;
};

act_str_t act_paid_key(const act_paid_turn_t *turn, act_str_t step_key)
{
    return act_arena_printf(act_call_arena(turn->call), "%" ACT_STR_FMT "/%" ACT_STR_FMT,
                            ACT_STR_ARG(turn->turn_id), ACT_STR_ARG(step_key));
}

static act_arena_t *arena_of(const act_paid_t *self)
{
    return act_call_arena(self->turn.call);
}

static void end(act_paid_t **self_p, const act_reply_t *reply)
{
    act_paid_t *self = act_take(self_p);
    act_paid_fn *fn = self->fn;
    void *context = self->context;
    act_free(self);
    fn(context, reply);
}

static void end_with(act_paid_t **self_p, act_err_t err, act_str_t text)
{
    const act_reply_t reply = {.err = err, .text = text};
    end(self_p, &reply);
}

// --- what was recorded ---------------------------------------------------------------------------

static bool read_seen(act_arena_t *arena, const turn_step_t *step,
                      list_turn_steps_reply_t *ret_seen)
{
    *ret_seen = (list_turn_steps_reply_t){0};
    return act_str_is(step->kind, "seen") &&
           list_turn_steps_reply_unpack(step->result, arena, ret_seen, NULL) == ACT_E_OK;
}

act_steps_t act_paid_recorded(act_arena_t *arena, act_steps_t recorded)
{
    uint32_t count = recorded.count;
    list_turn_steps_reply_t seen;
    for (uint32_t i = 0; i < recorded.count; i++)
        if (read_seen(arena, &recorded.items[i], &seen))
            count += seen.steps.count;
    turn_step_t *all = act_arena_alloc_array(arena, count + 1, sizeof *all);
    count = 0;
    for (uint32_t i = 0; i < recorded.count; i++) {
        all[count++] = recorded.items[i];
        (void)read_seen(arena, &recorded.items[i], &seen);
        for (uint32_t j = 0; j < seen.steps.count; j++)
            all[count++] = seen.steps.items[j];
    }
    return (act_steps_t){all, count};
}

// --- what is known -------------------------------------------------------------------------------

static void end_known(void *context)
{
    act_paid_t *self = context;
    if (self->is_cancelled) {
        act_free(self);
        return;
    }
    act_reply_t known = self->known;
    end(&self, &known);
}

static void post_known(act_paid_t *self, act_reply_t known)
{
    self->known = known;
    self->is_posted = true;
    act_loop_post(act_actor_loop(self->turn.actor), end_known, self);
}

static void know_step(act_paid_t *self, const turn_step_t *step)
{
    ACT_CRASH_POINT("paid.known");
    act_err_t err = act_err_from_number(step->error_number);
    if (step->error_number == 0) {
        act_journal_put(self->turn.journal, ACT_STEP_PAID, self->step_key, self->request,
                        step->result);
        post_known(self, (act_reply_t){.body = step->result});
    } else {
        act_journal_fail(self->turn.journal, self->step_key, self->request, err);
        post_known(self, (act_reply_t){.err = err, .text = act_str(act_err_text(err))});
    }
}

// --- what is asked -------------------------------------------------------------------------------

static void on_put(void *context, const act_reply_t *reply, const put_turn_step_reply_t *body)
{
    act_paid_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK) {
        end_with(&self, reply->err, reply->text);
        return;
    }
    ACT_CRASH_POINT("paid.recorded");
    act_str_t result = act_arena_str(arena_of(self), body->result);
    act_journal_put(self->turn.journal, ACT_STEP_PAID, self->step_key, self->request, result);
    const act_reply_t paid = {.body = result};
    end(&self, &paid);
}

static act_str_t pack_seen(act_paid_t *self)
{
    act_steps_t reads = act_journal_take_reads(self->turn.journal);
    const list_turn_steps_reply_t seen = {.steps = {reads.items, reads.count}};
    act_buf_t out;
    act_buf_init(&out, RESULT_MAX_BYTES);
    if (reads.count > 0)
        list_turn_steps_reply_pack(&seen, &out);
    // Too much: a turn that runs again reads anew.
    act_str_t text =
        out.is_overflowed ? (act_str_t){0} : act_arena_str(arena_of(self), act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

static void put(act_paid_t *self, act_str_t result)
{
    uint8_t hash[ACT_STEP_HASH_BYTES];
    act_step_hash(self->request, hash);
    const put_turn_step_request_t request = {
        .conversation_id = self->turn.conversation_id,
        .turn_id = self->turn.turn_id,
        .step_key = self->step_key,
        .kind = ACT_STR("paid"),
        .request_hash = act_str_of(hash, sizeof hash),
        .result = result,
        .seen = pack_seen(self),
    };
    const act_call_opts_t opts = {.parent = self->turn.call};
    self->call_id = persistence_put_turn_step(self->turn.actor, &opts, &request, on_put, self);
}

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    act_paid_t *self = context;
    (void)arena;
    (void)fn;
    self->call_id = 0;
    act_err_t err = reply->err;
    if (err == ACT_E_OK && reply->body.len_bytes > RESULT_MAX_BYTES)
        err = ACT_E_TOO_LARGE;
    if (err == ACT_E_OK)
        err = act_model_check(self->method->reply, reply->body, arena_of(self), NULL);
    if (err == ACT_E_OK) {
        ACT_CRASH_POINT("paid.answered");
        put(self, reply->body);
        return;
    }
    act_journal_fail(self->turn.journal, self->step_key, self->request, err);
    end_with(&self, err, act_arena_str(arena_of(self), reply->text));
}

static void ask(act_paid_t *self, const act_paid_ask_t *what)
{
    ACT_CRASH_POINT("paid.asking");
    const act_call_opts_t opts = {
        .parent = self->turn.call,
        .key = self->turn.conversation_id,
        .budget_ms = what->budget_ms,
        .idempotency_key = act_paid_key(&self->turn, self->step_key),
    };
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_add_str(&body, self->request);
    self->call_id = act_actor_call(self->turn.actor, what->service, what->method, &opts, &body,
                                   on_answer, /* fn= */ NULL, self);
    act_buf_fini(&body);
}

static act_err_t pack(act_paid_t *self, const void *request)
{
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(self->method->request, request, &body);
    act_err_t err = body.is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK;
    self->request = act_arena_str(arena_of(self), act_buf_str(&body));
    act_buf_fini(&body);
    return err;
}

act_paid_t *act_paid_ask(const act_paid_turn_t *turn, const act_paid_ask_t *what, act_paid_fn *fn,
                         void *context)
{
    act_paid_t *self = act_alloc(sizeof *self);
    *self = (act_paid_t){.turn = *turn, .method = what->method, .fn = fn, .context = context};
    self->step_key = act_arena_str(arena_of(self), what->step_key);
    const turn_step_t *step = NULL;
    act_err_t err = pack(self, what->request);
    if (err == ACT_E_OK)
        err = act_journal_find(turn->journal, self->step_key, self->request, &step);
    if (err == ACT_E_OK)
        know_step(self, step);
    else if (err == ACT_E_NOT_FOUND)
        ask(self, what);
    else
        post_known(self, (act_reply_t){.err = err, .text = self->step_key});
    return self;
}

bool act_paid_is_asked(const act_paid_t *self)
{
    return !self->is_posted;
}

void act_paid_cancel(act_paid_t **self_p)
{
    act_paid_t *self = *self_p;
    if (!self)
        return;
    *self_p = NULL;
    act_actor_cancel(self->turn.actor, self->call_id);
    if (self->is_posted)
        self->is_cancelled = true; // the loop has it
    else
        act_free(self);
}
