// websocket_test: the RFC's own examples, and what a hostile client sends. Every frame is also read a
// byte at a time, which must give the same events.
#include "io/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGE_MAX_BYTES 70000u

static void test_accept_is_the_one_of_the_rfc(void **state)
{
    (void)state;
    char accept[ACT_WEBSOCKET_ACCEPT_BYTES];
    assert_int_equal(act_websocket_accept(ACT_STR("dGhlIHNhbXBsZSBub25jZQ=="), accept), ACT_E_OK);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void test_a_bad_key_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "dGhlIHNhbXBsZSBub25jZQ",
                                      "dGhlIHNhbXBsZSBub25j\r\n==", "dGhlIHNhbXBsZSBub25jZQAA",
                                      "dGhlIHNhbXBsZSBub25jZQ==x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char accept[ACT_WEBSOCKET_ACCEPT_BYTES];
        assert_int_equal(act_websocket_accept(act_str(bad[i]), accept), ACT_E_MALFORMED);
    }
}

// --- reading -------------------------------------------------------------------------------------

// All events of the bytes as text: "T:hello C:" ..., the bytes given `step` at a time.
static void read_all(act_str_t bytes, size_t step, char *ret_text, size_t size_bytes)
{
    static const char letters[] = {'-', 'T', 'B', 'C', 'I', 'O', '!'};
    act_websocket_reader_t reader;
    act_websocket_reader_init(&reader, MESSAGE_MAX_BYTES);
    size_t len = 0, at = 0;
    *ret_text = '\0';
    bool is_bad = false;
    while (at < bytes.len_bytes && !is_bad) {
        size_t piece = bytes.len_bytes - at < step ? bytes.len_bytes - at : step;
        act_websocket_event_t event;
        size_t used = act_websocket_read(&reader, act_str_of(bytes.ptr + at, piece), &event);
        assert_true(used > 0 && used <= piece);
        at += used;
        is_bad = event.kind == ACT_WEBSOCKET_BAD;
        if (is_bad)
            len += (size_t)snprintf(ret_text + len, size_bytes - len, "!%u ", event.status);
        else if (event.kind != ACT_WEBSOCKET_MORE)
            len += (size_t)snprintf(ret_text + len, size_bytes - len, "%c:%.*s ",
                                    letters[event.kind], ACT_STR_ARG(event.data));
    }
    act_websocket_reader_fini(&reader);
}

static void expect(const void *bytes, size_t len_bytes, const char *events)
{
    char whole[512], single[512];
    read_all(act_str_of(bytes, len_bytes), len_bytes, whole, sizeof whole);
    read_all(act_str_of(bytes, len_bytes), 1, single, sizeof single);
    assert_string_equal(whole, events);
    assert_string_equal(single, events);
}

#define EXPECT(literal, events) expect(literal, sizeof(literal) - 1, events)
// Masked with zeros, so that the payload can be read here.
#define M "\0\0\0\0"

static void test_frames_of_the_rfc(void **state)
{
    (void)state;
    EXPECT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "T:Hello ");
    EXPECT("\x01\x83" M "Hel\x80\x82" M "lo", "T:Hello ");
    EXPECT("\x82\x83" M "abc", "B:abc ");
    EXPECT("\x89\x80" M, "I: ");
    EXPECT("\x8a\x82" M "hi", "O:hi ");
    EXPECT("\x88\x80" M, "C: ");
    EXPECT("\x81\x80" M "\x81\x81" M "x", "T: T:x ");
}

static void test_a_control_frame_may_come_between_fragments(void **state)
{
    (void)state;
    EXPECT("\x01\x82" M "ab\x89\x81" M "p\x80\x82" M "cd", "I:p T:abcd ");
}

static void test_what_breaks_the_rules_is_refused(void **state)
{
    (void)state;
    EXPECT("\x81\x05Hello", "!1002 ");                      // not masked
    EXPECT("\xc1\x80" M, "!1002 ");                         // reserved bit
    EXPECT("\x83\x80" M, "!1002 ");                         // reserved opcode
    EXPECT("\x8b\x80" M, "!1002 ");                         // reserved control opcode
    EXPECT("\x09\x80" M, "!1002 ");                         // control frame in fragments
    EXPECT("\x89\xfe\x00\x80" M, "!1002 ");                 // control frame too long
    EXPECT("\x80\x80" M, "!1002 ");                         // goes on with nothing
    EXPECT("\x01\x81" M "a\x81\x81" M "b", "!1002 ");       // message inside a message
    EXPECT("\x81\xfe\x00\x05" M "Hello", "!1002 ");         // length not in its shortest form
    EXPECT("\x81\xff\0\0\0\0\0\0\xff\xff" M, "!1002 ");     // the same with eight bytes
    EXPECT("\x81\xff\x80\0\0\0\0\0\0\0" M, "!1002 ");       // highest bit set
    EXPECT("\x81\xff\x00\0\0\0\0\x01\x12\x00" M, "!1009 "); // over the limit, before it comes
    EXPECT("\x81\x82" M "\xc3\x28", "!1007 ");              // not UTF-8
    EXPECT("\x88\x81" M "\x03", "!1002 ");                  // half a status
    EXPECT("\x88\x82" M "\x03\xed", "!1002 ");              // 1005 is never sent
    EXPECT("\x88\x84" M "\x03\xe8\xc3\x28", "!1002 ");      // reason is not UTF-8
}

static void test_nothing_is_read_after_a_fault(void **state)
{
    (void)state;
    act_websocket_reader_t reader;
    act_websocket_reader_init(&reader, MESSAGE_MAX_BYTES);
    act_websocket_event_t event;
    (void)act_websocket_read(&reader, ACT_STR("\x81\x05"), &event);
    assert_int_equal(event.kind, ACT_WEBSOCKET_BAD);
    (void)act_websocket_read(&reader, act_str_of("\x81\x81" M "x", 7), &event);
    assert_int_equal(event.kind, ACT_WEBSOCKET_BAD);
    act_websocket_reader_fini(&reader);
}

static void test_fragments_together_stay_within_the_limit(void **state)
{
    (void)state;
    act_websocket_reader_t reader;
    act_websocket_reader_init(&reader, 4);
    act_websocket_event_t event;
    (void)act_websocket_read(&reader, act_str_of("\x01\x83" M "abc", 9), &event);
    assert_int_equal(event.kind, ACT_WEBSOCKET_MORE);
    (void)act_websocket_read(&reader, act_str_of("\x80\x82" M "de", 8), &event);
    assert_int_equal(event.kind, ACT_WEBSOCKET_BAD);
    assert_int_equal(event.status, 1009);
    act_websocket_reader_fini(&reader);
}

// --- writing -------------------------------------------------------------------------------------

static void test_lengths_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        size_t len_bytes;
        size_t head_bytes;
    } rows[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
    static const char zeros[65536];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        act_buf_t out;
        act_buf_init(&out, 1u << 20);
        act_websocket_write(ACT_WEBSOCKET_TEXT, act_str_of(zeros, rows[i].len_bytes), &out);
        assert_int_equal(out.len_bytes, rows[i].head_bytes + rows[i].len_bytes);
        assert_int_equal((uint8_t)out.ptr[0], 0x81);
        act_buf_fini(&out);
    }
}

static void test_a_close_carries_its_status(void **state)
{
    (void)state;
    act_buf_t out;
    act_buf_init(&out, 64);
    act_websocket_write_close(1001, &out);
    assert_memory_equal(out.ptr, "\x88\x02\x03\xe9", 4);
    act_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept_is_the_one_of_the_rfc),
        cmocka_unit_test(test_a_bad_key_is_refused),
        cmocka_unit_test(test_frames_of_the_rfc),
        cmocka_unit_test(test_a_control_frame_may_come_between_fragments),
        cmocka_unit_test(test_what_breaks_the_rules_is_refused),
        cmocka_unit_test(test_nothing_is_read_after_a_fault),
        cmocka_unit_test(test_fragments_together_stay_within_the_limit),
        cmocka_unit_test(test_lengths_are_written_in_their_shortest_form),
        cmocka_unit_test(test_a_close_carries_its_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
