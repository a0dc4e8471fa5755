// graph_sim: driven over HTTP by our channel, with a webhook receiver that checks signatures.
#include "sim/graph_sim.h"

#include "channels/channel.h"
#include "io/http_server.h"
#include "io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET "5f2a0c9e7b1d4836a0f1c2d3e4b59687"
#define STATUSES_MAX_COUNT 64
#define TEST_TIMEOUT_MS 10000

typedef struct {
    act_loop_t *loop;
    graph_sim_t *sim;
    act_http_client_t *client;
    act_http_server_t *receiver;
    act_timer_t *deadline;
    int receiver_descriptor;
    char base[64];
    char webhook_url[64];
    // The last answer.
    act_arena_t *arena;
    act_http_in_t answer;
    uint32_t answers_count;
    uint32_t awaited_answers_count;
    // What the receiver got.
    int refusals_count; // webhooks to answer 500 first
    uint32_t posts_count;
    uint32_t bad_count;
    uint32_t statuses_count;
    uint32_t awaited_statuses_count;
    delivery_status_t statuses[STATUSES_MAX_COUNT];
} rig_t;

// --- the receiver --------------------------------------------------------------------------------

static void take_statuses(rig_t *rig, const act_channel_updates_t *account)
{
    for (uint32_t i = 0; i < account->statuses.count; i++)
        if (rig->statuses_count < STATUSES_MAX_COUNT)
            rig->statuses[rig->statuses_count++] = account->statuses.items[i];
    if (rig->statuses_count >= rig->awaited_statuses_count)
        act_loop_stop(rig->loop);
}

static void on_webhook(void *context, act_http_request_t *request)
{
    rig_t *rig = context;
    const act_channel_t *channel = act_channel_find(ACT_STR("whatsapp"));
    act_channel_webhook_t webhook = {.body = act_arena_str(rig->arena, act_http_body(request))};
    act_channel_batch_t batch;
    (void)act_http_header(request, channel->signature_header, &webhook.signature);
    bool is_good = channel->verify(&webhook, ACT_STR(SECRET)) &&
                   channel->parse(&webhook, rig->arena, &batch) == ACT_E_OK;
    bool is_refused = rig->refusals_count-- > 0;
    rig->posts_count++;
    rig->bad_count += !is_good;
    act_http_respond(&request, &(act_http_response_t){.status = is_refused ? 500 : 200});
    for (uint32_t i = 0; is_good && !is_refused && i < batch.accounts.count; i++)
        take_statuses(rig, &batch.accounts.items[i]);
}

static void await_statuses(rig_t *rig, uint32_t count)
{
    rig->awaited_statuses_count = count;
    if (rig->statuses_count < count)
        act_loop_run(rig->loop);
    assert_int_equal(rig->statuses_count, count);
}

// --- asking --------------------------------------------------------------------------------------

static void on_answer(void *context, const act_http_in_t *response)
{
    rig_t *rig = context;
    rig->answer = *response;
    rig->answer.body = act_arena_str(rig->arena, response->body);
    if (++rig->answers_count >= rig->awaited_answers_count)
        act_loop_stop(rig->loop);
}

static void await_answers(rig_t *rig, uint32_t count)
{
    rig->awaited_answers_count = count;
    while (rig->answers_count < count)
        act_loop_run(rig->loop);
}

static void ask_later(rig_t *rig, const act_http_out_t *request)
{
    (void)act_http_send(rig->client, request, on_answer, rig);
}

// JSON in these tests is written with ' for ". The answer's status.
static uint16_t ask(rig_t *rig, const char *method, const char *path, const char *text)
{
    act_str_t body = act_str(text);
    char *json = act_arena_alloc(rig->arena, body.len_bytes + 1);
    for (size_t i = 0; i < body.len_bytes; i++)
        json[i] = text[i] == '\'' ? '"' : text[i];
    act_str_t url = act_arena_printf(rig->arena, "%s%s", rig->base, path);
    ask_later(rig, &(act_http_out_t){
                       .method = method, .url = url.ptr, .body = act_str_of(json, body.len_bytes)});
    await_answers(rig, rig->answers_count + 1);
    return rig->answer.err == ACT_E_OK ? rig->answer.status : 0;
}

static void tell(rig_t *rig, const char *behaviour)
{
    assert_int_equal(ask(rig, "POST", "/_sim/behaviour", behaviour), 200);
}

static int64_t stat_of(rig_t *rig, const char *name)
{
    json_t *json = NULL;
    assert_int_equal(ask(rig, "GET", "/_sim/stats", ""), 200);
    assert_int_equal(act_json_parse(rig->answer.body, &json, NULL, rig->arena), ACT_E_OK);
    int64_t value = act_json_int(json, name, -1);
    json_decref(json);
    return value;
}

static act_http_out_t rendered(rig_t *rig, const char *address, const char *token)
{
    outbound_content_t content = {.type = ACT_STR("text"), .text = ACT_STR("hola")};
    act_channel_account_t account = {.api_base = act_str(rig->base),
                                     .external_id = ACT_STR("800001"),
                                     .access_token = act_str(token)};
    act_channel_send_t send = {.account = &account,
                               .address = act_str(address),
                               .outbox_id = ACT_STR("job-81"),
                               .content = &content};
    act_http_out_t request;
    assert_int_equal(act_channels[0]->render(&send, rig->arena, &request), ACT_E_OK);
    return request;
}

static act_channel_verdict_t sent(rig_t *rig, const char *address, const char *token)
{
    act_http_out_t request = rendered(rig, address, token);
    ask_later(rig, &request);
    await_answers(rig, rig->answers_count + 1);
    act_channel_verdict_t verdict;
    act_channels[0]->classify(&rig->answer, 0, rig->arena, &verdict);
    return verdict;
}

// --- life ----------------------------------------------------------------------------------------

static void on_deadline(void *context)
{
    (void)context;
    fail_msg("the test takes too long");
}

static int set_up(void **state)
{
    rig_t *rig = act_alloc(sizeof *rig);
    uint16_t port = 0;
    rig->arena = act_arena_new();
    rig->loop = act_loop_new();
    rig->deadline = act_timer_new(rig->loop, on_deadline, rig);
    act_timer_start(rig->deadline, TEST_TIMEOUT_MS, /* repeat_ms= */ 0);
    act_http_client_limits_t client_limits = {.allow_private_addresses = true};
    rig->client = act_http_client_new(rig->loop, &client_limits);
    assert_int_equal(act_listen("127.0.0.1", 0, &rig->receiver_descriptor, &port), ACT_E_OK);
    act_http_server_limits_t server_limits = {0};
    assert_int_equal(act_http_server_new(rig->loop, rig->receiver_descriptor, &server_limits,
                                         on_webhook, rig, &rig->receiver),
                     ACT_E_OK);
    (void)snprintf(rig->webhook_url, sizeof rig->webhook_url, "http://127.0.0.1:%u/webhook", port);
    graph_sim_options_t options = {.webhook_url = rig->webhook_url, .secret = SECRET};
    assert_int_equal(graph_sim_new(rig->loop, &options, &rig->sim), ACT_E_OK);
    (void)snprintf(rig->base, sizeof rig->base, "http://127.0.0.1:%u", graph_sim_port(rig->sim));
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_t *rig = *state;
    act_timer_destroy(&rig->deadline);
    act_http_client_destroy(&rig->client);
    graph_sim_destroy(&rig->sim);
    act_http_server_destroy(&rig->receiver);
    close(rig->receiver_descriptor);
    act_loop_run(rig->loop);
    act_loop_destroy(&rig->loop);
    act_arena_destroy(&rig->arena);
    act_free(rig);
    return 0;
}

// --- tests ---------------------------------------------------------------------------------------

static void accepts_and_records(void **state)
{
    rig_t *rig = *state;
    act_channel_verdict_t verdict = sent(rig, "15551230001", "t");
    assert_int_equal(verdict.outcome, ACT_CHANNEL_SENT);
    assert_true(act_str_is(verdict.address, "15551230001"));
    act_channel_verdict_t second = sent(rig, "US.1", "t");
    assert_int_equal(second.outcome, ACT_CHANNEL_SENT);
    assert_false(act_str_eq(verdict.provider_id, second.provider_id));
    assert_int_equal(ask(rig, "GET", "/_sim/ledger?since=1", ""), 200);
    json_t *json = NULL;
    assert_int_equal(act_json_parse(rig->answer.body, &json, NULL, rig->arena), ACT_E_OK);
    assert_int_equal(json_array_size(json), 1);
    const json_t *record = json_array_get(json, 0);
    assert_int_equal(act_json_int(record, "index", 0), 2);
    assert_true(act_str_eq(act_json_str(record, "provider_id"), second.provider_id));
    assert_true(act_str_is(act_json_str(record, "phone_number_id"), "800001"));
    assert_true(act_str_is(act_json_str(record, "to"), "US.1"));
    assert_true(act_str_is(act_json_str(record, "type"), "text"));
    assert_true(act_str_is(act_json_str(record, "body"), "hola"));
    assert_true(act_str_is(act_json_str(record, "outbox_id"), "job-81"));
    assert_true(act_str_is(act_json_str(act_json_object(record, "request"), "recipient"), "US.1"));
    json_decref(json);
    assert_int_equal(ask(rig, "POST", "/_sim/reset", ""), 200);
    assert_int_equal(stat_of(rig, "accepted"), 0);
}

static void refuses_as_meta_does(void **state)
{
    rig_t *rig = *state;
    assert_int_equal(sent(rig, "1555", "t").code, 131009);
    assert_int_equal(sent(rig, "15551230001", "expired").outcome, ACT_CHANNEL_STOPPED);
    assert_int_equal(ask(rig, "POST", "/v26.0/800001/messages", "{}"), 401);
    assert_int_equal(ask(rig, "POST", "/v26/800001/messages", "{}"), 400);
    assert_int_equal(ask(rig, "GET", "/nothing/here/at/all", ""), 400);
    assert_int_equal(ask(rig, "POST", "/_sim/behaviour", "{'colour':1}"), 400);
    assert_int_equal(ask(rig, "GET", "/_sim/ledger?since=x", ""), 400);
    assert_int_equal(stat_of(rig, "accepted"), 0);
    assert_int_equal(stat_of(rig, "refused"), 1);
    assert_int_equal(stat_of(rig, "unauthorised"), 2);
}

static void marks_read(void **state)
{
    rig_t *rig = *state;
    act_channel_account_t account = {.api_base = act_str(rig->base),
                                     .external_id = ACT_STR("800001"),
                                     .access_token = ACT_STR("t")};
    act_http_out_t request;
    assert_int_equal(act_channels[0]->render_typing(&account, ACT_STR(""), ACT_STR("wamid.IN1"),
                                                    rig->arena, &request),
                     ACT_E_OK);
    ask_later(rig, &request);
    await_answers(rig, rig->answers_count + 1);
    assert_int_equal(rig->answer.status, 200);
    assert_int_equal(stat_of(rig, "typings"), 1);
    assert_int_equal(stat_of(rig, "accepted"), 0);
}

static void misbehaves_when_told(void **state)
{
    rig_t *rig = *state;
    tell(rig, "{'fail':{'http':429,'code':130429,'times':1,'retry_after_s':3},'hang_up':1,"
              "'accept_then_hang_up':1}");
    assert_int_equal(sent(rig, "15551230001", "t").outcome, ACT_CHANNEL_UNKNOWN); // hung up
    assert_int_equal(stat_of(rig, "accepted"), 0);
    act_channel_verdict_t verdict = sent(rig, "15551230001", "t");
    assert_int_equal(verdict.outcome, ACT_CHANNEL_RETRY);
    assert_int_equal(verdict.code, 130429);
    assert_int_equal(sent(rig, "15551230001", "t").outcome, ACT_CHANNEL_UNKNOWN); // accepted
    assert_int_equal(stat_of(rig, "accepted"), 1);
    assert_int_equal(sent(rig, "15551230001", "t").outcome, ACT_CHANNEL_SENT);
    tell(rig, "{'fail':{'http':500,'times':-1,'to':'+15551230002'}}");
    assert_int_equal(sent(rig, "15551230001", "t").outcome, ACT_CHANNEL_SENT);
    assert_int_equal(sent(rig, "15551230002", "t").outcome, ACT_CHANNEL_RETRY);
    assert_int_equal(sent(rig, "15551230002", "t").outcome, ACT_CHANNEL_RETRY);
    assert_int_equal(stat_of(rig, "failed"), 3);
}

static void is_as_slow_as_told(void **state)
{
    rig_t *rig = *state;
    tell(rig, "{'latency_ms':60}");
    int64_t start_ms = act_loop_now_ms(rig->loop);
    act_http_out_t request = rendered(rig, "15551230001", "t");
    for (int i = 0; i < 20; i++)
        ask_later(rig, &request);
    await_answers(rig, rig->answers_count + 20);
    assert_in_range(act_loop_now_ms(rig->loop) - start_ms, 55, 5000);
    assert_int_equal(stat_of(rig, "accepted"), 20);
}

static void lets_tests_wait(void **state)
{
    rig_t *rig = *state;
    assert_int_equal(ask(rig, "POST", "/_sim/wait", "{'count':1,'timeout_ms':20}"), 200);
    assert_non_null(strstr(rig->answer.body.ptr, "\"is_reached\":false"));
    act_str_t url = act_arena_printf(rig->arena, "%s/_sim/wait", rig->base);
    ask_later(rig, &(act_http_out_t){.method = "POST",
                                     .url = url.ptr,
                                     .body = ACT_STR("{\"count\":2,\"timeout_ms\":9000}")});
    act_http_out_t request = rendered(rig, "15551230001", "t");
    ask_later(rig, &request);
    ask_later(rig, &request);
    await_answers(rig, rig->answers_count + 3);
    assert_int_equal(ask(rig, "POST", "/_sim/wait", "{'count':2,'timeout_ms':0}"), 200);
    assert_non_null(strstr(rig->answer.body.ptr, "\"is_reached\":true"));
    assert_int_equal(ask(rig, "POST", "/_sim/wait", "{}"), 400);
}

static void sends_status_webhooks(void **state)
{
    rig_t *rig = *state;
    tell(rig, "{'statuses':['sent','delivered','read'],'status_delay_ms':10}");
    act_channel_verdict_t verdict = sent(rig, "15551230001", "t");
    await_statuses(rig, 3);
    static const char *const names[] = {"sent", "delivered", "read"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(act_str_is(rig->statuses[i].status, names[i]));
        assert_true(act_str_eq(rig->statuses[i].provider_id, verdict.provider_id));
        assert_true(act_str_is(rig->statuses[i].outbox_id, "job-81"));
        assert_true(act_str_is(rig->statuses[i].address, "15551230001"));
        assert_true(rig->statuses[i].at_ms > 0);
    }
    assert_int_equal(rig->bad_count, 0);
    assert_int_equal(rig->posts_count, 3);
}

static void repeats_and_shuffles_webhooks(void **state)
{
    rig_t *rig = *state;
    rig->refusals_count = 1;
    tell(rig, "{'statuses':['sent','failed'],'status_delay_ms':5,'status_code':131049,"
              "'shuffle':true,'duplicate_statuses':true}");
    (void)sent(rig, "US.7", "t");
    await_statuses(rig, 4);
    int failed_count = 0;
    for (size_t i = 0; i < 4; i++)
        failed_count += rig->statuses[i].error_code == 131049;
    assert_int_equal(failed_count, 2);
    assert_true(act_str_is(rig->statuses[0].address, "US.7"));
    assert_int_equal(rig->posts_count, 5); // one was refused and came again
    assert_int_equal(stat_of(rig, "webhooks_repeated"), 1);
    assert_int_equal(rig->bad_count, 0);
}

static void batches_webhooks(void **state)
{
    rig_t *rig = *state;
    tell(rig, "{'statuses':['sent','delivered','read','played'],'statuses_per_post':100}");
    for (int i = 0; i < 5; i++)
        assert_int_equal(sent(rig, "15551230001", "t").outcome, ACT_CHANNEL_SENT);
    await_statuses(rig, 20);
    assert_in_range(rig->posts_count, 1, 10);
    assert_int_equal(rig->bad_count, 0);
}

static void ends_with_work_in_hand(void **state)
{
    rig_t *rig = *state;
    tell(rig, "{'statuses':['sent'],'status_delay_ms':60000,'latency_ms':60000}");
    act_http_out_t request = rendered(rig, "15551230001", "t");
    ask_later(rig, &request);
    act_str_t url = act_arena_printf(rig->arena, "%s/_sim/wait", rig->base);
    ask_later(rig, &(act_http_out_t){.method = "POST",
                                     .url = url.ptr,
                                     .body = ACT_STR("{\"count\":1000,\"timeout_ms\":60000}")});
    while (stat_of(rig, "accepted") < 1)
        continue;
    // tear_down ends the simulator now
}

#define RIG_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(accepts_and_records),
        RIG_TEST(refuses_as_meta_does),
        RIG_TEST(marks_read),
        RIG_TEST(misbehaves_when_told),
        RIG_TEST(is_as_slow_as_told),
        RIG_TEST(lets_tests_wait),
        RIG_TEST(sends_status_webhooks),
        RIG_TEST(repeats_and_shuffles_webhooks),
        RIG_TEST(batches_webhooks),
        RIG_TEST(ends_with_work_in_hand),
    };
    return cmocka_run_group_tests_name("graph_sim", tests, NULL, NULL);
}
