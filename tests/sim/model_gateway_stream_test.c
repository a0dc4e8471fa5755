// model_gateway_stream_test: the actor on the bus (sim/model_stage.h): an answer in parts, and streams that are cut
// after every byte.
#include "sim/model_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SAID_BYTES 256
#define CUT_TURNS 40
#define CUT_MAX_BYTES 8192
#define CUT_STAGE_COUNT 100 // calls of one actor
// So many whole answers in a row: the cut is behind the end.
#define CUT_WHOLE_COUNT 8

static void parts_come_before_the_reply(void **state)
{
    (void)state;
    model_stage_t stage;
    model_stage_open(&stage, NULL);
    model_sim_script(stage.sim, "[{\"tokens\":400,\"write_bytes\":700,\"write_ms\":1}]");
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "tell", .parts = 3});
    char said[8192] = "";
    uint32_t parts_count = 0;
    chat_reply_t reply = model_stage_wait_reply(&stage, id);
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
    model_stage_close(&stage);
}

// What the parts of a call said, put in order.
static void said_of(model_stage_t *self, uint64_t id, char said[SAID_BYTES])
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
static const kit_message_t *end_of(model_stage_t *self, uint64_t id, act_err_t *ret_err)
{
    for (int i = 0; i < CUT_TURNS; i++) {
        const kit_message_t *reply = model_stage_heard(self, ACT_KIND_REPLY, id);
        const kit_message_t *error = reply ? NULL : model_stage_heard(self, ACT_KIND_ERROR, id);
        *ret_err = error ? act_err_from_number(error->header.err) : ACT_E_OK;
        if (reply || error)
            return reply ? reply : error;
        model_stage_turn(self);
    }
    actor_kit_pass_ms(self->kit->kit, 9000); // a retry waits for its time
    return model_stage_wait_end(self, id, ret_err);
}

// One call whose first answer ends after so many bytes. True: it was whole all the same.
static bool check_cut(model_stage_t *self, int cut_bytes)
{
    char step[160], said[SAID_BYTES];
    act_err_t err = ACT_E_OK;
    model_sim_reset(self->sim);
    (void)snprintf(step, sizeof step,
                   "[{\"text\":\"one two three four\",\"cut_bytes\":%d,\"write_bytes\":97}]",
                   cut_bytes);
    model_sim_script(self->sim, step);
    uint64_t id = model_stage_ask(self, &(model_question_t){.text = "x", .parts = 100});
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
        model_stage_t stage;
        char setting[64];
        int cut_bytes = 0, whole_count = 0;
        (void)snprintf(setting, sizeof setting, "model_dialect=%s", rows[i].dialect);
        while (whole_count < CUT_WHOLE_COUNT) {
            model_stage_open_at(&stage, rows[i].path, setting);
            for (int j = 0; j < CUT_STAGE_COUNT && whole_count < CUT_WHOLE_COUNT; j++)
                whole_count = check_cut(&stage, cut_bytes++) ? whole_count + 1 : 0;
            assert_in_range(cut_bytes, 0, CUT_MAX_BYTES);
            model_stage_close(&stage);
        }
        print_message("%s: cut after each of %d bytes\n", rows[i].dialect, cut_bytes);
        assert_true(cut_bytes > 300);
    }
}

// A caller who wants parts of a model that has no streams gets the whole answer as one.
static void parts_of_a_model_without_streams_are_one(void **state)
{
    (void)state;
    model_stage_t stage;
    char said[SAID_BYTES];
    model_stage_open(&stage, "model_options=-stream");
    model_sim_script(stage.sim, "[{\"text\":\"one two\",\"cut_bytes\":150},{\"text\":\"three\"}]");
    uint64_t id = model_stage_ask(&stage, &(model_question_t){.text = "x", .parts = 4});
    model_stage_wait_requests(&stage, 1);
    for (int i = 0; i < 30; i++)
        model_stage_turn(&stage);
    actor_kit_pass_ms(stage.kit->kit, 1000);
    chat_reply_t reply = model_stage_wait_reply(&stage, id);
    assert_true(act_str_is(reply.message->text, "three"));
    assert_int_equal(reply.requests_count, 2);
    said_of(&stage, id, said);
    assert_string_equal(said, "three");
    model_stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_before_the_reply),
        cmocka_unit_test(a_cut_stream_is_never_said_twice),
        cmocka_unit_test(parts_of_a_model_without_streams_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
