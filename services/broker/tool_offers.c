// tool_offers: a service's offers are its last request, kept as it was packed, in an arena.
#include "tool_offers.h"

#include "base/mem.h"
#include "tool/card.h"

#include <string.h>

typedef struct {
    act_arena_t *arena;
    put_tools_request_t request;
} offers_t;

struct tool_offers {
    offers_t services[TOOL_OFFERS_SERVICES_MAX_COUNT];
    uint32_t services_count;
};

tool_offers_t *tool_offers_new(void)
{
    return act_alloc(sizeof(tool_offers_t));
}

void tool_offers_destroy(tool_offers_t **self_p)
{
    tool_offers_t *self = act_take(self_p);
    for (uint32_t i = 0; self && i < self->services_count; i++)
        act_arena_destroy(&self->services[i].arena);
    act_free(self);
}

static act_err_t check(const put_tools_request_t *request)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < request->tools.count; i++) {
        const tool_offer_t *tool = &request->tools.items[i];
        if (!act_tool_name_is_good(tool->name))
            return ACT_E_INVALID_ARGUMENT;
        bytes += tool->card.len_bytes + tool->error.len_bytes;
    }
    return bytes > TOOL_OFFERS_MAX_BYTES ? ACT_E_TOO_LARGE : ACT_E_OK;
}

static offers_t *place_of(tool_offers_t *self, act_str_t service)
{
    for (uint32_t i = 0; i < self->services_count; i++)
        if (act_str_eq(self->services[i].request.service, service))
            return &self->services[i];
    return self->services_count < TOOL_OFFERS_SERVICES_MAX_COUNT
               ? &self->services[self->services_count++]
               : NULL;
}

act_err_t tool_offers_put(tool_offers_t *self, const put_tools_request_t *request)
{
    act_err_t err = check(request);
    offers_t *place = err == ACT_E_OK ? place_of(self, request->service) : NULL;
    if (err != ACT_E_OK)
        return err;
    if (!place)
        return ACT_E_OVERLOADED;
    act_arena_destroy(&place->arena);
    place->arena = act_arena_new();
    act_buf_t bytes;
    act_buf_init(&bytes, 2 * TOOL_OFFERS_MAX_BYTES);
    put_tools_request_pack(request, &bytes);
    act_str_t copy = act_arena_str(place->arena, act_buf_str(&bytes));
    act_buf_fini(&bytes);
    return put_tools_request_unpack(copy, place->arena, &place->request, NULL);
}

bool tool_offers_row(const tool_offers_t *self, uint32_t index, const tool_offer_t **ret_offer,
                     act_str_t *ret_service)
{
    for (uint32_t i = 0; i < self->services_count; i++) {
        const put_tools_request_t *request = &self->services[i].request;
        if (index < request->tools.count) {
            *ret_offer = &request->tools.items[index];
            *ret_service = request->service;
            return true;
        }
        index -= request->tools.count;
    }
    return false;
}
