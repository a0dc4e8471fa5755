// job: the tables of chat, embeddings and transcription.
#include "job.h"

#include "base/err.h"
#include "proto/model_service.h"

// What a model makes of text: rather too many than too few.
#define BYTES_A_TOKEN 3
#define TOKENS_AN_IMAGE 1600
#define MINUTE_MS 60000
#define BYTES_A_SECOND_OF_AUDIO 1000 // of speech in Opus at its sparest

void work_fini(work_t *self)
{
    if (self->reading.arena)
        reading_fini(&self->reading);
}

static int64_t tokens_of(act_str_t text)
{
    return (int64_t)(text.len_bytes / BYTES_A_TOKEN) + 1;
}

static json_t *parse_body(act_str_t body, fault_t *ret_fault)
{
    json_t *root = NULL;
    if (act_json_parse(body, &root, NULL, NULL) == ACT_E_OK && json_is_object(root))
        return root;
    json_decref(root);
    fault_set(ret_fault, FAULT_AGAIN, "the answer is no JSON object");
    return NULL;
}

// --- chat ----------------------------------------------------------------------------------------

static bool chat_is_cacheable(const work_t *work)
{
    const chat_request_t *request = work->request;
    return !act_str_starts_with(request->role, "agent") && request->tools.count == 0;
}

static void chat_pack_question(const work_t *work, act_buf_t *out)
{
    chat_request_t question = *(const chat_request_t *)work->request;
    question.conversation_id = (act_str_t){0};
    chat_request_pack(&question, out);
}

static bool chat_write(const provider_t *provider, writing_t *writing, const work_t *work)
{
    return provider->write_chat && provider->write_chat(writing, work->request);
}

static void chat_begin(work_t *work, const target_t *target)
{
    if (work->reading.arena)
        reading_fini(&work->reading);
    reading_init(&work->reading, act_call_arena(work->call));
    work->reading.keeps_reasoning = target_can(target, CAP_REPLAY_REASONING);
}

static void chat_end_stream(work_t *work, fault_t *ret_fault)
{
    reading_t *reading = &work->reading;
    if (reading->fault.kind != FAULT_NONE)
        *ret_fault = reading->fault;
    else if (!reading->is_whole)
        fault_set(ret_fault, FAULT_AGAIN, "the stream ended before the answer did");
    else if (reading->stop == STOP_NONE)
        reading->stop = reading->calls_count > 0 ? STOP_TOOLS : STOP_END;
    work->usage = reading->usage;
}

static void chat_take(const provider_t *provider, work_t *work, act_str_t body, fault_t *ret_fault)
{
    json_t *root = parse_body(body, ret_fault);
    if (!root)
        return;
    provider->read_body(&work->reading, root);
    json_decref(root);
    chat_end_stream(work, ret_fault);
}

static bool chat_answer(const provider_t *provider, work_t *work)
{
    if (provider->answer_chat)
        provider->answer_chat(&work->reading, work->request);
    return provider->answer_chat != NULL;
}

static void chat_estimate(const work_t *work, const target_t *target, model_usage_t *ret_usage)
{
    const chat_request_t *request = work->request;
    int64_t tokens = tokens_of(request->system) + tokens_of(request->output_schema);
    for (uint32_t i = 0; i < request->messages.count; i++) {
        const chat_message_t *message = &request->messages.items[i];
        tokens += tokens_of(message->text) + tokens_of(message->raw) +
                  (int64_t)message->images.count * TOKENS_AN_IMAGE;
        for (uint32_t j = 0; j < message->tool_results.count; j++)
            tokens += tokens_of(message->tool_results.items[j].content);
    }
    for (uint32_t i = 0; i < request->tools.count; i++)
        tokens += tokens_of(request->tools.items[i].description) +
                  tokens_of(request->tools.items[i].input_schema);
    ret_usage->input_tokens = tokens;
    ret_usage->output_tokens = target_max_tokens(target, request);
}

static act_err_t chat_pack(work_t *work, const answered_t *answered, act_buf_t *out)
{
    chat_message_t message;
    act_err_t err = reading_finish(&work->reading, answered->identity, &message);
    chat_reply_t reply = {
        .message = &message,
        .stop = act_str(stop_name(work->reading.stop)),
        .usage = &work->usage,
        .provider = answered->provider_id,
        .model = answered->model,
        .requests_count = answered->requests_count,
        .duration_ms = answered->duration_ms,
    };
    if (err == ACT_E_OK)
        chat_reply_pack(&reply, out);
    return err;
}

static act_err_t chat_pack_cached(work_t *work, act_str_t packed, act_buf_t *out)
{
    chat_reply_t reply;
    act_err_t err = chat_reply_unpack(packed, act_call_arena(work->call), &reply, NULL);
    if (err != ACT_E_OK)
        return err;
    reply.usage = &(model_usage_t){.is_cost_known = true};
    reply.is_cached = true;
    reply.requests_count = 0;
    reply.duration_ms = 0;
    chat_reply_pack(&reply, out);
    return ACT_E_OK;
}

static bool chat_may_keep(const work_t *work)
{
    return work->reading.stop == STOP_END && work->reading.text.len_bytes > 0;
}

const job_t job_chat = {
    .name = "chat",
    .can_stream = true,
    .is_cacheable = chat_is_cacheable,
    .pack_question = chat_pack_question,
    .write = chat_write,
    .begin = chat_begin,
    .take = chat_take,
    .end_stream = chat_end_stream,
    .answer = chat_answer,
    .estimate = chat_estimate,
    .pack = chat_pack,
    .pack_cached = chat_pack_cached,
    .may_keep = chat_may_keep,
};

// --- embeddings ----------------------------------------------------------------------------------

static bool always(const work_t *work)
{
    (void)work;
    return true;
}

static bool never(const work_t *work)
{
    (void)work;
    return false;
}

static bool embed_write(const provider_t *provider, writing_t *writing, const work_t *work)
{
    return provider->write_embed && provider->write_embed(writing, work->request);
}

static void embed_begin(work_t *work, const target_t *target)
{
    const embed_request_t *request = work->request;
    act_arena_t *arena = act_call_arena(work->call);
    (void)target;
    work->vectors = (vectors_t){.arena = arena, .count = request->texts.count};
    work->vectors.items =
        act_arena_alloc_array(arena, request->texts.count, sizeof *work->vectors.items);
}

static void embed_take(const provider_t *provider, work_t *work, act_str_t body, fault_t *ret_fault)
{
    json_t *root = parse_body(body, ret_fault);
    if (!root)
        return;
    if (!provider->read_embed(&work->vectors, root))
        fault_set(ret_fault, FAULT_AGAIN, "the vectors are not what was asked for");
    json_decref(root);
    work->usage = work->vectors.usage;
}

static bool embed_answer(const provider_t *provider, work_t *work)
{
    if (provider->answer_embed)
        provider->answer_embed(&work->vectors, work->request);
    return provider->answer_embed != NULL;
}

static void embed_estimate(const work_t *work, const target_t *target, model_usage_t *ret_usage)
{
    const embed_request_t *request = work->request;
    (void)target;
    for (uint32_t i = 0; i < request->texts.count; i++)
        ret_usage->input_tokens += tokens_of(request->texts.items[i]);
}

static act_err_t embed_pack(work_t *work, const answered_t *answered, act_buf_t *out)
{
    embed_reply_t reply = {
        .embeddings = {.items = work->vectors.items, .count = work->vectors.count},
        .dimensions = work->vectors.dimensions,
        .usage = &work->usage,
        .provider = answered->provider_id,
        .model = answered->model,
    };
    embed_reply_pack(&reply, out);
    return ACT_E_OK;
}

static act_err_t embed_pack_cached(work_t *work, act_str_t packed, act_buf_t *out)
{
    embed_reply_t reply;
    act_err_t err = embed_reply_unpack(packed, act_call_arena(work->call), &reply, NULL);
    if (err != ACT_E_OK)
        return err;
    reply.usage = &(model_usage_t){.is_cost_known = true};
    reply.is_cached = true;
    embed_reply_pack(&reply, out);
    return ACT_E_OK;
}

static void embed_pack_question(const work_t *work, act_buf_t *out)
{
    embed_request_t question = *(const embed_request_t *)work->request;
    question.conversation_id = (act_str_t){0};
    embed_request_pack(&question, out);
}

const job_t job_embed = {
    .name = "embed",
    .is_cacheable = always,
    .pack_question = embed_pack_question,
    .write = embed_write,
    .begin = embed_begin,
    .take = embed_take,
    .answer = embed_answer,
    .estimate = embed_estimate,
    .pack = embed_pack,
    .pack_cached = embed_pack_cached,
    .may_keep = always,
};

// --- transcription -------------------------------------------------------------------------------

static bool transcribe_write(const provider_t *provider, writing_t *writing, const work_t *work)
{
    return provider->write_transcribe && provider->write_transcribe(writing, work->request);
}

static void transcribe_begin(work_t *work, const target_t *target)
{
    (void)target;
    work->transcript = (transcribe_reply_t){.text = ACT_STR("")};
}

static void transcribe_take(const provider_t *provider, work_t *work, act_str_t body,
                            fault_t *ret_fault)
{
    const transcribe_request_t *request = work->request;
    json_t *root = parse_body(body, ret_fault);
    if (!root)
        return;
    work->usage = (model_usage_t){.audio_ms = request->duration_ms};
    if (!provider->read_transcribe(root, act_call_arena(work->call), &work->transcript,
                                   &work->usage))
        fault_set(ret_fault, FAULT_AGAIN, "there is no transcript in the answer");
    json_decref(root);
}

static bool transcribe_answer(const provider_t *provider, work_t *work)
{
    (void)provider;
    (void)work;
    return false;
}

static void transcribe_estimate(const work_t *work, const target_t *target,
                                model_usage_t *ret_usage)
{
    const transcribe_request_t *request = work->request;
    (void)target;
    ret_usage->audio_ms = request->duration_ms > 0
                              ? request->duration_ms
                              : (int64_t)request->audio.len_bytes * 1000 / BYTES_A_SECOND_OF_AUDIO;
    // Models that count tokens hear some 10 to 25 in a second.
    ret_usage->input_tokens = ret_usage->audio_ms * 1500 / MINUTE_MS;
    ret_usage->output_tokens = ret_usage->audio_ms * 300 / MINUTE_MS;
}

static act_err_t transcribe_pack(work_t *work, const answered_t *answered, act_buf_t *out)
{
    work->transcript.usage = &work->usage;
    work->transcript.provider = answered->provider_id;
    work->transcript.model = answered->model;
    transcribe_reply_pack(&work->transcript, out);
    return ACT_E_OK;
}

static act_err_t transcribe_pack_cached(work_t *work, act_str_t packed, act_buf_t *out)
{
    (void)work;
    (void)packed;
    (void)out;
    return ACT_E_NOT_FOUND;
}

const job_t job_transcribe = {
    .name = "transcribe",
    .is_cacheable = never,
    .write = transcribe_write,
    .begin = transcribe_begin,
    .take = transcribe_take,
    .answer = transcribe_answer,
    .estimate = transcribe_estimate,
    .pack = transcribe_pack,
    .pack_cached = transcribe_pack_cached,
    .may_keep = never,
};
