// mcp_client: requests wait until the era is known. Probe with server/discover; a server that does not
// understand is asked to initialize.
#include "mcp/mcp_client.h"

#include "mcp/mcp_header.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define PROBE_MS 3000
#define HEADERS_MAX_COUNT (8 + MCP_PARAMS_MAX_COUNT)

typedef enum { NEW, PROBING, INITIALIZING, MODERN, LEGACY, BROKEN } state_t;

typedef struct request request_t;
struct request {
    request_t *next;
    mcp_client_t *client;
    uint64_t id;
    const char *method;
    json_t *params;
    act_timer_t *timer;
    bool is_sent;
    // Of ours (list): each page goes to on_page; else the answer goes to fn.
    void (*own)(mcp_client_t *self, request_t *request, const mcp_answer_t *answer);
    mcp_answer_fn *fn;
    void *context;
    json_t *tools; // of list: found so far
    uint32_t pages_count;
};

struct mcp_client {
    act_loop_t *loop;
    mcp_client_spec_t spec;
    mcp_link_t *link;
    state_t state;
    uint64_t opening_id; // of the initialize whose exchange goes on
    uint16_t status;     // of the exchange that is being read
    char version[16];
    char session[256];
    request_t *requests;
    uint32_t requests_count;
    uint64_t last_id;
    json_t *tools; // listed; NULL: not, or no more
    int64_t tools_until_ms;
};

static void start(mcp_client_t *self);
static void send_waiting(mcp_client_t *self);

// --- requests ------------------------------------------------------------------------------------

static void end_request(request_t *request)
{
    mcp_client_t *self = request->client;
    request_t **at = &self->requests;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    self->requests_count--;
    act_timer_destroy(&request->timer);
    json_decref(request->params);
    json_decref(request->tools);
    act_free(request);
}

static void answer(request_t *request, const mcp_answer_t *given)
{
    if (request->own) {
        request->own(request->client, request, given);
        return;
    }
    mcp_answer_fn *fn = request->fn;
    void *context = request->context;
    json_t *result = json_incref((json_t *)given->result);
    end_request(request);
    mcp_answer_t copy = *given;
    copy.result = result;
    fn(context, &copy);
    json_decref(result);
}

static void fail(request_t *request, act_err_t err, const char *text)
{
    answer(request, &(mcp_answer_t){.err = err, .text = text});
}

static request_t *find(mcp_client_t *self, uint64_t id)
{
    request_t *request = self->requests;
    while (request && request->id != id)
        request = request->next;
    return request;
}

static void on_timeout(void *context)
{
    request_t *request = context;
    mcp_client_t *self = request->client;
    bool is_probe = self->state == PROBING && strcmp(request->method, "server/discover") == 0;
    if (!is_probe && request->is_sent)
        self->link->cancel(self->link, request->id);
    fail(request, ACT_E_DEADLINE, "the server did not answer in time");
}

static request_t *add_request(mcp_client_t *self, const char *method, json_t *params)
{
    request_t *request = act_alloc(sizeof *request);
    *request =
        (request_t){.client = self, .id = ++self->last_id, .method = method, .params = params};
    request->timer = act_timer_new(self->loop, on_timeout, request);
    request->next = self->requests;
    self->requests = request;
    self->requests_count++;
    return request;
}

// --- sending -------------------------------------------------------------------------------------

typedef struct {
    const char *lines[HEADERS_MAX_COUNT + 1];
    size_t count;
    act_arena_t *arena;
} headers_t;

static void add_header(headers_t *self, const char *name, act_str_t value)
{
    if (self->count < HEADERS_MAX_COUNT)
        self->lines[self->count++] =
            act_arena_printf(self->arena, "%s: %" ACT_STR_FMT, name, ACT_STR_ARG(value)).ptr;
}

static bool add_param(void *context, act_str_t header, const act_str_t *text)
{
    headers_t *self = context;
    if (text)
        add_header(self, header.ptr, mcp_header_encode(*text, self->arena));
    return true;
}

static const json_t *tool_of(const mcp_client_t *self, act_str_t name)
{
    for (size_t i = 0; i < json_array_size(self->tools); i++)
        if (act_str_eq(act_json_str(json_array_get(self->tools, i), "name"), name))
            return json_array_get(self->tools, i);
    return NULL;
}

static bool is_modern(const mcp_client_t *self)
{
    return self->state == MODERN || self->state == PROBING;
}

static void add_headers(const mcp_client_t *self, headers_t *headers, const char *method,
                        const json_t *params)
{
    add_header(headers, "Accept", ACT_STR("application/json, text/event-stream"));
    if (!is_modern(self)) {
        if (self->state == LEGACY)
            add_header(headers, "MCP-Protocol-Version", act_str(self->version));
        if (self->session[0] != '\0')
            add_header(headers, "Mcp-Session-Id", act_str(self->session));
        return;
    }
    add_header(headers, "MCP-Protocol-Version", ACT_STR(MCP_MODERN));
    add_header(headers, "Mcp-Method", act_str(method));
    act_str_t name = act_json_str(params, "name");
    if (strcmp(method, "tools/call") != 0)
        return;
    add_header(headers, "Mcp-Name", mcp_header_encode(name, headers->arena));
    const json_t *schema = act_json_object(tool_of(self, name), "inputSchema");
    (void)mcp_params_walk(schema, json_object_get(params, "arguments"), headers->arena, add_param,
                          headers);
}

static json_t *with_meta(const mcp_client_t *self, const request_t *request)
{
    json_t *params = request->params ? json_copy(request->params) : json_object();
    json_t *meta = json_object();
    if (is_modern(self)) {
        json_object_set_new(meta, MCP_META_VERSION, json_string(MCP_MODERN));
        json_object_set_new(meta, MCP_META_CAPABILITIES, json_object());
        json_object_set_new(meta, MCP_META_CLIENT,
                            mcp_implementation(self->spec.name, self->spec.version));
    }
    if (self->spec.on_progress && strcmp(request->method, "tools/call") == 0)
        json_object_set_new(meta, "progressToken", json_integer((json_int_t)request->id));
    if (json_object_size(meta) > 0)
        json_object_set(params, "_meta", meta);
    json_decref(meta);
    return params;
}

static void send_message(mcp_client_t *self, uint64_t id, const char *method, json_t *message,
                         uint32_t timeout_ms)
{
    act_arena_t *arena = act_arena_new();
    headers_t headers = {.arena = arena};
    add_headers(self, &headers, method, json_object_get(message, "params"));
    act_buf_t text;
    act_buf_init(&text, MCP_MESSAGE_MAX_BYTES);
    mcp_dump(message, &text);
    request_t *request = find(self, id);
    if (!text.is_overflowed)
        self->link->send(self->link, &(mcp_out_t){.id = id,
                                                  .text = act_buf_str(&text),
                                                  .headers = headers.lines,
                                                  .timeout_ms = timeout_ms});
    else if (request)
        act_timer_start(request->timer, 0, 0);
    act_buf_fini(&text);
    act_arena_destroy(&arena);
    json_decref(message);
}

static void send_request(mcp_client_t *self, request_t *request, uint32_t timeout_ms)
{
    request->is_sent = true;
    act_timer_start(request->timer, timeout_ms, 0);
    json_t *message = mcp_request(json_integer((json_int_t)request->id), request->method,
                                  with_meta(self, request));
    send_message(self, request->id, request->method, message, timeout_ms);
}

static void notify(mcp_client_t *self, const char *method, json_t *params)
{
    send_message(self, 0, method, mcp_request(NULL, method, params), TIMEOUT_MS);
}

static uint32_t timeout_of(const mcp_client_t *self)
{
    return self->spec.timeout_ms > 0 ? self->spec.timeout_ms : TIMEOUT_MS;
}

static void send_waiting(mcp_client_t *self)
{
    for (request_t *request = self->requests, *next = NULL; request; request = next) {
        next = request->next;
        if (!request->is_sent)
            send_request(self, request, timeout_of(self));
    }
}

// --- which era -----------------------------------------------------------------------------------

static void give_up(mcp_client_t *self, act_err_t err, const char *text)
{
    self->state = BROKEN;
    while (self->requests)
        fail(self->requests, err, text);
}

static void open_session(mcp_client_t *self)
{
    self->opening_id = 0;
    notify(self, "notifications/initialized", NULL);
    send_waiting(self);
}

static void on_initialized(mcp_client_t *self, request_t *request, const mcp_answer_t *given)
{
    act_str_t version = act_json_str(given->result, "protocolVersion");
    bool is_known = given->err == ACT_E_OK && mcp_is_legacy_version(version);
    if (is_known)
        (void)act_str_copy(version, self->version, sizeof self->version);
    act_err_t err = given->err == ACT_E_OK ? ACT_E_NOT_CONFIGURED : given->err;
    uint64_t id = request->id;
    end_request(request);
    if (!is_known) {
        give_up(self, err,
                given->err == ACT_E_OK ? "it does not initialize with a version that is spoken here"
                                       : given->text);
        return;
    }
    self->state = LEGACY;
    self->opening_id = self->link->is_http ? id : 0; // the session's id is known at its end
    if (!self->link->is_http)
        open_session(self);
}

static void initialize(mcp_client_t *self)
{
    self->state = INITIALIZING;
    self->session[0] = '\0';
    json_t *params = json_object();
    json_object_set_new(params, "protocolVersion", json_string(MCP_LEGACY));
    json_object_set_new(params, "capabilities", json_object());
    json_object_set_new(params, "clientInfo",
                        mcp_implementation(self->spec.name, self->spec.version));
    request_t *request = add_request(self, "initialize", params);
    request->own = on_initialized;
    send_request(self, request, timeout_of(self));
}

static bool speaks_modern(const json_t *versions)
{
    for (size_t i = 0; i < json_array_size(versions); i++) {
        const char *version = json_string_value(json_array_get(versions, i));
        if (version && strcmp(version, MCP_MODERN) == 0)
            return true;
    }
    return false;
}

// An answer of the modern protocol: a result, or an error that only it has.
static bool is_modern_answer(const mcp_client_t *self, const mcp_answer_t *given)
{
    const json_t *versions = given->err == ACT_E_OK
                                 ? act_json_array(given->result, "supportedVersions")
                                 : act_json_array(given->data, "supported");
    bool is_said = given->err == ACT_E_OK || given->code == MCP_UNSUPPORTED_VERSION ||
                   given->code == MCP_HEADER_MISMATCH || given->code == MCP_MISSING_CAPABILITY ||
                   (given->code == MCP_UNKNOWN_METHOD && self->status == 404);
    // Some servers answer everything with an empty object; only modern results say what they are.
    bool is_plain = given->err == ACT_E_OK && !json_object_get(given->result, "resultType");
    return is_said && (versions ? speaks_modern(versions) : self->link->is_http && !is_plain);
}

static void on_discovered(mcp_client_t *self, request_t *request, const mcp_answer_t *given)
{
    bool is_ours = is_modern_answer(self, given);
    end_request(request);
    if (self->state == BROKEN)
        return;
    if (!is_ours) {
        initialize(self);
        return;
    }
    self->state = MODERN;
    (void)act_str_copy(ACT_STR(MCP_MODERN), self->version, sizeof self->version);
    send_waiting(self);
}

static void start(mcp_client_t *self)
{
    if (self->state != NEW)
        return;
    self->state = PROBING;
    request_t *request = add_request(self, "server/discover", NULL);
    request->own = on_discovered;
    send_request(self, request, PROBE_MS);
}

// --- what comes ----------------------------------------------------------------------------------

static void on_response(mcp_client_t *self, const mcp_message_t *message)
{
    request_t *request =
        json_is_integer(message->id) ? find(self, (uint64_t)json_integer_value(message->id)) : NULL;
    if (!request || !request->is_sent)
        return; // late, or never asked
    mcp_answer_t given = {.err = ACT_E_OK, .result = message->result};
    act_str_t type = act_json_str(message->result, "resultType");
    if (message->error) {
        given = (mcp_answer_t){.err = ACT_E_INTERNAL,
                               .code = (int)act_json_int(message->error, "code", 0),
                               .text = "the server refused"};
        const char *text = json_string_value(json_object_get(message->error, "message"));
        given.text = text ? text : given.text;
        given.data = json_object_get(message->error, "data");
    } else if (!json_is_object(message->result) ||
               (!act_str_empty(type) && !act_str_is(type, "complete"))) {
        given = (mcp_answer_t){.err = ACT_E_INTERNAL,
                               .text = "a result of no kind that is spoken here"};
    }
    answer(request, &given);
}

static void forget_tools(mcp_client_t *self)
{
    json_decref(self->tools);
    self->tools = NULL;
}

static void on_notification(mcp_client_t *self, const mcp_message_t *message)
{
    if (act_str_is(message->method, "notifications/tools/list_changed"))
        self->tools_until_ms = 0;
    const json_t *token = json_object_get(message->params, "progressToken");
    if (!act_str_is(message->method, "notifications/progress") || !json_is_integer(token))
        return;
    uint64_t id = (uint64_t)json_integer_value(token);
    request_t *request = find(self, id);
    if (request && self->spec.on_progress && strcmp(request->method, "tools/call") == 0)
        self->spec.on_progress(self->spec.context, id,
                               json_number_value(json_object_get(message->params, "progress")),
                               json_number_value(json_object_get(message->params, "total")),
                               act_json_str(message->params, "message"));
}

// Servers of the older revisions ask too; we can do nothing for them but say that we are here.
static void on_request(mcp_client_t *self, const mcp_message_t *message)
{
    bool is_ping = act_str_is(message->method, "ping");
    json_t *reply = is_ping ? mcp_result(message->id, json_object())
                            : mcp_error(message->id, MCP_UNKNOWN_METHOD, "not offered", NULL);
    send_message(self, 0, "", reply, TIMEOUT_MS);
}

static void on_message(void *context, act_str_t text)
{
    mcp_client_t *self = context;
    mcp_message_t message;
    if (mcp_message_read(text, &message) == 0) {
        if (message.kind == MCP_RESPONSE)
            on_response(self, &message);
        else if (message.kind == MCP_NOTIFICATION)
            on_notification(self, &message);
        else if (!is_modern(self))
            on_request(self, &message);
    }
    mcp_message_fini(&message);
}

static void on_end(void *context, const mcp_end_t *end)
{
    mcp_client_t *self = context;
    if (end->id == 0 && !self->link->is_http) {
        give_up(self, end->err, end->text);
        return;
    }
    request_t *request = find(self, end->id);
    bool is_first = request && strcmp(request->method, "initialize") == 0;
    if (!act_str_empty(end->session) && self->session[0] == '\0' &&
        (self->state == INITIALIZING || self->state == LEGACY))
        (void)act_str_copy(end->session, self->session, sizeof self->session);
    if (end->id != 0 && end->id == self->opening_id)
        open_session(self);
    if (!request)
        return;
    self->status = end->status;
    if (end->status >= 400 && !is_first)
        on_message(self, end->body); // an error of the protocol, perhaps
    request = find(self, end->id);
    if (request && self->state == LEGACY && end->status == 404) {
        request->is_sent = false; // the session is over: another one
        act_timer_stop(request->timer);
        initialize(self);
    } else if (request) {
        fail(request, end->err == ACT_E_OK ? ACT_E_UNAVAILABLE : end->err,
             end->text ? end->text : "the server gave no answer");
    }
}

// --- list ----------------------------------------------------------------------------------------

static void take_tools(request_t *request, const json_t *tools)
{
    for (size_t i = 0; i < json_array_size(tools); i++) {
        json_t *tool = json_array_get(tools, i);
        const json_t *schema = act_json_object(tool, "inputSchema");
        act_str_t name = act_json_str(tool, "name");
        if (!act_str_empty(name) && name.len_bytes <= 128 &&
            act_str_is(act_json_str(schema, "type"), "object") && mcp_params_are_valid(schema) &&
            json_array_size(request->tools) < MCP_TOOLS_MAX_COUNT)
            json_array_append(request->tools, tool);
    }
}

static void on_page(mcp_client_t *self, request_t *request, const mcp_answer_t *given)
{
    if (given->err != ACT_E_OK) {
        request->own = NULL;
        answer(request, given);
        return;
    }
    take_tools(request, act_json_array(given->result, "tools"));
    json_t *cursor = json_object_get(given->result, "nextCursor");
    bool is_same = json_equal(cursor, json_object_get(request->params, "cursor"));
    if (json_is_string(cursor) && !is_same && ++request->pages_count < MCP_PAGES_MAX_COUNT) {
        json_t *params = json_object();
        json_object_set(params, "cursor", cursor);
        json_decref(request->params);
        request->params = params;
        request->id = ++self->last_id;
        send_request(self, request, timeout_of(self));
        return;
    }
    forget_tools(self);
    self->tools = json_incref(request->tools);
    int64_t ttl_ms = act_json_int(given->result, "ttlMs", self->state == LEGACY ? INT32_MAX : 0);
    self->tools_until_ms = act_loop_now_ms(self->loop) + (ttl_ms > 0 ? ttl_ms : 0);
    json_t *result = json_object();
    json_object_set(result, "tools", request->tools);
    request->own = NULL;
    answer(request, &(mcp_answer_t){.err = ACT_E_OK, .result = result});
    json_decref(result);
}

static uint64_t begin(mcp_client_t *self, request_t *request)
{
    uint64_t id = request->id;
    if (self->requests_count > MCP_REQUESTS_MAX_COUNT || self->state == BROKEN)
        act_timer_start(request->timer, 0, 0);
    else if (self->state == MODERN || (self->state == LEGACY && self->opening_id == 0))
        send_request(self, request, timeout_of(self));
    else
        start(self);
    return id;
}

uint64_t mcp_client_list(mcp_client_t *self, mcp_answer_fn *fn, void *context)
{
    request_t *request = add_request(self, "tools/list", NULL);
    request->own = on_page;
    request->fn = fn;
    request->context = context;
    request->tools = json_array();
    return begin(self, request);
}

uint64_t mcp_client_call(mcp_client_t *self, act_str_t tool, const json_t *arguments,
                         mcp_answer_fn *fn, void *context)
{
    json_t *params = json_object();
    json_object_set_new(params, "name", json_stringn(tool.ptr, tool.len_bytes));
    json_object_set_new(params, "arguments", arguments ? json_deep_copy(arguments) : json_object());
    request_t *request = add_request(self, "tools/call", params);
    request->fn = fn;
    request->context = context;
    return begin(self, request);
}

void mcp_client_cancel(mcp_client_t *self, uint64_t id)
{
    request_t *request = find(self, id);
    if (!request)
        return;
    if (request->is_sent && !(is_modern(self) && self->link->is_http)) {
        json_t *params = json_object();
        json_object_set_new(params, "requestId", json_integer((json_int_t)id));
        notify(self, "notifications/cancelled", params);
    }
    self->link->cancel(self->link, id);
    end_request(request);
}

// --- life ----------------------------------------------------------------------------------------

mcp_client_t *mcp_client_new(act_loop_t *loop, const mcp_client_spec_t *spec)
{
    mcp_client_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->spec = *spec;
    mcp_link_events_t events = {.on_message = on_message, .on_end = on_end, .context = self};
    self->link = spec->process.argv ? mcp_link_process(loop, &spec->process, &events)
                                    : mcp_link_http(loop, &spec->http, &events);
    if (!self->link)
        act_free(act_take(&self));
    return self;
}

void mcp_client_destroy(mcp_client_t **self_p)
{
    mcp_client_t *self = act_take(self_p);
    if (!self)
        return;
    while (self->requests)
        end_request(self->requests);
    self->link->destroy(self->link);
    forget_tools(self);
    act_free(self);
}

const char *mcp_client_version(const mcp_client_t *self)
{
    return self->version[0] != '\0' ? self->version : NULL;
}

static int hash_more(const char *bytes, size_t len_bytes, void *context)
{
    crypto_generichash_update(context, (const unsigned char *)bytes, len_bytes);
    return 0;
}

void mcp_tool_pin(const json_t *tool, char *ret_pin)
{
    static const char *const seen[] = {"name",        "title",        "description",
                                       "inputSchema", "outputSchema", "annotations"};
    json_t *view = json_object();
    for (size_t i = 0; i < ACT_COUNT(seen); i++)
        if (json_object_get(tool, seen[i]))
            json_object_set(view, seen[i], json_object_get(tool, seen[i]));
    crypto_generichash_state state;
    unsigned char hash[32];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)json_dump_callback(view, hash_more, &state, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(ret_pin, MCP_PIN_BYTES, hash, sizeof hash);
    json_decref(view);
}
