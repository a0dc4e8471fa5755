// translate: from one language into another.
#include "translate.h"

#include "text/languages.h"

#include <string.h>

static void pass_through(const translate_job_t *job, translate_done_fn *done, void *context)
{
    done(context, ACT_E_OK, &(translate_result_t){.text = job->text, .was_translated = false});
}

static const translate_provider_t providers[] = {
    {.name = "pass-through", .translate = pass_through},
};

const translate_provider_t *translate_provider_find(const char *name)
{
    for (size_t i = 0; i < ACT_COUNT(providers); i++)
        if (strcmp(providers[i].name, name) == 0)
            return &providers[i];
    return NULL;
}

static bool is_same_language(act_str_t from, act_str_t to)
{
    uint32_t language = act_language_find(from);
    return act_str_eq(from, to) ||
           (language != ACT_LANGUAGE_NONE && language == act_language_find(to));
}

void translate_run(const translate_provider_t *provider, const translate_job_t *job,
                   translate_done_fn *done, void *context)
{
    if (act_str_empty(job->text) || is_same_language(job->from, job->to))
        pass_through(job, done, context);
    else
        provider->translate(job, done, context);
}
