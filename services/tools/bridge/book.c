// book: two lists of servers in one; each kind is held against its own source.
#include "book.h"

#include "mcp/mcp_servers.h"
#include "proto/broker_service.h"
#include "proto/persistence_service.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_BUDGET_MS 3000
#define EVERY_MS 60000
#define LOOK_MS 2000
#define RETRY_MS 1000
#define WAITERS_MAX_COUNT 16

struct book {
    server_world_t *world;
    const act_seal_key_t *key;
    server_t *servers;
    uint32_t servers_count;
    mcp_pins_t *pins;
    uint64_t files_hash; // of mcp.json and the approvals
    uint64_t told_hash;
    act_timer_t *every, *look;
    uint64_t call_id; // of the rows; 0: not asking
    struct {
        void (*fn)(void *context, act_err_t err);
        void *context;
    } waiters[WAITERS_MAX_COUNT];
    uint32_t waiters_count;
    act_err_t err; // of the last reading
};

// --- what the broker is told -----------------------------------------------------------------------

static bool is_heard(const server_t *server, act_str_t tenant)
{
    return !*server->tenant || act_str_is(tenant, server->tenant);
}

static uint32_t offers_of(const server_t *server, act_arena_t *arena, tool_offer_t *out,
                          uint32_t room)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < server->tools_count && count < room; i++) {
        const foreign_t *tool = &server->tools[i];
        char *card = tool->card ? json_dumps(tool->card->root, JSON_COMPACT) : NULL;
        out[count++] = (tool_offer_t){
            .name = act_str(tool->name),
            .tenant = act_str(server->tenant),
            .state = act_str(server_state(server, tool)),
            .card = act_arena_str(arena, act_str(card)),
            .error = act_str(tool->card ? server->error : tool->error),
            .source = act_arena_printf(arena, "%s %s", server->kind->name,
                                       server->url ? server->url : server->name),
        };
        free(card);
    }
    return count;
}

static void on_told(void *context, const act_reply_t *reply, const empty_t *nothing)
{
    book_t *self = context;
    (void)nothing;
    if (reply->err == ACT_E_OK)
        return;
    self->told_hash = 0; // again at the next look
    act_log_warn(act_actor_log(self->world->actor), "tools_not_offered", "code=%s",
                 act_err_code(reply->err));
}

void book_tell(book_t *self)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    tool_offer_t *offers = act_arena_alloc_array(arena, 256, sizeof *offers);
    uint32_t count = 0;
    for (const server_t *server = self->servers; server; server = server->next)
        count += offers_of(server, arena, offers + count, 256 - count);
    const put_tools_request_t request = {.service = ACT_STR("bridge"), .tools = {offers, count}};
    act_buf_t bytes;
    act_buf_init(&bytes, ACT_BUF_DEFAULT_MAX_BYTES);
    put_tools_request_pack(&request, &bytes);
    uint64_t hash = act_str_hash(act_buf_str(&bytes), 1) | 1;
    act_buf_fini(&bytes);
    if (hash == self->told_hash)
        return;
    self->told_hash = hash;
    bus_put_tools(self->world->actor, &(act_call_opts_t){.budget_ms = READ_BUDGET_MS}, &request,
                  on_told, self);
}

// --- servers ---------------------------------------------------------------------------------------

static void tell_waiters(book_t *self)
{
    for (const server_t *server = self->servers; server; server = server->next)
        if (server->is_listing)
            return;
    uint32_t count = self->waiters_count;
    self->waiters_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        void (*fn)(void *, act_err_t) = self->waiters[i].fn;
        fn(self->waiters[i].context, self->err);
    }
}

static void on_listed(void *context, server_t *server)
{
    book_t *self = context;
    if (*server->error)
        act_log_warn(act_actor_log(self->world->actor), "server_away", "server=%s,why=%s",
                     server->name, server->error);
    book_tell(self);
    if (self->call_id == 0)
        tell_waiters(self);
}

static server_t *find_row(const book_t *self, const server_kind_t *kind, act_str_t tenant,
                          act_str_t name)
{
    for (server_t *server = self->servers; server; server = server->next)
        if (server->kind == kind && act_str_is(tenant, server->tenant) &&
            act_str_is(name, server->name))
            return server;
    return NULL;
}

static void remove_server(book_t *self, server_t *server)
{
    server_t **place = &self->servers;
    while (*place != server)
        place = &(*place)->next;
    *place = server->next;
    self->servers_count--;
    server_leave(&server);
}

static bool is_good_name(act_str_t name)
{
    return name.len_bytes <= FOREIGN_SERVER_MAX_BYTES && act_tool_name_is_good(name);
}

// The server of this row: the one there is, or a new one in place of it.
static server_t *put_server(book_t *self, const server_kind_t *kind, act_str_t tenant,
                            act_str_t name, uint64_t stamp)
{
    server_t *server = find_row(self, kind, tenant, name);
    if (server && server->stamp == stamp)
        return server;
    if (server)
        remove_server(self, server);
    if (!is_good_name(name) || self->servers_count == BOOK_SERVERS_MAX_COUNT) {
        act_log_warn(act_actor_log(self->world->actor), "server_refused", "server=%.*s",
                     ACT_STR_ARG(name));
        return NULL;
    }
    char tenant_text[65], name_text[FOREIGN_SERVER_MAX_BYTES + 1];
    act_str_copy(tenant, tenant_text, sizeof tenant_text);
    act_str_copy(name, name_text, sizeof name_text);
    server = server_new(self->world, kind, tenant_text, name_text);
    server->stamp = stamp;
    server->listed = on_listed;
    server->context = self;
    server->next = self->servers;
    self->servers = server;
    self->servers_count++;
    return server;
}

static void list_all(book_t *self)
{
    for (server_t *server = self->servers; server; server = server->next)
        server_list(server);
}

// --- rows of org_integrations ----------------------------------------------------------------------

static uint64_t stamp_of(const integration_t *row)
{
    return act_str_hash(row->url, act_str_hash(row->secret, act_str_hash(row->config, 7)));
}

// Of a config that is no JSON none: then every argument is what it looks like.
static json_t *arguments_of(act_str_t config)
{
    json_t *root = NULL;
    if (act_json_parse(config, &root, NULL, NULL) != ACT_E_OK)
        return NULL;
    json_t *arguments = json_incref(json_object_get(root, "arguments"));
    json_decref(root);
    return arguments;
}

static void fill_server(book_t *self, server_t *server, const integration_t *row)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char name[96];
    json_t *pins = NULL;
    act_str_t secret = act_str("");
    if (act_json_parse(row->pins, &pins, NULL, NULL) == ACT_E_OK) {
        json_decref(server->pins);
        server->pins = pins;
    }
    if (server->url)
        return; // the same row as before
    server->arguments = arguments_of(row->config);
    act_str_t url = row->url;
    while (url.len_bytes > 0 && url.ptr[url.len_bytes - 1] == '/')
        url.len_bytes--;
    server->url = act_strdup(act_arena_str(arena, url).ptr);
    snprintf(name, sizeof name, ACT_SEAL_INTEGRATION "%s", server->name);
    if (!act_str_empty(row->secret) &&
        act_open(self->key, row->of_tenant, name, row->secret, arena, &secret) != ACT_E_OK)
        act_log_warn(act_actor_log(self->world->actor), "secret_unopened", "server=%s",
                     server->name);
    else if (!act_str_empty(secret))
        server->secret = act_strdup(secret.ptr);
    act_seal_wipe(&secret);
}

static void take_rows(book_t *self, const list_integrations_reply_t *rows)
{
    server_t *kept[BOOK_SERVERS_MAX_COUNT];
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < rows->integrations.count && kept_count < BOOK_SERVERS_MAX_COUNT; i++) {
        const integration_t *row = &rows->integrations.items[i];
        server_t *server =
            put_server(self, &server_http, row->of_tenant, row->integration_id, stamp_of(row));
        if (server) {
            fill_server(self, server, row);
            kept[kept_count++] = server;
        }
    }
    for (server_t *server = self->servers, *next = NULL; server; server = next) {
        next = server->next;
        bool is_kept = server->kind != &server_http;
        for (uint32_t i = 0; i < kept_count && !is_kept; i++)
            is_kept = kept[i] == server;
        if (!is_kept)
            remove_server(self, server);
    }
}

static void on_rows(void *context, const act_reply_t *reply, const list_integrations_reply_t *rows)
{
    book_t *self = context;
    self->call_id = 0;
    self->err = reply->err;
    if (reply->err == ACT_E_OK)
        take_rows(self, rows);
    else
        act_timer_start(self->every, RETRY_MS, EVERY_MS);
    list_all(self);
    book_tell(self);
    tell_waiters(self);
}

static void read_rows(book_t *self)
{
    const list_integrations_request_t request = {.kind = ACT_STR("tool_server")};
    const act_call_opts_t opts = {.budget_ms = READ_BUDGET_MS};
    if (self->call_id != 0)
        act_actor_cancel(self->world->actor, self->call_id); // what it would bring may be too old
    self->call_id =
        persistence_list_integrations(self->world->actor, &opts, &request, on_rows, self);
}

// --- mcp.json --------------------------------------------------------------------------------------

static uint64_t hash_file(const char *folder, const char *name, uint64_t hash)
{
    char path[4200];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (stat(path, &status) != 0)
        return hash;
    const int64_t facts[] = {(int64_t)status.st_ino, (int64_t)status.st_size,
                             (int64_t)status.st_mtim.tv_sec, (int64_t)status.st_mtim.tv_nsec};
    return act_str_hash(act_str_of(facts, sizeof facts), hash);
}

static void take_mcp(book_t *self)
{
    mcp_servers_t *file = mcp_servers_new(self->world->data_dir, NULL);
    uint64_t stamp = hash_file(self->world->data_dir, "mcp.json", 3);
    for (server_t *server = self->servers, *next = NULL; server; server = next) {
        next = server->next;
        if (server->kind == &server_mcp && server->stamp != stamp)
            remove_server(self, server);
    }
    const char *name = NULL;
    for (uint32_t i = 0; mcp_servers_name(file, i, &name); i++) {
        server_t *server = put_server(self, &server_mcp, act_str(""), act_str(name), stamp);
        if (server && !server->arguments)
            server->arguments = json_deep_copy(mcp_servers_arguments(file, name));
    }
    mcp_servers_destroy(&file);
}

// The files are looked at often, because people change them and wait.
static void on_look(void *context)
{
    book_t *self = context;
    const char *folder = self->world->data_dir;
    uint64_t hash = hash_file(folder, "mcp.approved.json", hash_file(folder, "mcp.json", 5));
    if (hash != self->files_hash) {
        self->files_hash = hash;
        mcp_pins_destroy(&self->pins);
        self->pins = mcp_pins_new(folder);
        self->world->pins = self->pins;
        take_mcp(self);
        list_all(self);
    }
    book_tell(self); // what was not heard, again
}

// --- life ------------------------------------------------------------------------------------------

static void on_every(void *context)
{
    read_rows(context);
}

static void on_welcome(void *context)
{
    book_t *self = context;
    self->told_hash = 0; // a new broker knows nothing
    book_tell(self);
}

book_t *book_new(server_world_t *world, const act_seal_key_t *key)
{
    book_t *self = act_alloc(sizeof *self);
    act_loop_t *loop = act_actor_loop(world->actor);
    *self = (book_t){.world = world, .key = key};
    self->pins = mcp_pins_new(world->data_dir);
    world->pins = self->pins;
    self->every = act_timer_new(loop, on_every, self);
    self->look = act_timer_new(loop, on_look, self);
    act_timer_start(self->every, 0, EVERY_MS);
    act_timer_start(self->look, 0, LOOK_MS);
    act_actor_on_welcome(world->actor, on_welcome, self);
    return self;
}

void book_destroy(book_t **self_p)
{
    book_t *self = act_take(self_p);
    if (!self)
        return;
    act_timer_destroy(&self->every);
    act_timer_destroy(&self->look);
    while (self->servers) {
        server_t *server = self->servers;
        self->servers = server->next;
        server_destroy(&server);
    }
    mcp_pins_destroy(&self->pins);
    act_free(self);
}

void book_drain(book_t *self)
{
    act_timer_stop(self->every);
    act_timer_stop(self->look);
    for (server_t *server = self->servers, *next = NULL; server; server = next) {
        next = server->next;
        if (server->kind != &server_mcp)
            continue;
        bool is_idle = server->open_count == (server->is_listing ? 1u : 0u);
        if (!is_idle) {
            remove_server(self, server);
            continue;
        }
        server_t **place = &self->servers;
        while (*place != server)
            place = &(*place)->next;
        *place = next;
        self->servers_count--;
        server_destroy(&server);
    }
}

void book_refresh(book_t *self, void (*fn)(void *context, act_err_t err), void *context)
{
    if (fn && self->waiters_count == WAITERS_MAX_COUNT) {
        fn(context, ACT_E_OVERLOADED);
        return;
    }
    if (fn) {
        self->waiters[self->waiters_count].fn = fn;
        self->waiters[self->waiters_count++].context = context;
    }
    read_rows(self);
}

// --- looking ---------------------------------------------------------------------------------------

server_t *book_find_tool(const book_t *self, act_str_t tenant, act_str_t name,
                         const foreign_t **ret_tool)
{
    server_t *found = NULL;
    for (server_t *server = self->servers; server; server = server->next) {
        const foreign_t *tool = is_heard(server, tenant) ? server_find(server, name) : NULL;
        if (tool && (!found || *server->tenant)) {
            found = server;
            *ret_tool = tool;
        }
    }
    return found;
}

server_t *book_find_server(const book_t *self, act_str_t tenant, act_str_t name)
{
    return find_row(self, &server_http, tenant, name);
}

void book_describe(const server_t *server, act_arena_t *arena, server_view_t *ret_row)
{
    server_tool_t *tools = act_arena_alloc_array(arena, SERVER_TOOLS_MAX_COUNT, sizeof *tools);
    for (uint32_t i = 0; i < server->tools_count; i++)
        tools[i] = (server_tool_t){
            .name = act_str(server->tools[i].name),
            .remote = act_str(server->tools[i].remote),
            .state = act_str(server_state(server, &server->tools[i])),
            .error = act_str(server->tools[i].error),
        };
    *ret_row = (server_view_t){
        .tenant = act_str(server->tenant),
        .server = act_str(server->name),
        .kind = act_str(server->kind->name),
        .source = act_str(server->url),
        .error = act_str(server->error),
        .tools = {tools, server->tools_count},
    };
}

bool book_row(const book_t *self, act_str_t tenant, uint32_t index, act_arena_t *arena,
              server_view_t *ret_row)
{
    for (const server_t *server = self->servers; server; server = server->next)
        if (is_heard(server, tenant) && index-- == 0) {
            book_describe(server, arena, ret_row);
            return true;
        }
    return false;
}
