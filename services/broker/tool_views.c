// tool_views: a row a folder; how its process does is the supervisor's to say.
#include "tool_views.h"

#include "base/arena.h"
#include "proto/broker.h"

#include <stdlib.h>
#include <string.h>

#define TOOLS_MAX_COUNT 256

typedef struct {
    uint32_t running_count;
    uint32_t generation;
    bool is_parked;
    const char *last_error;
} health_t;

static health_t health_of(const supervisor_t *supervisor, const char *service)
{
    health_t health = {.last_error = ""};
    child_view_t child;
    for (uint32_t i = 0; supervisor_view(supervisor, i, &child); i++) {
        if (strcmp(child.service, service) != 0)
            continue;
        health.running_count += child.state == CHILD_RUNNING;
        health.is_parked = health.is_parked || child.state == CHILD_PARKED;
        if (*child.last_error)
            health.last_error = child.last_error;
    }
    return health;
}

static const char *state_of(const tool_row_t *row, const health_t *health)
{
    if (!*row->service)
        return act_str_empty(row->error) ? "starting" : "off";
    if (health->running_count > 0)
        return "ready";
    return health->is_parked ? "parked" : "starting";
}

static tool_view_t view_of(views_t *self, const tool_row_t *row, act_arena_t *arena)
{
    health_t health = health_of(self->supervisor, row->service);
    char *card = row->card ? json_dumps(row->card, JSON_COMPACT) : NULL;
    tool_view_t view = {
        .name = act_str(row->name),
        .state = act_str(state_of(row, &health)),
        .card = act_arena_str(arena, act_str(card)),
        .service = act_str(row->service),
        .instances = health.running_count,
        .error = !act_str_empty(row->error) || health.running_count > 0
                     ? row->error
                     : act_str(health.last_error),
        .folder = act_str(row->folder),
        .is_builtin = row->is_builtin,
        .generation = row->generation,
    };
    free(card);
    return view;
}

// --- those that actors speak for -------------------------------------------------------------------

static uint32_t instances_of(views_t *self, act_str_t service)
{
    const service_t *found = services_find(broker_services(self->broker), service);
    uint32_t count = 0;
    for (const peer_t *peer = found ? found->instances : NULL; peer; peer = peer->next_in_service)
        count += peer->state == PEER_READY;
    return count;
}

static tool_view_t view_of_offer(views_t *self, const tool_offer_t *offer, act_str_t service)
{
    uint32_t instances = instances_of(self, service);
    bool is_ready = act_str_is(offer->state, "ready");
    return (tool_view_t){
        .name = offer->name,
        .tenant = offer->tenant,
        .state = is_ready && instances == 0 ? ACT_STR("starting") : offer->state,
        .card = offer->card,
        .service = service,
        .instances = instances,
        .error = offer->error,
        .folder = offer->source,
    };
}

// A folder's name is the folder's.
static bool is_taken(const tool_view_t *views, uint32_t folders_count, act_str_t name)
{
    for (uint32_t i = 0; i < folders_count; i++)
        if (act_str_eq(views[i].name, name))
            return true;
    return false;
}

static uint32_t view_offers(views_t *self, const tools_request_t *request, tool_view_t *views,
                            uint32_t folders_count)
{
    uint32_t count = folders_count;
    const tool_offer_t *offer = NULL;
    act_str_t service;
    for (uint32_t i = 0; self->offers && count < TOOLS_MAX_COUNT &&
                         tool_offers_row(self->offers, i, &offer, &service);
         i++) {
        bool is_meant = act_str_empty(request->name) || act_str_eq(request->name, offer->name);
        bool is_theirs = act_str_empty(request->tenant) || act_str_empty(offer->tenant) ||
                         act_str_eq(request->tenant, offer->tenant);
        if (is_meant && is_theirs && !is_taken(views, folders_count, offer->name))
            views[count++] = view_of_offer(self, offer, service);
    }
    return count;
}

void tool_views_put_tools(views_t *self, const act_header_t *header, act_str_t body,
                          uint64_t call_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    put_tools_request_t request;
    act_err_t err = put_tools_request_unpack(body, arena, &request, NULL);
    const peer_t *peer = peers_find_instance(broker_peers(self->broker), header->sender);
    const acl_t *acl = broker_acl(self->broker);
    if (err == ACT_E_OK && acl &&
        (!peer || !acl_may_offer(acl_find(acl, act_str(peer->actor)), request.service)))
        err = ACT_E_FORBIDDEN;
    if (err == ACT_E_OK)
        err = self->offers ? tool_offers_put(self->offers, &request) : ACT_E_NOT_CONFIGURED;
    if (err != ACT_E_OK) {
        broker_answer_error(self->broker, call_id, err, "put_tools");
        return;
    }
    act_log_info(self->log, "tools_offered", "service=%.*s,count=%u", ACT_STR_ARG(request.service),
                 request.tools.count);
    act_buf_t out;
    act_buf_init(&out, 16);
    empty_pack(&(empty_t){0}, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
}

void tool_views_tools(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    tools_request_t request;
    if (tools_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        broker_answer_error(self->broker, call_id, ACT_E_MALFORMED, "tools_request");
        return;
    }
    tool_view_t *views = act_arena_alloc_array(arena, TOOLS_MAX_COUNT, sizeof *views);
    uint32_t count = 0;
    tool_row_t row;
    for (uint32_t i = 0;
         self->tools && count < TOOLS_MAX_COUNT && tool_folder_row(self->tools, i, &row); i++)
        if (act_str_empty(request.name) || act_str_is(request.name, row.name))
            views[count++] = view_of(self, &row, arena);
    count = view_offers(self, &request, views, count);
    const tools_reply_t reply = {.tools = {views, count}};
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    tools_reply_pack(&reply, &out);
    broker_answer(self->broker, call_id, out.is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK,
                  act_buf_str(&out));
    act_buf_fini(&out);
}
