// model_gateway_test: the actor on the bus, with model_sim as its provider in the same process: answers, parts,
// retries, storms, cuts, cancels, fallbacks, spend limits, the cache. Nothing sleeps; the clock is moved.
#include "gateway.h"

#include "base/seal.h"
#include "harness/service_kit.h"
#include "proto/model_service.h"
#include "proto/persistence.h"
#include "sim/model_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS_MAX 20000
#define CUT_TURNS 40
#define CUT_MAX_BYTES 8192
#define CUT_STAGE_COUNT 100 // calls of one actor
// So many whole answers in a row: the cut is behind the end.
#define CUT_WHOLE_COUNT 8

typedef struct {
    act_loop_t *loop;
    model_sim_t *sim; // on the kit's loop
    service_kit_t *kit;
    char key_path[64];
    uint64_t last_id;
} stage_t;

static void stage_open_at(stage_t *self, const char *path, const char *more_settings)
{
    char base[96], key[96], more[128];
    char base_url[64] = "http://127.0.0.1:1";
    *self = (stage_t){.last_id = 100};
    (void)snprintf(self->key_path, sizeof self->key_path, "/tmp/model-test-%d.key", (int)getpid());
    (void)unlink(self->key_path);
    assert_int_equal(act_seal_key_create(self->key_path), ACT_E_OK);
    // The simulator's port must be known before the actor opens: a loop of its own, turned with the kit's.
    self->loop = act_loop_new();
    assert_int_equal(model_sim_new(self->loop, "127.0.0.1", 0, &self->sim), ACT_E_OK);
    (void)snprintf(base_url, sizeof base_url, "http://127.0.0.1:%u%s", model_sim_port(self->sim),
                   path);
    (void)snprintf(base, sizeof base, "openai_base_url=%s", base_url);
    (void)snprintf(key, sizeof key, "master_key_file=%s", self->key_path);
    (void)snprintf(more, sizeof more, "%s", more_settings ? more_settings : "cache_s=600");
    const char *const overrides[] = {
        base, key, "openai_model=test-model", "openai_api_key=k", "allow_private_addresses=true",
        more, NULL};
    self->kit = service_kit_new(&gateway_spec, overrides);
    assert_int_equal(self->kit->open_err, ACT_E_OK);
}

static void stage_open(stage_t *self, const char *more_settings)
{
    stage_open_at(self, "/v1", more_settings);
}

static void turn(stage_t *self)
{
    (void)uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
    actor_kit_send_kind(self->kit->kit, ACT_KIND_PING, 0); // turns its loop
    (void)actor_kit_expect(self->kit->kit, ACT_KIND_PONG);
}

static void stage_close(stage_t *self)
{
    service_kit_destroy(&self->kit);
    model_sim_destroy(&self->sim);
    for (int i = 0; i < 8; i++)
        (void)uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
    act_loop_destroy(&self->loop);
    (void)unlink(self->key_path);
}

// --- calls ---------------------------------------------------------------------------------------

typedef struct {
    const char *role;
    const char *text;
    uint32_t parts; // the caller takes
    uint32_t budget_ms;
    const char *conversation;
} question_t;

static uint64_t ask(stage_t *self, const question_t *question)
{
    const chat_message_t message = {.role = ACT_STR("user"), .text = act_str(question->text)};
    const chat_request_t request = {.role = act_str(question->role ? question->role : "agent"),
                                    .conversation_id = act_str(question->conversation),
                                    .messages = {.items = &message, .count = 1}};
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = ++self->last_id,
                                 .service = ACT_STR("model"),
                                 .method = ACT_STR("chat"),
                                 .tenant = ACT_STR("demo"),
                                 .sender = ACT_STR("agent-1"),
                                 .budget_ms = question->budget_ms ? question->budget_ms : 60000,
                                 .credit_messages = question->parts,
                                 .attempt = 1};
    act_buf_t body;
    act_buf_init(&body, 65536);
    chat_request_pack(&request, &body);
    actor_kit_send(self->kit->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    return self->last_id;
}

// What the actor said of this kind and id; NULL: nothing yet.
static const kit_message_t *heard(stage_t *self, act_kind_t kind, uint64_t id)
{
    for (kit_message_t *at = self->kit->kit->first; at; at = at->next)
        if (at->header.kind == kind && (id == 0 || at->header.id == id)) {
            at->header.kind = 0;
            return at;
        }
    return NULL;
}

// The end of a call: a reply, or an error.
static const kit_message_t *wait_end(stage_t *self, uint64_t id, act_err_t *ret_err)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        const kit_message_t *reply = heard(self, ACT_KIND_REPLY, id);
        const kit_message_t *error = reply ? NULL : heard(self, ACT_KIND_ERROR, id);
        *ret_err = error ? act_err_from_number(error->header.err) : ACT_E_OK;
        if (reply || error)
            return reply ? reply : error;
        turn(self);
    }
    fail_msg("no end of call %d came", (int)id);
    return NULL;
}

static chat_reply_t wait_reply(stage_t *self, uint64_t id)
{
    act_err_t err = ACT_E_OK;
    chat_reply_t reply;
    const kit_message_t *message = wait_end(self, id, &err);
    assert_int_equal(err, ACT_E_OK);
    assert_int_equal(chat_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    return reply;
}

static void wait_requests(stage_t *self, uint32_t count)
{
    for (int i = 0; i < TURNS_MAX && model_sim_counts(self->sim).requests_count < count; i++)
        turn(self);
    assert_int_equal(model_sim_counts(self->sim).requests_count, count);
}

// --- persistence, played by the test -------------------------------------------------------------

static const kit_message_t *wait_call(stage_t *self, const char *method)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        for (kit_message_t *at = self->kit->kit->first; at; at = at->next)
            if (at->header.kind == ACT_KIND_CALL && act_str_is(at->header.method, method)) {
                at->header.kind = 0;
                return at;
            }
        turn(self);
    }
    fail_msg("no call of %s came", method);
    return NULL;
}

static void answer(stage_t *self, const kit_message_t *call, const act_buf_t *body)
{
    const act_header_t header = {.kind = ACT_KIND_REPLY, .id = call->header.id};
    actor_kit_send(self->kit->kit, &header, act_buf_str(body));
    turn(self);
}

// Two providers of the tenant's own at the simulator, the second one by another dialect.
static void give_routes(stage_t *self, int64_t day_micro_usd)
{
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", model_sim_port(self->sim));
    const model_route_t routes[] = {
        {.tenant = ACT_STR("demo"),
         .role = ACT_STR("agent"),
         .position = 1,
         .provider_id = ACT_STR("first"),
         .dialect = ACT_STR("anthropic"),
         .base_url = act_str(url),
         .model = ACT_STR("claude-haiku-5-5"),
         .day_micro_usd = day_micro_usd},
        {.tenant = ACT_STR("demo"),
         .role = ACT_STR("agent"),
         .position = 2,
         .provider_id = ACT_STR("second"),
         .dialect = ACT_STR("gemini"),
         .base_url = act_str(url),
         .model = ACT_STR("gemini-3.8-flash"),
         .day_micro_usd = day_micro_usd},
    };
    list_model_routes_reply_t reply = {.routes = {.items = routes, .count = 2}};
    act_buf_t body;
    act_buf_init(&body, 65536);
    list_model_routes_reply_pack(&reply, &body);
    answer(self, wait_call(self, "list_model_routes"), &body);
    act_buf_fini(&body);
}

// --- answers -------------------------------------------------------------------------------------

static void a_question_is_answered_and_its_usage_recorded(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, NULL);
    model_sim_script(
        stage.sim,
        "[{\"text\":\"Ten euros.\",\"usage\":{\"input\":41,\"cached\":3,\"output\":38}}]");
    chat_reply_t reply =
        wait_reply(&stage, ask(&stage, &(question_t){.text = "price?", .conversation = "c1"}));
    assert_true(act_str_is(reply.message->text, "Ten euros."));
    assert_true(act_str_is(reply.stop, "end"));
    assert_true(act_str_is(reply.provider, "default"));
    assert_int_equal(reply.usage->input_tokens, 41);
    assert_false(reply.usage->is_cost_known); // nobody knows what test-model costs
    const kit_message_t *call = wait_call(&stage, "settle_model_usage");
    settle_model_usage_request_t usage;
    assert_int_equal(settle_model_usage_request_unpack(call->body, call->frame, &usage, NULL),
                     ACT_E_OK);
    assert_true(act_str_is(usage.outcome, "ok"));
    assert_true(act_str_is(usage.conversation_id, "c1"));
    assert_int_equal(usage.output_tokens, 38);
    assert_int_equal(usage.requests_count, 1);
    assert_false(usage.is_cost_known);
    stage_close(&stage);
}

static void parts_come_before_the_reply(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"tokens\":400,\"write_bytes\":700,\"write_ms\":1}]");
    uint64_t id = ask(&stage, &(question_t){.text = "tell", .parts = 3});
    char said[8192] = "";
    uint32_t parts_count = 0;
    chat_reply_t reply = wait_reply(&stage, id);
    const kit_message_t *part = NULL;
    // The newest stand first in the kit's list; sequence numbers put them in order.
    for (uint32_t sequence = 0; sequence < 3; sequence++)
        for (kit_message_t *at = stage.kit->kit->first; at; at = at->next)
            if (at->header.kind == ACT_KIND_PARTIAL && at->header.sequence == sequence) {
                chat_delta_t delta;
                part = at;
                assert_int_equal(chat_delta_unpack(at->body, at->frame, &delta, NULL), ACT_E_OK);
                size_t len_bytes = strlen(said);
                (void)act_str_copy(delta.text, said + len_bytes, sizeof said - len_bytes);
                parts_count++;
            }
    assert_non_null(part);
    assert_in_range(parts_count, 1, 3); // no more than the caller takes
    assert_true(act_str_starts_with(reply.message->text, said));
    assert_int_equal(reply.message->text.len_bytes, 400 * 8);
    stage_close(&stage);
}

static void the_same_question_is_paid_once(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, NULL);
    const question_t question = {.role = "classify", .text = "which?"};
    assert_false(wait_reply(&stage, ask(&stage, &question)).is_cached);
    chat_reply_t again = wait_reply(&stage, ask(&stage, &question));
    assert_true(again.is_cached);
    assert_true(act_str_is(again.message->text, "echo: which?"));
    assert_int_equal(again.usage->cost_micro_usd, 0);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    actor_kit_pass_ms(stage.kit->kit, 700 * 1000);
    assert_false(wait_reply(&stage, ask(&stage, &question)).is_cached);
    // What an agent says may differ each time.
    const question_t talk = {.role = "agent", .text = "which?"};
    assert_false(wait_reply(&stage, ask(&stage, &talk)).is_cached);
    assert_false(wait_reply(&stage, ask(&stage, &talk)).is_cached);
    stage_close(&stage);
}

// --- faults --------------------------------------------------------------------------------------

static void a_busy_provider_is_asked_again_when_it_said(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, NULL);
    model_sim_script(
        stage.sim,
        "[{\"status\":429,\"error\":\"rate_limit_exceeded\",\"headers\":{\"retry-after\":\"3\"}}]");
    uint64_t id = ask(&stage, &(question_t){.text = "x"});
    wait_requests(&stage, 1);
    for (int i = 0; i < 50; i++)
        turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 2800);
    for (int i = 0; i < 50; i++)
        turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    actor_kit_pass_ms(stage.kit->kit, 400);
    assert_int_equal(wait_reply(&stage, id).requests_count, 2);
    stage_close(&stage);
}

static void what_cannot_go_well_is_not_tried_again(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "[{\"status\":429,\"error\":\"insufficient_quota\"}]",
        "[{\"status\":401,\"error\":\"invalid_api_key\"}]",
        "[{\"status\":400,\"error\":\"invalid_request_error\"}]",
        "[{\"status\":503,\"headers\":{\"x-should-retry\":\"false\"}}]",
    };
    for (size_t i = 0; i < ACT_COUNT(steps); i++) {
        stage_t stage;
        act_err_t err = ACT_E_OK;
        stage_open(&stage, NULL);
        model_sim_script(stage.sim, steps[i]);
        (void)wait_end(&stage, ask(&stage, &(question_t){.text = "x"}), &err);
        assert_int_equal(err, ACT_E_MODEL_PROVIDER);
        assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
        stage_close(&stage);
    }
    stage_t stage; // too long a prompt is an answer of its own
    stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"status\":400,\"error\":\"context_length_exceeded\"}]");
    assert_true(
        act_str_is(wait_reply(&stage, ask(&stage, &(question_t){.text = "x"})).stop, "context"));
    stage_close(&stage);
}

// 529 to everybody: the breaker opens, so that a storm costs few requests; in 5 s at most it is tried again.
static void a_storm_is_weathered(void **state)
{
    (void)state;
    stage_t stage;
    uint32_t asked_count = 0, failed_count = 0;
    stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"status\":529,\"error\":\"overloaded_error\",\"times\":0}]");
    for (int burst = 0; burst < 20; burst++) {
        uint64_t ids[10];
        for (int i = 0; i < 10; i++, asked_count++)
            ids[i] = ask(&stage, &(question_t){.text = "x", .budget_ms = 20000});
        for (int i = 0; i < 30; i++)
            turn(&stage);
        actor_kit_pass_ms(stage.kit->kit, 9000); // retries that wait have their time
        for (int i = 0; i < 10; i++) {
            act_err_t err = ACT_E_OK;
            (void)wait_end(&stage, ids[i], &err);
            assert_int_equal(err, ACT_E_MODEL_PROVIDER);
            failed_count++;
        }
    }
    assert_int_equal(failed_count, asked_count);
    uint32_t requests_count = model_sim_counts(stage.sim).requests_count;
    assert_true(requests_count * 10 <= asked_count * 11);
    print_message("storm: %u calls, %u requests\n", asked_count, requests_count);
    // The storm is over: within 5 s of the last failure one probe finds out.
    model_sim_reset(stage.sim);
    actor_kit_pass_ms(stage.kit->kit, GATE_OPEN_MAX_MS);
    assert_true(act_str_is(
        wait_reply(&stage, ask(&stage, &(question_t){.text = "hi"})).message->text, "echo: hi"));
    stage_close(&stage);
}

#define SAID_BYTES 256

// What the parts of a call said, put in order.
static void said_of(stage_t *self, uint64_t id, char said[SAID_BYTES])
{
    said[0] = '\0';
    size_t said_bytes = 0;
    for (uint32_t sequence = 0;; sequence++) {
        kit_message_t *at = self->kit->kit->first;
        chat_delta_t delta;
        while (at && (at->header.kind != ACT_KIND_PARTIAL || at->header.id != id ||
                      at->header.sequence != sequence))
            at = at->next;
        if (!at)
            return;
        assert_int_equal(chat_delta_unpack(at->body, at->frame, &delta, NULL), ACT_E_OK);
        assert_true(act_str_copy(delta.text, said + said_bytes, SAID_BYTES - said_bytes));
        said_bytes += delta.text.len_bytes;
    }
}

// Turns until the call has ended or nothing moves without the clock.
static const kit_message_t *end_of(stage_t *self, uint64_t id, act_err_t *ret_err)
{
    for (int i = 0; i < CUT_TURNS; i++) {
        const kit_message_t *reply = heard(self, ACT_KIND_REPLY, id);
        const kit_message_t *error = reply ? NULL : heard(self, ACT_KIND_ERROR, id);
        *ret_err = error ? act_err_from_number(error->header.err) : ACT_E_OK;
        if (reply || error)
            return reply ? reply : error;
        turn(self);
    }
    actor_kit_pass_ms(self->kit->kit, 9000); // a retry waits for its time
    return wait_end(self, id, ret_err);
}

// One call whose first answer ends after so many bytes. True: it was whole all the same.
static bool check_cut(stage_t *self, int cut_bytes)
{
    char step[160], said[SAID_BYTES];
    act_err_t err = ACT_E_OK;
    model_sim_reset(self->sim);
    (void)snprintf(step, sizeof step,
                   "[{\"text\":\"one two three four\",\"cut_bytes\":%d,\"write_bytes\":97}]",
                   cut_bytes);
    model_sim_script(self->sim, step);
    uint64_t id = ask(self, &(question_t){.text = "x", .parts = 100});
    const kit_message_t *end = end_of(self, id, &err);
    uint32_t requests_count = model_sim_counts(self->sim).requests_count;
    said_of(self, id, said);
    const char *text = requests_count == 1 ? "one two three four" : "echo: x";
    assert_true(strncmp(text, said, strlen(said)) == 0); // a beginning of one answer, never of two
    if (err == ACT_E_OK) {
        chat_reply_t reply;
        assert_int_equal(chat_reply_unpack(end->body, end->frame, &reply, NULL), ACT_E_OK);
        assert_true(act_str_is(reply.message->text, text));
    } else {
        assert_int_equal(err, ACT_E_MODEL_PROVIDER);
        assert_int_equal(requests_count, 1); // the caller had heard a part, or retries are used up
    }
    actor_kit_pass_ms(self->kit->kit, 6000); // the breaker's time
    return err == ACT_E_OK && requests_count == 1;
}

// Cut after every byte, in every dialect: the call is made again as a whole or fails; who has heard a part
// hears the failure, and nothing twice.
static void a_cut_stream_is_never_said_twice(void **state)
{
    (void)state;
    static const struct {
        const char *dialect, *path;
    } rows[] = {
        {"anthropic", ""}, {"openai", "/v1"}, {"openai_compatible", "/v1"}, {"gemini", "/v1beta"}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        stage_t stage;
        char setting[64];
        int cut_bytes = 0, whole_count = 0;
        (void)snprintf(setting, sizeof setting, "model_dialect=%s", rows[i].dialect);
        while (whole_count < CUT_WHOLE_COUNT) {
            stage_open_at(&stage, rows[i].path, setting);
            for (int j = 0; j < CUT_STAGE_COUNT && whole_count < CUT_WHOLE_COUNT; j++)
                whole_count = check_cut(&stage, cut_bytes++) ? whole_count + 1 : 0;
            assert_in_range(cut_bytes, 0, CUT_MAX_BYTES);
            stage_close(&stage);
        }
        print_message("%s: cut after each of %d bytes\n", rows[i].dialect, cut_bytes);
        assert_true(cut_bytes > 300);
    }
}

static void a_cancelled_call_closes_its_connection(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"hang\":true,\"times\":2}]");
    uint64_t id = ask(&stage, &(question_t){.text = "x"});
    wait_requests(&stage, 1);
    assert_int_equal(model_sim_counts(stage.sim).open_count, 1);
    actor_kit_send_kind(stage.kit->kit, ACT_KIND_CANCEL, id);
    for (int i = 0; i < TURNS_MAX && model_sim_counts(stage.sim).hung_up_count == 0; i++)
        turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).hung_up_count, 1);
    // So does one whose time is over.
    (void)ask(&stage, &(question_t){.text = "x", .budget_ms = 500});
    wait_requests(&stage, 2);
    actor_kit_pass_ms(stage.kit->kit, 600);
    for (int i = 0; i < TURNS_MAX && model_sim_counts(stage.sim).hung_up_count < 2; i++)
        turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).hung_up_count, 2);
    stage_close(&stage);
}

static void a_silent_provider_is_left(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, "model_options=idle_ms=1000");
    model_sim_script(stage.sim, "[{\"hang\":true}]");
    uint64_t id = ask(&stage, &(question_t){.text = "x", .parts = 4});
    wait_requests(&stage, 1);
    actor_kit_pass_ms(stage.kit->kit, 1200);
    for (int i = 0; i < 30; i++)
        turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 1000); // the retry's jitter
    assert_int_equal(wait_reply(&stage, id).requests_count, 2);
    stage_close(&stage);
}

// A whole answer says nothing until it is there: only its own time limit ends the wait, and a cut one is
// asked for again, because nobody has heard of it.
static void a_slow_whole_answer_is_waited_for(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, "model_options=idle_ms=1000,timeout_ms=5000");
    model_sim_script(stage.sim, "[{\"hang\":true}]");
    uint64_t id = ask(&stage, &(question_t){.text = "x"});
    wait_requests(&stage, 1);
    actor_kit_pass_ms(stage.kit->kit, 4000);
    for (int i = 0; i < 30; i++)
        turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    assert_int_equal(model_sim_counts(stage.sim).hung_up_count, 0);
    actor_kit_pass_ms(stage.kit->kit, 1200);
    for (int i = 0; i < 30; i++)
        turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 1000); // the retry's jitter
    assert_int_equal(wait_reply(&stage, id).requests_count, 2);
    model_sim_reset(stage.sim);
    model_sim_script(stage.sim, "[{\"tokens\":400,\"write_bytes\":50}]");
    chat_reply_t reply = wait_reply(&stage, ask(&stage, &(question_t){.text = "x"}));
    assert_int_equal(reply.message->text.len_bytes, 400 * 8);
    stage_close(&stage);
}

// A caller who wants parts of a model that has no streams gets the whole answer as one.
static void parts_of_a_model_without_streams_are_one(void **state)
{
    (void)state;
    stage_t stage;
    char said[SAID_BYTES];
    stage_open(&stage, "model_options=-stream");
    model_sim_script(stage.sim, "[{\"text\":\"one two\",\"cut_bytes\":150},{\"text\":\"three\"}]");
    uint64_t id = ask(&stage, &(question_t){.text = "x", .parts = 4});
    wait_requests(&stage, 1);
    for (int i = 0; i < 30; i++)
        turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 1000);
    chat_reply_t reply = wait_reply(&stage, id);
    assert_true(act_str_is(reply.message->text, "three"));
    assert_int_equal(reply.requests_count, 2);
    said_of(&stage, id, said);
    assert_string_equal(said, "three");
    stage_close(&stage);
}

// --- routes and money ----------------------------------------------------------------------------

static void the_next_model_answers_for_one_that_cannot(void **state)
{
    (void)state;
    stage_t stage;
    stage_open(&stage, NULL);
    give_routes(&stage, 0);
    chat_reply_t reply = wait_reply(&stage, ask(&stage, &(question_t){.text = "x"}));
    assert_true(act_str_is(reply.provider, "first"));
    assert_true(reply.usage->is_cost_known);
    model_sim_script(stage.sim, "[{\"status\":529,\"match\":\"max_tokens\",\"times\":0}]");
    reply = wait_reply(&stage, ask(&stage, &(question_t){.text = "y"}));
    assert_true(act_str_is(reply.provider, "second"));
    assert_true(act_str_is(reply.model, "gemini-3.8-flash"));
    assert_int_equal(reply.requests_count, 2);
    stage_close(&stage);
}

// The reservation is asked for before the provider, and what was not used is given back.
static void money_is_reserved_before_anything_is_sent(void **state)
{
    (void)state;
    stage_t stage;
    act_buf_t body;
    act_err_t err = ACT_E_OK;
    reserve_model_spend_request_t reserve;
    settle_model_usage_request_t usage;
    act_buf_init(&body, 1024);
    stage_open(&stage, NULL);
    give_routes(&stage, 1000000);
    uint64_t id = ask(&stage, &(question_t){.text = "x", .conversation = "c1"});
    const kit_message_t *call = wait_call(&stage, "reserve_model_spend");
    assert_int_equal(reserve_model_spend_request_unpack(call->body, call->frame, &reserve, NULL),
                     ACT_E_OK);
    assert_int_equal(reserve.day_limit_micro_usd, 1000000);
    // The dearer of both: 8,192 tokens of gemini-3.8-flash at 3.75 a million.
    assert_in_range(reserve.amount_micro_usd, 30720, 30730);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 0);
    reserve_model_spend_reply_pack(&(reserve_model_spend_reply_t){.refused_by = ACT_STR("")},
                                   &body);
    answer(&stage, call, &body);
    assert_true(wait_reply(&stage, id).usage->is_cost_known);
    call = wait_call(&stage, "settle_model_usage");
    assert_int_equal(settle_model_usage_request_unpack(call->body, call->frame, &usage, NULL),
                     ACT_E_OK);
    assert_true(usage.is_cost_known);
    assert_in_range(usage.cost_micro_usd, 1, 10);
    assert_true(act_str_eq(usage.usage_id, reserve.usage_id));
    // Refused: nothing is sent.
    id = ask(&stage, &(question_t){.text = "y"});
    act_buf_reset(&body);
    reserve_model_spend_reply_pack(&(reserve_model_spend_reply_t){.refused_by = ACT_STR("day")},
                                   &body);
    answer(&stage, wait_call(&stage, "reserve_model_spend"), &body);
    (void)wait_end(&stage, id, &err);
    assert_int_equal(err, ACT_E_QUOTA_EXCEEDED);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    act_buf_fini(&body);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered_and_its_usage_recorded),
        cmocka_unit_test(parts_come_before_the_reply),
        cmocka_unit_test(the_same_question_is_paid_once),
        cmocka_unit_test(a_busy_provider_is_asked_again_when_it_said),
        cmocka_unit_test(what_cannot_go_well_is_not_tried_again),
        cmocka_unit_test(a_storm_is_weathered),
        cmocka_unit_test(a_cut_stream_is_never_said_twice),
        cmocka_unit_test(a_cancelled_call_closes_its_connection),
        cmocka_unit_test(a_silent_provider_is_left),
        cmocka_unit_test(a_slow_whole_answer_is_waited_for),
        cmocka_unit_test(parts_of_a_model_without_streams_are_one),
        cmocka_unit_test(the_next_model_answers_for_one_that_cannot),
        cmocka_unit_test(money_is_reserved_before_anything_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
