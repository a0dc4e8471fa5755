// http_client_private: what the files of http_client share. http_client.c has the requests: queue,
// limits, results. http_client_curl.c has curl: handles and their options, sockets, its timer.
#pragma once
#include "base/buf.h"
#include "io/http_client.h"

#include <curl/curl.h>

typedef struct act_http_transfer act_http_transfer_t;
typedef struct act_http_curl act_http_curl_t;

typedef enum {
    ACT_HTTP_WAITING,  // for a connection
    ACT_HTTP_RUNNING,  // in curl's hands
    ACT_HTTP_FINISHED, // ended without curl; the callback is due in a later turn
    ACT_HTTP_TRANSFER_STATES
} act_http_transfer_state_t;

struct act_http_transfer {
    act_http_transfer_t *previous;
    act_http_transfer_t *next;
    act_http_client_t *client;
    uint64_t id;
    act_http_transfer_state_t state;
    act_http_done_fn *done;
    act_http_chunk_fn *on_chunk; // NULL: no stream
    void *context;

    act_arena_t *arena; // holds all of the request
    const char *method;
    const char *url;
    struct curl_slist *headers;
    act_str_t body;
    int64_t deadline_ms;

    act_http_curl_t *curl; // while running
    CURL *easy;            // while running
    act_buf_t response;    // of a stream: what came and was not handed on yet
    act_buf_t head;        // field lines, if they are wanted
    bool keeps_head;
    bool is_chunk_due;               // in the list of streams with something to hand on
    act_http_transfer_t *next_chunk; // in that list
    uint32_t attempts_count;         // how often curl was about to send it
    bool is_forbidden;               // an address was refused
    bool is_too_large;
    bool is_head_whole;   // the empty line behind the response's head has come
    act_http_in_t result; // while finished
    char text[CURL_ERROR_SIZE];
};

// --- what http_client_curl.c does ----------------------------------------------------------------

// NULL when curl cannot start.
act_http_curl_t *act_http_curl_new(act_http_client_t *client, act_loop_t *loop,
                                   const act_http_client_limits_t *limits);
void act_http_curl_destroy(act_http_curl_t **self_p);

// Gives the transfer to curl. False when curl does not take it; transfer->text says why.
bool act_http_curl_start(act_http_curl_t *self, act_http_transfer_t *transfer, int64_t timeout_ms);
// Takes it back, whatever its progress.
void act_http_curl_stop(act_http_curl_t *self, act_http_transfer_t *transfer);

// --- what http_client.c is told ------------------------------------------------------------------

// Bytes of a stream have come; they are handed on behind curl's back (it may not be called from its
// own callbacks).
void act_http_client_on_bytes(act_http_transfer_t *transfer);
// Hands them on, all of them.
void act_http_client_flush(act_http_client_t *self);
// curl is done with a transfer, which is still its; never called from inside start or stop.
void act_http_client_on_end(act_http_transfer_t *transfer, CURLcode code);
// Around everything that may lead to callbacks. leave returns false when the client is gone.
void act_http_client_enter(act_http_client_t *self);
bool act_http_client_leave(act_http_client_t *self);
bool act_http_client_is_dead(const act_http_client_t *self);
