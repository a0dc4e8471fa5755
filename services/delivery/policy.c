// policy: the first row that applies counts.
#include "policy.h"

#include "origin.h"

#define MINUTE_MS 60000
#define DAY_MINUTES 1440

// Both write down what they find in *ret_delay_ms, where the row says later.
typedef bool applies_fn(const policy_facts_t *facts, int64_t *ret_delay_ms);

static bool is_template(const policy_facts_t *facts)
{
    return act_str_is(facts->content->type, "template");
}

static bool is_nameless(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    return is_template(facts) && (act_str_empty(facts->content->template_name) ||
                                  act_str_empty(facts->content->template_language));
}

static bool is_media(const policy_facts_t *facts)
{
    return act_channel_is_media(facts->content->type);
}

static bool is_empty(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    return !is_template(facts) && !is_media(facts) &&
           act_str_empty(act_str_trim(facts->content->text)) &&
           act_str_empty(act_str_trim(facts->content->header)) &&
           facts->content->choices.count == 0;
}

static const act_channel_media_t *media_of(const policy_facts_t *facts)
{
    return act_channel_media_find(facts->channel->media, facts->content->type);
}

static bool is_not_carried(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    return is_media(facts) && !media_of(facts);
}

static bool has_bad_link(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    return is_media(facts) && !origin_is_link(facts->content->media_url, facts->allows_inside);
}

static bool has_long_caption(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    const act_channel_media_t *media = media_of(facts);
    return media && act_utf8_count(act_str_trim(facts->content->text)) > media->caption_max_count;
}

static bool is_unwanted(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    return facts->is_opted_out && !act_str_is(facts->content->purpose, "opt_out");
}

static bool is_window_closed(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    (void)ret_delay_ms;
    int64_t window_ms = facts->channel->reply_window_ms;
    return window_ms > 0 && !is_template(facts) &&
           (facts->customer_silent_ms < 0 || facts->customer_silent_ms >= window_ms);
}

static bool is_quiet_time(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    int32_t from = facts->quiet_from_minute, length = facts->quiet_to_minute - from;
    if (facts->is_reply || length == 0)
        return false;
    // Over midnight both differences wrap around.
    length = (length + DAY_MINUTES) % DAY_MINUTES;
    int32_t since = (facts->local_minute - from + DAY_MINUTES) % DAY_MINUTES;
    *ret_delay_ms = (int64_t)(length - since) * MINUTE_MS;
    return since < length;
}

static bool is_too_fast(const policy_facts_t *facts, int64_t *ret_delay_ms)
{
    *ret_delay_ms = facts->pair_wait_ms;
    return facts->pair_wait_ms > 0;
}

static const struct {
    applies_fn *applies;
    policy_verdict_t verdict;
    const char *code;
    const char *reason;
    const char *advice;
} rules[] = {
    {is_empty, POLICY_REFUSED, "NOTHING_TO_SEND", "the message has neither text nor choices",
     "write a text"},
    {is_nameless, POLICY_REFUSED, "TEMPLATE_INCOMPLETE", "the template has no name or no language",
     "name an approved template and its language"},
    {is_not_carried, POLICY_REFUSED, "MEDIA_NOT_CARRIED",
     "this channel does not carry files of this kind", "a text with the link"},
    {has_bad_link, POLICY_REFUSED, "MEDIA_LINK",
     "the file has no https link that the channel's provider could fetch",
     "a public https link to the file itself"},
    {has_long_caption, POLICY_REFUSED, "CAPTION_TOO_LONG",
     "the caption is longer than the channel takes with this kind of file",
     "a shorter caption, or a text of its own behind the file"},
    {is_unwanted, POLICY_REFUSED, "OPTED_OUT",
     "this person asked for no more messages, and has not written since",
     "an answer when they write; they can write START"},
    {is_window_closed, POLICY_NEEDS_TEMPLATE, "WINDOW_CLOSED",
     "this person has not written within the channel's window for free text",
     "an approved template, or wait until they write"},
    {is_quiet_time, POLICY_LATER, "QUIET_HOURS", "not a reply, and the tenant has quiet hours",
     "it goes out at their end"},
    {is_too_fast, POLICY_LATER, "PAIR_RATE", "too many messages to this person in a short time",
     "it goes out when there is room, with the texts that follow it"},
};

policy_t policy_decide(const policy_facts_t *facts)
{
    for (size_t i = 0; i < ACT_COUNT(rules); i++) {
        int64_t delay_ms = 0;
        if (rules[i].applies(facts, &delay_ms))
            return (policy_t){
                .verdict = rules[i].verdict,
                .code = rules[i].code,
                .reason = rules[i].reason,
                .advice = rules[i].advice,
                .delay_ms = rules[i].verdict == POLICY_LATER ? delay_ms : 0,
            };
    }
    return (policy_t){.verdict = POLICY_ALLOWED, .code = "", .reason = "", .advice = ""};
}
