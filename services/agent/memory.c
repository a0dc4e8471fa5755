// memory: conversations wait in the order of their time, a few are worked on. One is: read what is new ->
// ask the model -> ask once more if its answer is none -> write.
#include "memory.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/time.h"
#include "metrics.h"
#include "proto/model_service.h"
#include "proto/persistence_service.h"
#include "summary.h"
#include "turn/json_answer.h"

#include <string.h>

#define WAITING_MAX_COUNT 1024
#define RUNNING_MAX_COUNT 4
#define LINES_MAX_COUNT 60
#define STORE_BUDGET_MS 5000
#define MODEL_BUDGET_MS 60000
#define EXPIRE_MS (60 * 60 * 1000)
#define EXPIRE_ROWS 1000 // of one call

typedef struct job job_t;

struct memory {
    act_actor_t *actor;
    int64_t delay_ms;
    job_t *first, *last; // those that wait, by time
    job_t *running;
    uint32_t waiting_count;
    uint32_t running_count;
    act_timer_t *timer;
    act_timer_t *expire_timer;
    uint64_t expire_id;
};

struct job {
    memory_t *memory;
    job_t *next;
    uint64_t hash;
    int64_t due_ms;
    bool is_noted_again;
    bool has_more; // lines that did not go into this question
    uint64_t call_id;
    list_unsummarised_reply_t read;
    chat_request_t question;
    bool is_asked_again;
    summary_t summary;
    act_arena_t *arena; // of what is worked on; NULL while it waits
    act_str_t tenant;
    act_str_t conversation_id;
    char names[]; // of both
};

static void count(const memory_t *self, agent_metric_t metric, uint64_t value)
{
    act_metrics_add(act_actor_metrics(self->actor), metric, value);
}

// --- who waits -----------------------------------------------------------------------------------

static job_t *job_new(memory_t *memory, act_str_t tenant, act_str_t conversation_id)
{
    job_t *self = act_alloc(sizeof *self + tenant.len_bytes + conversation_id.len_bytes);
    self->memory = memory;
    memcpy(self->names, tenant.ptr, tenant.len_bytes);
    memcpy(self->names + tenant.len_bytes, conversation_id.ptr, conversation_id.len_bytes);
    self->tenant = act_str_of(self->names, tenant.len_bytes);
    self->conversation_id = act_str_of(self->names + tenant.len_bytes, conversation_id.len_bytes);
    self->hash = act_str_hash(conversation_id, act_str_hash(tenant, 0));
    return self;
}

static void job_destroy(job_t **self_p)
{
    job_t *self = act_take(self_p);
    act_actor_cancel(self->memory->actor, self->call_id);
    act_arena_destroy(&self->arena);
    act_free(self);
}

static job_t *find(job_t *list, act_str_t tenant, act_str_t conversation_id)
{
    uint64_t hash = act_str_hash(conversation_id, act_str_hash(tenant, 0));
    for (job_t *job = list; job; job = job->next)
        if (job->hash == hash && act_str_eq(job->conversation_id, conversation_id) &&
            act_str_eq(job->tenant, tenant))
            return job;
    return NULL;
}

static int64_t now_ms(const memory_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

static void set_waiting(memory_t *self, uint32_t waiting_count)
{
    self->waiting_count = waiting_count;
    act_metrics_set(act_actor_metrics(self->actor), METRIC_MEMORIES_WAITING, waiting_count);
}

static void append(memory_t *self, job_t *job)
{
    job->next = NULL;
    job->due_ms = now_ms(self) + self->delay_ms;
    *(self->last ? &self->last->next : &self->first) = job;
    self->last = job;
    set_waiting(self, self->waiting_count + 1);
}

static job_t *take_first(memory_t *self)
{
    job_t *job = self->first;
    self->first = job->next;
    if (!self->first)
        self->last = NULL;
    set_waiting(self, self->waiting_count - 1);
    return job;
}

static void leave_running(memory_t *self, const job_t *job)
{
    job_t **place = &self->running;
    while (*place != job)
        place = &(*place)->next;
    *place = job->next;
    self->running_count--;
}

// --- one conversation ----------------------------------------------------------------------------

static void start(job_t *job);

// Starts what is due, and sets the time for the next one.
static void go_on(memory_t *self)
{
    while (self->first && self->running_count < RUNNING_MAX_COUNT &&
           self->first->due_ms <= now_ms(self))
        start(take_first(self));
    if (self->first && self->running_count < RUNNING_MAX_COUNT)
        act_timer_start(self->timer, self->first->due_ms - now_ms(self), 0);
    else
        act_timer_stop(self->timer);
}

static void end(job_t *job, bool has_more)
{
    memory_t *self = job->memory;
    job->call_id = 0;
    leave_running(self, job);
    act_arena_destroy(&job->arena);
    if ((has_more || job->is_noted_again) && self->waiting_count < WAITING_MAX_COUNT) {
        job->is_noted_again = false;
        append(self, job);
    } else {
        job_destroy(&job);
    }
    go_on(self);
}

static void give_up(job_t *job, const char *what, act_err_t err)
{
    act_log_info(act_actor_log(job->memory->actor), "memory_not_written",
                 "conversation=%" ACT_STR_FMT ",what=%s,code=%s", ACT_STR_ARG(job->conversation_id),
                 what, act_err_code(err));
    count(job->memory, METRIC_MEMORIES_FAILED, 1);
    end(job, /* has_more= */ false);
}

static act_call_opts_t opts_of(const job_t *job, uint32_t budget_ms)
{
    return (act_call_opts_t){
        .tenant = job->tenant,
        .key = job->conversation_id,
        .budget_ms = budget_ms,
        .class_ = ACT_CLASS_BULK,
    };
}

static void on_put(void *context, const act_reply_t *reply, const put_memory_reply_t *body)
{
    job_t *job = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(job, "put_memory", reply->err);
        return;
    }
    ACT_CRASH_POINT("agent.memory.written");
    if (body->was_written) {
        count(job->memory, METRIC_MEMORIES_WRITTEN, 1);
        count(job->memory, METRIC_FACTS_FOUND, job->summary.put.facts.count);
    } else {
        count(job->memory, METRIC_MEMORIES_OVERTAKEN, 1);
    }
    end(job, job->has_more && body->was_written);
}

static void put(job_t *job, act_str_t model)
{
    ACT_CRASH_POINT("agent.memory.writing");
    put_memory_request_t *request = &job->summary.put;
    request->conversation_id = job->conversation_id;
    request->model = act_arena_str(job->arena, model);
    count(job->memory, METRIC_FACTS_REFUSED, job->summary.refused_count);
    act_call_opts_t opts = opts_of(job, STORE_BUDGET_MS);
    job->call_id = persistence_put_memory(job->memory->actor, &opts, request, on_put, job);
}

static act_str_t said_by(const chat_reply_t *body)
{
    return body->message ? body->message->text : ACT_STR("");
}

static void on_plain_answer(void *context, const act_reply_t *reply, const chat_reply_t *body)
{
    job_t *job = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(job, "model", reply->err);
        return;
    }
    summary_take_plainly(&job->read, said_by(body), job->arena, &job->summary);
    put(job, body->model);
}

static void ask_plainly(job_t *job)
{
    act_call_opts_t opts = opts_of(job, MODEL_BUDGET_MS);
    summary_ask_plainly(&job->read, job->conversation_id, job->arena, &job->question);
    job->call_id = model_chat(job->memory->actor, &opts, &job->question, on_plain_answer, job);
}

static void ask(job_t *job);

// What no model makes an answer of is passed over, or it would be asked for ever.
static void on_no_answer(job_t *job, const chat_reply_t *body, act_str_t error)
{
    if (job->is_asked_again) {
        summary_take_plainly(&job->read, ACT_STR(""), job->arena, &job->summary);
        put(job, body->model);
        return;
    }
    const chat_message_t said = {.role = ACT_STR("assistant"),
                                 .text = act_arena_str(job->arena, said_by(body))};
    job->is_asked_again = true;
    job->question = act_json_answer_dispute(&job->question, &said, error, job->arena);
    ask(job);
}

static void on_answer(void *context, const act_reply_t *reply, const chat_reply_t *body)
{
    job_t *job = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(job, "model", reply->err);
        return;
    }
    act_buf_t error;
    act_buf_init(&error, 1024);
    if (!summary_take(&job->read, said_by(body), job->arena, &job->summary, &error))
        on_no_answer(job, body, act_buf_str(&error));
    else if (job->summary.is_empty)
        ask_plainly(job);
    else
        put(job, body->model);
    act_buf_fini(&error);
}

static void ask(job_t *job)
{
    act_call_opts_t opts = opts_of(job, MODEL_BUDGET_MS);
    job->call_id = model_chat(job->memory->actor, &opts, &job->question, on_answer, job);
}

static void on_prompts(void *context, const act_reply_t *reply, const list_prompts_reply_t *body)
{
    job_t *job = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(job, "list_prompts", reply->err);
        return;
    }
    summary_ask(&job->read, body, job->conversation_id, job->arena, &job->question);
    ask(job);
}

static void on_lines(void *context, const act_reply_t *reply, const list_unsummarised_reply_t *body)
{
    job_t *job = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(job, "list_unsummarised", reply->err);
        return;
    }
    job->read = *body;
    if (job->read.lines.count == 0) {
        end(job, /* has_more= */ false);
        return;
    }
    job->has_more = job->read.lines.count == LINES_MAX_COUNT;
    job->has_more |= summary_cut(&job->read);
    const empty_t nothing = {0};
    act_call_opts_t opts = opts_of(job, STORE_BUDGET_MS);
    job->call_id = persistence_list_prompts(job->memory->actor, &opts, &nothing, on_prompts, job);
}

static void start(job_t *job)
{
    memory_t *self = job->memory;
    job->next = self->running;
    self->running = job;
    self->running_count++;
    job->is_noted_again = job->is_asked_again = job->has_more = false;
    job->arena = act_arena_new();
    list_unsummarised_request_t request = {.conversation_id = job->conversation_id,
                                           .max_rows = LINES_MAX_COUNT};
    act_call_opts_t opts = opts_of(job, STORE_BUDGET_MS);
    opts.arena = job->arena; // its lines are read until the end
    job->call_id = persistence_list_unsummarised(self->actor, &opts, &request, on_lines, job);
}

void memory_note(memory_t *self, act_str_t tenant, act_str_t conversation_id)
{
    job_t *job = find(self->running, tenant, conversation_id);
    if (job) {
        job->is_noted_again = true;
        return;
    }
    if (find(self->first, tenant, conversation_id))
        return;
    if (self->waiting_count >= WAITING_MAX_COUNT) {
        count(self, METRIC_MEMORIES_DROPPED, 1);
        return;
    }
    append(self, job_new(self, tenant, conversation_id));
    go_on(self);
}

// --- facts that have expired ---------------------------------------------------------------------

static void expire(memory_t *self);

static void on_expired(void *context, const act_reply_t *reply, const expire_facts_reply_t *body)
{
    memory_t *self = context;
    self->expire_id = 0;
    if (reply->err == ACT_E_OK && body && body->facts.count == EXPIRE_ROWS)
        expire(self);
}

static void expire(memory_t *self)
{
    const act_call_opts_t opts = {.budget_ms = STORE_BUDGET_MS, .class_ = ACT_CLASS_BULK};
    const empty_t nothing = {0};
    if (self->expire_id == 0)
        self->expire_id = persistence_expire_facts(self->actor, &opts, &nothing, on_expired, self);
}

// --- life ----------------------------------------------------------------------------------------

static void on_timer(void *context)
{
    go_on(context);
}

static void on_expire_timer(void *context)
{
    expire(context);
}

memory_t *memory_new(act_actor_t *actor, int64_t delay_ms)
{
    memory_t *self = act_alloc(sizeof *self);
    self->actor = actor;
    self->delay_ms = delay_ms;
    self->timer = act_timer_new(act_actor_loop(actor), on_timer, self);
    self->expire_timer = act_timer_new(act_actor_loop(actor), on_expire_timer, self);
    act_timer_start(self->expire_timer, EXPIRE_MS, EXPIRE_MS);
    return self;
}

void memory_destroy(memory_t **self_p)
{
    memory_t *self = act_take(self_p);
    if (!self)
        return;
    while (self->running) {
        job_t *job = self->running;
        self->running = job->next;
        job_destroy(&job);
    }
    while (self->first) {
        job_t *job = take_first(self);
        job_destroy(&job);
    }
    act_actor_cancel(self->actor, self->expire_id);
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->expire_timer);
    act_free(self);
}
