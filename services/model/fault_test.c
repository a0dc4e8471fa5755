// fault: what answers that are none mean.
#include "fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void statuses_and_words(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *head;
        const char *body;
        fault_kind_t kind;
        bool is_illness;
        int64_t retry_after_ms;
        bool is_paused;
    } rows[] = {
        {529, "", "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}", FAULT_AGAIN,
         true, 0, false},
        {429, "Retry-After-Ms: 1500\r\n", "{\"error\":{\"type\":\"rate_limit_error\"}}",
         FAULT_AGAIN, false, 1500, true},
        {429, "",
         "{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}}}",
         FAULT_NEXT, false, 0, true},
        {429, "", "{\"error\":{\"code\":\"insufficient_quota\",\"type\":\"rate_limit_exceeded\"}}",
         FAULT_NEXT, false, 0, true},
        {429, "",
         "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"retryDelay\":\"17s\"}]}}",
         FAULT_AGAIN, false, 17000, true},
        {400, "", "{\"error\":{\"code\":\"context_length_exceeded\"}}", FAULT_CONTEXT, false, 0,
         false},
        {413, "", "too large", FAULT_CONTEXT, false, 0, false},
        {401, "", "{\"error\":{\"code\":\"invalid_api_key\"}}", FAULT_NEXT, false, 0, true},
        {402, "", "", FAULT_NEXT, false, 0, true},
        {404, "", "{}", FAULT_NEXT, false, 0, false},
        {409, "", "{}", FAULT_AGAIN, false, 0, false},
        {500, "", "<html>", FAULT_AGAIN, true, 0, false},
        {503, "x-should-retry: false\r\n", "", FAULT_NEXT, true, 0, false},
        {400, "X-Should-Retry: true\r\n", "", FAULT_AGAIN, false, 0, false},
        {503, "",
         "{\"error\":{\"message\":\"Loading model\",\"type\":\"unavailable_error\",\"code\":503}}",
         FAULT_AGAIN, true, 0, false},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        fault_t fault;
        act_http_in_t in = {
            .status = rows[i].status, .head = act_str(rows[i].head), .body = act_str(rows[i].body)};
        fault_of_status(&in, &fault);
        assert_int_equal(fault.kind, rows[i].kind);
        assert_int_equal(fault.is_illness, rows[i].is_illness);
        assert_int_equal(fault.retry_after_ms, rows[i].retry_after_ms);
        assert_int_equal(fault.pause_ms > 0, rows[i].is_paused);
    }
}

// Sentences of providers may quote what a customer wrote.
static void only_names_reach_the_log(void **state)
{
    (void)state;
    fault_t fault;
    act_http_in_t in = {
        .status = 400,
        .body = ACT_STR("{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"call "
                        "+33612345678\",\"code\":\"a b secret\"}}")};
    fault_of_status(&in, &fault);
    assert_string_equal(fault.text, "status 400 a invalid_request_error");
}

static void no_answer_at_all(void **state)
{
    (void)state;
    fault_t fault;
    fault_of_transport(&(act_http_in_t){.err = ACT_E_IO, .text = "reset"}, &fault);
    assert_int_equal(fault.kind, FAULT_AGAIN);
    assert_true(fault.is_illness);
    fault_of_transport(&(act_http_in_t){.err = ACT_E_FORBIDDEN, .text = "not public"}, &fault);
    assert_int_equal(fault.kind, FAULT_NEXT);
    fault_of_transport(&(act_http_in_t){.err = ACT_E_OVERLOADED}, &fault);
    assert_false(fault.is_illness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_and_words),
        cmocka_unit_test(only_names_reach_the_log),
        cmocka_unit_test(no_answer_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
