// graph_check: takes what the reference shows and what our client makes, refuses each broken rule;
// and the small parts beside it (agenda, behaviour, ledger, media).
#include "sim/graph_check.h"

#include "base/id.h"
#include "channels/channel.h"
#include "io/json.h"
#include "sim/graph_agenda.h"
#include "sim/graph_behaviour.h"
#include "sim/graph_ledger.h"
#include "sim/graph_media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// --- requests ------------------------------------------------------------------------------------

// JSON in these tests is written with ' for ".
static json_t *json_of(const char *text, act_arena_t *arena)
{
    act_str_t json = act_arena_str(arena, act_str(text));
    char *to = act_arena_alloc(arena, json.len_bytes);
    for (size_t i = 0; i < json.len_bytes; i++)
        to[i] = json.ptr[i] == '\'' ? '"' : json.ptr[i];
    json_t *root = NULL;
    assert_int_equal(act_json_parse(act_str_of(to, json.len_bytes), &root, NULL, arena), ACT_E_OK);
    return root;
}

// 0 when taken, else the code.
static int32_t code_of(const char *text, act_arena_t *arena)
{
    json_t *root = json_of(text, arena);
    graph_send_t send;
    graph_fault_t fault = {0};
    bool is_good = graph_check(root, arena, &send, &fault);
    json_decref(root);
    return is_good ? 0 : fault.code;
}

#define TO "'messaging_product':'whatsapp','recipient_type':'individual','to':'+15551230001',"
#define BUTTON(id, title) "{'type':'reply','reply':{'id':'" id "','title':'" title "'}}"
#define BUTTONS(list)                                                                              \
    "{" TO "'type':'interactive','interactive':{'type':'button','body':{'text':'x'},"              \
    "'action':{'buttons':[" list "]}}}"
#define LIST(sections)                                                                             \
    "{" TO "'type':'interactive','interactive':{'type':'list','body':{'text':'x'},"                \
    "'action':{'button':'See','sections':[" sections "]}}}"
#define TEMPLATE(text)                                                                             \
    "{" TO "'type':'template','template':{'name':'n','language':{'code':'es'},'components':"       \
    "[{'type':'body','parameters':[{'type':'text','text':'" text "'}]}]}}"
#define TWENTY "12345678901234567890"
#define SIXTY TWENTY TWENTY TWENTY

static const char *const good_requests[] = {
    "{" TO
    "'context':{'message_id':'wamid.IN1'},'type':'text','text':{'body':'Hi','preview_url':true}}",
    "{'messaging_product':'whatsapp','recipient':'US.90000000000000000001','text':{'body':'Hi'}}",
    BUTTONS(BUTTON("a", TWENTY) "," BUTTON("b", "B") "," BUTTON("c", "C")),
    LIST("{'title':'Hair','rows':[{'id':'svc_cut','title':'Haircut','description':'30 min'}]}"),
    LIST("{'rows':[{'id':'svc_cut','title':'Haircut'}]}"),
    TEMPLATE("Ana"),
    "{" TO "'type':'template','template':{'name':'n','language':{'code':'es'}}}",
    "{" TO "'type':'document','document':{'id':'7003','filename':'q.pdf','caption':'Quote'}}",
    "{" TO "'type':'audio','audio':{'link':'https://cdn.example.com/a.ogg'}}",
    "{" TO "'type':'image','image':{'link':'https://cdn.example.com/a.png','caption':'The roof'}}",
    "{" TO "'type':'reaction','reaction':{'message_id':'wamid.IN1','emoji':'x'}}",
    "{'messaging_product':'whatsapp','status':'read','message_id':'wamid.IN1'}",
    ("{'messaging_product':'whatsapp','status':'read','message_id':'wamid.IN1',"
     "'typing_indicator':{'type':'text'}}"),
};

static void takes_the_samples(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(good_requests); i++)
        assert_int_equal(code_of(good_requests[i], arena), 0);
}

static const struct {
    int32_t code;
    const char *request;
} bad_requests[] = {
    {100, "[]"},
    {100, "{}"},
    {100, "{'messaging_product':'other'}"},
    {100, "{'messaging_product':'whatsapp','type':'text','text':{'body':'x'}}"},
    {100, "{" TO "'type':'text','text':{'body':'x'},'surprise':1}"},
    {100, "{" TO "'type':'hologram'}"},
    {131008, "{" TO "'type':'text'}"},
    {131008, "{" TO "'type':'text','text':{}}"},
    {131009, "{" TO "'type':'text','text':{'body':''}}"},
    {100, "{" TO "'type':'text','text':{'body':7}}"},
    {131009, "{'messaging_product':'whatsapp','to':'Ana','text':{'body':'x'}}"},
    {131009, "{'messaging_product':'whatsapp','to':'+1234','text':{'body':'x'}}"},
    {131009, "{'messaging_product':'whatsapp','recipient':'+15551230001','text':{'body':'x'}}"},
    {131009, "{'messaging_product':'whatsapp','recipient_type':'group','to':'+15551230001',"
             "'text':{'body':'x'}}"},
    {131008, "{" TO "'context':{},'text':{'body':'x'}}"},
    {131009, BUTTONS("")},
    {131009,
     BUTTONS(BUTTON("a", "A") "," BUTTON("b", "B") "," BUTTON("c", "C") "," BUTTON("d", "D"))},
    {131009, BUTTONS(BUTTON("a", TWENTY "1"))},
    {131009, BUTTONS(BUTTON("a", ""))},
    {131009, BUTTONS(BUTTON("a", "A") "," BUTTON("a", "B"))},
    {131009, BUTTONS(BUTTON("a", "A") "," BUTTON("b", "A"))},
    {131009, BUTTONS(BUTTON(" a", "A"))},
    {131009, BUTTONS("{'type':'other'}")},
    {131009, LIST("")},
    {131008, LIST("{'rows':[]}")},
    {131008, LIST("{'rows':[{'id':'a','title':'A'}]},{'rows':[{'id':'b','title':'B'}]}")},
    {131009, LIST("{'rows':[{'id':'a','title':'" TWENTY "12345'}]}")},
    {131009, LIST("{'rows':[{'id':'a','title':'A','description':'" SIXTY "1234567890123'}]}")},
    {131009, LIST("{'rows':[{'id':'a','title':'A'},{'id':'a','title':'B'}]}")},
    {131008, "{" TO "'type':'interactive','interactive':{'type':'button'}}"},
    {131009, "{" TO "'type':'interactive','interactive':{'type':'list','body':{'text':'x'},"
             "'header':{'type':'image'},'action':{'button':'x','sections':[]}}}"},
    {131009, "{" TO "'type':'interactive','interactive':{'type':'button','body':{'text':'x'},"
             "'footer':{'text':'" SIXTY "1'},'action':{'buttons':[" BUTTON("a", "A") "]}}}"},
    {131008, "{" TO "'type':'template','template':{'name':'n'}}"},
    {131009, TEMPLATE("")},
    {132018, TEMPLATE("a\\nb")},
    {132018, TEMPLATE("a     b")},
    {131009, "{" TO "'type':'image','image':{'id':'1','link':'https://x'}}"},
    {131009, "{" TO "'type':'image','image':{}}"},
    {131009, "{" TO "'type':'image','image':{'link':'http://cdn.example.com/a.png'}}"},
    {131009, "{" TO "'type':'image','image':{'link':'https://cdn.example.com/a b.png'}}"},
    {131009, "{" TO "'type':'image','image':{'id':'1','filename':'a.png'}}"},
    {131009, "{" TO "'type':'audio','audio':{'id':'1','caption':'listen'}}"},
    {131009, "{'messaging_product':'whatsapp','status':'delivered','message_id':'wamid.1'}"},
    {131009, "{'messaging_product':'whatsapp','status':'read','message_id':'1'}"},
    {131009, "{'messaging_product':'whatsapp','status':'read','message_id':'wamid.1',"
             "'typing_indicator':{'type':'audio'}}"},
};

static void refuses_each_broken_rule(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(bad_requests); i++)
        assert_int_equal(code_of(bad_requests[i].request, arena), bad_requests[i].code);
}

// --- our own client ------------------------------------------------------------------------------

static act_str_t random_text(act_arena_t *arena, size_t max_count)
{
    static const char *const units[] = {
        "a",  "word ", " ",  "\n", "\xd8\xa8", "\xd9\x8e", "\xf0\x9f\x98\x80", "\xe2\x80\x8d",
        "\"", "\\",    ". ", "\t"};
    size_t count = act_random_u64() % (max_count + 1);
    char *text = act_arena_alloc(arena, count * 5 + 1);
    char *end = text;
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, units[act_random_u64() % ACT_COUNT(units)]);
    return act_str(text);
}

static outbound_content_t random_content(act_arena_t *arena)
{
    static const char *const types[] = {"text",  "buttons", "list",     "template",  "image",
                                        "audio", "video",   "document", "unheard-of"};
    choice_t *choices = act_arena_alloc_array(arena, 12, sizeof *choices);
    act_str_t *parameters = act_arena_alloc_array(arena, 3, sizeof *parameters);
    for (size_t i = 0; i < 12; i++)
        choices[i] = (choice_t){.id = random_text(arena, i * 40),
                                .title = random_text(arena, 40),
                                .description = random_text(arena, 100)};
    for (size_t i = 0; i < 3; i++)
        parameters[i] = random_text(arena, 20);
    return (outbound_content_t){
        .type = act_str(types[act_random_u64() % ACT_COUNT(types)]),
        .text = random_text(arena, act_random_u64() % 2 ? 100 : 6000),
        .header = random_text(arena, 70),
        .footer = random_text(arena, 70),
        .list_label = random_text(arena, 30),
        .choices = {choices, (uint32_t)(act_random_u64() % 13)},
        .template_name = ACT_STR("n"),
        .template_language = ACT_STR("es"),
        .template_parameters = {parameters, (uint32_t)(act_random_u64() % 4)},
        .media_url = ACT_STR("https://cdn.example.com/a"),
        .file_name = random_text(arena, 300),
    };
}

// Whatever is to be said: every request our channel makes of it is one that Meta would take.
static void takes_what_our_channel_makes(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const act_channel_t *channel = act_channel_find(ACT_STR("whatsapp"));
    act_channel_account_t account = {.external_id = ACT_STR("1"), .access_token = ACT_STR("t")};
    int taken_count = 0;
    for (int round = 0; round < 3000; round++) {
        act_arena_reset(arena);
        outbound_content_t content = random_content(arena);
        act_channel_contents_t parts;
        channel->split(&content, arena, &parts);
        for (uint32_t i = 0; i < parts.count; i++) {
            act_channel_send_t send = {.account = &account,
                                       .address =
                                           round % 2 ? ACT_STR("15551230001") : ACT_STR("US.1"),
                                       .outbox_id = random_text(arena, 600),
                                       .content = &parts.items[i]};
            act_http_out_t request;
            if (channel->render(&send, arena, &request) != ACT_E_OK)
                continue;
            json_t *json = NULL;
            graph_send_t ignored;
            graph_fault_t fault = {0};
            assert_int_equal(act_json_parse(request.body, &json, NULL, arena), ACT_E_OK);
            bool is_good = graph_check(json, arena, &ignored, &fault);
            json_decref(json);
            if (!is_good)
                fail_msg("%d %.*s: %.*s", fault.code, ACT_STR_ARG(fault.details),
                         ACT_STR_ARG(request.body));
            taken_count++;
        }
    }
    assert_true(taken_count > 2000);
}

// --- parts ---------------------------------------------------------------------------------------

typedef struct {
    char order[16];
    int released_count;
    act_loop_t *loop;
} trace_t;

typedef struct {
    trace_t *trace;
    char name;
} thing_t;

static void on_thing(void *context, bool is_due)
{
    thing_t *thing = context;
    trace_t *trace = thing->trace;
    trace->released_count += !is_due;
    if (!is_due)
        return;
    trace->order[strlen(trace->order)] = thing->name;
    if (strlen(trace->order) == 5)
        act_loop_stop(trace->loop);
}

static void keeps_an_agenda(void **state)
{
    (void)state;
    static const int64_t delays_ms[] = {20, 0, 10, 0, 20, 60000};
    ACT_AUTO(act_loop) *loop = act_loop_new();
    trace_t trace = {.loop = loop};
    graph_agenda_t *agenda = graph_agenda_new(loop, ACT_COUNT(delays_ms));
    thing_t things[ACT_COUNT(delays_ms)];
    for (size_t i = 0; i < ACT_COUNT(things); i++) {
        things[i] = (thing_t){&trace, (char)('a' + i)};
        assert_true(graph_agenda_add(agenda, delays_ms[i], on_thing, &things[i]));
    }
    assert_false(graph_agenda_add(agenda, 0, on_thing, &things[0]));
    act_loop_run(loop);
    assert_string_equal(trace.order, "bdcae");
    graph_agenda_destroy(&agenda);
    assert_int_equal(trace.released_count, 1);
}

static bool applied(graph_behaviour_t *behaviour, const char *text, act_arena_t *arena)
{
    json_t *json = json_of(text, arena);
    act_str_t error;
    bool is_good = graph_behaviour_apply(behaviour, json, &error);
    json_decref(json);
    return is_good;
}

static void behaves_as_told(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    graph_behaviour_t behaviour;
    graph_behaviour_reset(&behaviour);
    assert_true(
        applied(&behaviour, "{'hang_up':1,'fail':{'times':2,'to':'+1'},'latency_ms':5}", arena));
    assert_true(applied(&behaviour, "{'statuses':['sent','read'],'shuffle':true}", arena));
    assert_int_equal(behaviour.latency_ms, 5);
    assert_int_equal(behaviour.statuses_count, 2);
    assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+1")), GRAPH_HANG_UP);
    assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+2")), GRAPH_TAKE);
    assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+1")), GRAPH_FAIL);
    assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+1")), GRAPH_FAIL);
    assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+1")), GRAPH_TAKE);
    assert_true(applied(&behaviour, "{'fail':{'times':-1}}", arena));
    for (int i = 0; i < 10; i++)
        assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+1")), GRAPH_FAIL);
    assert_true(applied(&behaviour, "{'fail':null}", arena));
    assert_int_equal(graph_behaviour_decide(&behaviour, ACT_STR("+1")), GRAPH_TAKE);
    static const char *const bad[] = {"[]",
                                      "{'x':1}",
                                      "{'latency_ms':-1}",
                                      "{'latency_ms':'5'}",
                                      "{'statuses':['lost']}",
                                      "{'fail':{'http':99}}",
                                      "{'fail':7}",
                                      "{'shuffle':1}",
                                      "{'statuses_per_post':0}"};
    for (size_t i = 0; i < ACT_COUNT(bad); i++)
        assert_false(applied(&behaviour, bad[i], arena));
    assert_int_equal(behaviour.latency_ms, 5);
}

static size_t ledger_size(const graph_ledger_t *ledger, uint64_t since)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES * 2);
    graph_ledger_read(ledger, since, &out);
    json_t *json = json_loadb(out.ptr, out.len_bytes, 0, NULL);
    assert_true(json_is_array(json));
    size_t count = json_array_size(json);
    json_decref(json);
    act_buf_fini(&out);
    return count;
}

static void keeps_a_bounded_ledger(void **state)
{
    (void)state;
    char path[] = "/tmp/graph_ledger_XXXXXX";
    int descriptor = mkstemp(path);
    graph_ledger_t *ledger = NULL;
    assert_int_equal(graph_ledger_new(path, 10, 1u << 20, &ledger), ACT_E_OK);
    graph_send_t send = {.to = ACT_STR("+1"), .type = ACT_STR("text"), .text = ACT_STR("\"\n")};
    graph_record_t record = {.send = &send, .request = ACT_STR("{\n\"a\":1\r\n}")};
    for (int i = 0; i < 25; i++)
        graph_ledger_add(ledger, &record);
    assert_int_equal(graph_ledger_count(ledger), 25);
    assert_int_equal(ledger_size(ledger, 0), 10);
    assert_int_equal(ledger_size(ledger, 20), 5);
    assert_int_equal(ledger_size(ledger, 25), 0);
    assert_int_equal(ledger_size(ledger, 1000), 0);
    graph_ledger_reset(ledger);
    assert_int_equal(ledger_size(ledger, 0), 0);
    graph_ledger_add(ledger, &record);
    assert_int_equal(ledger_size(ledger, 0), 1);
    graph_ledger_destroy(&ledger);
    FILE *file = fdopen(descriptor, "r");
    char line[1024];
    int lines_count = 0;
    for (; fgets(line, sizeof line, file); lines_count++)
        assert_int_equal(line[strlen(line) - 2], '}');
    assert_int_equal(lines_count, 26);
    fclose(file);
    unlink(path);
    // Bounded in bytes: two records do not fit.
    assert_int_equal(graph_ledger_new(NULL, 10, 250, &ledger), ACT_E_OK);
    graph_ledger_add(ledger, &record);
    graph_ledger_add(ledger, &record);
    assert_int_equal(ledger_size(ledger, 0), 1);
    graph_ledger_destroy(&ledger);
    assert_int_equal(graph_ledger_new("/nonexistent/x", 1, 1, &ledger), ACT_E_IO);
}

static void stores_media(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body =
        ACT_STR("--B\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\n"
                "whatsapp\r\n--B\r\ncontent-disposition: form-data; name=\"file\"; "
                "filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\0\r\n-x\r\n--B--\r\n");
    act_str_t type = ACT_STR("multipart/form-data; boundary=B");
    graph_file_t file;
    const char *error = NULL;
    assert_true(graph_media_parse(type, body, arena, &file, &error));
    assert_int_equal(file.bytes.len_bytes, 5);
    assert_true(act_str_is(file.mime_type, "image/png"));
    for (size_t len = 0; len + 12 < body.len_bytes; len++)
        assert_false(graph_media_parse(type, act_str_of(body.ptr, len), arena, &file, &error));
    assert_false(graph_media_parse(ACT_STR("text/plain"), body, arena, &file, &error));
    graph_media_t *media = graph_media_new(3, 12);
    file = (graph_file_t){.mime_type = ACT_STR("t"), .bytes = ACT_STR("12345")};
    char id[32];
    for (int i = 0; i < 9; i++)
        (void)snprintf(id, sizeof id, "%llu", (unsigned long long)graph_media_add(media, &file));
    assert_int_equal(graph_media_count(media), 2);
    assert_non_null(graph_media_find(media, act_str(id)));
    assert_true(graph_media_remove(media, act_str(id)));
    assert_false(graph_media_remove(media, act_str(id)));
    assert_null(graph_media_find(media, ACT_STR("700000001")));
    assert_null(graph_media_find(media, ACT_STR("x")));
    graph_media_destroy(&media);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_samples),
        cmocka_unit_test(refuses_each_broken_rule),
        cmocka_unit_test(takes_what_our_channel_makes),
        cmocka_unit_test(keeps_an_agenda),
        cmocka_unit_test(behaves_as_told),
        cmocka_unit_test(keeps_a_bounded_ledger),
        cmocka_unit_test(stores_media),
    };
    return cmocka_run_group_tests_name("graph_check", tests, NULL, NULL);
}
