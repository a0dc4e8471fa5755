// mcp_grant: whatever a token endpoint says, a token fits into a header line, and what is told to people is ours.
#include "mcp/mcp_grant.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check_token(act_str_t token)
{
    if (token.len_bytes > MCP_GRANT_TOKEN_MAX_BYTES)
        abort();
    for (size_t i = 0; i < token.len_bytes; i++)
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static const uint16_t statuses[] = {200, 400, 401, 302, 503};
    if (size_bytes == 0)
        return 0;
    act_arena_t *arena = act_arena_new();
    mcp_grant_answer_t answer;
    uint16_t status = statuses[data[0] % ACT_COUNT(statuses)];
    mcp_grant_read(status, act_str_of(data + 1, size_bytes - 1), arena, &answer);
    check_token(answer.access_token);
    check_token(answer.refresh_token);
    bool is_granted = answer.err == ACT_E_OK;
    if (is_granted != !act_str_empty(answer.access_token) || (is_granted && status != 200) ||
        answer.expires_in_s < 0 || mcp_grant_renew_ms(0, answer.expires_in_s) < 0)
        abort();
    act_arena_destroy(&arena);
    return 0;
}
