// detect_tokens: reading any bytes as a chat message. Tokens must lie inside the limits, and
// reading the same bytes again must give the same tokens.
#include "base/assert.h"
#include "text/tokens.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check(const act_tokens_t *tokens)
{
    act_assert(tokens->count <= ACT_TOKENS_MAX);
    act_assert(tokens->letters_count <= ACT_TOKENS_LETTERS_MAX);
    uint32_t words_count = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        act_assert(token->plain_count > 0);
        act_assert(token->plain_at + token->plain_count <= tokens->letters_count);
        act_assert(token->base_at + token->base_count <= tokens->letters_count);
        words_count += token->kind == ACT_TOKEN_WORD;
    }
    act_assert(words_count == tokens->words_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static act_tokens_t first, second;
    act_tokens_read(act_str_of(data, size_bytes), &first);
    act_tokens_read(act_str_of(data, size_bytes), &second);
    check(&first);
    act_assert(first.count == second.count && first.letters_count == second.letters_count);
    act_assert(
        memcmp(first.letters, second.letters, first.letters_count * sizeof first.letters[0]) == 0);
    return 0;
}
