// translate: from one language into another, by the provider that the settings name. Providers are
// a table; the built-in one passes texts through unchanged, so that everything works with no key
// and no internet: the agent answers in the customer's language anyway.
#pragma once
#include "base/arena.h"
#include "base/err.h"

// What a provider is. It answers once, now or later, by calling done; it never blocks. The
// request's texts live until then.
typedef struct {
    act_str_t text;
    act_str_t from; // language codes; from may be empty: not known
    act_str_t to;
} translate_job_t;

typedef struct {
    act_str_t text; // borrowed until the callback returns
    bool was_translated;
} translate_result_t;

typedef void translate_done_fn(void *context, act_err_t err, const translate_result_t *result);

typedef struct {
    const char *name;
    void (*translate)(const translate_job_t *job, translate_done_fn *done, void *context);
} translate_provider_t;

// NULL when there is no provider of that name.
const translate_provider_t *translate_provider_find(const char *name);

// Asks the provider, unless there is nothing to do: no text, or the same language (regions apart).
void translate_run(const translate_provider_t *provider, const translate_job_t *job,
                   translate_done_fn *done, void *context);
