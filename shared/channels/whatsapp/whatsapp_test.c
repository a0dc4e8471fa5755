// whatsapp as a channel: the table, and what answers and error codes mean.
#include "channels/whatsapp/whatsapp.h"

#include "channels/whatsapp/webhook_kit.h"

// --- the plug ------------------------------------------------------------------------------------

static void is_in_the_table(void **state)
{
    (void)state;
    const act_channel_t *channel = act_channel_find(ACT_STR("whatsapp"));
    assert_ptr_equal(channel, &whatsapp_channel);
    assert_null(act_channel_find(ACT_STR("carrier pigeon")));
    for (const act_channel_t *const *at = act_channels; *at; at++) {
        assert_non_null((*at)->verify);
        assert_non_null((*at)->parse);
        assert_non_null((*at)->split);
        assert_non_null((*at)->render);
        assert_non_null((*at)->classify);
        assert_non_null((*at)->classify_code);
        assert_true(((*at)->mode_parameter == NULL) == ((*at)->is_handshake == NULL));
    }
}

// What the table says of a channel is what it does.
static void keeps_its_limits(void **state)
{
    (void)state;
    for (const act_channel_t *const *at = act_channels; *at; at++) {
        const act_channel_limits_t *limits = &(*at)->limits;
        assert_true(limits->answer_max_chars > 0 &&
                    limits->answer_max_chars <= limits->text_max_chars);
        char *text = act_alloc(limits->text_max_chars + 1);
        memset(text, 'x', limits->text_max_chars + 1);
        for (uint32_t more = 0; more <= 1; more++) {
            ACT_AUTO(act_arena) *arena = act_arena_new();
            const outbound_content_t content = {
                .type = ACT_STR("text"), .text = act_str_of(text, limits->text_max_chars + more)};
            act_channel_contents_t contents;
            (*at)->split(&content, arena, &contents);
            assert_int_equal(contents.count, 1 + more);
        }
        act_free(text);
    }
}

static void goes_both_ways(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const act_channel_t *channel = act_channels[0];
    act_channel_webhook_t webhook = {
        .body = kit_json(ACT_STR("{'object':'whatsapp_business_account','entry':[{'id':'900001',"
                                 "'changes':[{'field':'messages','value':{"
                                 "'messaging_product':'whatsapp'}}]}]}"),
                         arena),
        .signature =
            ACT_STR("sha256=619de9b6bb13b8e336a6e0a58b262caa39926faead23bd0df4bc83a4a3e1e15c"),
    };
    act_channel_batch_t batch;
    assert_true(channel->verify(&webhook, ACT_STR("5f2a0c9e7b1d4836a0f1c2d3e4b59687")));
    assert_false(channel->verify(&webhook, ACT_STR("other")));
    assert_int_equal(channel->parse(&webhook, arena, &batch), ACT_E_OK);
    assert_true(channel->is_handshake(ACT_STR("subscribe"), ACT_STR("t"), ACT_STR("t")));
    act_channel_account_t account = {.external_id = ACT_STR("1"), .access_token = ACT_STR("t")};
    outbound_content_t content = {.type = ACT_STR("text"), .text = ACT_STR("x")};
    act_channel_send_t send = {.account = &account, .address = ACT_STR("1"), .content = &content};
    act_http_out_t request;
    assert_int_equal(channel->render(&send, arena, &request), ACT_E_OK);
    assert_int_equal(channel->render_typing(&account, send.address, ACT_STR("w"), arena, &request),
                     ACT_E_OK);
    act_channel_contents_t contents;
    channel->split(&content, arena, &contents);
    assert_int_equal(contents.count, 1);
}

// --- error codes ---------------------------------------------------------------------------------

static const struct {
    int32_t code;
    act_channel_outcome_t outcome;
    int64_t delays_ms[3]; // after 0, 1 and 9 failed sends
} codes[] = {
    {1, ACT_CHANNEL_RETRY, {1000, 2000, 60000}},
    {2, ACT_CHANNEL_RETRY, {1000, 2000, 60000}},
    {3, ACT_CHANNEL_STOPPED, {0}},
    {4, ACT_CHANNEL_RETRY, {60000, 120000, 900000}},
    {10, ACT_CHANNEL_STOPPED, {0}},
    {33, ACT_CHANNEL_REFUSED, {0}},
    {100, ACT_CHANNEL_REFUSED, {0}},
    {190, ACT_CHANNEL_STOPPED, {0}},
    {200, ACT_CHANNEL_STOPPED, {0}},
    {299, ACT_CHANNEL_STOPPED, {0}},
    {300, ACT_CHANNEL_REFUSED, {0}},
    {368, ACT_CHANNEL_STOPPED, {0}},
    {80007, ACT_CHANNEL_RETRY, {60000, 120000, 900000}},
    {130429, ACT_CHANNEL_RETRY, {1000, 2000, 60000}},
    {130472, ACT_CHANNEL_REFUSED, {0}},
    {131000, ACT_CHANNEL_RETRY, {1000, 2000, 60000}},
    {131005, ACT_CHANNEL_STOPPED, {0}},
    {131008, ACT_CHANNEL_REFUSED, {0}},
    {131009, ACT_CHANNEL_REFUSED, {0}},
    {131016, ACT_CHANNEL_RETRY, {1000, 2000, 60000}},
    {131021, ACT_CHANNEL_REFUSED, {0}},
    {131026, ACT_CHANNEL_REFUSED, {0}},
    {131030, ACT_CHANNEL_REFUSED, {0}},
    {131031, ACT_CHANNEL_STOPPED, {0}},
    {131037, ACT_CHANNEL_REFUSED, {0}},
    {131042, ACT_CHANNEL_STOPPED, {0}},
    {131047, ACT_CHANNEL_REFUSED, {0}},
    {131048, ACT_CHANNEL_REFUSED, {0}},
    {131049, ACT_CHANNEL_REFUSED, {0}},
    {131050, ACT_CHANNEL_REFUSED, {0}},
    {131051, ACT_CHANNEL_REFUSED, {0}},
    {131052, ACT_CHANNEL_REFUSED, {0}},
    {131053, ACT_CHANNEL_REFUSED, {0}},
    {131056, ACT_CHANNEL_RETRY, {1000, 4000, 1024000}},
    {131057, ACT_CHANNEL_RETRY, {60000, 60000, 60000}},
    {131062, ACT_CHANNEL_REFUSED, {0}},
    {132000, ACT_CHANNEL_REFUSED, {0}},
    {132001, ACT_CHANNEL_REFUSED, {0}},
    {132012, ACT_CHANNEL_REFUSED, {0}},
    {132015, ACT_CHANNEL_REFUSED, {0}},
    {132016, ACT_CHANNEL_REFUSED, {0}},
    {132018, ACT_CHANNEL_REFUSED, {0}},
    {133010, ACT_CHANNEL_STOPPED, {0}},
    {133016, ACT_CHANNEL_STOPPED, {0}},
    {0, ACT_CHANNEL_REFUSED, {0}}, // a failed status without a code
    {-1, ACT_CHANNEL_REFUSED, {0}},
    {999999, ACT_CHANNEL_REFUSED, {0}},
};

static void knows_every_code(void **state)
{
    (void)state;
    static const uint32_t attempts[] = {0, 1, 9};
    for (size_t i = 0; i < ACT_COUNT(codes); i++) {
        for (size_t a = 0; a < ACT_COUNT(attempts); a++) {
            act_channel_verdict_t verdict;
            whatsapp_channel.classify_code(codes[i].code, attempts[a], &verdict);
            assert_int_equal(verdict.outcome, codes[i].outcome);
            assert_true(verdict.delay_ms == codes[i].delays_ms[a]);
            assert_int_equal(verdict.code, codes[i].code);
            assert_int_equal(verdict.needs_template, codes[i].code == 131047);
            assert_non_null(verdict.advice);
        }
    }
    act_channel_verdict_t verdict;
    whatsapp_channel.classify_code(131056, UINT32_MAX, &verdict);
    assert_true(verdict.delay_ms == 1024000);
    assert_false(verdict.is_account_wide);
    whatsapp_channel.classify_code(130429, 0, &verdict);
    assert_true(verdict.is_account_wide);
}

// --- answers -------------------------------------------------------------------------------------

typedef struct {
    uint16_t status;
    const char *body;
    act_channel_outcome_t outcome;
    int32_t code;
    const char *text;
} answer_t;

static const answer_t answers[] = {
    {200,
     "{'messaging_product':'whatsapp','contacts':[{'input':'+155','wa_id':'155'}],"
     "'messages':[{'id':'wamid.OUT1'}]}",
     ACT_CHANNEL_SENT, 0, ""},
    {200, "{'messages':[{'id':'wamid.OUT1','message_status':'accepted'}]}", ACT_CHANNEL_SENT, 0,
     ""},
    {200, "", ACT_CHANNEL_UNKNOWN, 0, ""},
    {200, "<html>", ACT_CHANNEL_UNKNOWN, 0, ""},
    {200, "{'messages':[]}", ACT_CHANNEL_UNKNOWN, 0, ""},
    {200, "{'messages':[{'id':7}]}", ACT_CHANNEL_UNKNOWN, 0, ""},
    {200, "[]", ACT_CHANNEL_UNKNOWN, 0, ""},
    {400, "{'error':{'message':'(#131047) x','code':131047,'error_data':{'details':'24 hours'}}}",
     ACT_CHANNEL_REFUSED, 131047, "24 hours"},
    {429, "{'error':{'message':'(#130429) Rate','code':130429}}", ACT_CHANNEL_RETRY, 130429,
     "(#130429) Rate"},
    // The code counts, not the status.
    {400, "{'error':{'code':131056}}", ACT_CHANNEL_RETRY, 131056, ""},
    {500, "{'error':{'code':131026}}", ACT_CHANNEL_REFUSED, 131026, ""},
    {401, "{'error':{'code':0,'message':'auth'}}", ACT_CHANNEL_STOPPED, 0, "auth"},
    {500, "{'error':{'code':0}}", ACT_CHANNEL_RETRY, 0, ""},
    {400, "{'error':{'code':424242}}", ACT_CHANNEL_REFUSED, 424242, ""},
    {403, "{'error':{'code':424242}}", ACT_CHANNEL_REFUSED, 424242, ""},
    {500, "{'error':{'code':424242}}", ACT_CHANNEL_RETRY, 424242, ""},
    {400, "{'error':{'code':424242,'is_transient':true}}", ACT_CHANNEL_RETRY, 424242, ""},
    {500, "", ACT_CHANNEL_RETRY, 0, ""},
    {502, "<html>Bad Gateway</html>", ACT_CHANNEL_RETRY, 0, ""},
    {429, "", ACT_CHANNEL_RETRY, 0, ""},
    {401, "", ACT_CHANNEL_STOPPED, 0, ""},
    {403, "", ACT_CHANNEL_STOPPED, 0, ""},
    {404, "", ACT_CHANNEL_REFUSED, 0, ""},
    {302, "", ACT_CHANNEL_REFUSED, 0, ""},
    {400, "{'error':'x'}", ACT_CHANNEL_REFUSED, 0, ""},
    {400, "{'error':{'code':99999999999999}}", ACT_CHANNEL_REFUSED, 0, ""},
};

static void reads_answers(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(answers); i++) {
        act_http_in_t response = {.status = answers[i].status,
                                  .body = kit_json(act_str(answers[i].body), arena)};
        act_channel_verdict_t verdict;
        whatsapp_channel.classify(&response, 0, arena, &verdict);
        assert_int_equal(verdict.outcome, answers[i].outcome);
        assert_int_equal(verdict.code, answers[i].code);
        assert_str(verdict.text, answers[i].text);
        assert_str(verdict.provider_id, verdict.outcome == ACT_CHANNEL_SENT ? "wamid.OUT1" : "");
        assert_true((verdict.delay_ms > 0) == (verdict.outcome == ACT_CHANNEL_RETRY));
        assert_non_null(verdict.advice);
    }
}

static void reads_who_was_reached(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_channel_verdict_t verdict;
    act_http_in_t response = {.status = 200, .body = kit_json(act_str(answers[0].body), arena)};
    whatsapp_channel.classify(&response, 0, arena, &verdict);
    assert_str(verdict.address, "155");
    response.body = kit_json(ACT_STR("{'contacts':[{'input':'US.1','user_id':'US.1'}],"
                                     "'messages':[{'id':'w'}]}"),
                             arena);
    whatsapp_channel.classify(&response, 0, arena, &verdict);
    assert_str(verdict.address, "US.1");
}

static void reads_silence(void **state)
{
    (void)state;
    static const struct {
        act_err_t err;
        bool was_sent;
        act_channel_outcome_t outcome;
    } rows[] = {
        {ACT_E_IO, false, ACT_CHANNEL_RETRY},
        {ACT_E_IO, true, ACT_CHANNEL_UNKNOWN},
        {ACT_E_DEADLINE, false, ACT_CHANNEL_RETRY},
        {ACT_E_DEADLINE, true, ACT_CHANNEL_UNKNOWN},
        {ACT_E_CANCELLED, true, ACT_CHANNEL_UNKNOWN},
        {ACT_E_TOO_LARGE, true, ACT_CHANNEL_UNKNOWN},
        {ACT_E_OVERLOADED, false, ACT_CHANNEL_RETRY},
        {ACT_E_FORBIDDEN, false, ACT_CHANNEL_STOPPED},
        {ACT_E_INVALID_ARGUMENT, false, ACT_CHANNEL_STOPPED},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_http_in_t response = {.err = rows[i].err, .was_sent = rows[i].was_sent, .text = "why"};
        act_channel_verdict_t verdict;
        whatsapp_channel.classify(&response, 0, arena, &verdict);
        assert_int_equal(verdict.outcome, rows[i].outcome);
        assert_str(verdict.text, "why");
    }
}

static void waits_as_long_as_asked(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_channel_verdict_t verdict;
    act_http_in_t response = {.status = 429, .retry_after_s = 30};
    whatsapp_channel.classify(&response, 0, arena, &verdict);
    assert_true(verdict.delay_ms == 30000);
    response.retry_after_s = UINT32_MAX;
    whatsapp_channel.classify(&response, 0, arena, &verdict);
    assert_true(verdict.delay_ms == 3600000);
    response = (act_http_in_t){.status = 400, .retry_after_s = 30};
    whatsapp_channel.classify(&response, 0, arena, &verdict);
    assert_true(verdict.delay_ms == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_in_the_table), cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(goes_both_ways),  cmocka_unit_test(knows_every_code),
        cmocka_unit_test(reads_answers),   cmocka_unit_test(reads_who_was_reached),
        cmocka_unit_test(reads_silence),   cmocka_unit_test(waits_as_long_as_asked),
    };
    return cmocka_run_group_tests_name("whatsapp", tests, NULL, NULL);
}
