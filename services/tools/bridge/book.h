// book: which servers there are, after the rows of org_integrations and mcp.json, and what the broker is told of
// them. A row that has not changed keeps its server.
#pragma once
#include "proto/bridge_service.h"
#include "server.h"

#define BOOK_SERVERS_MAX_COUNT 64

typedef struct book book_t;

book_t *book_new(server_world_t *world, const act_seal_key_t *key);
void book_destroy(book_t **self_p);
// The process will end: no more asking, and the programs of MCP servers end when their calls have.
void book_drain(book_t *self);

// Reads rows and files, asks every server, tells the broker. fn (may be NULL) is called when the rows have been
// read and all servers have answered, or could not be.
void book_refresh(book_t *self, void (*fn)(void *context, act_err_t err), void *context);

// Their own first, then those for all; NULL: no such tool.
server_t *book_find_tool(const book_t *self, act_str_t tenant, act_str_t name,
                         const foreign_t **ret_tool);
server_t *book_find_server(const book_t *self, act_str_t tenant, act_str_t name);
// By index, those of a tenant and of all; false: no more.
bool book_row(const book_t *self, act_str_t tenant, uint32_t index, act_arena_t *arena,
              server_view_t *ret_row);
void book_describe(const server_t *server, act_arena_t *arena, server_view_t *ret_row);
// Something was approved: the broker hears of it.
void book_tell(book_t *self);
