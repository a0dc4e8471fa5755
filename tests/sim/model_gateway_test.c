// model_gateway_test: the actor on the bus (sim/model_stage.h): answers, retries, storms, cancels, fallbacks, spend
// limits, the cache.
#include "sim/model_stage.h"

#include "proto/broker.h"
#include "proto/persistence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- answers -------------------------------------------------------------------------------------

static void a_question_is_answered_and_its_usage_recorded(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    model_sim_script(
        stage.sim,
        "[{\"text\":\"Ten euros.\",\"usage\":{\"input\":41,\"cached\":3,\"output\":38}}]");
    chat_reply_t reply = model_stage_wait_reply(
        &stage,
        model_stage_ask(&stage, &(model_question_t){.text = "price?", .conversation = "c1"}));
    assert_true(act_str_is(reply.message->text, "Ten euros."));
    assert_true(act_str_is(reply.stop, "end"));
    assert_true(act_str_is(reply.provider, "default"));
    assert_int_equal(reply.usage->input_tokens, 41);
    assert_false(reply.usage->is_cost_known); // nobody knows what test-model costs
    const kit_message_t *call = model_stage_wait_call(&stage, "settle_model_usage");
    settle_model_usage_request_t usage;
    assert_int_equal(settle_model_usage_request_unpack(call->body, call->frame, &usage, NULL),
                     ACT_E_OK);
    assert_true(act_str_is(usage.outcome, "ok"));
    assert_true(act_str_is(usage.conversation_id, "c1"));
    assert_int_equal(usage.output_tokens, 38);
    assert_int_equal(usage.requests_count, 1);
    assert_false(usage.is_cost_known);
    model_stage_close(&stage);
}

static void the_same_question_is_paid_once(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    const model_question_t question = {.role = "classify", .text = "which?"};
    assert_false(model_stage_wait_reply(&stage, model_stage_ask(&stage, &question)).is_cached);
    chat_reply_t again = model_stage_wait_reply(&stage, model_stage_ask(&stage, &question));
    assert_true(again.is_cached);
    assert_true(act_str_is(again.message->text, "echo: which?"));
    assert_int_equal(again.usage->cost_micro_usd, 0);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    actor_kit_pass_ms(stage.kit->kit, 700 * 1000);
    assert_false(model_stage_wait_reply(&stage, model_stage_ask(&stage, &question)).is_cached);
    // What an agent says may differ each time.
    const model_question_t talk = {.role = "agent", .text = "which?"};
    assert_false(model_stage_wait_reply(&stage, model_stage_ask(&stage, &talk)).is_cached);
    assert_false(model_stage_wait_reply(&stage, model_stage_ask(&stage, &talk)).is_cached);
    model_stage_close(&stage);
}

// --- faults --------------------------------------------------------------------------------------

static void a_busy_provider_is_asked_again_when_it_said(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    model_sim_script(
        stage.sim,
        "[{\"status\":429,\"error\":\"rate_limit_exceeded\",\"headers\":{\"retry-after\":\"3\"}}]");
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "x"});
    model_stage_wait_requests(&stage, 1);
    for (int i = 0; i < 50; i++)
        model_stage_turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 2800);
    for (int i = 0; i < 50; i++)
        model_stage_turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    actor_kit_pass_ms(stage.kit->kit, 400);
    assert_int_equal(model_stage_wait_reply(&stage, id).requests_count, 2);
    model_stage_close(&stage);
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
        model_stage_t stage;
        act_err_t err = ACT_E_OK;
        model_stage_open(&stage, NULL);
        model_sim_script(stage.sim, steps[i]);
        (void)model_stage_wait_end(&stage,
                                   model_stage_ask(&stage, &(model_question_t){.text = "x"}), &err);
        assert_int_equal(err, ACT_E_MODEL_PROVIDER);
        assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
        model_stage_close(&stage);
    }
    model_stage_t stage; // too long a prompt is an answer of its own
    model_stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"status\":400,\"error\":\"context_length_exceeded\"}]");
    assert_true(act_str_is(
        model_stage_wait_reply(&stage, model_stage_ask(&stage, &(model_question_t){.text = "x"}))
            .stop,
        "context"));
    model_stage_close(&stage);
}

// 529 to everybody: the breaker opens, so that a storm costs few requests; in 5 s at most it is tried again.
static void a_storm_is_weathered(void **state)
{
    (void)state;
    model_stage_t stage;
    uint32_t asked_count = 0, failed_count = 0;
    model_stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"status\":529,\"error\":\"overloaded_error\",\"times\":0}]");
    for (int burst = 0; burst < 20; burst++) {
        uint64_t ids[10];
        for (int i = 0; i < 10; i++, asked_count++)
            ids[i] = model_stage_ask(&stage, &(model_question_t){.text = "x", .budget_ms = 20000});
        for (int i = 0; i < 30; i++)
            model_stage_turn(&stage);
        actor_kit_pass_ms(stage.kit->kit, 9000); // retries that wait have their time
        for (int i = 0; i < 10; i++) {
            act_err_t err = ACT_E_OK;
            (void)model_stage_wait_end(&stage, ids[i], &err);
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
        model_stage_wait_reply(&stage, model_stage_ask(&stage, &(model_question_t){.text = "hi"}))
            .message->text,
        "echo: hi"));
    model_stage_close(&stage);
}

static void a_cancelled_call_closes_its_connection(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"hang\":true,\"times\":2}]");
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "x"});
    model_stage_wait_requests(&stage, 1);
    assert_int_equal(model_sim_counts(stage.sim).open_count, 1);
    actor_kit_send_kind(stage.kit->kit, ACT_KIND_CANCEL, id);
    for (int i = 0; i < MODEL_STAGE_TURNS_MAX && model_sim_counts(stage.sim).hung_up_count == 0;
         i++)
        model_stage_turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).hung_up_count, 1);
    // So does one whose time is over.
    (void)model_stage_ask(&stage, &(model_question_t){.text = "x", .budget_ms = 500});
    model_stage_wait_requests(&stage, 2);
    actor_kit_pass_ms(stage.kit->kit, 600);
    for (int i = 0; i < MODEL_STAGE_TURNS_MAX && model_sim_counts(stage.sim).hung_up_count < 2; i++)
        model_stage_turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).hung_up_count, 2);
    model_stage_close(&stage);
}

static void a_silent_provider_is_left(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, "model_options=idle_ms=1000");
    model_sim_script(stage.sim, "[{\"hang\":true}]");
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "x", .parts = 4});
    model_stage_wait_requests(&stage, 1);
    actor_kit_pass_ms(stage.kit->kit, 1200);
    // The retry comes within its jitter; a leap over all of it could be the silence of the second request.
    for (int i = 0; i < 1000 && model_sim_counts(stage.sim).requests_count < 2; i++) {
        actor_kit_pass_ms(stage.kit->kit, 5);
        model_stage_turn(&stage);
    }
    assert_int_equal(model_stage_wait_reply(&stage, id).requests_count, 2);
    model_stage_close(&stage);
}

// A whole answer says nothing until it is there: only its own time limit ends the wait, and a cut one is
// asked for again, because nobody has heard of it.
static void a_slow_whole_answer_is_waited_for(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, "model_options=idle_ms=1000,timeout_ms=5000");
    model_sim_script(stage.sim, "[{\"hang\":true}]");
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "x"});
    model_stage_wait_requests(&stage, 1);
    actor_kit_pass_ms(stage.kit->kit, 4000);
    for (int i = 0; i < 30; i++)
        model_stage_turn(&stage);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    assert_int_equal(model_sim_counts(stage.sim).hung_up_count, 0);
    actor_kit_pass_ms(stage.kit->kit, 1200);
    for (int i = 0; i < 30; i++)
        model_stage_turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 1000); // the retry's jitter
    assert_int_equal(model_stage_wait_reply(&stage, id).requests_count, 2);
    model_sim_reset(stage.sim);
    model_sim_script(stage.sim, "[{\"tokens\":400,\"write_bytes\":50}]");
    chat_reply_t reply =
        model_stage_wait_reply(&stage, model_stage_ask(&stage, &(model_question_t){.text = "x"}));
    assert_int_equal(reply.message->text.len_bytes, 400 * 8);
    model_stage_close(&stage);
}

// --- routes and money ----------------------------------------------------------------------------

static bool is_paused(model_stage_t *stage)
{
    actor_kit_send_kind(stage->kit->kit, ACT_KIND_PING, 0);
    const kit_message_t *message = actor_kit_expect(stage->kit->kit, ACT_KIND_PONG);
    stats_t stats;
    assert_int_equal(stats_unpack(message->body, message->frame, &stats, NULL), ACT_E_OK);
    return stats.is_paused;
}

// Who heard that there is no model would answer without one.
static void nobody_asks_before_the_routes_are_read(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    assert_true(is_paused(&stage));
    model_stage_give_routes(&stage, 0);
    assert_false(is_paused(&stage));
    model_stage_close(&stage);
}

static void the_next_model_answers_for_one_that_cannot(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    model_stage_give_routes(&stage, 0);
    chat_reply_t reply =
        model_stage_wait_reply(&stage, model_stage_ask(&stage, &(model_question_t){.text = "x"}));
    assert_true(act_str_is(reply.provider, "first"));
    assert_true(reply.usage->is_cost_known);
    model_sim_script(stage.sim, "[{\"status\":529,\"match\":\"max_tokens\",\"times\":0}]");
    reply =
        model_stage_wait_reply(&stage, model_stage_ask(&stage, &(model_question_t){.text = "y"}));
    assert_true(act_str_is(reply.provider, "second"));
    assert_true(act_str_is(reply.model, "gemini-3.8-flash"));
    assert_int_equal(reply.requests_count, 2);
    model_stage_close(&stage);
}

// The reservation is asked for before the provider, and what was not used is given back.
static void money_is_reserved_before_anything_is_sent(void **state)
{
    (void)state;
    model_stage_t stage;
    act_buf_t body;
    act_err_t err = ACT_E_OK;
    reserve_model_spend_request_t reserve;
    settle_model_usage_request_t usage;
    act_buf_init(&body, 1024);
    model_stage_open(&stage, NULL);
    model_stage_give_routes(&stage, 1000000);
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "x", .conversation = "c1"});
    const kit_message_t *call = model_stage_wait_call(&stage, "reserve_model_spend");
    assert_int_equal(reserve_model_spend_request_unpack(call->body, call->frame, &reserve, NULL),
                     ACT_E_OK);
    assert_int_equal(reserve.day_limit_micro_usd, 1000000);
    // The dearer of both: 8,192 tokens of gemini-3.8-flash at 3.75 a million.
    assert_in_range(reserve.amount_micro_usd, 30720, 30730);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 0);
    reserve_model_spend_reply_pack(&(reserve_model_spend_reply_t){.refused_by = ACT_STR("")},
                                   &body);
    model_stage_answer(&stage, call, &body);
    assert_true(model_stage_wait_reply(&stage, id).usage->is_cost_known);
    call = model_stage_wait_call(&stage, "settle_model_usage");
    assert_int_equal(settle_model_usage_request_unpack(call->body, call->frame, &usage, NULL),
                     ACT_E_OK);
    assert_true(usage.is_cost_known);
    assert_in_range(usage.cost_micro_usd, 1, 10);
    assert_true(act_str_eq(usage.usage_id, reserve.usage_id));
    // Refused: nothing is sent.
    id = model_stage_ask(&stage, &(model_question_t){.text = "y"});
    act_buf_reset(&body);
    reserve_model_spend_reply_pack(&(reserve_model_spend_reply_t){.refused_by = ACT_STR("day")},
                                   &body);
    model_stage_answer(&stage, model_stage_wait_call(&stage, "reserve_model_spend"), &body);
    (void)model_stage_wait_end(&stage, id, &err);
    assert_int_equal(err, ACT_E_QUOTA_EXCEEDED);
    assert_int_equal(model_sim_counts(stage.sim).requests_count, 1);
    act_buf_fini(&body);
    model_stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered_and_its_usage_recorded),
        cmocka_unit_test(the_same_question_is_paid_once),
        cmocka_unit_test(a_busy_provider_is_asked_again_when_it_said),
        cmocka_unit_test(what_cannot_go_well_is_not_tried_again),
        cmocka_unit_test(a_storm_is_weathered),
        cmocka_unit_test(a_cancelled_call_closes_its_connection),
        cmocka_unit_test(a_silent_provider_is_left),
        cmocka_unit_test(a_slow_whole_answer_is_waited_for),
        cmocka_unit_test(nobody_asks_before_the_routes_are_read),
        cmocka_unit_test(the_next_model_answers_for_one_that_cannot),
        cmocka_unit_test(money_is_reserved_before_anything_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
