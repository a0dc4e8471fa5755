// routes: the operations of the management API as a table, made from api/openapi.yaml (api_gen.py).
#pragma once
#include "admin.h"
#include "io/http_server.h"

typedef struct {
    const char *method;    // NULL ends the table
    const char *path;      // "/api/v1/services/{service}/restart"
    const char *operation; // name in the document and in audit_log
    // Answered by an rpc, or by a function of admin.
    const act_service_t *service;
    uint32_t rpc;
    void (*handler)(admin_t *self, act_http_request_t *request);
    // Fields of the rpc's request, NULL-terminated lists: from {} of the path, the query, the body.
    const char *const *params;
    const char *const *query;
    const char *const *body;
    const char *const *headers; // pairs: a field, and the header that holds it
    const char *fixed;          // JSON of further fields
    const char *tenant;         // "query": the parameter `tenant`; else its name; NULL: none
    const char *tool;           // what the MCP server says of it, JSON; NULL: it is no tool
    bool is_audited;
    bool wakes_delivery; // it leaves something to be sent
    bool is_open;        // for everyone
} route_t;

extern const route_t routes[];

#define ROUTES_PARAMS_MAX_COUNT 4

typedef enum { ROUTES_FOUND, ROUTES_NO_PATH, ROUTES_NO_METHOD } routes_result_t;

// The route of a request; values of the {} in the order of the path, decoded as the path is, never
// empty. HEAD is GET.
routes_result_t routes_find(act_str_t method, act_str_t path, const route_t **ret_route,
                            act_str_t *ret_values);

// The OpenAPI document, JSON.
act_str_t routes_openapi(void);
