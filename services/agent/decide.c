// decide: the rules, then the FAQ.
#include "decide.h"

#include "texts/texts.h"
#include "texts/words.h"

// Lines of the conversation that are looked back at.
#define LOOK_BACK_COUNT 12
#define UNANSWERED_MAX_COUNT 2
// Of two hits that are nearly as good the one in the customer's language is taken.
#define OWN_LANGUAGE_BONUS 0.05
// An entry of the FAQ with its source and our own words fits into one message of the channel.
#define SOURCE_MAX_CHARS 200
#define OWN_MAX_CHARS 400
#define ENTRY_MIN_CHARS 200
// Where nothing is known of the channel.
#define UNKNOWN_TEXT_CHARS 4096
#define UNKNOWN_ANSWER_CHARS 1200

// --- the conversation so far ---------------------------------------------------------------------

// Does the line say this text of ours, in any language? The channel may have added choices below
// it.
static bool says(const history_line_t *line, const char *key)
{
    if (!act_str_is(line->author, "bot"))
        return false;
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++)
        if (act_str_starts_with(line->text, act_text(key, act_str(act_text_languages[i])).ptr))
            return true;
    return false;
}

static bool is_unanswered(const history_line_t *line)
{
    return says(line, "agent.no_answer") || says(line, "agent.upset") ||
           says(line, "agent.no_receipt");
}

// The last thing said was the offer of a person.
static bool is_offer_open(const respond_request_t *request)
{
    if (request->history.count == 0)
        return false;
    const history_line_t *last = &request->history.items[request->history.count - 1];
    return is_unanswered(last) || says(last, "agent.abuse");
}

static uint32_t count_unanswered(const respond_request_t *request)
{
    uint32_t count = request->history.count;
    uint32_t first = count > LOOK_BACK_COUNT ? count - LOOK_BACK_COUNT : 0;
    uint32_t found_count = 0;
    for (uint32_t i = first; i < count; i++)
        found_count += is_unanswered(&request->history.items[i]);
    return found_count;
}

// --- when a rule applies -------------------------------------------------------------------------

static bool has_risk(const respond_request_t *request, const char *risk)
{
    for (uint32_t i = 0; i < request->risk.count; i++)
        if (act_str_is(request->risk.items[i], risk))
            return true;
    return false;
}

static bool is_self_harm(const respond_request_t *request)
{
    return has_risk(request, "self_harm");
}

static bool is_threat(const respond_request_t *request)
{
    return has_risk(request, "threat");
}

static bool has_payment_data(const respond_request_t *request)
{
    return has_risk(request, "payment_data");
}

static bool is_abuse(const respond_request_t *request)
{
    return has_risk(request, "abuse");
}

static bool answers_offer(const respond_request_t *request, const char *id,
                          act_word_answer_t answer)
{
    if (!act_str_empty(request->choice_id))
        return act_str_is(request->choice_id, id);
    return is_offer_open(request) && act_word_answer(request->language, request->text) == answer;
}

static bool is_accepted(const respond_request_t *request)
{
    return answers_offer(request, DECIDE_YES_ID, ACT_WORD_YES);
}

static bool is_declined(const respond_request_t *request)
{
    return answers_offer(request, DECIDE_NO_ID, ACT_WORD_NO);
}

// A button of a flow that has ended.
static bool is_stale_button(const respond_request_t *request)
{
    return !act_str_empty(request->choice_id);
}

static bool is_without_text(const respond_request_t *request)
{
    return act_str_empty(act_str_trim(request->text));
}

static bool is_unsupported(const respond_request_t *request)
{
    return is_without_text(request) &&
           (act_str_is(request->type, "unsupported") || act_str_is(request->type, "unknown"));
}

static bool is_media(const respond_request_t *request)
{
    return is_without_text(request) && !act_str_empty(request->type) &&
           !act_str_is(request->type, "text") && !act_str_is(request->type, "choice");
}

static bool is_all(const respond_request_t *request, const char *words)
{
    return act_word_is_anywhere(words, request->text);
}

static bool is_hello(const respond_request_t *request)
{
    return is_all(request, "words.hello");
}

static bool is_thanks(const respond_request_t *request)
{
    return is_all(request, "words.thanks");
}

static bool is_bye(const respond_request_t *request)
{
    return is_all(request, "words.bye");
}

static bool is_ok(const respond_request_t *request)
{
    return is_all(request, "words.ok");
}

static bool is_upset(const respond_request_t *request)
{
    return act_str_is(request->sentiment, "negative") &&
           count_unanswered(request) >= UNANSWERED_MAX_COUNT;
}

// --- what a reply looks like ---------------------------------------------------------------------

typedef enum { PLAIN, OFFER_PERSON, OFFER_MENU } shape_t;

typedef struct {
    const char *id;
    const char *title;
} button_t;

static const button_t person_buttons[] = {
    {DECIDE_YES_ID, "offer.yes_button"},
    {DECIDE_NO_ID, "offer.no_button"},
};
static const button_t menu_buttons[] = {{"menu:greeting", "offer.menu_button"}};

static const struct {
    const button_t *buttons;
    uint32_t count;
} shapes[] = {
    [PLAIN] = {NULL, 0},
    [OFFER_PERSON] = {person_buttons, ACT_COUNT(person_buttons)},
    [OFFER_MENU] = {menu_buttons, ACT_COUNT(menu_buttons)},
};

static void reply_with(respond_reply_t *reply, act_arena_t *arena, act_str_t language,
                       act_str_t text, shape_t shape)
{
    outbound_content_t *message = act_arena_alloc(arena, sizeof *message);
    uint32_t count = shapes[shape].count;
    choice_t *choices = act_arena_alloc_array(arena, count + 1, sizeof *choices);
    for (uint32_t i = 0; i < count; i++) {
        choices[i].id = act_str(shapes[shape].buttons[i].id);
        choices[i].title = act_text(shapes[shape].buttons[i].title, language);
    }
    message->type = count > 0 ? ACT_STR("buttons") : ACT_STR("text");
    message->text = text;
    message->choices.items = choices;
    message->choices.count = count;
    *reply = (respond_reply_t){.decision = ACT_STR("RESPOND")};
    reply->messages.items = message;
    reply->messages.count = 1;
}

// --- the channel ---------------------------------------------------------------------------------

int64_t decide_max_chars(const channel_limits_t *limits, int64_t wanted_chars)
{
    int64_t good_chars =
        limits && limits->answer_max_chars > 0 ? limits->answer_max_chars : UNKNOWN_ANSWER_CHARS;
    return wanted_chars > 0 && wanted_chars < good_chars ? wanted_chars : good_chars;
}

static size_t entry_max_chars(const channel_limits_t *limits)
{
    size_t chars =
        limits && limits->text_max_chars > 0 ? limits->text_max_chars : UNKNOWN_TEXT_CHARS;
    size_t frame_chars = 2 * SOURCE_MAX_CHARS + OWN_MAX_CHARS;
    return chars > frame_chars + ENTRY_MIN_CHARS ? chars - frame_chars : ENTRY_MIN_CHARS;
}

void decide_fit_buttons(const channel_limits_t *limits, respond_reply_t *reply)
{
    for (uint32_t i = 0; limits && i < reply->messages.count; i++) {
        outbound_content_t *message = (outbound_content_t *)&reply->messages.items[i];
        if (!act_str_is(message->type, "buttons") ||
            message->choices.count <= limits->buttons_max_count)
            continue;
        message->choices.count = limits->buttons_max_count;
        if (message->choices.count == 0)
            message->type = ACT_STR("text");
    }
}

void decide_offer_person(act_str_t language, const char *key, act_arena_t *arena,
                         respond_reply_t *ret_reply)
{
    reply_with(ret_reply, arena, language, act_text(key, language), OFFER_PERSON);
}

// --- the rules -----------------------------------------------------------------------------------

typedef struct {
    bool (*applies)(const respond_request_t *request);
    const char *text; // NULL: that of the type of media
    shape_t shape;
    const char *handoff_reason; // NULL: the agent keeps the conversation
} rule_t;

// Dangers first; then answers to our own question; then what cannot be searched for.
static const rule_t rules[] = {
    {is_self_harm, "agent.self_harm", PLAIN, "risk: self_harm"},
    {is_threat, "agent.threat", PLAIN, "risk: threat"},
    {is_accepted, "handover.announced", PLAIN, "the customer accepted the offer of a person"},
    {is_declined, "agent.declined", PLAIN, NULL},
    {is_stale_button, "retry.stale", OFFER_MENU, NULL},
    {is_unsupported, "agent.unsupported", PLAIN, NULL},
    {is_media, NULL, PLAIN, NULL},
    {is_without_text, "agent.empty", PLAIN, NULL},
    {has_payment_data, "agent.payment_data", PLAIN, NULL},
    {is_abuse, "agent.abuse", OFFER_PERSON, NULL},
    {is_hello, "agent.hello", OFFER_MENU, NULL},
    {is_thanks, "agent.thanks", PLAIN, NULL},
    {is_bye, "agent.bye", PLAIN, NULL},
    {is_ok, "agent.ok", PLAIN, NULL},
    {is_upset, "agent.upset", OFFER_PERSON, NULL},
};

static act_str_t media_text(const respond_request_t *request, act_arena_t *arena)
{
    act_str_t key = act_arena_printf(arena, "media.%" ACT_STR_FMT, ACT_STR_ARG(request->type));
    act_str_t text = act_text_find(key, request->language);
    return act_str_empty(text) ? act_text("media.other", request->language) : text;
}

bool decide_at_once(const respond_request_t *request, act_arena_t *arena,
                    respond_reply_t *ret_reply)
{
    const rule_t *rule = NULL;
    for (size_t i = 0; i < ACT_COUNT(rules) && !rule; i++)
        if (rules[i].applies(request))
            rule = &rules[i];
    if (!rule)
        return false;
    act_str_t text =
        rule->text ? act_text(rule->text, request->language) : media_text(request, arena);
    reply_with(ret_reply, arena, request->language, text, rule->shape);
    if (rule->handoff_reason) {
        ret_reply->decision = ACT_STR("HUMAN_HANDOFF");
        ret_reply->handoff_reason = act_str(rule->handoff_reason);
    }
    return true;
}

// --- the FAQ -------------------------------------------------------------------------------------

static double rank_of(const faq_hit_t *hit, act_str_t language)
{
    return hit->score + (act_str_eq(hit->language, language) ? OWN_LANGUAGE_BONUS : 0);
}

// Comparisons are written so that a score that is no number never wins.
static const faq_hit_t *best_hit(const search_faq_reply_t *hits, act_str_t language,
                                 double min_score)
{
    const faq_hit_t *best = NULL;
    for (uint32_t i = 0; i < hits->hits.count; i++) {
        const faq_hit_t *hit = &hits->hits.items[i];
        bool is_good = hit->score >= min_score && !act_str_empty(act_str_trim(hit->answer));
        if (is_good && (!best || rank_of(hit, language) > rank_of(best, language)))
            best = hit;
    }
    return best;
}

static act_str_t shorten(act_arena_t *arena, act_str_t text, size_t max_chars)
{
    text = act_str_trim(text);
    if (act_utf8_count(text) <= max_chars)
        return text;
    act_str_t prefix = act_str_trim(act_utf8_prefix(text, max_chars - 1));
    return act_arena_printf(arena, "%" ACT_STR_FMT "…", ACT_STR_ARG(prefix));
}

static act_str_t faq_text(const respond_request_t *request, const faq_hit_t *hit,
                          act_str_t language, act_arena_t *arena)
{
    const act_text_value_t values[] = {
        {"answer", shorten(arena, hit->answer, entry_max_chars(request->limits))},
        {"source", shorten(arena, hit->source, SOURCE_MAX_CHARS)},
        {"question", shorten(arena, hit->question, SOURCE_MAX_CHARS)},
    };
    bool has_source = !act_str_empty(values[1].value) || act_str_empty(values[2].value);
    return act_text_format(arena, has_source ? "agent.faq" : "agent.faq_question", language, values,
                           ACT_COUNT(values));
}

// The business wrote it in its own language, and translates: then all of the answer is in that language.
static bool is_for_translation(const respond_request_t *request, const faq_hit_t *hit)
{
    return !act_str_empty(request->translation) && !act_str_empty(hit->language) &&
           !act_str_eq(hit->language, request->language);
}

void decide_from_faq(const respond_request_t *request, const search_faq_reply_t *hits,
                     double min_score, act_arena_t *arena, respond_reply_t *ret_reply)
{
    act_str_t language = request->language;
    const faq_hit_t *hit = best_hit(hits, language, min_score);
    if (hit) {
        bool is_foreign = is_for_translation(request, hit);
        act_str_t written = is_foreign ? hit->language : language;
        reply_with(ret_reply, arena, language, faq_text(request, hit, written, arena), PLAIN);
        ret_reply->language = is_foreign ? written : act_str("");
        ret_reply->source = act_arena_printf(arena, "faq:%" ACT_STR_FMT,
                                             ACT_STR_ARG(act_utf8_prefix(hit->faq_id, 60)));
    } else if (act_str_is(request->intent, "greeting")) { // not sure enough for the fast path
        reply_with(ret_reply, arena, language, act_text("agent.hello", language), OFFER_MENU);
    } else {
        reply_with(ret_reply, arena, language, act_text("agent.no_answer", language), OFFER_PERSON);
    }
}
