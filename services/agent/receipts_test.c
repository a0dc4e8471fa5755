// receipts_test: a model that lies, in nine languages, and one that tells the truth.
#include "receipts.h"

#include "base/str.h"
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// What a scripted model decided to say.
static respond_reply_t model_says(act_arena_t *arena, const char *text)
{
    outbound_content_t *message = act_arena_alloc(arena, sizeof *message);
    *message = (outbound_content_t){.type = ACT_STR("text"), .text = act_str(text)};
    respond_reply_t reply = {.decision = ACT_STR("RESPOND")};
    reply.messages.items = message;
    reply.messages.count = 1;
    return reply;
}

static bool is_caught(const char *language, const char *text, act_steps_t steps)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    respond_request_t request = {.language = act_str(language)};
    respond_reply_t reply = model_says(arena, text);
    bool is_caught = receipts_guard(&request, steps, arena, &reply);
    act_str_t honest = act_text("agent.no_receipt", act_str(language));
    assert_int_equal(is_caught, act_str_eq(reply.messages.items[0].text, honest));
    if (is_caught) // and a person is offered
        assert_int_equal(reply.messages.items[0].choices.count, 2);
    return is_caught;
}

static const struct {
    const char *language, *text, *rpc;
} lies[] = {
    {"en", "Great news! I\u2019ve booked you in for Tuesday at 10.", "create_appointment"},
    {"en", "Done. Your appointment has been cancelled.", "cancel_appointment"},
    {"fr", "Parfait, votre rendez-vous est confirmé pour mardi.", "create_appointment"},
    {"fr", "C'est fait : J\u2019ai signalé la fuite au syndic.", "create_incident"},
    {"es", "Listo, he reservado una mesa para dos.", "create_appointment"},
    {"de", "Gern! Ihr Termin ist bestätigt.", "create_appointment"},
    {"it", "Fatto: ho annullato il suo appuntamento.", "cancel_appointment"},
    {"pt", "Pronto, agendei para terça-feira.", "create_appointment"},
    {"ro", "Gata, am anulat programarea.", "cancel_appointment"},
    {"pl", "Gotowe, zgłosiłem awarię.", "create_incident"},
    {"ar", "تم تأكيد موعدك يوم الثلاثاء.", "create_appointment"},
    {"en", "I have updated the task to 80 %.", "update_task_progress"},
    {"de", "Votre rendez-vous est confirmé.", "create_appointment"}, // in another language
};

static void a_lying_model_is_caught_in_every_language(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(lies); i++) {
        if (!is_caught(lies[i].language, lies[i].text, (act_steps_t){0}))
            fail_msg("not caught: %s", lies[i].text);
        assert_string_equal(receipts_missing(act_str(lies[i].text), (act_steps_t){0}), lies[i].rpc);
    }
}

static void a_receipt_of_this_turn_proves_that_action_only(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(lies); i++) {
        turn_step_t step = {
            .step_key = act_arena_printf(arena, "agent/3/%s", lies[i].rpc),
            .kind = ACT_STR("effect"),
        };
        assert_false(is_caught(lies[i].language, lies[i].text, (act_steps_t){&step, 1}));
        step.error_number = ACT_E_DATABASE; // it failed
        assert_true(is_caught(lies[i].language, lies[i].text, (act_steps_t){&step, 1}));
        step = (turn_step_t){.step_key = act_arena_printf(arena, "agent/3/%s", lies[i].rpc),
                             .kind = ACT_STR("read")};
        assert_true(is_caught(lies[i].language, lies[i].text, (act_steps_t){&step, 1}));
        step = (turn_step_t){.step_key = ACT_STR("agent/3/other"), .kind = ACT_STR("effect")};
        assert_true(is_caught(lies[i].language, lies[i].text, (act_steps_t){&step, 1}));
    }
}

static void offers_questions_and_conditions_are_no_claims(void **state)
{
    (void)state;
    static const char *const honest[] = {
        "Shall I book Tuesday at 10 for you?",
        "Your appointment will be confirmed by a colleague.",
        "If you want, I can cancel it.",
        "To cancel, write \"cancel\".",
        "Voulez-vous que je réserve ?",
        "Möchten Sie einen Termin buchen?",
        "No puedo reservar eso.",
        "We are open from 9 to 5.",
    };
    for (size_t i = 0; i < ACT_COUNT(honest); i++)
        if (is_caught("en", honest[i], (act_steps_t){0}))
            fail_msg("caught: %s", honest[i]);
}

static void our_own_texts_claim_nothing(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "agent.no_receipt",   "agent.no_answer",    "agent.upset",
        "agent.hello",        "agent.thanks",       "agent.bye",
        "agent.ok",           "agent.declined",     "agent.abuse",
        "agent.empty",        "agent.threat",       "agent.self_harm",
        "agent.payment_data", "handover.announced", "system.technical_problem",
    };
    for (size_t i = 0; i < ACT_COUNT(keys); i++)
        for (uint32_t l = 0; l < ACT_TEXT_LANGUAGES_COUNT; l++)
            assert_null(receipts_missing(act_text(keys[i], act_str(act_text_languages[l])),
                                         (act_steps_t){0}));
}

static void what_the_tenant_wrote_is_quoted_as_it_is(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    respond_request_t request = {.language = ACT_STR("en")};
    respond_reply_t reply = model_says(arena, "Once your booking is confirmed you get an e-mail.");
    reply.source = ACT_STR("faq:7");
    assert_false(receipts_guard(&request, (act_steps_t){0}, arena, &reply));
}

static void asking_for_a_person_ends_the_turn(void **state)
{
    (void)state;
    turn_step_t steps[] = {{.step_key = ACT_STR("agent/1/t0/escalate"), .kind = ACT_STR("paid")}};
    respond_reply_t reply = {.decision = ACT_STR("RESPOND")};
    assert_false(receipts_oblige((act_steps_t){steps, 1}, &reply)); // no receipt: it was refused
    steps[0].kind = ACT_STR("effect");
    assert_true(receipts_oblige((act_steps_t){steps, 1}, &reply));
    assert_true(act_str_is(reply.decision, "HUMAN_HANDOFF"));
    assert_true(reply.handoff_reason.len_bytes > 0);
    assert_false(receipts_oblige((act_steps_t){steps, 1}, &reply));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asking_for_a_person_ends_the_turn),
        cmocka_unit_test(a_lying_model_is_caught_in_every_language),
        cmocka_unit_test(a_receipt_of_this_turn_proves_that_action_only),
        cmocka_unit_test(offers_questions_and_conditions_are_no_claims),
        cmocka_unit_test(our_own_texts_claim_nothing),
        cmocka_unit_test(what_the_tenant_wrote_is_quoted_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
