// loop_test: who is taken for a bot, who is not, and that silence ends.
#include "loop.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TURNS_MAX 20u

typedef struct {
    const char *text;
    int64_t think_ms;
    bool is_choice;
} said_t;

static loop_t say(loop_t loop, said_t said)
{
    const loop_message_t message = {
        .text = act_str(said.text), .is_choice = said.is_choice, .think_ms = said.think_ms};
    return loop_after(loop, &message);
}

// How many messages until the bot is silent; 0: not within 200.
static uint32_t turns_until_silent(const said_t *said, uint32_t count)
{
    loop_t loop = {0};
    for (uint32_t i = 0; i < 200; i++) {
        loop = say(loop, said[i % count]);
        if (loop_is_over(loop, TURNS_MAX))
            return i + 1;
    }
    return 0;
}

static void a_bot_is_noticed(void **state)
{
    (void)state;
    static const said_t quick[] = {{"Thank you for your message! How can I help?", 400, false},
                                   {"I did not understand that. Please choose.", 700, false}};
    assert_int_equal(turns_until_silent(quick, 2), 20);
    // A language model takes its time, but nobody types that much in it.
    static const said_t model[] = {
        {"Of course! Our opening hours are Monday to Friday from nine to six. May I ask what it "
         "is about, so that I can put you through?",
         5000, false},
        {"Thanks for getting back to me. Could you tell me more about the order that you are "
         "calling about, please?",
         4000, false}};
    assert_int_equal(turns_until_silent(model, 2), 20);
    // An automatic reply is always the same, however slow.
    static const said_t away[] = {{"We are closed until Monday.", 45000, false}};
    assert_int_equal(turns_until_silent(away, 1), 11);
}

static void a_person_is_not(void **state)
{
    (void)state;
    static const said_t slow[] = {{"tomorrow", 4000, false}, {"at ten please", 3500, false}};
    assert_int_equal(turns_until_silent(slow, 2), 0);
    // Who is quick now and then.
    static const said_t mixed[] = {
        {"yes", 900, false}, {"ok", 800, false}, {"and then?", 5000, false}};
    assert_int_equal(turns_until_silent(mixed, 3), 0);
    static const said_t taps[] = {{"Book", 300, true}, {"Monday", 400, true}, {"10:00", 350, true}};
    assert_int_equal(turns_until_silent(taps, 3), 0);
    // Pieces of a burst answer nothing.
    static const said_t burst[] = {
        {"so", -200, false}, {"i wanted to ask", 0, false}, {"you", -5, false}};
    assert_int_equal(turns_until_silent(burst, 3), 0);
    // Pictures have no text, and are no repetition of each other.
    static const said_t pictures[] = {{"", 4000, false}};
    assert_int_equal(turns_until_silent(pictures, 1), 0);
}

static void silence_ends_with_a_human_message_and_comes_back_sooner(void **state)
{
    (void)state;
    loop_t loop = {.count = TURNS_MAX};
    assert_true(loop_is_over(loop, TURNS_MAX));
    loop = say(loop, (said_t){"is somebody there?", 20000, false});
    assert_false(loop_is_over(loop, TURNS_MAX));
    assert_int_equal(loop.count, TURNS_MAX / 2);
    uint32_t turns = 0;
    for (; !loop_is_over(loop, TURNS_MAX); turns++)
        loop = say(loop, (said_t){turns % 2 ? "a quick answer" : "another one", 100, false});
    assert_int_equal(turns, TURNS_MAX / 2);
}

static void it_can_be_off_and_counts_no_further_than_it_must(void **state)
{
    (void)state;
    loop_t loop = {.count = 999999};
    assert_false(loop_is_over(loop, 0));
    for (int i = 0; i < 10; i++)
        loop = say(loop, (said_t){"x", 1, false});
    assert_int_equal(loop.count, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bot_is_noticed),
        cmocka_unit_test(a_person_is_not),
        cmocka_unit_test(silence_ends_with_a_human_message_and_comes_back_sooner),
        cmocka_unit_test(it_can_be_off_and_counts_no_further_than_it_must),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
