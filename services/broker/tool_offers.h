// tool_offers: tools without a folder of their own: an actor that speaks for others (tool servers, MCP
// servers) says which they are, all at once, each time they change. They stay known while its process is
// replaced; whether they can be called is whether its service has an instance.
#pragma once
#include "base/err.h"
#include "proto/broker.h"

typedef struct tool_offers tool_offers_t;

#define TOOL_OFFERS_SERVICES_MAX_COUNT 8
// Of all cards of one service.
#define TOOL_OFFERS_MAX_BYTES (2u << 20)

tool_offers_t *tool_offers_new(void);
void tool_offers_destroy(tool_offers_t **self_p);

// In the place of what this service had; copied. TOO_LARGE, OVERLOADED (too many services),
// INVALID_ARGUMENT (a name that is none): nothing is changed.
ACT_MUST_CHECK act_err_t tool_offers_put(tool_offers_t *self, const put_tools_request_t *request);

// By index from 0, in no order; the texts live until the next put. False: there is no more.
bool tool_offers_row(const tool_offers_t *self, uint32_t index, const tool_offer_t **ret_offer,
                     act_str_t *ret_service);
