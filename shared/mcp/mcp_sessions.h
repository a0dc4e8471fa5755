// mcp_sessions: sessions of the older revisions of MCP. They hold nothing but that they are open;
// there is room for a fixed number, and a new one pushes out the one that is longest unused.
#pragma once
#include "base/str.h"

typedef struct mcp_sessions mcp_sessions_t;

#define MCP_SESSIONS_MAX_COUNT 256
#define MCP_SESSION_IDLE_MS (60 * 60 * 1000)
#define MCP_SESSION_ID_BYTES 33

mcp_sessions_t *mcp_sessions_new(void);
void mcp_sessions_destroy(mcp_sessions_t **self_p);

// Its id, borrowed until it ends.
const char *mcp_sessions_open(mcp_sessions_t *self, int64_t now_ms);
// Is it open? Then it was used now.
bool mcp_sessions_use(mcp_sessions_t *self, act_str_t id, int64_t now_ms);
bool mcp_sessions_end(mcp_sessions_t *self, act_str_t id, int64_t now_ms);
