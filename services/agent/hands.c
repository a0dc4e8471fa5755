// hands: what holds, what is offered, and all calls of an answer together.
#include "hands.h"

#include "base/assert.h"
#include "hands_private.h"
#include "io/json.h"
#include "proto/persistence_service.h"

#include <stdlib.h>
#include <string.h>

#define FLOW "agent"
#define APPROVAL_MS (60u * 60 * 1000)
// One place of a request's cards is the caller's own.
#define OFFER_MAX_COUNT 63
#define SCHEMA_MAX_BYTES 32768
#define MARK_PREFIX "x-parley-"

// --- life ------------------------------------------------------------------------------------------

hands_t *hands_new(const hands_opts_t *opts)
{
    hands_t *self = act_alloc(sizeof *self);
    self->opts = *opts;
    return self;
}

static void on_set(void *context, tool_set_t *set);

void hands_destroy(hands_t **self_p)
{
    hands_t *self = act_take(self_p);
    if (!self)
        return;
    if (self->known_id != 0)
        self->opts.io->cancel(self->opts.io->self, self->known_id);
    if (self->is_waiting_for_set)
        tool_shelf_forget(self->opts.shelf, self);
    for (uint32_t i = 0; i < self->jobs_count; i++)
        hands_job_cancel(&self->jobs[i]);
    gate_destroy(&self->gate);
    tool_set_unref(&self->set);
    act_free(self);
}

act_call_opts_t hands_call_opts(const hands_t *self, uint32_t budget_ms)
{
    act_call_opts_t opts = {.parent = self->opts.call, .budget_ms = budget_ms};
    if (self->opts.call) {
        int64_t left_ms = act_call_left_ms(self->opts.call);
        if (budget_ms == 0 || left_ms < budget_ms)
            opts.budget_ms = left_ms > 1 ? (uint32_t)left_ms : 1;
    }
    return opts;
}

act_err_t hands_unpack(hands_t *self, const act_model_t *model, act_str_t body, void *ret_message)
{
    return act_model_unpack(model, act_arena_str(self->opts.arena, body), self->opts.arena,
                            ret_message, /* ret_field= */ NULL);
}

// --- several calls at once -------------------------------------------------------------------------

static void finish(hands_t *self)
{
    hands_fn *fn = self->fn;
    self->fn = NULL;
    self->jobs_count = 0;
    if (self->is_resuming)
        self->outcome.results.count = 0;
    self->is_resuming = false;
    fn(self->context, &self->outcome);
}

void hands_job_done(hands_job_t *job, act_err_t err)
{
    hands_t *self = job->hands;
    if (self->outcome.err == ACT_E_OK)
        self->outcome.err = err;
    if (--self->open_count == 0)
        finish(self);
}

static void add_job(hands_t *self, const tool_call_t *call, const tool_approval_heard_t *approval,
                    tool_result_t *result)
{
    *result = (tool_result_t){.call_id = call->id, .name = call->name};
    self->jobs[self->jobs_count++] =
        (hands_job_t){.hands = self, .call = call, .approval = approval, .result = result};
}

// One more is held open, so that the last of those that end at once does not end it all too early.
static void start_jobs(hands_t *self)
{
    self->open_count = self->jobs_count + 1;
    uint32_t count = self->jobs_count;
    for (uint32_t i = 0; i < count; i++)
        hands_job_look(&self->jobs[i]);
    for (uint32_t i = 0; i < count; i++)
        hands_job_start(&self->jobs[i]);
    if (--self->open_count == 0)
        finish(self);
}

void hands_run(hands_t *self, const tool_call_t *calls, uint32_t count, hands_fn *fn, void *context)
{
    act_assert(!self->fn && count <= HANDS_CALLS_MAX_COUNT);
    tool_result_t *results = act_arena_alloc_array(self->opts.arena, count + 1, sizeof *results);
    self->fn = fn;
    self->context = context;
    self->outcome = (hands_outcome_t){.results = {results, count}};
    if (self->gate)
        gate_next_round(self->gate);
    for (uint32_t i = 0; i < count; i++)
        add_job(self, &calls[i], NULL, &results[i]);
    start_jobs(self);
}

// --- what was before -------------------------------------------------------------------------------

typedef struct {
    const char *state;
    const char *text;
} undecided_t;

static const undecided_t undecided[] = {
    {"pending", "A person has not decided yet whether this may be done. It is not done."},
    {"denied", "A person has decided that this is not done. Tell the customer politely."},
    {"expired", "Nobody has approved this in time. It is not done. Offer a person."},
};

static bool is_approved(const tool_approval_heard_t *approval)
{
    return act_str_is(approval->state, "approved") || act_str_is(approval->state, "used") ||
           act_str_is(approval->state, "done");
}

static tool_result_t *add_past(hands_t *self, act_str_t name, act_str_t arguments)
{
    uint32_t place = self->past_count++;
    self->past_calls[place] = (tool_call_t){
        .id = act_arena_printf(self->opts.arena, "before_%u", place + 1),
        .name = name,
        .arguments = arguments,
    };
    tool_result_t *result = &self->past_results[place];
    *result = (tool_result_t){.call_id = self->past_calls[place].id, .name = name};
    return result;
}

static void hear(hands_t *self, const tool_approval_heard_t *approval)
{
    tool_result_t *result = add_past(self, approval->tool, approval->arguments);
    if (is_approved(approval)) {
        add_job(self, &self->past_calls[self->past_count - 1], approval, result);
        return;
    }
    const char *text = undecided[0].text;
    for (size_t i = 0; i < ACT_COUNT(undecided); i++)
        if (act_str_is(approval->state, undecided[i].state))
            text = undecided[i].text;
    result->is_error = !act_str_is(approval->state, "pending");
    result->content = act_str_empty(approval->note)
                          ? act_str(text)
                          : act_arena_printf(self->opts.arena, "%s They say: %" ACT_STR_FMT, text,
                                             ACT_STR_ARG(approval->note));
}

// What was foreign then is foreign now. Only that: values of another turn are no source of this one's.
static void learn_past(hands_t *self, const tool_past_t *past)
{
    if (!self->gate)
        return;
    const tool_entry_t *tool = tool_set_find(self->set, past->tool);
    json_t *result = NULL;
    bool is_read = act_json_parse(past->result, &result, NULL, NULL) == ACT_E_OK;
    bool is_known = tool && (is_read || !act_str_is(past->outcome, "ok"));
    if (!is_known || gate_is_foreign(self->gate, tool, result, !is_read))
        gate_taint(self->gate); // also by what nobody can tell any more
    json_decref(result);
}

static void resume(hands_t *self)
{
    const tool_turn_reply_t *known = &self->known;
    uint32_t count = known->past.count + known->approvals.count;
    self->past_calls = act_arena_alloc_array(self->opts.arena, count + 1, sizeof *self->past_calls);
    self->past_results =
        act_arena_alloc_array(self->opts.arena, count + 1, sizeof *self->past_results);
    for (uint32_t i = 0; i < known->past.count; i++) {
        const tool_past_t *past = &known->past.items[i];
        tool_result_t *result = add_past(self, past->tool, past->arguments);
        result->content = past->result;
        result->is_error = !act_str_is(past->outcome, "ok");
        learn_past(self, past);
    }
    self->is_resuming = true;
    for (uint32_t i = 0; i < known->approvals.count; i++)
        hear(self, &known->approvals.items[i]);
    start_jobs(self);
}

// --- what holds ------------------------------------------------------------------------------------

static void fail(hands_t *self, act_err_t err)
{
    self->outcome.err = err;
    finish(self);
}

static void on_set(void *context, tool_set_t *set)
{
    hands_t *self = context;
    self->is_waiting_for_set = false;
    const tools_reply_t none = {0};
    act_str_t tenant = self->opts.call ? act_call_header(self->opts.call)->tenant : (act_str_t){0};
    self->set = set ? tool_set_of_tenant(&set, tenant) : tool_set_new(&none);
    self->facts = (policy_facts_t){.flow = ACT_STR(FLOW), .known = &self->known};
    self->gate = gate_new(self->opts.arena, &self->facts, self->set);
    resume(self);
}

static void on_known(void *context, const act_reply_t *reply)
{
    hands_t *self = context;
    self->known_id = 0;
    act_err_t err = reply->err;
    if (err == ACT_E_OK)
        err = hands_unpack(self, &tool_turn_reply_model, reply->body, &self->known);
    if (err != ACT_E_OK) {
        fail(self, err);
    } else if (self->opts.is_replay) {
        resume(self);
    } else {
        self->is_waiting_for_set = true;
        tool_shelf_get(self->opts.shelf, on_set, self);
    }
}

void hands_prepare(hands_t *self, hands_fn *fn, void *context)
{
    self->fn = fn;
    self->context = context;
    const turn_request_t request = {.conversation_id = self->opts.conversation_id,
                                    .turn_id = self->opts.turn_id};
    act_call_opts_t opts = hands_call_opts(self, 0);
    opts.tape = act_journal_tape(self->opts.journal);
    self->known_id = self->opts.io->ask(self->opts.io->self, persistence_service.name,
                                        &persistence_service.methods[PERSISTENCE_TOOL_TURN], &opts,
                                        &request, on_known, self);
}

uint32_t hands_past(const hands_t *self, const tool_call_t **ret_calls,
                    const tool_result_t **ret_results)
{
    *ret_calls = self->past_calls;
    *ret_results = self->past_results;
    return self->past_count;
}

// --- the offer -------------------------------------------------------------------------------------

// Marks are ours; providers know no such keywords.
static json_t *without_marks(const json_t *schema)
{
    const char *name;
    json_t *part;
    size_t index;
    if (json_is_object(schema)) {
        json_t *kept = json_object();
        json_object_foreach((json_t *)(uintptr_t)schema, name,
                            part) if (strncmp(name, MARK_PREFIX, strlen(MARK_PREFIX)) != 0)
            json_object_set_new(kept, name, without_marks(part));
        return kept;
    }
    if (json_is_array(schema)) {
        json_t *kept = json_array();
        json_array_foreach(schema, index, part) json_array_append_new(kept, without_marks(part));
        return kept;
    }
    return json_incref((json_t *)(uintptr_t)schema);
}

static json_t *offer_of(const act_tool_card_t *card)
{
    json_t *schema = without_marks(card->input);
    char *text = json_dumps(schema, JSON_COMPACT);
    bool is_safe = card->effects == ACT_TOOL_READ && !card->has_network;
    json_t *offer = NULL;
    if (text && strlen(text) <= SCHEMA_MAX_BYTES)
        offer = json_pack("{ssssssso}", "name", card->name, "description", card->description,
                          "schema", text, "is_safe", json_boolean(is_safe));
    free(text);
    json_decref(schema);
    return offer;
}

// As text, because a replay offers what was offered then.
static act_str_t all_offers(const hands_t *self)
{
    json_t *offers = json_array();
    for (uint32_t i = 0; self->set && i < self->set->count; i++) {
        const tool_entry_t *tool = &self->set->items[i];
        json_t *offer = policy_offers(&self->facts, tool->card, /* is_tainted= */ false) &&
                                json_array_size(offers) < OFFER_MAX_COUNT
                            ? offer_of(tool->card)
                            : NULL;
        if (offer)
            json_array_append_new(offers, offer);
    }
    char *text = json_dumps(offers, JSON_COMPACT);
    act_str_t copy = act_arena_str(self->opts.arena, act_str(text));
    free(text);
    json_decref(offers);
    return copy;
}

static void read_offers(hands_t *self, act_str_t text)
{
    act_arena_t *arena = self->opts.arena;
    json_t *offers = NULL;
    if (act_json_parse(text, &offers, NULL, NULL) != ACT_E_OK)
        offers = json_array();
    size_t count = json_array_size(offers);
    self->cards = act_arena_alloc_array(arena, count + 1, sizeof *self->cards);
    self->cards_are_safe = act_arena_alloc_array(arena, count + 1, sizeof *self->cards_are_safe);
    self->offered = act_arena_alloc_array(arena, count + 1, sizeof *self->offered);
    size_t index;
    json_t *offer;
    json_array_foreach(offers, index, offer)
    {
        self->cards[self->cards_count] = (tool_card_t){
            .name = act_arena_str(arena, act_json_str(offer, "name")),
            .description = act_arena_str(arena, act_json_str(offer, "description")),
            .input_schema = act_arena_str(arena, act_json_str(offer, "schema")),
        };
        self->cards_are_safe[self->cards_count++] = json_is_true(json_object_get(offer, "is_safe"));
    }
    json_decref(offers);
}

uint32_t hands_offer(hands_t *self, const tool_card_t **ret_cards)
{
    if (!self->cards)
        read_offers(self, act_journal_value(self->opts.journal, "tools", all_offers(self)));
    act_str_t now = hands_is_tainted(self) ? ACT_STR("yes") : ACT_STR("no");
    bool is_tainted = act_str_is(act_journal_value(self->opts.journal, "tainted", now), "yes");
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->cards_count; i++)
        if (!is_tainted || self->cards_are_safe[i])
            self->offered[count++] = self->cards[i];
    *ret_cards = self->offered;
    return count;
}

// --- taint, time -----------------------------------------------------------------------------------

void hands_taint(hands_t *self)
{
    if (self->gate)
        gate_taint(self->gate);
}

bool hands_is_tainted(const hands_t *self)
{
    return self->gate && gate_is_tainted(self->gate);
}

act_str_t hands_urls(const hands_t *self, act_arena_t *arena)
{
    return self->gate ? gate_urls(self->gate, arena) : (act_str_t){0};
}

uint32_t hands_wait_ms(const hands_t *self)
{
    (void)self;
    return APPROVAL_MS;
}
