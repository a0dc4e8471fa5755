// cues: what the intent model sees of a message.
#include "cues.h"

#include "text/grams.h"

enum { CUE_WORD, CUE_PAIR, CUE_LETTERS, CUE_STEM, CUE_CONCEPT, CUE_CONCEPTS, CUES_COUNT };

// Chosen by cross-validation; between 1.5 and 3 for the concepts nothing changes.
static const float weights[CUES_COUNT] = {
    [CUE_WORD] = 1, [CUE_PAIR] = 1,    [CUE_LETTERS] = 1,
    [CUE_STEM] = 1, [CUE_CONCEPT] = 2, [CUE_CONCEPTS] = 2,
};
static const act_grams_letters_t letters = {.min = 2, .max = 5};

// Concepts beyond those of the vocabulary.
enum {
    CONCEPT_NUMBER = ACT_LEXICON_MAX_CLASSES,
    CONCEPT_QUESTION,
    CONCEPT_PERCENT,
    CONCEPT_EDGE, // start or end of the text
};

// Keys of counts, apart from those of concepts.
enum { COUNT_UNKNOWN = 1000, COUNT_UNKNOWN_TENTHS = 2000, COUNT_WORDS = 3000, ORDERED = 4000 };

// What stands at one place: the meanings of a match.
typedef struct {
    uint32_t concepts[ACT_LEXICON_MATCH_CLASSES];
    uint32_t count;
} place_t;

#define KNOWN_MAX 32u // concepts of one message; more than that is a novel

typedef struct {
    act_features_t *features;
    uint32_t known[KNOWN_MAX]; // each concept once, in order of appearance
    uint32_t known_count;
    place_t previous;
    uint32_t unknown_count;
} concepts_t;

static void know(concepts_t *self, uint32_t concept)
{
    for (uint32_t i = 0; i < self->known_count; i++)
        if (self->known[i] == concept)
            return;
    if (self->known_count < KNOWN_MAX)
    self->known[self->known_count++] = concept;
}

// Words without a meaning between two concepts do not part them: "cancel my 3 pm appointment".
static void follow(concepts_t *self, const place_t *place)
{
    for (uint32_t a = 0; a < self->previous.count; a++)
        for (uint32_t b = 0; b < place->count; b++) {
            uint64_t key = act_features_mix(ORDERED, self->previous.concepts[a]);
            act_features_add(self->features, CUE_CONCEPTS,
                             act_features_mix(key, place->concepts[b]));
        }
    self->previous = *place;
}

static void meet(concepts_t *self, const place_t *place)
{
    for (uint32_t i = 0; i < place->count; i++)
        know(self, place->concepts[i]);
    follow(self, place);
}

static void meet_match(concepts_t *self, const act_match_t *match)
{
    place_t place = {.count = match->classes_count};
    for (uint32_t i = 0; i < match->classes_count; i++)
        place.concepts[i] = match->classes[i];
    meet(self, &place);
}

static void meet_token(concepts_t *self, const act_tokens_t *tokens, uint32_t index)
{
    static const place_t number = {.concepts = {CONCEPT_NUMBER}, .count = 1};
    switch (tokens->items[index].kind) {
    case ACT_TOKEN_WORD:
        self->unknown_count++;
        break;
    case ACT_TOKEN_NUMBER:
        meet(self, &number);
        break;
    case ACT_TOKEN_MARK:
        if (*act_token_base(tokens, index) == '?')
            know(self, CONCEPT_QUESTION);
        else if (*act_token_base(tokens, index) == '%')
            know(self, CONCEPT_PERCENT);
        break;
    case ACT_TOKEN_EMOJI:
        break;
    }
}

static void add_known(const concepts_t *self)
{
    for (uint32_t a = 0; a < self->known_count; a++) {
        act_features_add(self->features, CUE_CONCEPT, self->known[a]);
        for (uint32_t b = a + 1; b < self->known_count; b++) {
            // The same pair in either order.
            uint32_t low = self->known[a] < self->known[b] ? self->known[a] : self->known[b];
            uint32_t high = self->known[a] ^ self->known[b] ^ low;
            act_features_add(self->features, CUE_CONCEPTS, act_features_mix(low, high));
        }
    }
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

// A text of many words that mean nothing to the business is small talk.
static void add_counts(const concepts_t *self, uint32_t words_count)
{
    uint32_t tenths = words_count ? 10 * self->unknown_count / words_count : 11;
    act_features_add(self->features, CUE_CONCEPT, COUNT_UNKNOWN + at_most(self->unknown_count, 6));
    act_features_add(self->features, CUE_CONCEPT, COUNT_UNKNOWN_TENTHS + tenths);
    act_features_add(self->features, CUE_CONCEPT, COUNT_WORDS + at_most(words_count, 12));
}

static void add_concepts(const act_tokens_t *tokens, const act_match_t *matches,
                         uint32_t matches_count, act_features_t *features)
{
    static const place_t edge = {.concepts = {CONCEPT_EDGE}, .count = 1};
    concepts_t concepts = {.features = features, .previous = edge};
    uint32_t next_match = 0;
    for (uint32_t i = 0; i < tokens->count;) {
        if (next_match < matches_count && matches[next_match].first == i) {
            meet_match(&concepts, &matches[next_match]);
            i += matches[next_match++].tokens_count;
        } else {
            meet_token(&concepts, tokens, i++);
        }
    }
    follow(&concepts, &edge);
    add_known(&concepts);
    add_counts(&concepts, tokens->words_count);
}

void cues_read(const act_tokens_t *tokens, const act_match_t *matches, uint32_t matches_count,
               act_features_t *ret_features)
{
    act_features_reset(ret_features);
    act_grams_words(tokens, CUE_WORD, ret_features);
    act_grams_pairs(tokens, CUE_PAIR, ret_features);
    act_grams_letters(tokens, &letters, CUE_LETTERS, ret_features);
    act_grams_stems(tokens, CUE_STEM, ret_features);
    add_concepts(tokens, matches, matches_count, ret_features);
    act_features_finish(ret_features, weights);
}
