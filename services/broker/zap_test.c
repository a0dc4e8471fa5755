// zap_test (row 9, S-3): what libzmq asks is answered from the keyring, and whatever is odd is a no.
#include "zap.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

static const char known_key[] = "0123456789012345678901234567890123456789";
static const char unknown_key[] = "abcdefghijabcdefghijabcdefghijabcdefghij";

typedef struct {
    char folder[64];
    act_loop_t *loop;
    void *zmq;
    void *asker;
    keyring_t *keyring;
    zap_t *zap;
    int refused_count;
    char frames[6][64];
    int frame_bytes[6];
} fixture_t;

static void on_refused(void *context, act_str_t address)
{
    (void)address;
    ((fixture_t *)context)->refused_count++;
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    char path[96];
    snprintf(self->folder, sizeof self->folder, "/tmp/zap_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    snprintf(path, sizeof path, "%s/agent.pub", self->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(known_key, file);
    fclose(file);
    self->loop = act_loop_new();
    self->zmq = zmq_ctx_new();
    self->keyring = keyring_new(self->folder, NULL, NULL);
    self->zap = zap_new(self->zmq, self->loop, self->keyring, on_refused, self);
    self->asker = zmq_socket(self->zmq, ZMQ_REQ);
    assert_int_equal(zmq_connect(self->asker, "inproc://zeromq.zap.01"), 0);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/agent.pub", self->folder);
    unlink(path);
    rmdir(self->folder);
    zmq_close(self->asker);
    zap_destroy(&self->zap);
    zap_destroy(&self->zap); // twice is allowed
    keyring_destroy(&self->keyring);
    act_loop_destroy(&self->loop);
    zmq_ctx_term(self->zmq);
    act_free(self);
    return 0;
}

// Asks with these frames and keeps the answer's six.
static void ask(fixture_t *self, const act_str_t frames[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(zmq_send(self->asker, frames[i].ptr, frames[i].len_bytes,
                             i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    for (int i = 0; i < 1000; i++) {
        zap_drain(self->zap);
        zmq_pollitem_t item = {.socket = self->asker, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, 1) == 1)
            break;
    }
    for (size_t i = 0; i < ACT_COUNT(self->frames); i++)
        self->frame_bytes[i] =
            zmq_recv(self->asker, self->frames[i], sizeof self->frames[i] - 1, ZMQ_DONTWAIT);
    assert_int_equal(self->frame_bytes[0], 3);
    assert_memory_equal(self->frames[0], "1.0", 3);
}

static void ask_about(fixture_t *self, const char *version, const char *domain,
                      const char *mechanism, const char *key)
{
    uint8_t bytes[32];
    act_bus_key_decode(key, bytes);
    act_str_t frames[] = {act_str(version),
                          act_str("7"),
                          act_str(domain),
                          act_str("10.0.0.1"),
                          act_str(""),
                          act_str(mechanism),
                          act_str_of((const char *)bytes, sizeof bytes)};
    ask(self, frames, ACT_COUNT(frames));
}

static bool was_let_in(const fixture_t *self)
{
    return self->frame_bytes[2] == 3 && memcmp(self->frames[2], "200", 3) == 0;
}

static void a_known_key_has_a_name_and_a_number(void **state)
{
    fixture_t *self = *state;
    ask_about(self, "1.0", ZAP_DOMAIN, "CURVE", known_key);
    assert_true(was_let_in(self));
    assert_memory_equal(self->frames[1], "7", 1); // the request it belongs to
    assert_int_equal(self->frame_bytes[4], 5);
    assert_memory_equal(self->frames[4], "agent", 5);
    static const char number[] = "\x0cX-Key-Number\x00\x00\x00\x01"
                                 "1";
    assert_int_equal(self->frame_bytes[5], sizeof number - 1);
    assert_memory_equal(self->frames[5], number, sizeof number - 1);
    assert_int_equal(self->refused_count, 0);
}

static void whatever_is_odd_is_a_no(void **state)
{
    fixture_t *self = *state;
    static const char *const cases[][4] = {
        {"1.0", ZAP_DOMAIN, "CURVE", unknown_key}, {"1.0", "", "CURVE", known_key},
        {"1.0", "global", "CURVE", known_key},     {"1.0", ZAP_DOMAIN, "NULL", known_key},
        {"1.0", ZAP_DOMAIN, "PLAIN", known_key},   {"2.0", ZAP_DOMAIN, "CURVE", known_key},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        ask_about(self, cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
        assert_false(was_let_in(self));
        assert_memory_equal(self->frames[2], "400", 3);
        assert_int_equal(self->frame_bytes[4], 0);
        assert_int_equal(self->refused_count, i + 1);
    }
}

static void frames_that_are_missing_or_too_many_are_a_no(void **state)
{
    fixture_t *self = *state;
    static char long_frame[1000];
    const act_str_t long_str = act_str_of(long_frame, sizeof long_frame);
    act_str_t frames[12];
    for (size_t i = 0; i < ACT_COUNT(frames); i++)
        frames[i] = act_str(ZAP_DOMAIN);
    for (size_t count = 1; count <= ACT_COUNT(frames); count++) {
        ask(self, frames, count);
        assert_false(was_let_in(self));
    }
    for (size_t i = 0; i < 7; i++) {
        act_str_t odd[7] = {act_str("1.0"), act_str("7"),     act_str(ZAP_DOMAIN), act_str("a"),
                            act_str(""),    act_str("CURVE"), act_str("short")};
        odd[i] = long_str;
        ask(self, odd, 7);
        assert_false(was_let_in(self));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_known_key_has_a_name_and_a_number),
        TEST(whatever_is_odd_is_a_no),
        TEST(frames_that_are_missing_or_too_many_are_a_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
