// mcp_client: requests wait until the era is known. Probe with server/discover; a server that does not
// understand is asked to initialize.
#include "mcp/mcp_client_private.h"
#include "mcp/mcp_header.h"

#include <string.h>

#define TIMEOUT_MS 30000
#define PROBE_MS 3000

// --- requests -----------------------------------------------------------------------------------

static void end_request(mcp_asking_t *asking)
{
    mcp_client_t *self = asking->client;
    mcp_asking_t **at = &self->askings;
    while (*at != asking)
        at = &(*at)->next;
    *at = asking->next;
    self->askings_count--;
    act_timer_destroy(&asking->timer);
    act_timer_destroy(&asking->again);
    json_decref(asking->params);
    json_decref(asking->tools);
    act_free(asking);
}

static void answer(mcp_asking_t *asking, const mcp_answer_t *given)
{
    if (asking->own) {
        asking->own(asking->client, asking, given);
        return;
    }
    mcp_answer_fn *fn = asking->fn;
    void *context = asking->context;
    json_t *result = json_incref((json_t *)given->result);
    end_request(asking);
    mcp_answer_t copy = *given;
    copy.result = result;
    fn(context, &copy);
    json_decref(result);
}

void mcp_client_fail(mcp_asking_t *asking, act_err_t err, const char *text)
{
    answer(asking, &(mcp_answer_t){.err = err, .text = text});
}

mcp_asking_t *mcp_client_find(mcp_client_t *self, uint64_t wire_id)
{
    mcp_asking_t *asking = self->askings;
    while (asking && asking->wire_id != wire_id)
        asking = asking->next;
    return asking;
}

static mcp_asking_t *find_caller(mcp_client_t *self, uint64_t id)
{
    mcp_asking_t *asking = self->askings;
    while (asking && asking->id != id)
        asking = asking->next;
    return asking;
}

static void on_timeout(void *context)
{
    mcp_asking_t *asking = context;
    mcp_client_t *self = asking->client;
    bool is_probe = self->state == MCP_PROBING && strcmp(asking->method, "server/discover") == 0;
    if (!is_probe && asking->is_sent)
        self->link->cancel(self->link, asking->wire_id);
    mcp_client_fail(asking, ACT_E_DEADLINE, "the server did not answer in time");
}

static mcp_asking_t *add_request(mcp_client_t *self, const char *method, json_t *params)
{
    mcp_asking_t *asking = act_alloc(sizeof *asking);
    *asking =
        (mcp_asking_t){.client = self, .id = ++self->last_id, .method = method, .params = params};
    asking->wire_id = asking->id;
    asking->timer = act_timer_new(self->loop, on_timeout, asking);
    asking->next = self->askings;
    self->askings = asking;
    self->askings_count++;
    return asking;
}

static uint32_t timeout_of(const mcp_client_t *self)
{
    return self->spec.timeout_ms > 0 ? self->spec.timeout_ms : TIMEOUT_MS;
}

static void send_waiting(mcp_client_t *self)
{
    for (mcp_asking_t *asking = self->askings, *next = NULL; asking; asking = next) {
        next = asking->next;
        if (!asking->is_sent)
            mcp_client_send(self, asking, timeout_of(self));
    }
}

// --- which era -----------------------------------------------------------------------------------

static void give_up(mcp_client_t *self, act_err_t err, const char *text)
{
    self->state = MCP_IS_BROKEN;
    while (self->askings)
        mcp_client_fail(self->askings, err, text);
}

static void open_session(mcp_client_t *self)
{
    self->opening_id = 0;
    mcp_client_notify(self, "notifications/initialized", NULL);
    send_waiting(self);
}

static void on_initialized(mcp_client_t *self, mcp_asking_t *asking, const mcp_answer_t *given)
{
    act_str_t version = act_json_str(given->result, "protocolVersion");
    bool is_known = given->err == ACT_E_OK && mcp_is_legacy_version(version);
    if (is_known)
        (void)act_str_copy(version, self->version, sizeof self->version);
    act_err_t err = given->err == ACT_E_OK ? ACT_E_NOT_CONFIGURED : given->err;
    uint64_t id = asking->wire_id;
    end_request(asking);
    if (!is_known) {
        give_up(self, err,
                given->err == ACT_E_OK ? "it does not initialize with a version that is spoken here"
                                       : given->text);
        return;
    }
    self->state = MCP_IS_LEGACY;
    self->opening_id = self->link->is_http ? id : 0; // the session's id is known at its end
    if (!self->link->is_http)
        open_session(self);
}

static void initialize(mcp_client_t *self)
{
    self->state = MCP_INITIALIZING;
    self->session[0] = '\0';
    json_t *params = json_object();
    json_object_set_new(params, "protocolVersion", json_string(MCP_LEGACY));
    json_object_set_new(params, "capabilities", json_object());
    json_object_set_new(params, "clientInfo",
                        mcp_implementation(self->spec.name, self->spec.version));
    mcp_asking_t *asking = add_request(self, "initialize", params);
    asking->own = on_initialized;
    mcp_client_send(self, asking, timeout_of(self));
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

static void on_discovered(mcp_client_t *self, mcp_asking_t *asking, const mcp_answer_t *given)
{
    bool is_ours = is_modern_answer(self, given);
    end_request(asking);
    if (self->state == MCP_IS_BROKEN)
        return;
    if (!is_ours) {
        initialize(self);
        return;
    }
    self->state = MCP_IS_MODERN;
    (void)act_str_copy(ACT_STR(MCP_MODERN), self->version, sizeof self->version);
    send_waiting(self);
}

static void start(mcp_client_t *self)
{
    if (self->state != MCP_NEW)
        return;
    self->state = MCP_PROBING;
    mcp_asking_t *asking = add_request(self, "server/discover", NULL);
    asking->own = on_discovered;
    mcp_client_send(self, asking, PROBE_MS);
}

// --- what comes ----------------------------------------------------------------------------------

static void on_response(mcp_client_t *self, const mcp_message_t *message)
{
    mcp_asking_t *asking = json_is_integer(message->id)
                               ? mcp_client_find(self, (uint64_t)json_integer_value(message->id))
                               : NULL;
    if (!asking || !asking->is_sent)
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
    if (asking->again) // a stream that was taken up may stay open behind the answer
        self->link->cancel(self->link, asking->wire_id);
    answer(asking, &given);
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
    mcp_asking_t *asking = mcp_client_find(self, id);
    if (asking && self->spec.on_progress && strcmp(asking->method, "tools/call") == 0)
        self->spec.on_progress(self->spec.context, asking->id,
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
    mcp_client_reply(self, reply);
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
        else if (!mcp_client_is_modern(self))
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
    mcp_asking_t *asking = mcp_client_find(self, end->id);
    bool is_first = asking && strcmp(asking->method, "initialize") == 0;
    if (!act_str_empty(end->session) && self->session[0] == '\0' &&
        (self->state == MCP_INITIALIZING || self->state == MCP_IS_LEGACY))
        (void)act_str_copy(end->session, self->session, sizeof self->session);
    if (end->id != 0 && end->id == self->opening_id)
        open_session(self);
    if (!asking)
        return;
    self->status = end->status;
    if (end->status >= 400 && !is_first)
        on_message(self, end->body); // an error of the protocol, perhaps
    asking = mcp_client_find(self, end->id);
    bool was_taken = asking && asking->resume.event_id[0] != '\0'; // and may have been done
    if (asking && self->state == MCP_IS_LEGACY && end->status == 404 && !was_taken) {
        asking->is_sent = false; // the session is over: another one
        act_timer_stop(asking->timer);
        initialize(self);
    } else if (asking && !mcp_client_resume(self, asking, end)) {
        mcp_client_fail(asking, end->err == ACT_E_OK ? ACT_E_UNAVAILABLE : end->err,
                        end->text ? end->text : "the server gave no answer");
    }
}

// --- list ----------------------------------------------------------------------------------------

static void take_tools(mcp_asking_t *asking, const json_t *tools)
{
    for (size_t i = 0; i < json_array_size(tools); i++) {
        json_t *tool = json_array_get(tools, i);
        const json_t *schema = act_json_object(tool, "inputSchema");
        act_str_t name = act_json_str(tool, "name");
        if (!act_str_empty(name) && name.len_bytes <= 128 &&
            act_str_is(act_json_str(schema, "type"), "object") && mcp_params_are_valid(schema) &&
            json_array_size(asking->tools) < MCP_TOOLS_MAX_COUNT)
            json_array_append(asking->tools, tool);
    }
}

static void on_page(mcp_client_t *self, mcp_asking_t *asking, const mcp_answer_t *given)
{
    if (given->err != ACT_E_OK) {
        asking->own = NULL;
        answer(asking, given);
        return;
    }
    take_tools(asking, act_json_array(given->result, "tools"));
    json_t *cursor = json_object_get(given->result, "nextCursor");
    bool is_same = json_equal(cursor, json_object_get(asking->params, "cursor"));
    if (json_is_string(cursor) && !is_same && ++asking->pages_count < MCP_PAGES_MAX_COUNT) {
        json_t *params = json_object();
        json_object_set(params, "cursor", cursor);
        json_decref(asking->params);
        asking->params = params;
        asking->wire_id = ++self->last_id;
        asking->resume = (mcp_resume_t){.tries_count = 0};
        mcp_client_send(self, asking, timeout_of(self));
        return;
    }
    forget_tools(self);
    self->tools = json_incref(asking->tools);
    int64_t ttl_ms =
        act_json_int(given->result, "ttlMs", self->state == MCP_IS_LEGACY ? INT32_MAX : 0);
    self->tools_until_ms = act_loop_now_ms(self->loop) + (ttl_ms > 0 ? ttl_ms : 0);
    json_t *result = json_object();
    json_object_set(result, "tools", asking->tools);
    asking->own = NULL;
    answer(asking, &(mcp_answer_t){.err = ACT_E_OK, .result = result});
    json_decref(result);
}

static uint64_t begin(mcp_client_t *self, mcp_asking_t *asking)
{
    uint64_t id = asking->id;
    if (self->askings_count > MCP_REQUESTS_MAX_COUNT || self->state == MCP_IS_BROKEN)
        act_timer_start(asking->timer, 0, 0);
    else if (self->state == MCP_IS_MODERN ||
             (self->state == MCP_IS_LEGACY && self->opening_id == 0))
        mcp_client_send(self, asking, timeout_of(self));
    else
        start(self);
    return id;
}

uint64_t mcp_client_list(mcp_client_t *self, mcp_answer_fn *fn, void *context)
{
    mcp_asking_t *asking = add_request(self, "tools/list", NULL);
    asking->own = on_page;
    asking->fn = fn;
    asking->context = context;
    asking->tools = json_array();
    return begin(self, asking);
}

uint64_t mcp_client_call(mcp_client_t *self, act_str_t tool, const json_t *arguments,
                         mcp_answer_fn *fn, void *context)
{
    json_t *params = json_object();
    json_object_set_new(params, "name", json_stringn(tool.ptr, tool.len_bytes));
    json_object_set_new(params, "arguments", arguments ? json_deep_copy(arguments) : json_object());
    mcp_asking_t *asking = add_request(self, "tools/call", params);
    asking->fn = fn;
    asking->context = context;
    return begin(self, asking);
}

void mcp_client_cancel(mcp_client_t *self, uint64_t id)
{
    mcp_asking_t *asking = find_caller(self, id);
    if (!asking)
        return;
    if (asking->is_sent && !(mcp_client_is_modern(self) && self->link->is_http)) {
        json_t *params = json_object();
        json_object_set_new(params, "requestId", json_integer((json_int_t)asking->wire_id));
        mcp_client_notify(self, "notifications/cancelled", params);
    }
    self->link->cancel(self->link, asking->wire_id);
    end_request(asking);
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
    while (self->askings)
        end_request(self->askings);
    self->link->destroy(self->link);
    forget_tools(self);
    act_free(self);
}

const char *mcp_client_version(const mcp_client_t *self)
{
    return self->version[0] != '\0' ? self->version : NULL;
}
