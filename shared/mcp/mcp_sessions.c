// mcp_sessions: a walk over a small table; nobody opens sessions in a loop and is quick.
#include "mcp/mcp_sessions.h"

#include "base/id.h"
#include "base/mem.h"

#include <stdio.h>

typedef struct {
    char id[MCP_SESSION_ID_BYTES]; // empty: free
    int64_t used_ms;
} session_t;

struct mcp_sessions {
    session_t sessions[MCP_SESSIONS_MAX_COUNT];
};

mcp_sessions_t *mcp_sessions_new(void)
{
    return act_alloc(sizeof(mcp_sessions_t));
}

void mcp_sessions_destroy(mcp_sessions_t **self_p)
{
    act_free(act_take(self_p));
}

const char *mcp_sessions_open(mcp_sessions_t *self, int64_t now_ms)
{
    session_t *session = &self->sessions[0];
    for (size_t i = 1; i < MCP_SESSIONS_MAX_COUNT && session->id[0] != '\0'; i++)
        if (self->sessions[i].id[0] == '\0' || self->sessions[i].used_ms < session->used_ms)
            session = &self->sessions[i];
    unsigned char bytes[(MCP_SESSION_ID_BYTES - 1) / 2];
    act_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(session->id + 2 * i, 3, "%02x", bytes[i]);
    session->used_ms = now_ms;
    return session->id;
}

static session_t *find(mcp_sessions_t *self, act_str_t id, int64_t now_ms)
{
    for (size_t i = 0; i < MCP_SESSIONS_MAX_COUNT; i++) {
        session_t *session = &self->sessions[i];
        if (session->id[0] != '\0' && act_str_is(id, session->id))
            return now_ms - session->used_ms < MCP_SESSION_IDLE_MS ? session : NULL;
    }
    return NULL;
}

bool mcp_sessions_use(mcp_sessions_t *self, act_str_t id, int64_t now_ms)
{
    session_t *session = find(self, id, now_ms);
    if (session)
        session->used_ms = now_ms;
    return session != NULL;
}

bool mcp_sessions_end(mcp_sessions_t *self, act_str_t id, int64_t now_ms)
{
    session_t *session = find(self, id, now_ms);
    if (session)
        session->id[0] = '\0';
    return session != NULL;
}
