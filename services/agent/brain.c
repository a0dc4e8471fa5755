// brain: the loop. The messages of the talk with the model stand in one array, in the call's arena.
#include "brain.h"

#include "base/assert.h"
#include "context.h"
#include "metrics.h"
#include "proto/model_service.h"
#include "quote.h"

// A question, what was before it, and each step's answer with the results of its tools; one repair more.
#define MESSAGES_MAX_COUNT (3 + 2 * (BRAIN_STEPS_MAX_COUNT + 1))
#define RESULTS_MAX_COUNT 64
// Of ChatRequest.tools.
#define CARDS_MAX_COUNT 64
// Of the time that is left, for one question: something is left for the writer.
#define STEP_PCT 70
#define OUTPUT_MAX_TOKENS 2048

struct brain {
    brain_opts_t opts;
    brain_fn *fn;
    void *context;
    act_paid_t *paid;         // NULL: no question is open
    const tool_call_t *calls; // that the tools work on, and `decide` among them
    uint32_t calls_count;
    chat_message_t messages[MESSAGES_MAX_COUNT];
    uint32_t messages_count;
    tool_result_t results[RESULTS_MAX_COUNT];
    uint32_t results_count;
    uint32_t steps_count;
    uint32_t repairs_count;
    bool is_parked;
};

static act_arena_t *arena_of(const brain_t *self)
{
    return act_call_arena(self->opts.turn.call);
}

static void end(brain_t *self, act_err_t err, const char *why, const decision_t *decision)
{
    brain_result_t result = {.results = {self->results, self->results_count},
                             .is_parked = self->is_parked};
    if (decision)
        result.decision = *decision;
    self->fn(self->context, err, why, decision ? &result : NULL);
}

// --- asking --------------------------------------------------------------------------------------

static void on_chat(void *context, const act_reply_t *reply);

// The decision, and before the last step what the hands may do now.
static uint32_t offer(brain_t *self, bool is_last, tool_card_t *ret_cards)
{
    const tool_card_t *tools = NULL;
    uint32_t count = 0;
    uint32_t tools_count = is_last ? 0 : hands_offer(self->opts.hands, &tools);
    ret_cards[count++] = decision_card(self->opts.may_wait);
    for (uint32_t i = 0; i < tools_count && count < CARDS_MAX_COUNT; i++)
        ret_cards[count++] = tools[i];
    return count;
}

static void ask(brain_t *self)
{
    if (self->steps_count == BRAIN_STEPS_MAX_COUNT) {
        end(self, ACT_E_MODEL_PROVIDER, "no decision within the steps", NULL);
        return;
    }
    bool is_last = ++self->steps_count == BRAIN_STEPS_MAX_COUNT;
    tool_card_t cards[CARDS_MAX_COUNT];
    uint32_t cards_count = offer(self, is_last, cards);
    context_shrink_results(arena_of(self), self->messages, self->messages_count,
                           self->opts.results_tokens);
    const chat_request_t request = {
        .role = act_str(self->opts.role),
        .conversation_id = self->opts.turn.conversation_id,
        .system = self->opts.system,
        .messages = {self->messages, self->messages_count},
        .tools = {cards, cards_count},
        .tool_choice = act_str(is_last ? DECISION_TOOL : ""),
        .max_output_tokens = OUTPUT_MAX_TOKENS,
    };
    const act_paid_ask_t paid = {
        .service = model_service.name,
        .method = &model_service.methods[MODEL_CHAT],
        .request = &request,
        .step_key = act_journal_key(self->opts.turn.journal, "chat"),
        .budget_ms = (uint32_t)(act_call_left_ms(self->opts.turn.call) * STEP_PCT / 100),
    };
    self->paid = act_paid_ask(&self->opts.turn, &paid, on_chat, self);
    if (act_paid_is_asked(self->paid))
        act_metrics_add(act_actor_metrics(self->opts.turn.actor), METRIC_MODEL_QUESTIONS, 1);
}

static chat_message_t *add_message(brain_t *self)
{
    act_assert(self->messages_count < MESSAGES_MAX_COUNT);
    return &self->messages[self->messages_count++];
}

// --- what the model wants ------------------------------------------------------------------------

static void note_result(brain_t *self, const tool_result_t *result)
{
    if (self->results_count < RESULTS_MAX_COUNT)
        self->results[self->results_count++] = *result;
}

static void add_results(brain_t *self, const tool_result_t *results, uint32_t count)
{
    *add_message(self) =
        (chat_message_t){.role = ACT_STR("tool"), .tool_results = {results, count}};
}

static bool is_decide(const tool_call_t *call)
{
    return act_str_is(call->name, DECISION_TOOL);
}

static tool_result_t refuse(const tool_call_t *call, const char *why)
{
    return (tool_result_t){
        .call_id = call->id, .name = call->name, .content = act_str(why), .is_error = true};
}

static void park(brain_t *self)
{
    const decision_t decision = {.kind = DECISION_WAIT,
                                 .reason = ACT_STR("a person must approve a tool call"),
                                 .wait_ms = hands_wait_ms(self->opts.hands),
                                 .wait_for = ACT_STR("person")};
    self->is_parked = true;
    end(self, ACT_E_OK, NULL, &decision);
}

// Every call of the answer has a result, in order; a decision among them comes too early.
static void on_tools(void *context, const hands_outcome_t *outcome)
{
    brain_t *self = context;
    if (outcome->err != ACT_E_OK) {
        end(self, outcome->err, "a tool call cannot be recorded", NULL);
        return;
    }
    tool_result_t *results =
        act_arena_alloc_array(arena_of(self), self->calls_count, sizeof *results);
    uint32_t done_count = 0;
    for (uint32_t i = 0; i < self->calls_count; i++) {
        if (is_decide(&self->calls[i])) {
            results[i] = refuse(&self->calls[i], "Look at the results first, then decide alone.");
            continue;
        }
        results[i] = quote_result(arena_of(self), &outcome->results.items[done_count++]);
        note_result(self, &outcome->results.items[done_count - 1]);
    }
    if (outcome->is_parked) {
        park(self);
        return;
    }
    add_results(self, results, self->calls_count);
    ask(self);
}

static void run_tools(brain_t *self, const tool_call_t *calls, uint32_t count)
{
    tool_call_t *tools = act_arena_alloc_array(arena_of(self), count, sizeof *tools);
    uint32_t tools_count = 0;
    self->calls = calls;
    self->calls_count = count;
    for (uint32_t i = 0; i < count; i++)
        if (!is_decide(&calls[i]))
            tools[tools_count++] = calls[i];
    hands_run(self->opts.hands, tools, tools_count, on_tools, self);
}

// What earlier turns did for the same request, as if the model had just asked for it.
static void add_past(brain_t *self)
{
    const tool_call_t *calls = NULL;
    const tool_result_t *past = NULL;
    uint32_t count = hands_past(self->opts.hands, &calls, &past);
    if (count == 0)
        return;
    tool_result_t *results = act_arena_alloc_array(arena_of(self), count, sizeof *results);
    for (uint32_t i = 0; i < count; i++) {
        results[i] = quote_result(arena_of(self), &past[i]);
        note_result(self, &past[i]);
    }
    *add_message(self) =
        (chat_message_t){.role = ACT_STR("assistant"), .tool_calls = {calls, count}};
    add_results(self, results, count);
}

// --- deciding ------------------------------------------------------------------------------------

// Once it is told what is wrong with its answer.
static bool may_repair(brain_t *self)
{
    if (self->repairs_count++ > 0)
        return false;
    act_metrics_add(act_actor_metrics(self->opts.turn.actor), METRIC_DECISIONS_REPAIRED, 1);
    return true;
}

static void fail_unreadable(brain_t *self)
{
    end(self, ACT_E_MODEL_PROVIDER, "the model's decision cannot be read", NULL);
}

static void take_decision(brain_t *self, const tool_call_t *call)
{
    decision_t decision;
    const char *problem = NULL;
    if (decision_read(call->arguments, self->opts.may_wait, arena_of(self), &decision, &problem)) {
        end(self, ACT_E_OK, NULL, &decision);
    } else if (may_repair(self)) {
        tool_result_t *result = act_arena_alloc(arena_of(self), sizeof *result);
        *result = refuse(call, problem);
        add_results(self, result, 1);
        ask(self);
    } else
        fail_unreadable(self);
}

static void take_text(brain_t *self, act_str_t text)
{
    decision_t decision;
    if (decision_of_text(text, &decision)) {
        end(self, ACT_E_OK, NULL, &decision);
    } else if (may_repair(self)) {
        self->messages_count--; // an empty answer is nothing to go on from
        *add_message(self) = (chat_message_t){
            .role = ACT_STR("user"), .text = ACT_STR("Your answer was empty. Call decide.")};
        ask(self);
    } else
        fail_unreadable(self);
}

static const char *stop_problem(act_str_t stop)
{
    static const struct {
        const char *stop, *why;
    } problems[] = {{"refused", "the model refused"}, {"context", "the prompt is too long"}};
    for (size_t i = 0; i < ACT_COUNT(problems); i++)
        if (act_str_is(stop, problems[i].stop))
            return problems[i].why;
    return NULL;
}

static void on_chat(void *context, const act_reply_t *reply)
{
    brain_t *self = context;
    self->paid = NULL;
    if (reply->err != ACT_E_OK) {
        end(self, reply->err, "model.chat failed", NULL);
        return;
    }
    chat_reply_t answer;
    act_assert(chat_reply_unpack(reply->body, arena_of(self), &answer, NULL) == ACT_E_OK);
    const char *problem = answer.message ? stop_problem(answer.stop) : "no message";
    if (problem) {
        end(self, ACT_E_MODEL_PROVIDER, problem, NULL);
        return;
    }
    chat_message_t *message = add_message(self);
    *message = *answer.message;
    const tool_call_t *calls = message->tool_calls.items;
    uint32_t count = message->tool_calls.count;
    if (count == 0)
        take_text(self, message->text);
    else if (count == 1 && is_decide(&calls[0]))
        take_decision(self, &calls[0]);
    else
        run_tools(self, calls, count);
}

// --- life ----------------------------------------------------------------------------------------

brain_t *brain_start(const brain_opts_t *opts, brain_fn *fn, void *context)
{
    brain_t *self = act_arena_alloc(act_call_arena(opts->turn.call), sizeof *self);
    self->opts = *opts;
    self->fn = fn;
    self->context = context;
    *add_message(self) = (chat_message_t){.role = ACT_STR("user"), .text = opts->context};
    add_past(self);
    ask(self);
    return self;
}

void brain_cancel(brain_t **self_p)
{
    if (*self_p)
        act_paid_cancel(&(*self_p)->paid);
    *self_p = NULL;
}
