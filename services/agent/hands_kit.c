// hands_kit: one function a method of persistence, in a table.
#include "hands_kit.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void copy(act_str_t text, char *ret, size_t size_bytes)
{
    act_str_copy(text, ret, size_bytes);
}

// --- answering -------------------------------------------------------------------------------------

static void answer(hands_kit_t *self, act_err_t err, const act_model_t *model, const void *reply)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    if (err == ACT_E_OK)
        act_model_pack(model, reply, &out);
    size_t len_bytes = 0;
    uint32_t at = self->queue_count - 1;
    self->queue[at].body = act_buf_take(&out, &len_bytes);
    self->queue[at].reply =
        (act_reply_t){.err = err, .body = act_str_of(self->queue[at].body, len_bytes)};
    act_buf_fini(&out);
}

void hands_kit_pump(hands_kit_t *self)
{
    while (self->queue_count > 0) {
        hands_answer_fn *fn = self->queue[0].fn;
        void *context = self->queue[0].context;
        act_reply_t reply = self->queue[0].reply;
        char *body = self->queue[0].body;
        self->queue_count--;
        memmove(&self->queue[0], &self->queue[1], self->queue_count * sizeof self->queue[0]);
        fn(context, &reply);
        act_free(body);
    }
}

// --- persistence -----------------------------------------------------------------------------------

static void tool_turn(hands_kit_t *self, const void *request)
{
    (void)request;
    answer(self, self->database_err, &tool_turn_reply_model, &self->known);
}

static uint32_t *day_of(hands_kit_t *self, act_str_t tool)
{
    uint32_t i = 0;
    while (i < self->days_count && !act_str_is(tool, self->days[i].tool))
        i++;
    assert_true(i < HANDS_KIT_DAYS_MAX_COUNT);
    if (i == self->days_count) {
        copy(tool, self->days[i].tool, sizeof self->days[i].tool);
        self->days[i].count = 0;
        self->days_count++;
    }
    return &self->days[i].count;
}

static void begin_tool_call(hands_kit_t *self, const void *message)
{
    const begin_tool_call_request_t *request = message;
    begin_tool_call_reply_t reply = {.attempts_count = 1};
    self->begun_count++;
    copy(request->arguments, self->last_shown, sizeof self->last_shown);
    uint32_t *day = day_of(self, request->tool);
    if (request->contact_day_max_count > 0 && *day >= request->contact_day_max_count)
        reply.refused_by = ACT_STR("contact_day");
    else
        ++*day;
    answer(self, self->database_err, &begin_tool_call_reply_model, &reply);
}

static kit_step_t *step_of(hands_kit_t *self, act_str_t key)
{
    for (uint32_t i = 0; i < self->steps_count; i++)
        if (act_str_is(key, self->steps[i].key))
            return &self->steps[i];
    return NULL;
}

static kit_step_t *add_step(hands_kit_t *self, const end_tool_call_request_t *request)
{
    assert_true(self->steps_count < HANDS_KIT_STEPS_MAX_COUNT);
    kit_step_t *step = &self->steps[self->steps_count++];
    copy(request->step_key, step->key, sizeof step->key);
    char *hash = act_alloc(ACT_STEP_HASH_BYTES);
    char *result = act_alloc(request->result.len_bytes + 1);
    memcpy(hash, request->request_hash.ptr, ACT_STEP_HASH_BYTES);
    memcpy(result, request->result.ptr, request->result.len_bytes);
    step->step = (turn_step_t){
        .step_key = act_str(step->key),
        .kind = ACT_STR("paid"),
        .request_hash = act_str_of(hash, ACT_STEP_HASH_BYTES),
        .result = act_str_of(result, request->result.len_bytes),
    };
    return step;
}

static void end_tool_call(hands_kit_t *self, const void *message)
{
    const end_tool_call_request_t *request = message;
    self->ended_count++;
    copy(request->outcome, self->last_outcome, sizeof self->last_outcome);
    kit_step_t *step = step_of(self, request->step_key);
    if (!step && self->database_err == ACT_E_OK)
        step = add_step(self, request);
    const put_turn_step_reply_t reply = {.result = step ? step->step.result : (act_str_t){0}};
    answer(self, self->database_err, &put_turn_step_reply_model, &reply);
}

static void refuse_tool_call(hands_kit_t *self, const void *message)
{
    const refuse_tool_call_request_t *request = message;
    const empty_t reply = {0};
    self->refused_count++;
    copy(request->reason, self->last_refusal, sizeof self->last_refusal);
    answer(self, self->database_err, &empty_model, &reply);
}

static void ask_tool_call(hands_kit_t *self, const void *message)
{
    const ask_tool_call_request_t *request = message;
    const ask_tool_call_reply_t reply = {.approval_id = ACT_STR("approval-1")};
    self->asked_count++;
    copy(request->arguments, self->asked_arguments, sizeof self->asked_arguments);
    copy(request->card_hash, self->asked_hash, sizeof self->asked_hash);
    answer(self, self->database_err, &ask_tool_call_reply_model, &reply);
}

static const struct {
    const char *method;
    void (*serve)(hands_kit_t *self, const void *request);
} rows[] = {
    {"tool_turn", tool_turn},         {"begin_tool_call", begin_tool_call},
    {"end_tool_call", end_tool_call}, {"refuse_tool_call", refuse_tool_call},
    {"ask_tool_call", ask_tool_call},
};

// --- the world -------------------------------------------------------------------------------------

static void call_tool(hands_kit_t *self, const act_call_opts_t *opts, const void *request)
{
    tool_call_reply_t reply = {0};
    self->called_count++;
    act_err_t err = self->tool_err;
    if (err == ACT_E_OK)
        err = self->run(self->context, request, opts->idempotency_key, &reply);
    answer(self, err, &tool_call_reply_model, &reply);
}

static uint64_t ask(void *context, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const void *request, hands_answer_fn *fn,
                    void *fn_context)
{
    hands_kit_t *self = context;
    assert_true(self->queue_count < HANDS_KIT_QUEUE_MAX_COUNT);
    self->queue[self->queue_count].id = ++self->next_id;
    self->queue[self->queue_count].fn = fn;
    self->queue[self->queue_count++].context = fn_context;
    if (strncmp(service, "tool.", 5) == 0) {
        call_tool(self, opts, request);
        return self->next_id;
    }
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (strcmp(rows[i].method, method->name) == 0) {
            rows[i].serve(self, request);
            return self->next_id;
        }
    fail_msg("%s.%s is not known here", service, method->name);
    return 0;
}

static void cancel(void *context, uint64_t id)
{
    hands_kit_t *self = context;
    for (uint32_t i = 0; i < self->queue_count; i++) {
        if (self->queue[i].id != id)
            continue;
        act_free(self->queue[i].body);
        self->queue_count--;
        memmove(&self->queue[i], &self->queue[i + 1],
                (self->queue_count - i) * sizeof self->queue[0]);
        self->cancelled_count++;
        return;
    }
}

static int64_t now_ms(void *context)
{
    return ((hands_kit_t *)context)->now_ms;
}

// --- life ------------------------------------------------------------------------------------------

static tool_set_t *make_set(const char *const cards[], uint32_t count)
{
    tool_view_t *views = act_alloc_array(count + 1, sizeof *views);
    for (uint32_t i = 0; i < count; i++)
        views[i] = (tool_view_t){
            .state = ACT_STR("ready"), .card = act_str(cards[i]), .service = ACT_STR("tool.kit")};
    const tools_reply_t reply = {.tools = {views, count}};
    tool_set_t *set = tool_set_new(&reply);
    act_free(views);
    assert_int_equal(set->count, count);
    return set;
}

static void count_metric(void *context, agent_metric_t metric)
{
    hands_kit_t *self = context;
    self->counts[metric]++;
}

void hands_kit_init(hands_kit_t *self, const char *const cards[], uint32_t count)
{
    memset(self, 0, sizeof *self);
    self->io = (hands_io_t){
        .self = self, .ask = ask, .cancel = cancel, .now_ms = now_ms, .count = count_metric};
    self->set = make_set(cards, count);
    self->shelf = tool_shelf_of(self->set);
}

void hands_kit_forget(hands_kit_t *self)
{
    for (uint32_t i = 0; i < self->steps_count; i++) {
        act_free((void *)(uintptr_t)self->steps[i].step.request_hash.ptr);
        act_free((void *)(uintptr_t)self->steps[i].step.result.ptr);
    }
    self->steps_count = 0;
}

void hands_kit_fini(hands_kit_t *self)
{
    hands_kit_forget(self);
    tool_shelf_destroy(&self->shelf);
    tool_set_unref(&self->set);
}

act_steps_t hands_kit_recorded(const hands_kit_t *self, act_arena_t *arena)
{
    turn_step_t *steps = act_arena_alloc_array(arena, self->steps_count + 1, sizeof *steps);
    for (uint32_t i = 0; i < self->steps_count; i++)
        steps[i] = self->steps[i].step;
    return (act_steps_t){steps, self->steps_count};
}

// --- a turn ----------------------------------------------------------------------------------------

static void on_done(void *context, const hands_outcome_t *outcome)
{
    *(hands_outcome_t *)context = *outcome;
}

hands_t *hands_kit_open(hands_kit_t *self, act_arena_t *arena, act_steps_t recorded,
                        const char *turn_id)
{
    const act_journal_opts_t journal = {.prefix = ACT_STR("agent"), .recorded = recorded};
    const hands_opts_t opts = {
        .arena = arena,
        .journal = act_journal_new(arena, &journal),
        .recorded = recorded,
        .conversation_id = ACT_STR("conversation-1"),
        .turn_id = act_str(turn_id),
        .language = ACT_STR("en"),
        .shelf = self->shelf,
        .io = &self->io,
    };
    hands_t *hands = hands_new(&opts);
    hands_outcome_t outcome = {.err = ACT_E_INTERNAL};
    hands_prepare(hands, on_done, &outcome);
    hands_kit_pump(self);
    assert_int_equal(outcome.err, ACT_E_OK);
    return hands;
}

hands_outcome_t hands_kit_run(hands_kit_t *self, hands_t *hands, const tool_call_t *calls,
                              uint32_t count)
{
    hands_outcome_t outcome = {.err = ACT_E_INTERNAL};
    hands_run(hands, calls, count, on_done, &outcome);
    hands_kit_pump(self);
    return outcome;
}
