// mcp_client_resume: a timer between a stream that was cut and the next attempt; the time of the whole request
// goes on meanwhile.
#include "mcp/mcp_client_private.h"

static void take_up(void *context)
{
    mcp_asking_t *asking = context;
    mcp_client_send_resume(asking->client, asking);
}

static void repeat(void *context)
{
    mcp_asking_t *asking = context;
    mcp_client_t *self = asking->client;
    int64_t left_ms = asking->deadline_ms - act_loop_now_ms(self->loop);
    asking->wire_id = ++self->last_id;
    mcp_client_send(self, asking, left_ms > 1 ? (uint32_t)left_ms : 1);
}

bool mcp_client_resume(mcp_client_t *self, mcp_asking_t *asking, const mcp_end_t *end)
{
    const mcp_resume_end_t facts = {.is_modern = self->state == MCP_IS_MODERN,
                                    .is_repeatable = mcp_client_is_repeatable(self, asking),
                                    .err = end->err,
                                    .status = end->status,
                                    .event_id = end->event_id,
                                    .retry_ms = end->retry_ms};
    bool is_open = self->state == MCP_IS_MODERN || self->state == MCP_IS_LEGACY;
    uint32_t wait_ms = 0;
    mcp_resume_step_t step = self->link->is_http && is_open && asking->is_sent
                                 ? mcp_resume_next(&asking->resume, &facts, &wait_ms)
                                 : MCP_RESUME_NO;
    if (step == MCP_RESUME_NO)
        return false;
    act_timer_destroy(&asking->again);
    asking->again = act_timer_new(self->loop, step == MCP_RESUME_STREAM ? take_up : repeat, asking);
    act_timer_start(asking->again, wait_ms, 0);
    return true;
}
