// mcp_resume
#include "mcp/mcp_resume.h"

#include <string.h>

// Ends that say nothing of the request itself. A stream that is taken up may find its server restarting.
static bool is_cut(const mcp_resume_t *self, const mcp_resume_end_t *end)
{
    bool is_taken_up = self->event_id[0] != '\0';
    if (end->err != ACT_E_OK && end->err != ACT_E_IO)
        return false;
    if (end->status == 0)
        return is_taken_up;
    if (end->status < 300)
        return true;
    return is_taken_up && (end->status == 429 || (end->status >= 502 && end->status <= 504));
}

static uint32_t wait_ms(const mcp_resume_t *self)
{
    uint32_t base_ms = self->retry_ms > 0 ? self->retry_ms : MCP_RESUME_WAIT_MS;
    uint32_t ceiling_ms = base_ms > MCP_RESUME_CEILING_MS ? base_ms : MCP_RESUME_CEILING_MS;
    uint64_t doubled_ms = (uint64_t)base_ms << (self->tries_count - 1);
    uint32_t result_ms = doubled_ms > ceiling_ms ? ceiling_ms : (uint32_t)doubled_ms;
    return result_ms > MCP_RESUME_FLOOR_MS ? result_ms : MCP_RESUME_FLOOR_MS;
}

static void take_news(mcp_resume_t *self, const mcp_resume_end_t *end)
{
    if (end->retry_ms != ACT_SSE_NO_RETRY)
        self->retry_ms = end->retry_ms > 0 ? end->retry_ms : 1;
    if (act_str_empty(end->event_id) || act_str_is(end->event_id, self->event_id))
        return;
    self->tries_count = 0;
    (void)act_str_copy(end->event_id, self->event_id, sizeof self->event_id);
}

mcp_resume_step_t mcp_resume_next(mcp_resume_t *self, const mcp_resume_end_t *end,
                                  uint32_t *ret_wait_ms)
{
    if (!is_cut(self, end))
        return MCP_RESUME_NO;
    if (!end->is_modern)
        take_news(self, end);
    bool is_possible = end->is_modern ? end->is_repeatable : self->event_id[0] != '\0';
    uint32_t max_count = end->is_modern ? MCP_REPEATS_MAX_COUNT : MCP_RESUMES_MAX_COUNT;
    if (!is_possible || self->tries_count >= max_count)
        return MCP_RESUME_NO;
    self->tries_count++;
    *ret_wait_ms = wait_ms(self);
    return end->is_modern ? MCP_RESUME_REPEAT : MCP_RESUME_STREAM;
}
