// job: the three kinds of work: chat, embeddings, transcription. Each knows how its request is written,
// how an answer is taken, and what its reply is; asks.h does what they have in common.
#pragma once
#include "actor/actor.h"
#include "provider.h"

// What a job works on; lives as long as its call.
typedef struct {
    act_call_t *call;
    const void *request;
    act_str_t role;
    act_str_t conversation_id;
    // What came of it. Only what belongs to the job is used.
    reading_t reading;
    vectors_t vectors;
    transcribe_reply_t transcript;
    model_usage_t usage;
} work_t;

// Who answered, for the reply.
typedef struct {
    act_str_t provider_id;
    act_str_t model;
    act_str_t identity;
    int64_t requests_count;
    int64_t duration_ms;
} answered_t;

typedef struct {
    const char *name;
    bool can_stream;
    // Is the same asked again and again, with one right answer?
    bool (*is_cacheable)(const work_t *work);
    // What is asked, packed: the same in whatever conversation it is asked. NULL: never cacheable.
    void (*pack_question)(const work_t *work, act_buf_t *out);
    bool (*write)(const provider_t *provider, writing_t *writing, const work_t *work);
    void (*begin)(work_t *work, const target_t *target); // forgets what an earlier try has brought
    // Takes a body, or the end of a stream. A fault says what is wrong with it.
    void (*take)(const provider_t *provider, work_t *work, act_str_t body, fault_t *ret_fault);
    void (*end_stream)(work_t *work, fault_t *ret_fault);
    // Without a network. False: this provider has no such thing.
    bool (*answer)(const provider_t *provider, work_t *work);
    // Most it may cost in tokens: prompt and output.
    void (*estimate)(const work_t *work, const target_t *target, model_usage_t *ret_usage);
    // The whole reply, packed.
    act_err_t (*pack)(work_t *work, const answered_t *answered, act_buf_t *out);
    // An answer from the cache, marked as such.
    act_err_t (*pack_cached)(work_t *work, act_str_t packed, act_buf_t *out);
    bool (*may_keep)(const work_t *work); // in the cache
} job_t;

extern const job_t job_chat, job_embed, job_transcribe;

void work_fini(work_t *self);
