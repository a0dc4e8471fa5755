// sentiment: how the customer feels, from the words and emoji of the message. The words are those
// of "feeling." in words/<language>.txt:
//   good, bad   count for or against; behind a `not` word they count the other way
//   fine        neither, though parts of it are: "no problem", "good evening"
//   not         turns what follows within three words
// A bad word weighs more than a good one: "nice place, terrible service" is a complaint.
#pragma once
#include "base/err.h"
#include "text/lexicon.h"

typedef enum { SENTIMENT_NEUTRAL, SENTIMENT_POSITIVE, SENTIMENT_NEGATIVE } sentiment_t;

// "neutral", "positive", "negative": the values on the wire.
const char *sentiment_name(sentiment_t sentiment);

// A view: nothing to release. The section must outlive it.
typedef struct {
    act_lexicon_t words;
    uint32_t good; // classes of the lexicon
    uint32_t bad;
    uint32_t not_;
} sentiment_words_t;

ACT_MUST_CHECK act_err_t sentiment_words_init(sentiment_words_t *self, act_str_t section);

sentiment_t sentiment_of(const sentiment_words_t *self, const act_tokens_t *tokens,
                         uint32_t language);
