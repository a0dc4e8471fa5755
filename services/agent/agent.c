// agent: between the bus and the decisions.
#include "agent.h"

#include "answer.h"
#include "decide.h"
#include "memory.h"
#include "metrics.h"
#include "prompt_calls.h"
#include "proto/agent_service.h"

static const act_config_row_t settings[] = {
    {.name = "faq_min_score_pct",
     .env = "PARLEY_FAQ_MIN_SCORE_PCT",
     .type = ACT_CONFIG_INT,
     .default_text = "35",
     .min = 0,
     .max = 100,
     .example = "35",
     .help = "how well an entry of the FAQ must fit a question to be its answer, in percent"},
    {.name = "context_tokens",
     .env = "PARLEY_AGENT_CONTEXT_TOKENS",
     .type = ACT_CONFIG_INT,
     .default_text = "8000",
     .min = 2000,
     .max = 200000,
     .example = "8000",
     .help = "how much a model is told of a conversation, in tokens (a third of its bytes)"},
    {.name = "answer_max_chars",
     .env = "PARLEY_AGENT_ANSWER_MAX_CHARS",
     .type = ACT_CONFIG_INT,
     .default_text = "0",
     .min = 0,
     .max = 100000,
     .example = "600",
     .help =
         "most characters of an answer that a model writes, below what the channel is good for; 0: what "
         "it is good for"},
    {.name = "memory",
     .env = "PARLEY_MEMORY",
     .type = ACT_CONFIG_BOOL,
     .default_text = "true",
     .example = "false",
     .help = "keep a summary of each conversation and facts of its contact"},
    {.name = "memory_delay_ms",
     .env = "PARLEY_MEMORY_DELAY_MS",
     .type = ACT_CONFIG_INT,
     .default_text = "20000",
     .min = 0,
     .max = 3600000,
     .example = "20000",
     .help = "how long after a turn of the agent they are renewed; turns until then count as one"},
    {0},
};

// --- methods -------------------------------------------------------------------------------------

static void respond(void *context, act_call_t *call, const respond_request_t *request)
{
    respond_reply_t answer;
    if (decide_at_once(request, act_call_arena(call), &answer))
        answer_finish(context, &call, request, (act_steps_t){0}, &answer);
    else
        answer_start(context, call, request);
}

static void remember(void *context, act_call_t *call, const remember_request_t *request)
{
    agent_t *self = context;
    if (self->memory)
        memory_note(self->memory, act_call_header(call)->tenant, request->conversation_id);
    act_buf_t nothing;
    act_buf_init(&nothing, 1);
    act_call_reply(&call, &nothing);
}

static const agent_server_t server = {
    .respond = respond,
    .remember = remember,
    .list_prompt_views = prompt_calls_list,
    .set_prompt = prompt_calls_set,
};

// --- the process ---------------------------------------------------------------------------------

static act_err_t open_agent(void *context, act_actor_t *actor)
{
    agent_t *self = context;
    const act_config_t *config = act_actor_config(actor);
    self->actor = actor;
    self->models = models_new();
    self->shelf = tool_shelf_new(actor);
    self->io = hands_io_bus(actor);
    self->faq_min_score_pct = act_config_int(config, "faq_min_score_pct");
    self->context_tokens = act_config_int(config, "context_tokens");
    self->answer_max_chars = act_config_int(config, "answer_max_chars");
    if (act_config_bool(config, "memory"))
        self->memory = memory_new(actor, act_config_int(config, "memory_delay_ms"));
    return ACT_E_OK;
}

static void drain_agent(void *context)
{
    agent_t *self = context;
    memory_destroy(&self->memory); // the next turn makes up for it
}

static void close_agent(void *context)
{
    agent_t *self = context;
    memory_destroy(&self->memory);
    tool_shelf_destroy(&self->shelf);
    models_destroy(&self->models);
}

const act_spec_t agent_spec = {
    .name = "agent",
    .service = &agent_service,
    .server = &server,
    .config = settings,
    .metrics = agent_metrics,
    .self_size_bytes = sizeof(agent_t),
    .open = open_agent,
    .drain = drain_agent,
    .close = close_agent,
};
