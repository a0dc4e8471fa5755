// graph_sim: a stand-in for the WhatsApp part of Meta's Graph API, on our own HTTP server. For
// tests and rehearsals: it checks what it is sent, remembers what it accepted, misbehaves when told
// to, and sends status webhooks.
//
// As Meta does (any version /vN.M; "Authorization: Bearer <token>" needed: without one, or with the
// token "expired", 401 and code 190):
//   POST   /{version}/{phone_number_id}/messages   graph_check.h says what is accepted
//   POST   /{version}/{phone_number_id}/media      multipart upload -> {"id"}
//   GET    /{version}/{media_id}                   {"url", "mime_type", "file_size", "id"}
//   GET    /_media/{media_id}                      the bytes (needs the token too)
//   DELETE /{version}/{media_id}
//
// For tests (no token):
//   POST /_sim/behaviour   graph_behaviour.h
//   GET  /_sim/ledger?since=N   graph_ledger.h; N: records already seen
//   GET  /_sim/stats       counters
//   POST /_sim/reset       forgets records in memory, counters, behaviour, scheduled webhooks; the
//                          ledger file and uploaded media stay
//   POST /_sim/wait        {"count":N,"timeout_ms":M}: answers when N sends were accepted since the
//                          last reset, or after M ms: {"count":now,"is_reached":bool}
//
// Memory is bounded: the last 1,000,000 records or 256 MiB of them (options), 200,000 scheduled
// statuses (about 100 MB), 64 MiB of media, 100,000 delayed answers, 64 waiting requests.
#pragma once
#include "base/err.h"
#include "io/loop.h"

typedef struct graph_sim graph_sim_t;

typedef struct {
    const char *host;          // NULL: "127.0.0.1"
    uint16_t port;             // 0: any
    const char *webhook_url;   // NULL: no webhooks
    const char *secret;        // app secret that signs them; needed with webhook_url
    const char *waba_id;       // NULL: "900001"
    const char *ledger_path;   // NULL: memory only
    uint32_t ledger_max_count; // 0: 1,000,000
    size_t ledger_max_bytes;   // 0: 256 MiB
} graph_sim_options_t;

// The strings are borrowed for as long as the simulator lives.
ACT_MUST_CHECK act_err_t graph_sim_new(act_loop_t *loop, const graph_sim_options_t *options,
                                       graph_sim_t **ret_sim);
// Answers what waits. Run the loop once more afterwards: connections close in later turns.
void graph_sim_destroy(graph_sim_t **self_p);

uint16_t graph_sim_port(const graph_sim_t *self);
