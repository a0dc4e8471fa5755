// translate: is there anything to do, has the tenant a model and words of its own, ask, check.
#include "translate.h"

#include "base/assert.h"
#include "base/mem.h"
#include "glossary.h"
#include "io/json.h"
#include "mask.h"
#include "proto/persistence_service.h"
#include "proto/translation_service.h"
#include "text/languages.h"
#include "translate_prompt.h"
#include "translate_schema.h"
#include "turn/question.h"

#include <string.h>

#define GLOSSARY_MS 1000
#define ANSWER_MIN_TOKENS 400
// Same as TranslateReply.text.
#define TRANSLATION_MAX_BYTES 32768

typedef struct {
    act_actor_t *actor;
    act_call_t *call;
    const translate_request_t *request;
    translate_reply_t reply;
    act_question_t *question;
    act_journal_t *journal; // NULL: nobody is asked
    uint64_t call_id;       // of the glossary; 0: not on its way
    find_glossary_terms_reply_t glossary;
    masked_t masked;
} job_t;

static act_arena_t *arena_of(const job_t *self)
{
    return act_call_arena(self->call);
}

static void answer(job_t *self, const char *outcome)
{
    act_call_on_cancel(self->call, NULL, NULL);
    self->reply.outcome = act_str(outcome);
    if (!self->reply.was_translated)
        self->reply.text = self->request->text;
    if (self->journal) {
        act_steps_t steps = act_journal_steps(self->journal);
        self->reply.steps.items = steps.items;
        self->reply.steps.count = steps.count;
    }
    act_call_t *call = self->call;
    translation_translate_reply(&call, &self->reply);
    act_free(self);
}

static void give_up(job_t *self, const char *outcome, act_err_t err)
{
    if (err != ACT_E_OK)
        self->reply.error_code = act_str(act_err_code(err));
    act_log_info(act_actor_log(self->actor), "not_translated",
                 "turn=%" ACT_STR_FMT ",why=%s,code=%s", ACT_STR_ARG(self->request->turn_id),
                 outcome, act_err_code(err));
    answer(self, outcome);
}

static void on_cancel(void *context)
{
    job_t *self = context;
    act_question_cancel(self->question);
    act_actor_cancel(self->actor, self->call_id);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    act_free(self);
}

// --- what the model said -------------------------------------------------------------------------

static act_err_t read_translation(void *context, const json_t *said, act_buf_t *error)
{
    job_t *self = context;
    act_str_t translated = {0};
    act_err_t err = mask_undo(&self->masked, act_json_str(said, "translation"), arena_of(self),
                              &translated, error);
    if (err == ACT_E_OK)
        err = glossary_check(self->glossary.terms.items, self->glossary.terms.count, translated,
                             error);
    if (err == ACT_E_OK && translated.len_bytes > TRANSLATION_MAX_BYTES) {
        act_buf_printf(error, "it is too long");
        err = ACT_E_INVALID_ARGUMENT;
    }
    if (err == ACT_E_OK)
        self->reply.text = translated;
    return err;
}

static void on_answer(void *context, const act_answer_t *said)
{
    static const char *const outcomes[] = {
        [ACT_ANSWER_GOOD] = "translated",
        [ACT_ANSWER_REPAIRED] = "repaired",
        [ACT_ANSWER_INVALID] = "invalid",
        [ACT_ANSWER_FAILED] = "failed",
    };
    job_t *self = context;
    self->reply.was_translated = said->kind == ACT_ANSWER_GOOD || said->kind == ACT_ANSWER_REPAIRED;
    if (self->reply.was_translated)
        answer(self, outcomes[said->kind]);
    else
        give_up(self, outcomes[said->kind], said->err);
}

// --- what it is asked ----------------------------------------------------------------------------

static const char *language_name(act_str_t code)
{
    static const char *const names[ACT_LANGUAGES_COUNT + 1][2] = {
        {"fr", "French"}, {"en", "English"},    {"es", "Spanish"},  {"pt", "Portuguese"},
        {"de", "German"}, {"it", "Italian"},    {"ro", "Romanian"}, {"pl", "Polish"},
        {"ar", "Arabic"}, {"", "any language"},
    };
    const char *ours = act_language_code(act_language_find(code));
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        if (strcmp(names[i][0], ours) == 0)
            return names[i][1];
    return "any language";
}

// The text with the value in the place of {{name}}.
static act_str_t filled(act_arena_t *arena, act_str_t text, act_str_t name, const char *value)
{
    const char *at = memmem(text.ptr, text.len_bytes, name.ptr, name.len_bytes);
    act_assert(at);
    size_t before_bytes = (size_t)(at - text.ptr);
    act_str_t after =
        act_str_of(at + name.len_bytes, text.len_bytes - before_bytes - name.len_bytes);
    return act_arena_printf(arena, "%.*s%s%" ACT_STR_FMT, (int)before_bytes, text.ptr, value,
                            ACT_STR_ARG(after));
}

static act_str_t system_text(const job_t *self)
{
    act_str_t text = filled(arena_of(self), ACT_STR(translate_prompt), ACT_STR("{{from}}"),
                            language_name(self->request->from));
    return filled(arena_of(self), text, ACT_STR("{{to}}"), language_name(self->request->to));
}

static void add_terms(const job_t *self, act_buf_t *out)
{
    bool is_first = true;
    for (uint32_t i = 0; i < self->glossary.terms.count; i++) {
        const glossary_term_t *term = &self->glossary.terms.items[i];
        if (act_str_eq(term->term, term->translation))
            continue;
        act_buf_add_str(out, is_first ? ACT_STR(",\"terms\":{") : ACT_STR(","));
        act_json_quote(term->term, out);
        act_buf_add_char(out, ':');
        act_json_quote(term->translation, out);
        is_first = false;
    }
    if (!is_first)
        act_buf_add_char(out, '}');
}

static act_str_t question_text(const job_t *self)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_add_str(&out, ACT_STR("{\"text\":"));
    act_json_quote(self->masked.text, &out);
    add_terms(self, &out);
    act_buf_add_char(&out, '}');
    act_str_t text = act_arena_str(arena_of(self), act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

static mask_names_t names_of(const translate_request_t *request)
{
    return (mask_names_t){request->names.items, request->names.count};
}

static void start(job_t *self)
{
    const translate_request_t *request = self->request;
    mask_names_t names = glossary_kept(self->glossary.terms.items, self->glossary.terms.count,
                                       request->text, names_of(request), arena_of(self));
    if (mask_text(request->text, names, arena_of(self), &self->masked) != ACT_E_OK) {
        answer(self, "unneeded");
        return;
    }
    const act_question_ask_t ask = {
        .system = system_text(self),
        .text = question_text(self),
        .schema = translate_schema,
        .max_output_tokens = ANSWER_MIN_TOKENS + (int64_t)self->masked.text.len_bytes,
        .read = read_translation,
        .fn = on_answer,
        .context = self,
    };
    act_question_ask(self->question, &ask);
}

// --- the tenant's own words ----------------------------------------------------------------------

static void on_glossary(void *context, const act_reply_t *reply,
                        const find_glossary_terms_reply_t *body)
{
    job_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK) {
        give_up(self, "failed", reply->err);
        return;
    }
    self->glossary = *body;
    start(self);
}

static void on_open(void *context, act_err_t err, act_journal_t *journal)
{
    job_t *self = context;
    const translate_request_t *request = self->request;
    if (err != ACT_E_OK) {
        give_up(self, "failed", err);
        return;
    }
    if (!journal) {
        answer(self, "unneeded");
        return;
    }
    self->journal = journal;
    const find_glossary_terms_request_t query = {
        .text = request->text, .from_language = request->from, .to_language = request->to};
    const act_call_opts_t opts = {.parent = self->call,
                                  .budget_ms = GLOSSARY_MS,
                                  .arena = arena_of(self),
                                  .tape = act_journal_tape(journal)};
    self->call_id = persistence_find_glossary_terms(self->actor, &opts, &query, on_glossary, self);
}

// --- is there anything to do? --------------------------------------------------------------------

static bool is_same_language(act_str_t from, act_str_t to)
{
    uint32_t language = act_language_find(from);
    return act_str_eq(from, to) ||
           (language != ACT_LANGUAGE_NONE && language == act_language_find(to));
}

static bool is_needed(const translate_request_t *request, act_arena_t *arena)
{
    masked_t *masked = act_arena_alloc(arena, sizeof *masked);
    return !act_str_empty(request->turn_id) && !act_str_empty(request->to) &&
           !act_str_empty(request->text) && !is_same_language(request->from, request->to) &&
           act_utf8_count(request->text) <= TRANSLATE_MAX_LETTERS &&
           mask_text(request->text, names_of(request), arena, masked) == ACT_E_OK &&
           !mask_is_all(masked);
}

void translate_start(translator_t *translator, act_call_t **call_p,
                     const translate_request_t *request)
{
    job_t *self = act_alloc(sizeof *self);
    *self = (job_t){.actor = translator->actor, .call = act_take(call_p), .request = request};
    act_call_on_cancel(self->call, on_cancel, self);
    if (!is_needed(request, arena_of(self))) {
        answer(self, "unneeded");
        return;
    }
    const act_question_opts_t opts = {
        .call = self->call,
        .models = translator->models,
        .role = "translate",
        .steps = act_arena_printf(arena_of(self), "translation/%" ACT_STR_FMT,
                                  ACT_STR_ARG(request->step)),
        .conversation_id = request->conversation_id,
        .turn_id = request->turn_id,
        .recorded = {request->journal.items, request->journal.count},
        .is_replay = request->is_replay,
    };
    self->question = act_question_new(&opts);
    act_question_open(self->question, on_open, self);
}
