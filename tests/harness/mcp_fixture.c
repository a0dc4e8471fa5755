// mcp_fixture: the MCP server of admin with the tools that scenarios of the conformance suite name
// (docs/mcp.md), so that none passes because a tool is not found. For tests; without a token, on the
// loopback address.
//
//   mcp_fixture [TOOLS_IN_A_PAGE]     prints "listening http://127.0.0.1:PORT/mcp", ends with its input
#include "mcp/mcp_origin.h"
#include "mcp/mcp_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PNG "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
#define WAV "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
#define IMAGE "{\"type\":\"image\",\"data\":\"" PNG "\",\"mimeType\":\"image/png\"}"
#define RESOURCE(uri, type, text)                                                                  \
    "{\"type\":\"resource\",\"resource\":{\"uri\":\"" uri "\",\"mimeType\":\"" type                \
    "\",\"text\":\"" text "\"}}"
#define PLAIN "{\"type\":\"object\",\"properties\":{}}"
#define SCHEMA_2020                                                                                \
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","           \
    "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{"      \
    "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},\"properties\":{"          \
    "\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"                   \
    "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"                      \
    "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},"                            \
    "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"             \
    "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},\"required\":["              \
    "\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]}," \
    "\"additionalProperties\":false}"

typedef struct {
    const char *name;
    const char *schema;
    const char *result; // NULL: progress, then a text
    const char *capability;
} fixture_t;

static const fixture_t fixtures[] = {
    {"test_simple_text", PLAIN,
     "{\"content\":[{\"type\":\"text\",\"text\":\"This is a simple text response for testing.\"}]}",
     NULL},
    {"test_image_content", PLAIN, "{\"content\":[" IMAGE "]}", NULL},
    {"test_audio_content", PLAIN,
     "{\"content\":[{\"type\":\"audio\",\"data\":\"" WAV "\",\"mimeType\":\"audio/wav\"}]}", NULL},
    {"test_embedded_resource", PLAIN,
     "{\"content\":[" RESOURCE("test://embedded-resource", "text/plain",
                               "This is an embedded resource content.") "]}",
     NULL},
    {"test_multiple_content_types", PLAIN,
     "{\"content\":[{\"type\":\"text\",\"text\":\"Multiple content types test:\"}," IMAGE
     "," RESOURCE("test://mixed-content-resource", "application/json", "{}") "]}",
     NULL},
    {"test_error_handling", PLAIN,
     "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"This tool intentionally returns "
     "an error for testing\"}]}",
     NULL},
    {"test_tool_with_progress", PLAIN, NULL, NULL},
    {"json_schema_2020_12_tool", SCHEMA_2020,
     "{\"content\":[{\"type\":\"text\",\"text\":\"checked\"}]}", NULL},
    {"test_missing_capability", PLAIN, "{\"content\":[]}", "sampling"},
    {"test_logging_tool", PLAIN, "{\"content\":[{\"type\":\"text\",\"text\":\"not logged\"}]}",
     NULL},
    {"test_streaming_elicitation", PLAIN, NULL, "elicitation"},
    {"test_custom_header",
     "{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\",\"x-mcp-header\":"
     "\"Region\"}}}",
     "{\"content\":[{\"type\":\"text\",\"text\":\"the header fits\"}]}", NULL},
};

typedef struct {
    act_loop_t *loop;
    mcp_server_t *mcp;
    act_http_server_t *http;
    act_watch_t *input;
} world_t;

typedef struct {
    mcp_call_t *call;
    act_timer_t *timer;
    int step;
} progress_t;

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    if (!value)
        abort();
    return value;
}

static void on_step(void *context)
{
    progress_t *self = context;
    if (self->step <= 2)
        mcp_call_progress(self->call, 50.0 * self->step, 100, ACT_STR("under way"));
    if (self->step++ <= 2)
        return;
    mcp_call_reply(&self->call, parse("{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}"));
    act_timer_destroy(&self->timer);
    act_free(self);
}

static void on_call(void *context, mcp_call_t *call, size_t tool, const json_t *arguments)
{
    (void)arguments;
    world_t *world = context;
    if (fixtures[tool].result) {
        mcp_call_reply(&call, parse(fixtures[tool].result));
        return;
    }
    progress_t *self = act_alloc(sizeof *self);
    self->call = call;
    self->timer = act_timer_new(world->loop, on_step, self);
    act_timer_start(self->timer, 0, 50);
}

static void on_request(void *context, act_http_request_t *request)
{
    world_t *world = context;
    act_str_t host = {0}, origin = {0};
    (void)act_http_header(request, "host", &host);
    (void)act_http_header(request, "origin", &origin);
    if (mcp_origin_is_ours(host, origin, (act_str_t){0}))
        mcp_server_serve(world->mcp, request, ACT_STR("a test"));
    else
        act_http_respond(&request, &(act_http_response_t){.status = 403});
}

static void on_input(void *context, int status, int events)
{
    (void)status;
    (void)events;
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) <= 0)
        act_loop_stop(context);
}

static mcp_server_t *serve_fixtures(world_t *world, int page)
{
    static mcp_tool_t tools[ACT_COUNT(fixtures)];
    static char texts[ACT_COUNT(fixtures)][2048];
    for (size_t i = 0; i < ACT_COUNT(fixtures); i++) {
        snprintf(texts[i], sizeof texts[i],
                 "{\"name\":\"%s\",\"description\":\"For tests\",\"inputSchema\":%s}",
                 fixtures[i].name, fixtures[i].schema);
        tools[i] = (mcp_tool_t){act_str(texts[i]), fixtures[i].capability};
    }
    return mcp_server_new(world->loop, &(mcp_server_spec_t){.name = "parley-fixture",
                                                            .version = "1",
                                                            .instructions = "For tests.",
                                                            .tools = tools,
                                                            .tools_count = ACT_COUNT(tools),
                                                            .page_tools_count = (size_t)page,
                                                            .ttl_ms = 1000,
                                                            .call = on_call,
                                                            .context = world});
}

int main(int argc, char **argv)
{
    world_t world = {.loop = act_loop_new()};
    world.mcp = serve_fixtures(&world, argc > 1 ? atoi(argv[1]) : 0);
    uint16_t port = 0;
    int listener = -1;
    if (!world.mcp || act_listen("127.0.0.1", 0, &listener, &port) != ACT_E_OK ||
        act_http_server_new(world.loop, listener, &(act_http_server_limits_t){0}, on_request,
                            &world, &world.http) != ACT_E_OK)
        return 1;
    world.input = act_watch_new(world.loop, STDIN_FILENO, on_input, world.loop);
    act_watch_set(world.input, UV_READABLE);
    printf("listening http://127.0.0.1:%u/mcp\n", port);
    fflush(stdout);
    act_loop_run(world.loop);
    act_watch_destroy(&world.input);
    act_http_server_destroy(&world.http);
    act_loop_run(world.loop); // until the last connection is closed
    mcp_server_destroy(&world.mcp);
    close(listener);
    act_loop_destroy(&world.loop);
    return 0;
}
