// route: which HTTP path is what. A table; nothing here knows of requests.
#pragma once
#include "base/str.h"

typedef enum { ROUTE_WEBHOOK, ROUTE_HEALTH, ROUTE_READY } route_kind_t;

typedef struct {
    const char *path; // compared whole
    route_kind_t kind;
    const char *channel; // of WEBHOOK
} route_t;

// NULL when there is no such path.
const route_t *route_find(act_str_t path);

typedef enum { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER } method_t;

method_t method_of(act_str_t text);

// May the route be asked this way? If not, the answer is 405.
bool route_allows(const route_t *self, method_t method);
