// assets: the files of the web console, mapped into memory when the process starts. `x.js.gz` and
// `x.js.br` beside `x.js` are the same file compressed. Names are compared whole, so no request can
// reach another file.
#pragma once
#include "io/http_server.h"

typedef struct assets assets_t;

typedef struct {
    act_str_t name;                // "/assets/index-4f2a.js"
    act_str_t plain, gzip, brotli; // the last two may be empty
    act_str_t nonce_mark;          // in a page: where each answer's nonce goes; else empty
    const char *type;
    char etag[40];     // with its quotes
    bool is_immutable; // its name changes with its content
} asset_t;

// Reads folder and folder/assets. A folder that is missing gives an empty set.
assets_t *assets_new(const char *folder);
void assets_destroy(assets_t **self_p);
size_t assets_count(const assets_t *self);

// NULL when there is none.
const asset_t *assets_find(const assets_t *self, act_str_t name);

// How to send a file to a client that accepts these encodings: brotli, gzip, plain; *ret_encoding is
// NULL for plain.
act_str_t assets_encode(const asset_t *asset, act_str_t accept_encoding, const char **ret_encoding);

// A page with this answer's nonce in the place of its mark.
act_str_t assets_fill(const asset_t *page, act_arena_t *arena, const char *nonce);

// Answers GET and HEAD of a file or, for a page of the console (Accept: text/html), index.html. False:
// nothing fits, the request is still the caller's.
bool assets_serve(const assets_t *self, act_http_request_t *request);
