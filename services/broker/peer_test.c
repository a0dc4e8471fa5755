// peer_test: peers are found by route and by name while others come and go.
#include "peer.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = peers_new();
    return 0;
}

static int tear_down(void **state)
{
    peers_t *self = *state;
    peers_destroy(&self);
    peers_destroy(&self); // twice is allowed
    return 0;
}

// libzmq's routes differ in few bits.
static uint64_t route_of(uint32_t number)
{
    return (uint64_t)(0x80 + number) << 8 | 5;
}

static peer_t *add(peers_t *self, uint32_t number)
{
    char name[32];
    snprintf(name, sizeof name, "session-%u", number);
    return peers_add(self, route_of(number), act_str("session"), act_str(name));
}

static void peers_are_found_by_route_and_by_name(void **state)
{
    peers_t *self = *state;
    peer_t *peer = add(self, 1);
    add(self, 2);
    assert_ptr_equal(peers_find(self, route_of(1)), peer);
    assert_ptr_equal(peers_find_instance(self, act_str("session-1")), peer);
    assert_null(peers_find(self, route_of(3)));
    assert_null(peers_find(self, 0));
    assert_null(peers_find_instance(self, act_str("session-")));
    assert_null(peers_find_instance(self, act_str("session-11")));
}

static void names_are_cut_at_their_longest(void **state)
{
    peers_t *self = *state;
    char name[200];
    memset(name, 'n', sizeof name);
    peer_t *peer = peers_add(self, 7, act_str_of(name, sizeof name), act_str_of(name, sizeof name));
    assert_int_equal(strlen(peer->instance), ACT_HEADER_NAME_MAX_BYTES);
    assert_int_equal(strlen(peer->actor), ACT_HEADER_NAME_MAX_BYTES);
}

static void a_new_route_replaces_the_old_one(void **state)
{
    peers_t *self = *state;
    peer_t *peer = add(self, 1);
    peers_set_route(self, peer, route_of(9));
    assert_null(peers_find(self, route_of(1)));
    assert_ptr_equal(peers_find(self, route_of(9)), peer);
}

static void four_thousand_peers_and_no_more(void **state)
{
    peers_t *self = *state;
    uint32_t count = 0;
    while (add(self, count))
        count++;
    assert_int_equal(count, 4096);
    assert_int_equal(peers_count(self), count);
    for (uint32_t i = 0; i < count; i++)
        assert_non_null(peers_find(self, route_of(i)));
    for (uint32_t i = 0; i < count; i += 64) {
        peer_t *peer = peers_find(self, route_of(i));
        peers_remove(self, &peer);
        assert_null(peer);
    }
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(peers_find(self, route_of(i)) != NULL, i % 64 != 0);
    assert_non_null(add(self, count));
}

static void a_walk_meets_every_peer_though_peers_go(void **state)
{
    peers_t *self = *state;
    for (uint32_t i = 0; i < 20; i++)
        add(self, i);
    uint32_t index = 0, met_count = 0;
    for (peer_t *peer = peers_next(self, &index); peer;
         peer = peers_next(self, &index), met_count++)
        peers_remove(self, &peer);
    assert_int_equal(met_count, 20);
    assert_int_equal(peers_count(self), 0);
}

static void states_have_the_names_of_the_status_page(void **state)
{
    (void)state;
    assert_string_equal(peer_state_name(PEER_GREETED), "starting");
    assert_string_equal(peer_state_name(PEER_READY), "ready");
    assert_string_equal(peer_state_name(PEER_DRAINING), "draining");
    assert_string_equal(peer_state_name(PEER_LOST), "lost");
}

static void credit_is_in_messages_and_bytes(void **state)
{
    (void)state;
    peer_t peer = {.credit_messages = 2, .credit_bytes = 100};
    assert_true(peer_has_credit(&peer, 1000)); // alone, a call may be larger
    peer.in_flight = (entry_list_t){.count = 1, .size_bytes = 60};
    assert_true(peer_has_credit(&peer, 40));
    assert_false(peer_has_credit(&peer, 41));
    peer.in_flight = (entry_list_t){.count = 2};
    assert_false(peer_has_credit(&peer, 0));
    assert_false(peer_has_credit(&(peer_t){.credit_bytes = 100}, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(peers_are_found_by_route_and_by_name),
        TEST(names_are_cut_at_their_longest),
        TEST(a_new_route_replaces_the_old_one),
        TEST(four_thousand_peers_and_no_more),
        TEST(a_walk_meets_every_peer_though_peers_go),
        TEST(states_have_the_names_of_the_status_page),
        TEST(credit_is_in_messages_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
