// mcp_client_private: what the files of mcp_client share. mcp_client.c has the requests, the era, what comes and
// the list; mcp_client_send.c puts messages together; mcp_client_resume.c goes on where a stream was cut.
#pragma once
#include "mcp/mcp_client.h"
#include "mcp/mcp_resume.h"

typedef enum {
    MCP_NEW,
    MCP_PROBING,
    MCP_INITIALIZING,
    MCP_IS_MODERN,
    MCP_IS_LEGACY,
    MCP_IS_BROKEN
} mcp_client_state_t;

// A request that waits for its answer.
typedef struct mcp_asking mcp_asking_t;
struct mcp_asking {
    mcp_asking_t *next;
    mcp_client_t *client;
    uint64_t id;      // the caller's
    uint64_t wire_id; // another for each page, and for each time it is asked again
    const char *method;
    json_t *params;
    act_timer_t *timer; // of the whole request
    int64_t deadline_ms;
    bool is_sent;
    mcp_resume_t resume;
    act_timer_t *again; // to go on after a cut; NULL: never cut
    // Of ours (list): each page goes to own; else the answer goes to fn.
    void (*own)(mcp_client_t *self, mcp_asking_t *asking, const mcp_answer_t *answer);
    mcp_answer_fn *fn;
    void *context;
    json_t *tools; // of list: found so far
    uint32_t pages_count;
};

struct mcp_client {
    act_loop_t *loop;
    mcp_client_spec_t spec;
    mcp_link_t *link;
    mcp_client_state_t state;
    uint64_t opening_id; // of the initialize whose exchange goes on
    uint16_t status;     // of the exchange that is being read
    char version[16];
    char session[256];
    mcp_asking_t *askings;
    uint32_t askings_count;
    uint64_t last_id;
    json_t *tools; // listed; NULL: not, or no more
    int64_t tools_until_ms;
};

mcp_asking_t *mcp_client_find(mcp_client_t *self, uint64_t wire_id);
bool mcp_client_is_modern(const mcp_client_t *self);
void mcp_client_fail(mcp_asking_t *asking, act_err_t err, const char *text);

// --- mcp_client_send.c -----------------------------------------------------------------------------

void mcp_client_send(mcp_client_t *self, mcp_asking_t *asking, uint32_t timeout_ms);
// A GET that takes up the stream behind resume.event_id.
void mcp_client_send_resume(mcp_client_t *self, mcp_asking_t *asking);
void mcp_client_notify(mcp_client_t *self, const char *method, json_t *params);
// An answer to what the server asked; consumed.
void mcp_client_reply(mcp_client_t *self, json_t *reply);
// May it be asked twice? A list, or a tool that its approved hints call read-only or idempotent.
bool mcp_client_is_repeatable(const mcp_client_t *self, const mcp_asking_t *asking);

// --- mcp_client_resume.c ---------------------------------------------------------------------------

// The exchange of an open request ended. False: nothing more can be done for it.
bool mcp_client_resume(mcp_client_t *self, mcp_asking_t *asking, const mcp_end_t *end);
