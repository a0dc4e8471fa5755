// translate: is there anything to do, has the tenant a model and words of its own, ask, check, ask once more.
#include "translate.h"

#include "base/assert.h"
#include "base/mem.h"
#include "glossary.h"
#include "io/json.h"
#include "mask.h"
#include "proto/model_service.h"
#include "proto/persistence_service.h"
#include "proto/translation_service.h"
#include "text/languages.h"
#include "tool/json_schema.h"
#include "translate_prompt.h"
#include "translate_schema.h"
#include "turn/journal.h"
#include "turn/paid.h"
#include "turn/recorded.h"

#include <string.h>

// Of what the caller gives us: the rest is for the way back.
#define MODEL_PCT 85
#define GLOSSARY_MS 1000
#define ANSWER_MIN_TOKENS 400
#define LOOKS_MAX_COUNT 2 // the question, and one repair
#define STEPS "translation"
// Same as TranslateReply.text.
#define TRANSLATION_MAX_BYTES 32768

typedef struct {
    translator_t *translator;
    act_call_t *call;
    const translate_request_t *request;
    translate_reply_t reply;
    act_journal_t *journal;
    act_steps_t recorded; // of the turn
    uint64_t call_id;     // of steps or glossary; 0: not on its way
    act_paid_t *paid;     // NULL: not on its way
    find_glossary_terms_reply_t glossary;
    masked_t masked;
    act_str_t system;
    uint32_t looks_count;
    chat_message_t messages[1 + 2 * (LOOKS_MAX_COUNT - 1)];
    uint32_t messages_count;
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
    act_log_info(act_actor_log(self->translator->actor), "not_translated",
                 "turn=%" ACT_STR_FMT ",why=%s,code=%s", ACT_STR_ARG(self->request->turn_id),
                 outcome, act_err_code(err));
    answer(self, outcome);
}

static void on_cancel(void *context)
{
    job_t *self = context;
    act_model_roles_forget(self->translator->models, self);
    act_actor_cancel(self->translator->actor, self->call_id);
    act_paid_cancel(&self->paid);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    act_free(self);
}

// --- what the model said -------------------------------------------------------------------------

static act_err_t read_json(act_str_t text, json_t **ret_root, act_buf_t *error)
{
    const char *first = text.ptr ? memchr(text.ptr, '{', text.len_bytes) : NULL;
    const char *last = text.ptr ? memrchr(text.ptr, '}', text.len_bytes) : NULL;
    if (first && last > first)
        text = act_str_of(first, (size_t)(last - first) + 1);
    json_t *schema = json_loads(translate_schema, 0, NULL);
    act_err_t err = act_json_parse(text, ret_root, NULL, NULL);
    if (err != ACT_E_OK)
        act_buf_printf(error, "it must be one JSON object and nothing else");
    else
        err = act_json_schema_validate(schema, *ret_root, "answer", error);
    json_decref(schema);
    return err;
}

static act_err_t check(job_t *self, act_str_t said, act_buf_t *error)
{
    act_str_t translated = {0};
    act_err_t err = mask_undo(&self->masked, said, arena_of(self), &translated, error);
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

static act_err_t read_translation(job_t *self, act_str_t text, act_buf_t *error)
{
    json_t *root = NULL;
    act_err_t err = read_json(text, &root, error);
    if (err == ACT_E_OK)
        err = check(self, act_json_str(root, "translation"), error);
    json_decref(root);
    return err;
}

static void ask(job_t *self);

static void add_message(job_t *self, const char *role, act_str_t text)
{
    self->messages[self->messages_count++] = (chat_message_t){.role = act_str(role), .text = text};
}

static void repair(job_t *self, const chat_message_t *said, act_str_t error)
{
    if (self->looks_count == LOOKS_MAX_COUNT) {
        give_up(self, "invalid", ACT_E_OK);
        return;
    }
    self->messages[self->messages_count++] = *said;
    add_message(self, "user",
                act_arena_printf(arena_of(self),
                                 "That translation cannot be used: %" ACT_STR_FMT
                                 ". Answer again, with the one JSON object alone.",
                                 ACT_STR_ARG(error)));
    ask(self);
}

static void read_answer(job_t *self, const chat_reply_t *body)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    const chat_message_t nothing = {.role = ACT_STR("assistant")};
    const chat_message_t *said = body->message ? body->message : &nothing;
    if (read_translation(self, said->text, &error) == ACT_E_OK) {
        self->reply.was_translated = true;
        answer(self, self->looks_count > 1 ? "repaired" : "translated");
    } else {
        repair(self, said, act_arena_str(arena_of(self), act_buf_str(&error)));
    }
    act_buf_fini(&error);
}

static void on_answer(void *context, const act_reply_t *reply)
{
    job_t *self = context;
    chat_reply_t body;
    self->paid = NULL;
    act_err_t err = reply->err;
    if (err == ACT_E_OK)
        err = chat_reply_unpack(reply->body, arena_of(self), &body, NULL);
    if (err == ACT_E_OK)
        read_answer(self, &body);
    else
        give_up(self, "failed", err);
}

// --- what it is asked ----------------------------------------------------------------------------

static uint32_t budget_ms(const job_t *self)
{
    int64_t left_ms = act_call_left_ms(self->call) * MODEL_PCT / 100;
    return left_ms > 1 ? (uint32_t)left_ms : 1;
}

static void ask(job_t *self)
{
    const chat_request_t chat = {
        .role = ACT_STR("translate"),
        .conversation_id = self->request->conversation_id,
        .system = self->system,
        .messages = {self->messages, self->messages_count},
        .output_schema = ACT_STR(translate_schema),
        .max_output_tokens = ANSWER_MIN_TOKENS + (int64_t)self->masked.text.len_bytes,
        .effort = ACT_STR("none"),
        .has_temperature = true, // 0
    };
    const act_paid_turn_t turn = {
        .actor = self->translator->actor,
        .call = self->call,
        .journal = self->journal,
        .conversation_id = self->request->conversation_id,
        .turn_id = self->request->turn_id,
    };
    const act_paid_ask_t what = {
        .service = "model",
        .method = &model_service.methods[MODEL_CHAT],
        .request = &chat,
        .step_key = act_journal_key(self->journal, "model.chat"),
        .budget_ms = budget_ms(self),
    };
    self->looks_count++;
    self->paid = act_paid_ask(&turn, &what, on_answer, self);
}

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

static act_str_t question(const job_t *self)
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
    self->system = system_text(self);
    add_message(self, "user", question(self));
    ask(self);
}

// --- the tenant's own words ----------------------------------------------------------------------

static void on_glossary(void *context, const act_reply_t *reply,
                        const find_glossary_terms_reply_t *body)
{
    job_t *self = context;
    (void)body;
    self->call_id = 0;
    act_err_t err = reply->err;
    if (err == ACT_E_OK) // the reply's bytes are gone after this
        err = find_glossary_terms_reply_unpack(act_arena_str(arena_of(self), reply->body),
                                               arena_of(self), &self->glossary, NULL);
    if (err == ACT_E_OK)
        start(self);
    else
        give_up(self, "failed", err);
}

static void find_terms(job_t *self)
{
    const translate_request_t *request = self->request;
    const find_glossary_terms_request_t query = {
        .text = request->text, .from_language = request->from, .to_language = request->to};
    self->journal = act_journal_new(
        arena_of(self), &(act_journal_opts_t){
                            .prefix = act_arena_printf(arena_of(self), STEPS "/%" ACT_STR_FMT,
                                                       ACT_STR_ARG(request->step)),
                            .recorded = self->recorded,
                            .is_replay = request->is_replay,
                        });
    const act_call_opts_t opts = {
        .parent = self->call, .budget_ms = GLOSSARY_MS, .tape = act_journal_tape(self->journal)};
    self->call_id =
        persistence_find_glossary_terms(self->translator->actor, &opts, &query, on_glossary, self);
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

static void on_steps(void *context, act_err_t err, act_steps_t steps)
{
    job_t *self = context;
    self->call_id = 0;
    self->recorded = act_paid_recorded(arena_of(self), steps);
    if (err == ACT_E_OK)
        find_terms(self);
    else
        give_up(self, "failed", err);
}

static void on_models(void *context, bool has_model)
{
    job_t *self = context;
    const translate_request_t *request = self->request;
    if (!has_model)
        answer(self, "unneeded");
    else if (act_recorded_is_needed(self->call, request->is_replay))
        self->call_id = act_recorded_find(self->call, request->conversation_id, request->turn_id,
                                          on_steps, self);
    else
        find_terms(self);
}

// In a replay a model is asked when one was: its steps, or their failures, are there.
static bool was_asked(const translate_request_t *request, act_arena_t *arena)
{
    act_str_t prefix =
        act_arena_printf(arena, STEPS "/%" ACT_STR_FMT "/", ACT_STR_ARG(request->step));
    for (uint32_t i = 0; i < request->journal.count; i++) {
        act_str_t key = request->journal.items[i].step_key;
        if (key.len_bytes >= prefix.len_bytes && memcmp(key.ptr, prefix.ptr, prefix.len_bytes) == 0)
            return true;
    }
    return false;
}

void translate_start(translator_t *translator, act_call_t **call_p,
                     const translate_request_t *request)
{
    job_t *self = act_alloc(sizeof *self);
    *self = (job_t){.translator = translator, .call = act_take(call_p), .request = request};
    self->recorded = act_paid_recorded(
        arena_of(self), (act_steps_t){request->journal.items, request->journal.count});
    act_call_on_cancel(self->call, on_cancel, self);
    if (!is_needed(request, arena_of(self)))
        answer(self, "unneeded");
    else if (request->is_replay)
        on_models(self, was_asked(request, arena_of(self)));
    else
        act_model_roles_ask(translator->models, act_call_header(self->call)->tenant,
                            ACT_STR("translate"), on_models, self);
}
