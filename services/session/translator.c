// translator: is there a model, ask for the translation, give it on.
#include "translator.h"

#include "pipeline.h"
#include "proto/translation_service.h"

// In the journal only when there is one.
#define FACT_KEY "session/has_translator"
#define BUDGET_PCT 30
#define BUDGET_MAX_MS 8000
#define NAMES_MAX_COUNT 8
#define NAME_MIN_BYTES 3

// --- the fact ------------------------------------------------------------------------------------

static bool had_translator(const turn_t *turn)
{
    const turn_step_t *step = NULL;
    return act_journal_find(turn->steps.own, ACT_STR(FACT_KEY), (act_str_t){0}, &step) == ACT_E_OK;
}

static void note_fact(turn_t *turn)
{
    if (turn->has_translator)
        return;
    turn->has_translator = true;
    act_journal_put(turn->steps.own, ACT_STEP_READ, ACT_STR(FACT_KEY), (act_str_t){0},
                    ACT_STR("1"));
}

// --- the call ------------------------------------------------------------------------------------

static void on_translated(void *context, const act_reply_t *reply, const translate_reply_t *body)
{
    turn_t *turn = context;
    const translator_ask_t *ask = turn->translating;
    translate_reply_t answer = {.text = ask->text};
    turn->call_id = 0;
    if (reply->err == ACT_E_OK && body) {
        answer = *body;
        turn_steps_take(turn, answer.steps.items, answer.steps.count);
    }
    ask->done(turn, answer.was_translated ? answer.text : ask->text);
}

static void add_name(act_str_t *names, uint32_t *count, act_str_t name)
{
    name = act_str_trim(name);
    if (*count < NAMES_MAX_COUNT && name.len_bytes >= NAME_MIN_BYTES)
        names[(*count)++] = name;
}

// Whole, and word by word.
static uint32_t list_names(const turn_t *turn, act_str_t names[NAMES_MAX_COUNT])
{
    uint32_t count = 0;
    act_str_t rest = turn->begin.contact_name;
    add_name(names, &count, turn->begin.contact_name);
    add_name(names, &count, turn->begin.tenant_name);
    while (!act_str_empty(rest))
        add_name(names, &count, act_str_cut(&rest, ' '));
    return count;
}

static void call(turn_t *turn)
{
    const translator_ask_t *ask = turn->translating;
    act_str_t names[NAMES_MAX_COUNT];
    uint32_t names_count = list_names(turn, names);
    const translate_request_t request = {
        .text = ask->text,
        .from = ask->from,
        .to = ask->to,
        .conversation_id = turn->conversation_id,
        .turn_id = act_str(turn->turn_id),
        .step = ask->step,
        .names = {names, names_count},
        .journal = {turn->steps.recorded.items, turn->steps.recorded.count},
        .is_replay = turn->replay != NULL,
    };
    act_call_opts_t opts = turn_share(turn_pure_opts(turn), BUDGET_PCT, BUDGET_MAX_MS);
    turn->call_id =
        translation_translate(turn->session->actor, &opts, &request, on_translated, turn);
}

static void on_models(void *context, bool has_model)
{
    turn_t *turn = context;
    if (!has_model) {
        turn->translating->done(turn, turn->translating->text);
        return;
    }
    note_fact(turn);
    call(turn);
}

void translator_ask(turn_t *turn, const translator_ask_t *ask)
{
    translator_ask_t *kept = act_arena_alloc(turn->arena, sizeof *kept);
    *kept = *ask;
    turn->translating = kept;
    if (!turn->steps.own || act_str_empty(ask->text) || act_str_empty(ask->from) ||
        act_str_empty(ask->to) || act_str_eq(ask->from, ask->to))
        kept->done(turn, kept->text);
    else if (turn->replay)
        on_models(turn, had_translator(turn));
    else if (turn->has_translator)
        call(turn);
    else
        act_model_roles_ask(turn->session->models, turn->tenant, ACT_STR("translate"), on_models,
                            turn);
}

void translator_forget(turn_t *turn)
{
    act_model_roles_forget(turn->session->models, turn);
}
