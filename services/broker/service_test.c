// service_test: who is chosen, what is picked next, and that queues count what is in them.
#include "service.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1000000

typedef struct {
    services_t *services;
    service_t *service;
    ledger_t *ledger;
    peer_t peers[3];
    uint64_t sequence;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->services = services_new();
    self->service = services_put(self->services, act_str("session"));
    self->ledger = ledger_new();
    for (uint32_t i = 0; i < ACT_COUNT(self->peers); i++) {
        peer_t *peer = &self->peers[i];
        snprintf(peer->instance, sizeof peer->instance, "session-%u", i);
        peer->name_hash = act_str_hash(act_str(peer->instance), 0);
        peer->state = PEER_READY;
        peer->credit_messages = 10;
        peer->credit_bytes = 1000;
        service_join(self->service, peer);
    }
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    services_destroy(&self->services);
    services_destroy(&self->services); // twice is allowed
    ledger_destroy(&self->ledger);
    act_free(self);
    return 0;
}

static entry_t *open_entry(fixture_t *self, act_class_t class_)
{
    payload_t *payload = payload_new(act_str("1234567890"));
    act_header_t header = {.class_ = (uint8_t)class_};
    entry_t *entry = ledger_open(self->ledger, &header, payload);
    entry->service = self->service;
    entry->sequence = ++self->sequence;
    payload_unref(&payload);
    return entry;
}

// --- names ---------------------------------------------------------------------------------------

static void a_service_is_added_once(void **state)
{
    fixture_t *self = *state;
    assert_ptr_equal(services_put(self->services, act_str("session")), self->service);
    assert_ptr_equal(services_find(self->services, act_str("session")), self->service);
    assert_null(services_find(self->services, act_str("sess")));
    assert_null(services_find(self->services, act_str("")));
    uint32_t index = 0;
    assert_ptr_equal(services_next(self->services, &index), self->service);
    assert_null(services_next(self->services, &index));
}

static void services_have_an_end(void **state)
{
    fixture_t *self = *state;
    uint32_t count = 1;
    for (char name[32]; count < 10000; count++) {
        snprintf(name, sizeof name, "s%u", count);
        if (!services_put(self->services, act_str(name)))
            break;
    }
    assert_int_equal(count, 512);
    assert_non_null(services_put(self->services, act_str("s1"))); // the known ones are still found
}

// --- choosing ------------------------------------------------------------------------------------

static void only_ready_instances_are_chosen(void **state)
{
    fixture_t *self = *state;
    self->peers[0].state = PEER_DRAINING;
    self->peers[1].state = PEER_LOST;
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        assert_ptr_equal(service_choose(self->service, act_str(key)), &self->peers[2]);
    }
    assert_ptr_equal(service_choose(self->service, act_str("")), &self->peers[2]);
    self->peers[2].state = PEER_GREETED;
    assert_null(service_choose(self->service, act_str("")));
    assert_null(service_choose(self->service, act_str("key")));
}

static void the_order_of_joining_does_not_matter_to_a_key(void **state)
{
    fixture_t *self = *state;
    peer_t *chosen[100];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 100; i++) {
            char key[16];
            snprintf(key, sizeof key, "conv-%d", i);
            peer_t *peer = service_choose(self->service, act_str(key));
            assert_true(round == 0 || chosen[i] == peer);
            chosen[i] = peer;
        }
        service_leave(self->service, &self->peers[1]);
        service_join(self->service, &self->peers[1]);
    }
}

static void without_a_key_the_freest_is_chosen(void **state)
{
    fixture_t *self = *state;
    self->peers[0].in_flight.count = 5;
    self->peers[1].in_flight.count = 2;
    self->peers[2].in_flight.count = 9;
    assert_ptr_equal(service_choose(self->service, act_str("")), &self->peers[1]);
    self->peers[1].in_flight.count = 12; // over its credit, as after it granted less
    assert_ptr_equal(service_choose(self->service, act_str("")), &self->peers[0]);
}

static void who_leaves_is_not_chosen(void **state)
{
    fixture_t *self = *state;
    service_leave(self->service, &self->peers[2]);
    service_leave(self->service, &self->peers[0]);
    assert_ptr_equal(service_choose(self->service, act_str("k")), &self->peers[1]);
    service_leave(self->service, &self->peers[1]);
    assert_null(service_choose(self->service, act_str("k")));
    assert_null(self->service->instances);
}

// --- queues --------------------------------------------------------------------------------------

static void queues_count_calls_and_bytes(void **state)
{
    fixture_t *self = *state;
    entry_t *entries[] = {open_entry(self, ACT_CLASS_BULK), open_entry(self, ACT_CLASS_CONTROL)};
    service_enqueue(self->service, entries[0], NULL, /* at_front= */ false);
    service_enqueue(self->service, entries[1], &self->peers[1], /* at_front= */ false);
    assert_int_equal(self->service->queued_count, 2);
    assert_int_equal(self->service->queued_bytes, 20);
    assert_int_equal(peer_queued_count(&self->peers[1]), 1);
    service_dequeue(self->service, entries[1]);
    service_dequeue(self->service, entries[0]);
    assert_int_equal(self->service->queued_count, 0);
    assert_int_equal(self->service->queued_bytes, 0);
    assert_int_equal(peer_queued_count(&self->peers[1]), 0);
}

static void the_older_of_own_and_common_queue_is_picked(void **state)
{
    fixture_t *self = *state;
    entry_t *common = open_entry(self, ACT_CLASS_INTERACTIVE);
    entry_t *own = open_entry(self, ACT_CLASS_INTERACTIVE);
    service_enqueue(self->service, own, &self->peers[0], /* at_front= */ false);
    service_enqueue(self->service, common, NULL, /* at_front= */ false);
    assert_ptr_equal(service_pick(self->service, &self->peers[0], NOW_MS), common);
    assert_ptr_equal(service_pick(self->service, &self->peers[1], NOW_MS), common);
    service_dequeue(self->service, common);
    assert_ptr_equal(service_pick(self->service, &self->peers[0], NOW_MS), own);
    assert_null(service_pick(self->service, &self->peers[1], NOW_MS));
    service_dequeue(self->service, own);
}

static void nothing_is_picked_without_credit(void **state)
{
    fixture_t *self = *state;
    entry_t *entry = open_entry(self, ACT_CLASS_CONTROL);
    service_enqueue(self->service, entry, NULL, /* at_front= */ false);
    self->peers[0].in_flight = (entry_list_t){.count = 1, .size_bytes = 995};
    assert_null(service_pick(self->service, &self->peers[0], NOW_MS));
    assert_ptr_equal(service_pick(self->service, &self->peers[1], NOW_MS), entry);
    service_dequeue(self->service, entry);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_service_is_added_once),
        TEST(services_have_an_end),
        TEST(only_ready_instances_are_chosen),
        TEST(the_order_of_joining_does_not_matter_to_a_key),
        TEST(without_a_key_the_freest_is_chosen),
        TEST(who_leaves_is_not_chosen),
        TEST(queues_count_calls_and_bytes),
        TEST(the_older_of_own_and_common_queue_is_picked),
        TEST(nothing_is_picked_without_credit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
