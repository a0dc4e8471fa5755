// inbound: signatures, handshake, envelopes, limits, hostile bytes.
#include "channels/whatsapp/inbound.h"

#include "base/id.h"
#include "channels/whatsapp/webhook_kit.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#define BODIES_COUNT 100000
#define BODY_MAX_BYTES (3u << 20)
#define SECRET "5f2a0c9e7b1d4836a0f1c2d3e4b59687"
#define HEAD "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"900001\",\"changes\":["

#define M1_BODY HEAD "{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\"}}]}]}"
#define M2_BODY                                                                                    \
    HEAD "{\"field\":\"messages\",\"value\":{\"b\":\"Ma\\u00f1ana \\ud83d\\ude00 10\\/11 "         \
         "<a@b.c>\"}}]}]}"
#define M3_BODY                                                                                    \
    HEAD "{\"field\":\"messages\",\"value\":{\"b\":\"Ma\xc3\xb1"                                   \
         "ana \xf0\x9f\x98\x80 10/11 <a@b.c>\"}}]}]}"
#define M1_HEX "619de9b6bb13b8e336a6e0a58b262caa39926faead23bd0df4bc83a4a3e1e15c"
#define M2_HEX "9cbc6683531edac8e47c9f49f4a4d633986a777a412489aa5c4edc2bef2278f1"
#define M3_HEX "e932de823a7d16f278af007d4ff5ea99812dfda855ddeb00a21e8e0228ca60ed"
#define M4_HEX "f7114516ab175843c413ac4c80e823befb6e80b0b955dd3508b5c0ea7413ac9a"
#define M5_HEX "e8f8c5e68c81f68d376fe44291e6643142471d0db82253af817348e71a36754e"

// --- signature -----------------------------------------------------------------------------------

static bool is_signed(const char *body, const char *header)
{
    return whatsapp_signature_is_valid(act_str(body), act_str(header), ACT_STR(SECRET));
}

static void accepts_the_reference_vectors(void **state)
{
    (void)state;
    assert_int_equal(strlen(M1_BODY), 138);
    assert_int_equal(strlen(M2_BODY), 153);
    assert_int_equal(strlen(M3_BODY), 140);
    assert_true(is_signed(M1_BODY, "sha256=" M1_HEX));
    assert_true(is_signed(M2_BODY, "sha256=" M2_HEX));
    assert_true(is_signed(M3_BODY, "sha256=" M3_HEX));
    assert_true(is_signed(M1_BODY "\n", "sha256=" M4_HEX));
    assert_true(is_signed("", "sha256=" M5_HEX));
    assert_true(is_signed(NULL, "sha256=" M5_HEX));
}

static void refuses_bad_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *header;
    } rows[] = {
        {M3_BODY, "sha256=" M2_HEX},
        {M2_BODY, "sha256=" M3_HEX},
        {M1_BODY "\n", "sha256=" M1_HEX},
        {M1_BODY, "SHA256=" M1_HEX},
        {M1_BODY, "sha256=" M1_HEX "0"},
        {M1_BODY, "sha256=619de9b6bb13b8e336a6e0a58b262caa39926faead23bd0df4bc83a4a3e1e15"},
        {M1_BODY, "sha256=619DE9B6BB13B8E336A6E0A58B262CAA39926FAEAD23BD0DF4BC83A4A3E1E15C"},
        {M1_BODY, "sha256=g19de9b6bb13b8e336a6e0a58b262caa39926faead23bd0df4bc83a4a3e1e15c"},
        {M1_BODY, "sha256=" M1_HEX ", sha256=" M1_HEX},
        {M1_BODY, " sha256=" M1_HEX},
        {M1_BODY, "sha1=0123456789012345678901234567890123456789"},
        {M1_BODY, M1_HEX},
        {M1_BODY, "sha256="},
        {M1_BODY, ""},
        {M1_BODY, NULL},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_false(is_signed(rows[i].body, rows[i].header));
}

static void refuses_other_secrets(void **state)
{
    (void)state;
    act_str_t header = ACT_STR("sha256=" M1_HEX);
    assert_false(whatsapp_signature_is_valid(ACT_STR(M1_BODY), header, ACT_STR(SECRET "0")));
    // HMAC with an empty key is something anyone can compute.
    assert_false(whatsapp_signature_is_valid(ACT_STR(M1_BODY), header, act_str_of(NULL, 0)));
    uint8_t digest[32];
    unsigned int digest_bytes = 0;
    HMAC(EVP_sha256(), "", 0, (const uint8_t *)"x", 1, digest, &digest_bytes);
    char forged[80] = "sha256=";
    for (size_t i = 0; i < 32; i++)
        snprintf(forged + 7 + 2 * i, 3, "%02x", digest[i]);
    assert_false(whatsapp_signature_is_valid(ACT_STR("x"), act_str(forged), ACT_STR("")));
}

static void refuses_every_flipped_bit(void **state)
{
    (void)state;
    char body[] = M1_BODY;
    for (size_t bit = 0; bit < (sizeof body - 1) * 8; bit++) {
        body[bit / 8] = (char)(body[bit / 8] ^ (1 << bit % 8));
        assert_false(
            whatsapp_signature_is_valid(ACT_STR(body), ACT_STR("sha256=" M1_HEX), ACT_STR(SECRET)));
        body[bit / 8] = (char)(body[bit / 8] ^ (1 << bit % 8));
    }
    char header[] = "sha256=" M1_HEX;
    for (size_t bit = 0; bit < (sizeof header - 1) * 8; bit++) {
        header[bit / 8] = (char)(header[bit / 8] ^ (1 << bit % 8));
        assert_false(
            whatsapp_signature_is_valid(ACT_STR(M1_BODY), ACT_STR(header), ACT_STR(SECRET)));
        header[bit / 8] = (char)(header[bit / 8] ^ (1 << bit % 8));
    }
}

// libsodium's HMAC is not the one that is tested.
static void sign(const char *bytes, size_t len_bytes, char *ret_header)
{
    crypto_auth_hmacsha256_state hmac;
    uint8_t digest[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&hmac, (const uint8_t *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)bytes, len_bytes);
    crypto_auth_hmacsha256_final(&hmac, digest);
    char *end = stpcpy(ret_header, "sha256=");
    (void)sodium_bin2hex(end, 2 * sizeof digest + 1, digest, sizeof digest);
}

static bool flips_to_no(char *text, size_t text_bytes, act_str_t body, act_str_t header)
{
    size_t bit = act_random_u64() % (text_bytes * 8);
    text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    bool is_valid = whatsapp_signature_is_valid(body, header, ACT_STR(SECRET));
    text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    return !is_valid;
}

static void agrees_with_another_library(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    char *bytes = act_alloc(BODY_MAX_BYTES);
    randombytes_buf(bytes, BODY_MAX_BYTES);
    for (int i = 0; i < BODIES_COUNT; i++) {
        bool is_large = i % 10000 == 0;
        size_t len_bytes = is_large ? BODY_MAX_BYTES : act_random_u64() % 1000 + 1;
        bytes[act_random_u64() % len_bytes] ^= 1;
        char text[80];
        sign(bytes, len_bytes, text);
        act_str_t body = act_str_of(bytes, len_bytes);
        act_str_t header = act_str_of(text, strlen(text));
        assert_true(whatsapp_signature_is_valid(body, header, ACT_STR(SECRET)));
        assert_true(flips_to_no(bytes, len_bytes, body, header));
        assert_true(flips_to_no(text, header.len_bytes, body, header));
    }
    act_free(bytes);
}

static void checks_the_handshake(void **state)
{
    (void)state;
    act_str_t ours = ACT_STR("our-token");
    assert_true(whatsapp_handshake_is_valid(ACT_STR("subscribe"), ACT_STR("our-token"), ours));
    assert_false(whatsapp_handshake_is_valid(ACT_STR("subscribe"), ACT_STR("our-tokem"), ours));
    assert_false(whatsapp_handshake_is_valid(ACT_STR("subscribe"), ACT_STR("our-toke"), ours));
    assert_false(whatsapp_handshake_is_valid(ACT_STR("unsubscribe"), ACT_STR("our-token"), ours));
    assert_false(whatsapp_handshake_is_valid(ACT_STR("subscribe"), act_str(NULL), act_str(NULL)));
}

// --- envelopes -----------------------------------------------------------------------------------

static void groups_by_number(void **state)
{
    (void)state;
#define CHANGE(number, value)                                                                      \
    "{'field':'messages','value':{'metadata':{'phone_number_id':'" number "'}," value "}}"
#define MESSAGE(id, extra) "{'from':'1','id':'" id "'," extra "'type':'text','text':{'body':'x'}}"
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_channel_batch_t batch = kit_parsed(
        ACT_STR(
            WEBHOOK_HEAD
                CHANGE("1", "'messages':[" MESSAGE("a", "") "," MESSAGE("b", "") "]") "," CHANGE(
                    "2",
                    "'messages':[" MESSAGE("c", "") "," MESSAGE(
                        "g",
                        "'group_id':'G',") "]") ","
                                                "{'field':'message_template_status_update','value':"
                                                "{'"
                                                "event':'APPROVED'}},7]},"
                                                "{'id':'900001','changes':[" CHANGE(
                                                    "1",
                                                    "'statuses':[{'id':'s','status':'sent'}],'"
                                                    "messages'"
                                                    ":[" MESSAGE(
                                                        "d",
                                                        "") "]") "," CHANGE("2",
                                                                            "'errors':[{'code':"
                                                                            "131031},"
                                                                            "{'code':1}]") "]}]}"),
        arena);
    assert_int_equal(batch.accounts.count, 3);
    assert_int_equal(batch.groups_count, 1);
    assert_int_equal(batch.unmapped_count, 0);
    const act_channel_updates_t *first = &batch.accounts.items[0];
    assert_int_equal(first->messages.count, 3);
    assert_str(first->messages.items[2].external_id, "d");
    assert_int_equal(first->statuses.count, 1);
    const act_channel_updates_t *second = &batch.accounts.items[1];
    assert_str(second->external_id, "2");
    assert_int_equal(second->messages.count, 1);
    assert_int_equal(second->errors_count, 2);
    assert_int_equal(second->first_error_code, 131031);
    assert_str(batch.accounts.items[2].external_id, "");
    assert_str(batch.accounts.items[2].owner_id, "900001");
    assert_int_equal(batch.accounts.items[2].others_count, 2);
#undef CHANGE
#undef MESSAGE
}

static void refuses_what_is_no_webhook(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        act_err_t err;
    } rows[] = {
        {"", ACT_E_MALFORMED},
        {"{", ACT_E_MALFORMED},
        {"hello", ACT_E_MALFORMED},
        {"{'object':'whatsapp_business_account','entry':[]}x", ACT_E_MALFORMED},
        {"{'object':'whatsapp_business_account','object':'x','entry':[]}", ACT_E_MALFORMED},
        {"\xff", ACT_E_MALFORMED},
        {"7", ACT_E_INVALID_ARGUMENT},
        {"[]", ACT_E_INVALID_ARGUMENT},
        {"{}", ACT_E_INVALID_ARGUMENT},
        {"{'object':'page','entry':[]}", ACT_E_INVALID_ARGUMENT},
        {"{'object':'whatsapp_business_account'}", ACT_E_INVALID_ARGUMENT},
        {"{'object':'whatsapp_business_account','entry':{}}", ACT_E_INVALID_ARGUMENT},
        {"{'object':'whatsapp_business_account','entry':[]}", ACT_E_OK},
        {"{'object':'whatsapp_business_account','entry':[0,{},{'changes':[0,{}]}]}", ACT_E_OK},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_channel_batch_t batch;
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(whatsapp_parse(kit_json(act_str(rows[i].body), arena), arena, &batch),
                         rows[i].err);
}

// --- limits --------------------------------------------------------------------------------------

static void does_not_cut_ids(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t id = kit_repeated(arena, "i", 257);
    act_str_t value = act_arena_printf(arena,
                                       "'messages':[{'from':'1','id':'%s'},{'from':'1','id':'%s'}],"
                                       "'statuses':[{'id':'%s','status':'read'}]",
                                       id.ptr, id.ptr + 1, id.ptr);
    act_channel_batch_t batch = kit_parsed_value(value.ptr, arena);
    assert_int_equal(batch.unmapped_count, 2);
    assert_int_equal(batch.accounts.items[0].messages.count, 1);
}

static void takes_a_thousand_updates(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t statuses = kit_repeated(arena, "{'id':'s','status':'sent'},", 600);
    act_str_t messages = kit_repeated(arena, "{'from':'1','id':'w'},", 600);
    act_str_t value =
        act_arena_printf(arena, "'messages':[%s0],'statuses':[%s0]", messages.ptr, statuses.ptr);
    act_channel_batch_t batch = kit_parsed_value(value.ptr, arena);
    assert_int_equal(batch.accounts.items[0].messages.count, 600);
    assert_int_equal(batch.accounts.items[0].statuses.count, 399);
    // The two zeros are no updates; the first of them took a place.
    assert_int_equal(batch.unmapped_count, 1 + 202);
}

static void bounds_changes(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t changes = kit_repeated(arena, "0,", 50000);
    act_channel_batch_t batch =
        kit_parsed(act_arena_printf(
                       arena, "{'object':'whatsapp_business_account','entry':[{'changes':[%s0]}]}",
                       changes.ptr),
                   arena);
    assert_int_equal(batch.accounts.count, 1);
    assert_int_equal(batch.accounts.items[0].others_count, 1000);
    assert_int_equal(batch.unmapped_count, 49001);
}

// --- hostile bytes -------------------------------------------------------------------------------

static void survives_random_bytes(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char bytes[256]; // as many as act_random gives at once
    for (int i = 0; i < 20000; i++) {
        act_arena_reset(arena);
        act_random(bytes, sizeof bytes);
        act_str_t text = act_str_of(bytes, act_random_u64() % sizeof bytes);
        act_channel_batch_t batch;
        assert_int_not_equal(whatsapp_parse(text, arena, &batch), ACT_E_OK);
        assert_false(whatsapp_signature_is_valid(text, text, ACT_STR(SECRET)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_reference_vectors),
        cmocka_unit_test(refuses_bad_signatures),
        cmocka_unit_test(refuses_other_secrets),
        cmocka_unit_test(refuses_every_flipped_bit),
        cmocka_unit_test(agrees_with_another_library),
        cmocka_unit_test(checks_the_handshake),
        cmocka_unit_test(groups_by_number),
        cmocka_unit_test(refuses_what_is_no_webhook),
        cmocka_unit_test(does_not_cut_ids),
        cmocka_unit_test(takes_a_thousand_updates),
        cmocka_unit_test(bounds_changes),
        cmocka_unit_test(survives_random_bytes),
    };
    return cmocka_run_group_tests_name("whatsapp_inbound", tests, NULL, NULL);
}
