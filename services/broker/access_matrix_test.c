// access_matrix_test (S-4): every actor, every method and every service of the product, through the broker.
// The cells come from acl.yaml and proto/ by another way than the broker's own table (acl_gen.py --cells).
#include "access_cells.h"
#include "harness/broker_kit.h"
#include "proto/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CALLER = 1, THIEF = 2, FIRST_WORKER = 10 };

static bool may(const char *actor, const char *service, const char *method)
{
    for (size_t i = 0; i < ACT_COUNT(access_cells); i++) {
        const access_cell_t *cell = &access_cells[i];
        if (strcmp(cell->actor, actor) == 0 && strcmp(cell->service, service) == 0 &&
            strcmp(cell->method, method) == 0)
            return cell->is_allowed;
    }
    return false;
}

static const char *owner_of(const char *service)
{
    for (size_t i = 0; i < ACT_COUNT(access_actors); i++)
        if (may(access_actors[i], service, ""))
            return access_actors[i];
    return NULL; // the bus is the broker's own
}

// Each service has one instance, "flow-1", over a connection with its actor's key.
static int set_up(void **state)
{
    acl_t *acl = acl_new();
    broker_kit_t *kit = broker_kit_new_with_acl(&acl);
    for (size_t i = 0; i < ACT_COUNT(access_services); i++) {
        const char *owner = owner_of(access_services[i]);
        if (!owner)
            continue;
        char instance[64];
        snprintf(instance, sizeof instance, "%s-1", access_services[i]);
        broker_kit_come_as(kit, owner);
        broker_kit_hello_as(kit, FIRST_WORKER + i, owner, access_services[i], instance);
        broker_kit_expect(kit, FIRST_WORKER + i, ACT_KIND_WELCOME);
    }
    *state = kit;
    return 0;
}

static uint64_t worker_of(const char *service)
{
    for (size_t i = 0; i < ACT_COUNT(access_services); i++)
        if (strcmp(access_services[i], service) == 0)
            return FIRST_WORKER + i;
    fail_msg("no service %s", service);
    return 0;
}

static bool reached(broker_kit_t *kit, const access_cell_t *cell, act_kind_t kind)
{
    if (kind == ACT_KIND_CALL && strcmp(cell->service, "bus") == 0)
        return kit->bus_call_id != 0;
    return broker_kit_count(kit, worker_of(cell->service), kind) == 1;
}

static void finish(broker_kit_t *kit, const access_cell_t *cell)
{
    if (strcmp(cell->service, "bus") == 0)
        broker_answer(kit->broker, kit->bus_call_id, ACT_E_OK, act_str(""));
    else {
        broker_kit_come_as(kit, owner_of(cell->service));
        broker_kit_serve(kit, worker_of(cell->service));
        broker_kit_come_as(kit, cell->actor);
    }
    kit->bus_call_id = 0;
    broker_kit_expect(kit, CALLER, ACT_KIND_REPLY);
}

static void try_call(broker_kit_t *kit, const access_cell_t *cell, uint64_t id)
{
    act_header_t header = broker_kit_call_header(id, cell->service, NULL);
    header.method = act_str(cell->method);
    broker_kit_send(kit, CALLER, &header, act_str(""));
    if (reached(kit, cell, ACT_KIND_CALL) != cell->is_allowed)
        fail_msg("%s calls %s.%s", cell->actor, cell->service, cell->method);
    if (cell->is_allowed)
        finish(kit, cell);
    else
        assert_int_equal(broker_kit_expect_error(kit, CALLER, id), ACT_E_FORBIDDEN);
}

static void try_cast(broker_kit_t *kit, const access_cell_t *cell)
{
    if (cell->is_allowed)
        return;
    act_header_t header = broker_kit_call_header(0, cell->service, NULL);
    header.kind = ACT_KIND_CAST;
    header.method = act_str(cell->method);
    uint64_t denied = broker_counters(kit->broker)->denied;
    broker_kit_send(kit, CALLER, &header, act_str(""));
    assert_int_equal(broker_counters(kit->broker)->denied, denied + 1);
    if (strcmp(cell->service, "bus") != 0 && reached(kit, cell, ACT_KIND_CAST))
        fail_msg("%s casts %s.%s", cell->actor, cell->service, cell->method);
}

static void only_listed_cells_pass(void **state)
{
    uint64_t id = 0, allowed = 0;
    for (size_t i = 0; i < ACT_COUNT(access_actors); i++) {
        broker_kit_t *kit = NULL;
        set_up((void **)&kit);
        broker_kit_come_as(kit, access_actors[i]);
        broker_kit_hello_as(kit, CALLER, access_actors[i], "", "caller");
        broker_kit_expect(kit, CALLER, ACT_KIND_WELCOME);
        for (size_t k = 0; k < ACT_COUNT(access_cells); k++) {
            const access_cell_t *cell = &access_cells[k];
            if (strcmp(cell->actor, access_actors[i]) != 0 || cell->method[0] == '\0')
                continue;
            try_call(kit, cell, ++id);
            try_cast(kit, cell);
            allowed += cell->is_allowed;
            broker_kit_forget(kit);
        }
        broker_kit_tear_down((void **)&kit);
    }
    (void)state;
    assert_true(id > 500 && allowed > 50 && allowed < id / 2);
    print_message("%llu cells, %llu listed\n", (unsigned long long)id, (unsigned long long)allowed);
}

static void only_listed_offers_are_taken(void **state)
{
    broker_kit_t *kit = *state;
    for (size_t i = 0; i < ACT_COUNT(access_actors); i++)
        for (size_t k = 0; k < ACT_COUNT(access_services); k++) {
            const char *actor = access_actors[i], *service = access_services[k];
            broker_kit_come_as(kit, actor);
            broker_kit_hello_as(kit, CALLER, actor, service, "one-more");
            bool is_in = broker_kit_count(kit, CALLER, ACT_KIND_WELCOME) == 1;
            if (is_in != may(actor, service, ""))
                fail_msg("%s offers %s", actor, service);
            if (is_in)
                broker_kit_send_kind(kit, CALLER, ACT_KIND_BYE, 0);
            broker_kit_forget(kit);
        }
}

static void assert_no_way_in(broker_kit_t *kit, const char *thief, const char *service)
{
    char instance[64];
    snprintf(instance, sizeof instance, "%s-1", service);
    const struct {
        const char *actor, *service;
    } tries[] = {{owner_of(service), service}, {thief, service}, {thief, ""}};
    broker_kit_come_as(kit, thief);
    for (size_t i = 0; i < ACT_COUNT(tries); i++) {
        broker_kit_hello_as(kit, THIEF, tries[i].actor, tries[i].service, instance);
        assert_int_equal(broker_kit_expect(kit, THIEF, ACT_KIND_REFUSED).header.err,
                         ACT_E_FORBIDDEN);
        assert_null(broker_kit_peer(kit, THIEF));
    }
}

// A place is not handed over to another key: neither while its owner lives nor while it is lost.
static void nobody_takes_anothers_place(void **state)
{
    broker_kit_t *kit = *state;
    for (int is_lost = 0; is_lost <= 1; is_lost++) {
        for (size_t i = 0; i < ACT_COUNT(access_actors); i++)
            for (size_t k = 0; k < ACT_COUNT(access_services); k++) {
                const char *owner = owner_of(access_services[k]);
                if (owner && strcmp(owner, access_actors[i]) != 0)
                    assert_no_way_in(kit, access_actors[i], access_services[k]);
            }
        for (size_t k = 0; k < ACT_COUNT(access_services); k++) {
            const peer_t *peer = broker_kit_peer(kit, FIRST_WORKER + k);
            if (owner_of(access_services[k]))
                assert_true(peer && (peer->state == PEER_LOST) == (is_lost == 1));
        }
        broker_kit_pass_ms(kit, broker_kit_limits.lost_ms + 1000);
        broker_kit_forget(kit);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_cells_pass),
        TEST(only_listed_offers_are_taken),
        TEST(nobody_takes_anothers_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
