// mouth: one question.
#include "mouth.h"

#include "base/assert.h"
#include "base/buf.h"
#include "context.h"
#include "metrics.h"
#include "proto/model_service.h"
#include "quote.h"

#define PLAN_MAX_CHARS 8000
#define RESULT_MAX_CHARS 4000
#define OUTPUT_MIN_TOKENS 1024
#define MESSAGE_MAX_BYTES (256u << 10)

struct mouth {
    act_call_t *call;
    mouth_fn *fn;
    void *context;
    act_paid_t *paid;
};

static void on_chat(void *context, const act_reply_t *reply)
{
    mouth_t *self = context;
    self->paid = NULL;
    chat_reply_t answer = {.message = NULL};
    act_err_t err = reply->err;
    if (err == ACT_E_OK)
        act_assert(chat_reply_unpack(reply->body, act_call_arena(self->call), &answer, NULL) ==
                   ACT_E_OK);
    bool is_said = answer.message && !act_str_is(answer.stop, "refused") &&
                   !act_str_empty(act_str_trim(answer.message->text));
    if (err == ACT_E_OK && !is_said)
        err = ACT_E_MODEL_PROVIDER;
    self->fn(self->context, err, err == ACT_E_OK ? answer.message->text : (act_str_t){0});
}

// The newest results that fit, oldest first.
static void write_results(act_arena_t *arena, const mouth_opts_t *opts, act_buf_t *out)
{
    uint32_t first = opts->results.count;
    int64_t left = opts->results_tokens;
    while (first > 0) {
        left -= context_tokens(opts->results.items[first - 1].content);
        if (left < 0)
            break;
        first--;
    }
    for (uint32_t i = first; i < opts->results.count; i++) {
        const tool_result_t *result = &opts->results.items[i];
        act_str_t name = quote_text(arena, result->name, 64);
        act_str_t content = quote_text(arena, result->content, RESULT_MAX_CHARS);
        act_buf_printf(out,
                       "<result_of_a_tool name=\"%" ACT_STR_FMT "\"%s>\n%" ACT_STR_FMT
                       "\n</result_of_a_tool>\n",
                       ACT_STR_ARG(name), result->is_error ? " failed=\"yes\"" : "",
                       ACT_STR_ARG(content));
    }
}

act_str_t mouth_write(act_arena_t *arena, const mouth_opts_t *opts)
{
    act_buf_t out;
    act_buf_init(&out, MESSAGE_MAX_BYTES);
    act_buf_add_str(&out, opts->context);
    write_results(arena, opts, &out);
    act_str_t plan = quote_text(arena, opts->plan, PLAN_MAX_CHARS);
    act_buf_printf(&out, "<plan>\n%" ACT_STR_FMT "\n</plan>\n", ACT_STR_ARG(plan));
    act_str_t text = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

// A token a character is enough for any script; below it a model that thinks first needs room all the same.
static uint32_t output_max_tokens(int64_t max_chars)
{
    return max_chars > OUTPUT_MIN_TOKENS + OUTPUT_MIN_TOKENS / 4 ? (uint32_t)max_chars
                                                                 : OUTPUT_MIN_TOKENS;
}

mouth_t *mouth_start(const mouth_opts_t *opts, mouth_fn *fn, void *context)
{
    act_arena_t *arena = act_call_arena(opts->turn.call);
    mouth_t *self = act_arena_alloc(arena, sizeof *self);
    *self = (mouth_t){.call = opts->turn.call, .fn = fn, .context = context};
    const chat_message_t message = {.role = ACT_STR("user"), .text = mouth_write(arena, opts)};
    const chat_request_t request = {
        .role = act_str(opts->role),
        .conversation_id = opts->turn.conversation_id,
        .system = opts->system,
        .messages = {&message, 1},
        .max_output_tokens = output_max_tokens(opts->max_chars),
        .effort = ACT_STR("low"),
    };
    const act_paid_ask_t ask = {
        .service = model_service.name,
        .method = &model_service.methods[MODEL_CHAT],
        .request = &request,
        .step_key = act_journal_key(opts->turn.journal, "say"),
    };
    self->paid = act_paid_ask(&opts->turn, &ask, on_chat, self);
    if (act_paid_is_asked(self->paid))
        act_metrics_add(act_actor_metrics(opts->turn.actor), METRIC_MODEL_QUESTIONS, 1);
    return self;
}

void mouth_cancel(mouth_t **self_p)
{
    if (*self_p)
        act_paid_cancel(&(*self_p)->paid);
    *self_p = NULL;
}
