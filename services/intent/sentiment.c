// sentiment: how the customer feels.
#include "sentiment.h"

#define MATCHES_MAX 96u
#define NOT_REACH_TOKENS 3u

// What a word, a turned word and an emoji weigh. One bad word outweighs one good one; "not bad"
// alone is not yet praise.
enum { GOOD = 2, BAD = -3, NOT_GOOD = -3, NOT_BAD = 1, EMOJI_GOOD = 2, EMOJI_BAD = -2 };
enum { POSITIVE_FROM = 2, NEGATIVE_FROM = -1 };

static const uint32_t good_emoji[] = {
    0x2764,  0x1f600, 0x1f601, 0x1f603, 0x1f604, 0x1f60a, 0x1f60d, 0x1f618, 0x1f970, 0x1f929,
    0x1f44d, 0x1f44f, 0x1f64f, 0x1f389, 0x1f4aa, 0x2728,  0x1f495, 0x1f496, 0x1f499, 0x1f49a,
    0x1f49c, 0x1f917, 0x1f31f, 0x2b50,  0x1f44c, 0x1f60e, 0x1f973, 0x263a,
};
static const uint32_t bad_emoji[] = {
    0x1f620, 0x1f621, 0x1f92c, 0x1f62d, 0x1f622, 0x1f44e, 0x1f494, 0x1f61e, 0x1f614, 0x1f612,
    0x1f624, 0x1f641, 0x2639,  0x1f629, 0x1f62b, 0x1f595, 0x1f92e, 0x1f922, 0x1f616, 0x1f626,
};

const char *sentiment_name(sentiment_t sentiment)
{
    switch (sentiment) {
    case SENTIMENT_POSITIVE:
        return "positive";
    case SENTIMENT_NEGATIVE:
        return "negative";
    case SENTIMENT_NEUTRAL:
        break;
    }
    return "neutral";
}

act_err_t sentiment_words_init(sentiment_words_t *self, act_str_t section)
{
    act_lexicon_t words;
    act_err_t err = act_lexicon_init(&words, section);
    if (err != ACT_E_OK)
        return err;
    *self = (sentiment_words_t){
        .words = words,
        .good = act_lexicon_find(&words, "good"),
        .bad = act_lexicon_find(&words, "bad"),
        .not_ = act_lexicon_find(&words, "not"),
    };
    bool is_whole = self->good < words.classes_count && self->bad < words.classes_count &&
                    self->not_ < words.classes_count;
    return is_whole ? ACT_E_OK : ACT_E_CONFIG;
}

static bool means(const act_match_t *match, uint32_t class)
{
    for (uint32_t i = 0; i < match->classes_count; i++)
        if (match->classes[i] == class)
            return true;
    return false;
}

static int weigh_words(const sentiment_words_t *self, const act_match_t *matches, uint32_t count)
{
    int score = 0;
    uint32_t not_until = 0; // tokens before this one are turned
    for (uint32_t i = 0; i < count; i++) {
        const act_match_t *match = &matches[i];
        bool is_turned = match->first < not_until;
        if (means(match, self->bad))
            score += is_turned ? NOT_BAD : BAD;
        else if (means(match, self->good))
            score += is_turned ? NOT_GOOD : GOOD;
        else if (means(match, self->not_))
            not_until = match->first + match->tokens_count + NOT_REACH_TOKENS;
    }
    return score;
}

static bool is_in(const uint32_t *codes, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static int weigh_emoji(const act_tokens_t *tokens)
{
    int score = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        if (tokens->items[i].kind != ACT_TOKEN_EMOJI)
            continue;
        uint32_t code = *act_token_base(tokens, i);
        if (is_in(good_emoji, ACT_COUNT(good_emoji), code))
            score += EMOJI_GOOD;
        else if (is_in(bad_emoji, ACT_COUNT(bad_emoji), code))
            score += EMOJI_BAD;
    }
    return score;
}

sentiment_t sentiment_of(const sentiment_words_t *self, const act_tokens_t *tokens,
                         uint32_t language)
{
    act_match_t matches[MATCHES_MAX];
    uint32_t count = act_lexicon_match(&self->words, tokens, language, matches, MATCHES_MAX);
    int score = weigh_words(self, matches, count) + weigh_emoji(tokens);
    if (score >= POSITIVE_FROM)
        return SENTIMENT_POSITIVE;
    return score <= NEGATIVE_FROM ? SENTIMENT_NEGATIVE : SENTIMENT_NEUTRAL;
}
