// account_set_test: whose account a webhook is for, with one app, several, and none.
#include "account_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// Vector M1 of shared design, channels.md 1.3.
#define M1_SECRET "5f2a0c9e7b1d4836a0f1c2d3e4b59687"
#define M1_BODY                                                                                    \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"900001\",\"changes\":["        \
    "{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\"}}]}]}"
#define M1_SIGNATURE "sha256=619de9b6bb13b8e336a6e0a58b262caa39926faead23bd0df4bc83a4a3e1e15c"

static const act_channel_webhook_t m1 = {
    .body = ACT_STR_INIT(M1_BODY),
    .signature = ACT_STR_INIT(M1_SIGNATURE),
};

typedef struct {
    act_seal_key_t *key;
    act_arena_t *arena;
    const act_channel_t *whatsapp;
    channel_account_t rows[200];
    uint32_t rows_count;
    account_flaws_t flaws;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    char folder[] = "/tmp/account_set_test.XXXXXX";
    char path[64];
    const char *reason = NULL;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    if (act_seal_key_create(path) != ACT_E_OK ||
        act_seal_key_load(path, &self->key, &reason) != ACT_E_OK)
        return -1;
    unlink(path);
    rmdir(folder);
    self->arena = act_arena_new();
    self->whatsapp = act_channel_find(ACT_STR("whatsapp"));
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_seal_key_destroy(&self->key);
    act_arena_destroy(&self->arena);
    act_free(self);
    return 0;
}

static act_str_t seal(fixture_t *self, const char *tenant, const char *name, const char *secret)
{
    act_buf_t sealed;
    act_buf_init(&sealed, 4096);
    act_seal(self->key, act_str(tenant), name, act_str(secret), &sealed);
    act_str_t text = act_arena_str(self->arena, act_buf_str(&sealed));
    act_buf_fini(&sealed);
    return text;
}

static channel_account_t *add(fixture_t *self, const char *tenant, const char *external_id,
                              const char *secret)
{
    channel_account_t *row = &self->rows[self->rows_count++];
    *row = (channel_account_t){
        .tenant = act_str(tenant),
        .channel_account_id = act_arena_printf(self->arena, "account-%u", self->rows_count),
        .channel = ACT_STR("whatsapp"),
        .external_id = act_arena_str(self->arena, act_str(external_id)),
        .app_secret = seal(self, tenant, ACT_SEAL_APP_SECRET, secret),
        .verify_token = seal(self, tenant, ACT_SEAL_VERIFY_TOKEN, "token"),
    };
    return row;
}

static account_set_t *make(fixture_t *self)
{
    list_channel_accounts_reply_t list = {.accounts = {self->rows, self->rows_count}};
    return account_set_new(&list, self->key, &self->flaws);
}

static bool verify(const fixture_t *self, const account_set_t *set, uint32_t hint,
                   uint32_t tries_max_count, uint32_t *ret_secret)
{
    return account_set_verify(set, self->whatsapp, &m1, hint, tries_max_count, ret_secret);
}

static void finds_the_account_of_the_app_that_signed(void **state)
{
    fixture_t *self = *state;
    add(self, "anna", "800001", M1_SECRET);
    add(self, "bert", "800002", "another secret");
    add(self, "carl", "800001", "another secret"); // the same number in another app
    ACT_AUTO(account_set) *set = make(self);
    assert_int_equal(self->flaws.unopened_count + self->flaws.ambiguous_count, 0);
    uint32_t secret = 99;
    assert_true(verify(self, set, 0, 64, &secret));
    const account_t *account = account_set_find(set, self->whatsapp, ACT_STR("800001"), secret);
    assert_true(act_str_is(account->tenant, "anna"));
    assert_true(act_str_is(account->account_id, "account-1"));
    assert_null(account_set_find(set, self->whatsapp, ACT_STR("800002"), secret));
    assert_null(account_set_find(set, self->whatsapp, ACT_STR("800009"), secret));
    assert_null(account_set_find(set, self->whatsapp, ACT_STR(""), secret));
    assert_null(account_set_find(set, NULL, ACT_STR("800001"), secret));
    assert_true(act_str_is(account_set_tenant(set, secret), "anna"));
    uint32_t other = secret == 0 ? 1 : 0;
    account = account_set_find(set, self->whatsapp, ACT_STR("800001"), other);
    assert_true(act_str_is(account->tenant, "carl"));
    assert_true(act_str_empty(account_set_tenant(set, other))); // bert's and carl's
}

static void tries_the_hint_first(void **state)
{
    fixture_t *self = *state;
    add(self, "t", "1", "first");
    add(self, "t", "2", M1_SECRET);
    add(self, "t", "3", "third");
    ACT_AUTO(account_set) *set = make(self);
    uint32_t secret = 99;
    assert_true(verify(self, set, /* hint= */ 1, /* tries_max_count= */ 1, &secret));
    assert_int_equal(secret, 1);
    assert_false(verify(self, set, 0, 1, &secret));
    assert_false(verify(self, set, 2, 2, &secret)); // third and first
    assert_true(verify(self, set, 2, 3, &secret));
    assert_true(verify(self, set, /* hint= */ 255, 3, &secret)); // of an older list
}

static void lets_nothing_through_without_secrets(void **state)
{
    fixture_t *self = *state;
    uint32_t secret = 99;
    ACT_AUTO(account_set) *empty = make(self);
    assert_false(verify(self, empty, 7, 64, &secret));
    assert_null(account_set_find(empty, self->whatsapp, ACT_STR("1"), ACCOUNT_NO_SECRET));
    assert_true(act_str_empty(account_set_tenant(empty, 0)));
    add(self, "t", "1", "");
    ACT_AUTO(account_set) *set = make(self);
    assert_int_equal(account_set_count(set), 1);
    assert_false(verify(self, set, 0, 64, &secret));
}

static void counts_what_is_wrong(void **state)
{
    fixture_t *self = *state;
    char long_tenant[100];
    memset(long_tenant, 'x', sizeof long_tenant);
    add(self, "t", "1", M1_SECRET)->app_secret = ACT_STR("not sealed");
    add(self, "t", "2", M1_SECRET)->tenant = ACT_STR("moved"); // two secrets
    add(self, "t", "3", M1_SECRET)->tenant = act_str_of(long_tenant, sizeof long_tenant);
    add(self, "t", "", M1_SECRET);
    add(self, "t", "5", M1_SECRET);
    add(self, "u", "5", M1_SECRET);
    add(self, "t", "6", M1_SECRET)->channel = ACT_STR("console");
    ACT_AUTO(account_set) *set = make(self);
    assert_int_equal(self->flaws.unopened_count, 3);
    assert_int_equal(self->flaws.unusable_count, 2);
    assert_int_equal(self->flaws.ambiguous_count, 1);
    assert_int_equal(account_set_count(set), 4);
    const account_t *account = account_set_find(set, self->whatsapp, ACT_STR("5"), 0);
    assert_true(act_str_is(account->tenant, "t")); // the first one, whatever comes later
}

static void bounds_the_secrets(void **state)
{
    fixture_t *self = *state;
    for (int i = 0; i < ACCOUNT_SECRETS_MAX_COUNT + 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "secret-%d", i);
        add(self, "t", text, text);
    }
    add(self, "t", "again", "secret-0");
    ACT_AUTO(account_set) *set = make(self);
    assert_int_equal(self->flaws.surplus_count, 5);
    assert_non_null(account_set_find(set, self->whatsapp, ACT_STR("again"), 0));
    assert_non_null(account_set_find(set, self->whatsapp, ACT_STR("secret-63"), 63));
}

static void knows_handshakes(void **state)
{
    fixture_t *self = *state;
    add(self, "t", "1", M1_SECRET);
    add(self, "t", "2", M1_SECRET)->verify_token = seal(self, "t", ACT_SEAL_VERIFY_TOKEN, "second");
    ACT_AUTO(account_set) *set = make(self);
    static const struct {
        const char *mode;
        const char *token;
        bool is_good;
    } rows[] = {
        {"subscribe", "token", true},   {"subscribe", "second", true},   {"subscribe", "", false},
        {"subscribe", "token ", false}, {"unsubscribe", "token", false}, {"", "token", false},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(account_set_is_handshake(set, self->whatsapp, act_str(rows[i].mode),
                                                  act_str(rows[i].token)),
                         rows[i].is_good);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_the_account_of_the_app_that_signed),
        TEST(tries_the_hint_first),
        TEST(lets_nothing_through_without_secrets),
        TEST(counts_what_is_wrong),
        TEST(bounds_the_secrets),
        TEST(knows_handshakes),
    };
    return cmocka_run_group_tests_name("account_set", tests, NULL, NULL);
}
