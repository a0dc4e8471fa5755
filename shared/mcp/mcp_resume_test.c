// mcp_resume: what follows on an end, how long is waited, and when it is enough.
#include "mcp/mcp_resume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define CUT .err = ACT_E_IO, .status = 200, .retry_ms = ACT_SSE_NO_RETRY

static mcp_resume_step_t step(mcp_resume_t *self, mcp_resume_end_t end, uint32_t *ret_wait_ms)
{
    *ret_wait_ms = 0;
    return mcp_resume_next(self, &end, ret_wait_ms);
}

static void goes_by_how_it_ended(void **state)
{
    (void)state;
    const struct {
        mcp_resume_end_t end;
        const char *event_id; // seen before
        mcp_resume_step_t step;
    } rows[] = {
        // With sessions: only behind an event, of this stream or of one before.
        {{CUT}, "", MCP_RESUME_NO},
        {{CUT, .event_id = ACT_STR("1")}, "", MCP_RESUME_STREAM},
        {{CUT, .event_id = ACT_STR("1"), .is_repeatable = true}, "", MCP_RESUME_STREAM},
        {{CUT, .is_repeatable = true}, "", MCP_RESUME_NO},
        {{.err = ACT_E_OK, .status = 200, .event_id = ACT_STR("1")}, "", MCP_RESUME_STREAM},
        {{CUT}, "1", MCP_RESUME_STREAM},
        // What says something of the request is no cut.
        {{.err = ACT_E_DEADLINE, .status = 200, .event_id = ACT_STR("1")}, "", MCP_RESUME_NO},
        {{.err = ACT_E_TOO_LARGE, .status = 200, .event_id = ACT_STR("1")}, "", MCP_RESUME_NO},
        {{.err = ACT_E_CANCELLED, .status = 200, .event_id = ACT_STR("1")}, "", MCP_RESUME_NO},
        {{.err = ACT_E_FORBIDDEN}, "1", MCP_RESUME_NO},
        {{.err = ACT_E_IO}, "", MCP_RESUME_NO}, // the POST did not come through
        {{.err = ACT_E_OK, .status = 503}, "", MCP_RESUME_NO},
        // Taking up: a server that is not there yet, and one that does not want to.
        {{.err = ACT_E_IO}, "1", MCP_RESUME_STREAM},
        {{.err = ACT_E_OK, .status = 503}, "1", MCP_RESUME_STREAM},
        {{.err = ACT_E_OK, .status = 429}, "1", MCP_RESUME_STREAM},
        {{.err = ACT_E_OK, .status = 405}, "1", MCP_RESUME_NO},
        {{.err = ACT_E_OK, .status = 404}, "1", MCP_RESUME_NO},
        {{.err = ACT_E_OK, .status = 400}, "1", MCP_RESUME_NO},
        {{.err = ACT_E_OK, .status = 500}, "1", MCP_RESUME_NO},
        // Without sessions: asked again, or not.
        {{CUT, .is_modern = true, .is_repeatable = true}, "", MCP_RESUME_REPEAT},
        {{CUT, .is_modern = true}, "", MCP_RESUME_NO},
        {{CUT, .is_modern = true, .event_id = ACT_STR("1")}, "", MCP_RESUME_NO},
        {{.err = ACT_E_OK, .status = 500, .is_modern = true, .is_repeatable = true},
         "",
         MCP_RESUME_NO},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        mcp_resume_t self = {.tries_count = 0};
        uint32_t wait_ms = 0;
        mcp_resume_end_t end = rows[i].end;
        end.retry_ms = ACT_SSE_NO_RETRY;
        (void)snprintf(self.event_id, sizeof self.event_id, "%s", rows[i].event_id);
        mcp_resume_step_t next = mcp_resume_next(&self, &end, &wait_ms);
        if (next != rows[i].step)
            fail_msg("row %zu: %d", i, (int)next);
        assert_true(next == MCP_RESUME_NO || wait_ms >= MCP_RESUME_FLOOR_MS);
    }
}

static void waits_as_the_server_wants_and_longer_when_nothing_comes(void **state)
{
    (void)state;
    mcp_resume_t self = {.tries_count = 0};
    uint32_t wait_ms = 0;
    (void)step(&self, (mcp_resume_end_t){CUT, .event_id = ACT_STR("1")}, &wait_ms);
    assert_int_equal(wait_ms, MCP_RESUME_WAIT_MS);
    mcp_resume_end_t told = {
        .err = ACT_E_OK, .status = 200, .event_id = ACT_STR("2"), .retry_ms = 500};
    (void)step(&self, told, &wait_ms);
    assert_int_equal(wait_ms, 500);
    (void)step(&self, (mcp_resume_end_t){CUT}, &wait_ms); // what was said holds
    assert_int_equal(wait_ms, 1000);
    told =
        (mcp_resume_end_t){.err = ACT_E_OK, .status = 200, .event_id = ACT_STR("3"), .retry_ms = 0};
    (void)step(&self, told, &wait_ms);
    assert_int_equal(wait_ms, MCP_RESUME_FLOOR_MS);
    told = (mcp_resume_end_t){
        .err = ACT_E_OK, .status = 200, .event_id = ACT_STR("4"), .retry_ms = 60000};
    (void)step(&self, told, &wait_ms);
    assert_int_equal(wait_ms, 60000);
    (void)step(&self, (mcp_resume_end_t){CUT}, &wait_ms);
    assert_int_equal(wait_ms, 60000); // theirs, not doubled above our own ceiling
}

static void ends_when_nothing_new_comes(void **state)
{
    (void)state;
    mcp_resume_t self = {.tries_count = 0};
    uint32_t wait_ms = 0;
    mcp_resume_end_t first = {CUT, .event_id = ACT_STR("1")};
    for (uint32_t i = 0; i < MCP_RESUMES_MAX_COUNT; i++)
        assert_int_equal(step(&self, first, &wait_ms), MCP_RESUME_STREAM);
    assert_true(wait_ms <= MCP_RESUME_CEILING_MS);
    mcp_resume_t tired = self;
    assert_int_equal(step(&tired, first, &wait_ms), MCP_RESUME_NO);
    mcp_resume_end_t news = {CUT, .event_id = ACT_STR("2")};
    assert_int_equal(step(&self, news, &wait_ms), MCP_RESUME_STREAM);
    assert_string_equal(self.event_id, "2");
    assert_int_equal(self.tries_count, 1);

    mcp_resume_t modern = {.tries_count = 0};
    mcp_resume_end_t cut = {CUT, .is_modern = true, .is_repeatable = true};
    for (uint32_t i = 0; i < MCP_REPEATS_MAX_COUNT; i++)
        assert_int_equal(step(&modern, cut, &wait_ms), MCP_RESUME_REPEAT);
    assert_int_equal(step(&modern, cut, &wait_ms), MCP_RESUME_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_by_how_it_ended),
        cmocka_unit_test(waits_as_the_server_wants_and_longer_when_nothing_comes),
        cmocka_unit_test(ends_when_nothing_new_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
