// run: the engine. First the verdict on the message, then one function a kind of node.
#include "run.h"

#include "answer.h"
#include "base/assert.h"
#include "say.h"
#include "texts/texts.h"

// A sound graph cannot go round; this is for our own mistakes.
#define STEPS_MAX_COUNT (2 * GRAPH_MAX_NODES)
// Answers not understood before a person is brought in.
#define TRIES_MAX_COUNT 3

typedef enum { RUNNING, CALLING, FINISHED } phase_t;

struct run {
    run_host_t host;
    const flow_run_request_t *request;
    phase_t phase;
    state_t state;            // state.node is the node to enter next; NULL: the flow ends
    const node_t *done_write; // the write whose row was committed in this very run, or NULL
    const node_t *unclear_at; // the question whose answer is looked for anew, or NULL
    uint32_t steps_count;
    uint64_t call_id;
    act_journal_t *journal; // NULL: none is kept
    call_job_t job;
    say_t say;
    flow_run_reply_t reply;
    act_err_t err;
    const char *error_text;
};

static void fail(run_t *self, act_err_t err, const char *text)
{
    self->phase = FINISHED;
    self->err = err;
    self->error_text = text;
}

static void end(run_t *self)
{
    self->phase = FINISHED;
    self->state.node = NULL;
}

static void go(run_t *self, const node_t *node)
{
    self->state.node = node;
}

// --- questions -----------------------------------------------------------------------------------

// Waits for the customer: the state goes into the reply.
static void wait_for_answer(run_t *self, act_str_t before)
{
    act_err_t err = state_write(&self->state, self->host.arena, &self->reply.state);
    if (err != ACT_E_OK) {
        fail(self, err, "the state of the flow is too large");
        return;
    }
    say_question(&self->say, &self->state, before);
    self->phase = FINISHED;
}

// Where an answer leads, and what it sets.
static void take_answer(run_t *self, const answer_t *answer)
{
    const node_t *node = self->state.node;
    self->state.tries = 0;
    self->state.page = 0;
    if (node->save)
        vars_set(&self->state.vars, act_str(node->save), answer->value);
    if (node->ask == ASK_PICK)
        vars_set_row(&self->state.vars, &self->state.rows, answer->index);
    if (node->ask == ASK_YES_NO)
        go(self, act_str_is(answer->value, "yes") ? node->yes_node : node->no_node);
    else if (node->ask == ASK_CHOICE && node->choices[answer->index].next_node)
        go(self, node->choices[answer->index].next_node);
    else
        go(self, node->next_node);
}

// Rows are those of the last call of a list; a node names the one it means.
static bool has_its_rows(const run_t *self, const node_t *node)
{
    return !node->rows ||
           graph_node(self->state.graph, act_str(node->rows)) == self->state.rows_node;
}

static void enter_question(run_t *self, const node_t *node)
{
    if (!has_its_rows(self, node)) {
        fail(self, ACT_E_INTERNAL, "a pick without its rows");
        return;
    }
    if (node->told) {
        answer_t answer = answer_told(&self->state, self->say.language, self->host.arena);
        if (answer.kind == ANSWER_TAKEN) {
            take_answer(self, &answer);
            return;
        }
    }
    bool is_again = node == self->unclear_at;
    self->state.tries = is_again ? self->state.tries : 0;
    self->state.page = 0;
    wait_for_answer(self, is_again ? say_retry(&self->say, &self->state) : (act_str_t){0});
}

// --- other nodes ---------------------------------------------------------------------------------

static void enter_message(run_t *self, const node_t *node)
{
    if (!has_its_rows(self, node)) {
        fail(self, ACT_E_INTERNAL, "lines without their rows");
        return;
    }
    // No receipt, no confirmation: the row must have been committed in this run.
    if (node->receipt_of &&
        graph_node(self->state.graph, act_str(node->receipt_of)) != self->done_write) {
        fail(self, ACT_E_INTERNAL, "a confirmation without its receipt");
        return;
    }
    say_message(&self->say, &self->state, node);
    go(self, node->next_node);
}

static void enter_condition(run_t *self, const node_t *node)
{
    act_str_t value = vars_get(&self->state.vars, act_str(node->when));
    go(self, act_str_is(value, node->is) ? node->next_node : node->else_node);
}

static void enter_set(run_t *self, const node_t *node)
{
    act_str_t value =
        node->value ? act_str(node->value) : say_render(&self->say, &self->state, node->text);
    vars_set(&self->state.vars, act_str(node->save), value);
    go(self, node->next_node);
}

static void hand_over(run_t *self, act_str_t text, act_str_t reason)
{
    say_text(&self->say, text);
    self->reply.decision = ACT_STR("HUMAN_HANDOFF");
    self->reply.handoff_reason = reason;
    end(self);
}

static void enter_handover(run_t *self, const node_t *node)
{
    hand_over(self, say_render(&self->say, &self->state, node->text), act_str(node->reason));
}

// What is known goes along: the next flow takes over the variables that it has too.
static void enter_next(run_t *self, const node_t *node)
{
    act_err_t err = state_hand_on(&self->state, self->host.arena, &self->reply.state);
    if (err != ACT_E_OK) {
        fail(self, err, "the state of the flow is too large");
        return;
    }
    self->reply.next_flow = act_str(node->flow);
    end(self);
}

static void abandon(run_t *self)
{
    self->reply.is_abandoned = true;
    end(self);
}

// Words that began the flow may be answered without it; a button, or what came later, may not.
static void enter_leave(run_t *self, const node_t *node)
{
    if (act_str_empty(self->request->flow) || act_str_empty(self->state.first) ||
        self->say.count > 0)
        go(self, node->next_node);
    else
        abandon(self);
}

static void enter_end(run_t *self, const node_t *node)
{
    (void)node;
    end(self);
}

// --- calls ---------------------------------------------------------------------------------------

static void step_on(run_t *self);

static void take_rows(run_t *self, const call_t *call, const rows_t *rows)
{
    const node_t *node = self->state.node;
    if (call->is_write)
        self->done_write = node;
    if (call->is_list) {
        self->state.rows_node = node;
        self->state.rows = *rows;
    }
    bool is_one = rows->count == 1 && (!call->is_list || node->one_node);
    if (is_one)
        vars_set_row(&self->state.vars, rows, 0);
    if (call->is_list && rows->count == 0)
        go(self, node->empty_node);
    else
        go(self, call->is_list && is_one ? node->one_node : node->next_node);
}

static void on_rows(void *context, act_err_t err, const char *text, const rows_t *rows)
{
    run_t *self = context;
    act_assert(self->phase == CALLING);
    self->phase = RUNNING;
    self->call_id = 0;
    if (err != ACT_E_OK)
        fail(self, err, text);
    else
        take_rows(self, self->job.call, rows);
    step_on(self);
}

static act_str_t job_value(void *context, act_str_t name)
{
    const run_t *self = context;
    return vars_get(&self->state.vars, name);
}

static void enter_call(run_t *self, const node_t *node)
{
    self->job = (call_job_t){
        .store = self->host.store,
        .actor = self->host.actor,
        .parent = self->host.parent,
        .arena = self->host.arena,
        .request = self->request,
        .journal = self->journal,
        .node = act_str(node->node),
        .value = job_value,
        .done = on_rows,
        .context = self,
    };
    self->phase = CALLING;
    self->call_id = call_start(call_find(act_str(node->call)), &self->job);
}

// --- the loop ------------------------------------------------------------------------------------

typedef void enter_fn(run_t *self, const node_t *node);

static enter_fn *const enters[] = {
    [NODE_MESSAGE] = enter_message,
    [NODE_QUESTION] = enter_question,
    [NODE_CONDITION] = enter_condition,
    [NODE_SET] = enter_set,
    [NODE_CALL] = enter_call,
    [NODE_HANDOVER] = enter_handover,
    [NODE_NEXT] = enter_next,
    [NODE_LEAVE] = enter_leave,
    [NODE_END] = enter_end,
};

// A flow that was changed is the first thing to know when a turn comes out otherwise.
static void note_version(run_t *self)
{
    if (!self->state.graph)
        return;
    act_str_t version = act_arena_printf(self->host.arena, "%s@%s", self->state.graph->flow,
                                         flows_version(self->host.flows, self->state.graph));
    act_journal_put(self->journal, ACT_STEP_READ, act_journal_key(self->journal, "version"),
                    (act_str_t){0}, version);
}

static void finish(run_t *self)
{
    const run_host_t *host = &self->host;
    if (self->err == ACT_E_OK && self->say.is_overflowed)
        fail(self, ACT_E_INTERNAL, "the flow says too much at once");
    if (self->err != ACT_E_OK) {
        host->done(host->context, self->err, self->error_text, NULL);
        return;
    }
    if (act_str_empty(self->reply.decision))
        self->reply.decision = ACT_STR("RESPOND");
    outbound_content_t *messages =
        act_arena_alloc_array(host->arena, SAY_MAX_MESSAGES, sizeof *messages);
    for (uint32_t i = 0; i < self->say.count; i++)
        messages[i] = self->say.messages[i];
    self->reply.messages.items = messages;
    self->reply.messages.count = self->say.count;
    if (self->journal) {
        note_version(self);
        act_steps_t steps = act_journal_steps(self->journal);
        self->reply.steps.items = steps.items;
        self->reply.steps.count = steps.count;
    }
    flow_run_reply_t reply = self->reply; // the run may be gone after done
    host->done(host->context, ACT_E_OK, NULL, &reply);
}

// Runs until something has to be waited for. The run may be gone afterwards.
static void step_on(run_t *self)
{
    while (self->phase == RUNNING) {
        if (!self->state.node)
            end(self);
        else if (self->steps_count++ == STEPS_MAX_COUNT)
            fail(self, ACT_E_INTERNAL, "the flow goes round");
        else
            enters[self->state.node->kind](self, self->state.node);
    }
    if (self->phase == FINISHED)
        finish(self);
}

// --- how it begins -------------------------------------------------------------------------------

static void begin_flow(run_t *self, const graph_t *graph)
{
    const flow_run_request_t *request = self->request;
    self->state = (state_t){
        .graph = graph,
        .node = graph->start_node,
        .vars = vars_new(self->host.arena, graph, request),
    };
    // The title of a button says nothing about the matter.
    if (act_str_empty(request->choice_id) && request->text.len_bytes <= STATE_FIRST_MAX_BYTES)
        self->state.first = request->text;
}

static void begin_named(run_t *self, act_str_t flow)
{
    const graph_t *graph = flows_find(self->host.flows, flow);
    if (graph) {
        begin_flow(self, graph);
        state_take_over(self->request->state, self->host.arena, &self->state.vars);
    } else {
        fail(self, ACT_E_INVALID_INTENT, "there is no such flow");
    }
}

static void ask_again(run_t *self, act_str_t before)
{
    if (++self->state.tries < TRIES_MAX_COUNT) {
        wait_for_answer(self, before);
        return;
    }
    act_str_t reason = act_arena_printf(self->host.arena, "no clear answer to %s.%s",
                                        self->state.graph->flow, self->state.node->node);
    hand_over(self, act_text("flow.give_up", self->say.language), reason);
}

// The answer may name what the list does not show: the call of the list looks for it, and asks again when it
// finds nothing.
static void look_anew(run_t *self)
{
    const node_t *node = self->state.node;
    if (!node->unclear_node || self->state.tries + 1 >= TRIES_MAX_COUNT) {
        ask_again(self, say_retry(&self->say, &self->state));
        return;
    }
    self->state.tries++;
    self->unclear_at = node;
    go(self, node->unclear_node);
}

static void show_next_page(run_t *self)
{
    self->state.page++;
    wait_for_answer(self, (act_str_t){0});
}

// A question that waited has got a message.
static void go_on(run_t *self)
{
    act_str_t language = self->say.language;
    answer_t answer = answer_read(self->host.flows, &self->state, self->request, self->host.arena);
    switch (answer.kind) {
    case ANSWER_UNCLEAR:
        look_anew(self);
        break;
    case ANSWER_TOO_LONG:
        ask_again(self, act_text("retry.too_long", language));
        break;
    case ANSWER_STALE:
        ask_again(self, act_text("retry.stale", language));
        break;
    case ANSWER_TAKEN:
        take_answer(self, &answer);
        break;
    case ANSWER_CORRECTED:
        go(self, self->state.node->corrects_node);
        take_answer(self, &answer);
        break;
    case ANSWER_MORE:
        show_next_page(self);
        break;
    case ANSWER_STOP:
        say_text(&self->say, act_text("flow.cancelled", language));
        end(self);
        break;
    case ANSWER_FLOW:
        self->reply.next_flow = answer.value;
        end(self);
        break;
    case ANSWER_OTHER:
        abandon(self);
        break;
    }
}

static void begin_from_state(run_t *self)
{
    state_t state = {0};
    switch (state_read(self->host.flows, self->request->state, self->request, self->host.arena,
                       &state)) {
    case STATE_GOOD:
        self->state = state;
        go_on(self);
        break;
    case STATE_OUTDATED: // the flow was changed under the customer
        begin_flow(self, state.graph);
        self->state.first = (act_str_t){0}; // it answered a question of the old revision
        say_text(&self->say, act_text("flow.restarted", self->say.language));
        break;
    case STATE_BAD:
        abandon(self);
        break;
    }
}

static void begin(run_t *self)
{
    const flow_run_request_t *request = self->request;
    act_str_t menu_flow = answer_menu_flow(request->choice_id);
    if (!act_str_empty(request->flow))
        begin_named(self, request->flow);
    else if (!act_str_empty(request->state))
        begin_from_state(self);
    else if (!act_str_empty(menu_flow)) // a button of an old menu
        begin_named(self, menu_flow);
    else
        fail(self, ACT_E_INVALID_ARGUMENT, "neither flow nor state");
}

// --- public --------------------------------------------------------------------------------------

run_t *run_new(const run_host_t *host, const flow_run_request_t *request)
{
    run_t *self = act_alloc(sizeof *self);
    self->host = *host;
    self->request = request;
    self->journal = host->journal;
    self->say.arena = host->arena;
    self->say.language = request->language;
    return self;
}

void run_start(run_t *self)
{
    self->phase = RUNNING;
    begin(self);
    step_on(self);
}

void run_destroy(run_t **self_p)
{
    run_t *self = act_take(self_p);
    if (!self)
        return;
    if (self->call_id != 0)
        self->host.store->cancel(self->host.actor, self->call_id);
    act_free(self);
}
