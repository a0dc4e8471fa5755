// turns_test: a conversation is found by tenant and id, whatever else shares its bucket.
#include "turns.h"

#include "base/mem.h"
#include "turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TURNS_COUNT 1000

typedef struct {
    turns_t *turns;
    turn_t *list; // TURNS_MAX_COUNT + 1 of them
    char (*names)[32];
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->turns = turns_new();
    self->list = act_alloc_array(TURNS_MAX_COUNT + 1, sizeof *self->list);
    self->names = act_alloc_array(TURNS_MAX_COUNT + 1, sizeof *self->names);
    for (uint32_t i = 0; i <= TURNS_MAX_COUNT; i++) {
        snprintf(self->names[i], sizeof self->names[i], "conv-%u", i);
        self->list[i].tenant = ACT_STR("tenant-1");
        self->list[i].conversation_id = act_str(self->names[i]);
    }
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    while (turns_any(self->turns))
        turns_remove(self->turns, turns_any(self->turns));
    assert_int_equal(turns_count(self->turns), 0);
    turns_destroy(&self->turns);
    turns_destroy(&self->turns); // twice is allowed
    act_free(self->list);
    act_free(self->names);
    act_free(self);
    return 0;
}

static turn_t *find(fixture_t *self, const char *tenant, const char *conversation)
{
    return turns_find(self->turns, act_str(tenant), act_str(conversation));
}

static void a_turn_is_found_by_tenant_and_conversation(void **state)
{
    fixture_t *self = *state;
    assert_null(turns_any(self->turns));
    assert_true(turns_put(self->turns, &self->list[0]));
    assert_ptr_equal(find(self, "tenant-1", "conv-0"), &self->list[0]);
    assert_null(find(self, "tenant-2", "conv-0"));
    assert_null(find(self, "tenant-1", "conv-"));
    assert_null(find(self, "", ""));
    assert_ptr_equal(turns_any(self->turns), &self->list[0]);
}

// The same conversation id of two tenants is two conversations (promises.md I11).
static void tenants_do_not_meet(void **state)
{
    fixture_t *self = *state;
    self->list[1].tenant = ACT_STR("tenant-2");
    self->list[1].conversation_id = self->list[0].conversation_id;
    turns_put(self->turns, &self->list[0]);
    turns_put(self->turns, &self->list[1]);
    assert_ptr_equal(find(self, "tenant-1", "conv-0"), &self->list[0]);
    assert_ptr_equal(find(self, "tenant-2", "conv-0"), &self->list[1]);
    turns_remove(self->turns, &self->list[0]);
    assert_null(find(self, "tenant-1", "conv-0"));
    assert_ptr_equal(find(self, "tenant-2", "conv-0"), &self->list[1]);
}

static void turns_may_go_in_any_order(void **state)
{
    fixture_t *self = *state;
    for (uint32_t i = 0; i < TURNS_COUNT; i++)
        assert_true(turns_put(self->turns, &self->list[i]));
    assert_int_equal(turns_count(self->turns), TURNS_COUNT);
    for (uint32_t i = 0; i < TURNS_COUNT; i++) {
        uint32_t gone = i * 7 % TURNS_COUNT;
        turns_remove(self->turns, &self->list[gone]);
        assert_null(find(self, "tenant-1", self->names[gone]));
        uint32_t other = (i + 1) * 7 % TURNS_COUNT;
        if (i + 1 < TURNS_COUNT)
            assert_ptr_equal(find(self, "tenant-1", self->names[other]), &self->list[other]);
    }
}

static void there_is_an_end(void **state)
{
    fixture_t *self = *state;
    for (uint32_t i = 0; i < TURNS_MAX_COUNT; i++)
        assert_true(turns_put(self->turns, &self->list[i]));
    assert_false(turns_put(self->turns, &self->list[TURNS_MAX_COUNT]));
    assert_null(find(self, "tenant-1", self->names[TURNS_MAX_COUNT]));
    turns_remove(self->turns, &self->list[5]);
    assert_true(turns_put(self->turns, &self->list[TURNS_MAX_COUNT]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_turn_is_found_by_tenant_and_conversation),
        TEST(tenants_do_not_meet),
        TEST(turns_may_go_in_any_order),
        TEST(there_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
