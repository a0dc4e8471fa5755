// header_test: what is packed comes back, and nothing else gets through.
#include "actor/header.h"

#include "base/arena.h"
#include "base/mp.h"
#include "harness/model_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS_COUNT 20

static const act_header_t full = {
    .kind = ACT_KIND_CALL,
    .class_ = ACT_CLASS_BULK,
    .flags = ACT_FLAG_RETRY_SAFE,
    .id = UINT64_MAX,
    .trace = {0x0123456789abcdef, 0xfedcba9876543210, 0x8000000000000001},
    .sender = ACT_STR_INIT("session-1"),
    .tenant = ACT_STR_INIT("0193b2c4"),
    .service = ACT_STR_INIT("persistence"),
    .method = ACT_STR_INIT("turn_begin"),
    .key = ACT_STR_INIT("conv-1"),
    .budget_ms = UINT32_MAX,
    .attempt = 255,
    .hops = 8,
    .idempotency_key = ACT_STR_INIT("turn:1"),
    .credit_messages = 64,
    .credit_bytes = UINT32_MAX,
    .err = 5003,
};

static act_str_t packed(const act_header_t *header, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_header_pack(header, &out);
    assert_false(out.is_overflowed);
    act_str_t frame = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return frame;
}

static void assert_same(const act_header_t *a, const act_header_t *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->class_, b->class_);
    assert_int_equal(a->flags, b->flags);
    assert_true(a->id == b->id);
    assert_memory_equal(&a->trace, &b->trace, sizeof a->trace);
    assert_true(act_str_eq(a->sender, b->sender));
    assert_true(act_str_eq(a->tenant, b->tenant));
    assert_true(act_str_eq(a->service, b->service));
    assert_true(act_str_eq(a->method, b->method));
    assert_true(act_str_eq(a->key, b->key));
    assert_int_equal(a->budget_ms, b->budget_ms);
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->hops, b->hops);
    assert_true(act_str_eq(a->idempotency_key, b->idempotency_key));
    assert_int_equal(a->credit_messages, b->credit_messages);
    assert_int_equal(a->credit_bytes, b->credit_bytes);
    assert_int_equal(a->err, b->err);
}

static void assert_round_trip(const act_header_t *header)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_header_t again;
    assert_int_equal(act_header_unpack(packed(header, arena), &again), ACT_E_OK);
    assert_same(header, &again);
}

// A block of the exact size, so that the address sanitizer sees a read past the end.
static act_err_t unpack_exact(act_str_t frame, act_header_t *ret_header)
{
    ACT_AUTO_FREE char *exact = act_alloc(frame.len_bytes ? frame.len_bytes : 1);
    if (frame.len_bytes > 0)
        memcpy(exact, frame.ptr, frame.len_bytes);
    return act_header_unpack(act_str_of(exact, frame.len_bytes), ret_header);
}

// The full header with the value at one position replaced.
static act_str_t with_value(uint32_t position, act_str_t value, act_arena_t *arena)
{
    act_mp_t mp = act_mp_open(packed(&full, arena));
    uint32_t count = 0;
    assert_true(act_mp_read_array(&mp, &count));
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_mp_array(&out, count);
    for (uint32_t i = 0; i < count; i++) {
        act_str_t old = act_mp_raw(&mp);
        act_buf_add_str(&out, i == position ? value : old);
    }
    act_str_t frame = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return frame;
}

static act_str_t text_of(size_t len_bytes, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, 4096);
    char *bytes = act_arena_alloc(arena, len_bytes + 1);
    memset(bytes, 'x', len_bytes);
    act_mp_str(&out, act_str_of(bytes, len_bytes));
    act_str_t text = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

static act_err_t unpack_with(uint32_t position, act_str_t value)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_header_t header;
    return unpack_exact(with_value(position, value, arena), &header);
}

// --- round trips ---------------------------------------------------------------------------------

static void headers_of_every_kind_come_back(void **state)
{
    (void)state;
    for (int kind = ACT_KIND_HELLO; kind <= ACT_KIND_LAST; kind++) {
        act_header_t empty = {.kind = (uint8_t)kind};
        assert_round_trip(&empty);
        act_header_t header = full;
        header.kind = (uint8_t)kind;
        assert_round_trip(&header);
    }
}

static void trace_ids_have_their_order_on_the_wire(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t frame = packed(&full, arena);
    static const char trace[] =
        "\xc4\x10\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10";
    assert_non_null(memmem(frame.ptr, frame.len_bytes, trace, sizeof trace - 1));
}

static void views_borrow_from_the_frame(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t frame = packed(&full, arena);
    act_header_t header;
    assert_int_equal(act_header_unpack(frame, &header), ACT_E_OK);
    assert_true(header.key.ptr > frame.ptr && header.key.ptr < frame.ptr + frame.len_bytes);
}

// --- limits --------------------------------------------------------------------------------------

static void texts_have_their_longest_length(void **state)
{
    (void)state;
    static const struct {
        uint32_t position;
        size_t max_bytes;
    } rows[] = {
        {7, ACT_HEADER_NAME_MAX_BYTES},  // sender
        {8, ACT_HEADER_NAME_MAX_BYTES},  // tenant
        {9, ACT_HEADER_KEY_MAX_BYTES},   // service or topic
        {10, ACT_HEADER_NAME_MAX_BYTES}, // method
        {11, ACT_HEADER_KEY_MAX_BYTES},  // key
        {15, ACT_HEADER_KEY_MAX_BYTES},  // idempotency key
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t longest = text_of(rows[i].max_bytes, arena);
        act_str_t longer = text_of(rows[i].max_bytes + 1, arena);
        assert_int_equal(unpack_with(rows[i].position, longest), ACT_E_OK);
        assert_int_equal(unpack_with(rows[i].position, longer), ACT_E_MALFORMED);
    }
}

// Names become C texts and keys of tables: one that is not UTF-8, or ends early, would be another.
static void texts_are_utf8_without_nul(void **state)
{
    (void)state;
    static const uint32_t positions[] = {7, 8, 9, 10, 11, 15};
    for (size_t i = 0; i < ACT_COUNT(positions); i++) {
        assert_int_equal(unpack_with(positions[i], ACT_STR("\xa1\xff")), ACT_E_MALFORMED);
        assert_int_equal(unpack_with(positions[i], ACT_STR("\xc4\x01\xff")), ACT_E_MALFORMED);
        assert_int_equal(unpack_with(positions[i], ACT_STR("\xa3"
                                                           "a\0b")),
                         ACT_E_MALFORMED);
        assert_int_equal(unpack_with(positions[i], ACT_STR("\xa2"
                                                           "ab")),
                         ACT_E_OK);
    }
}

static void numbers_have_their_range(void **state)
{
    (void)state;
    static const struct {
        uint32_t position;
        act_str_t value;
        bool is_taken;
    } rows[] = {
        {0, ACT_STR_INIT("\x01"), true}, // version
        {0, ACT_STR_INIT("\x00"), false},
        {0, ACT_STR_INIT("\x02"), false},
        {1, ACT_STR_INIT("\x00"), false}, // kind
        {1, ACT_STR_INIT("\x12"), true},
        {1, ACT_STR_INIT("\x13"), false},
        {2, ACT_STR_INIT("\x02"), true}, // class
        {2, ACT_STR_INIT("\x03"), false},
        {3, ACT_STR_INIT("\xce\xff\xff\xff\xff"), true},
        {3, ACT_STR_INIT("\xcf\0\0\0\1\0\0\0\0"), false},
        {4, ACT_STR_INIT("\xff"), false}, // id is not negative
        {12, ACT_STR_INIT("\xcf\0\0\0\1\0\0\0\0"), false},
        {13, ACT_STR_INIT("\xcd\1\0"), false},
        {14, ACT_STR_INIT("\xcc\xff"), true},
        {14, ACT_STR_INIT("\xcd\1\0"), false},
        {16, ACT_STR_INIT("\xcf\0\0\0\1\0\0\0\0"), false},
        {17, ACT_STR_INIT("\xcf\0\0\0\1\0\0\0\0"), false},
        {18, ACT_STR_INIT("\xcf\0\0\0\1\0\0\0\0"), false},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if ((unpack_with(rows[i].position, rows[i].value) == ACT_E_OK) != rows[i].is_taken)
            fail_msg("row %zu", i);
}

static void every_position_refuses_other_types(void **state)
{
    (void)state;
    static const act_str_t wrong[] = {ACT_STR_INIT("\xc0"), ACT_STR_INIT("\xc3"),
                                      ACT_STR_INIT("\x90"), ACT_STR_INIT("\x80"),
                                      ACT_STR_INIT("\xca\x3f\x80\0\0")};
    for (uint32_t position = 0; position < FIELDS_COUNT; position++)
        for (size_t i = 0; i < ACT_COUNT(wrong); i++)
            assert_int_equal(unpack_with(position, wrong[i]), ACT_E_MALFORMED);
}

static void traces_are_16_and_8_bytes(void **state)
{
    (void)state;
    assert_int_equal(unpack_with(5, ACT_STR("\xc4\x00")), ACT_E_MALFORMED);
    assert_int_equal(unpack_with(5, ACT_STR("\xc4\x08"
                                            "12345678")),
                     ACT_E_MALFORMED);
    assert_int_equal(unpack_with(6, ACT_STR("\xc4\x10"
                                            "1234567812345678")),
                     ACT_E_MALFORMED);
    assert_int_equal(unpack_with(6, ACT_STR("\xc4\x08"
                                            "12345678")),
                     ACT_E_OK);
}

static void more_fields_are_a_later_version_and_fewer_are_none(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t frame = packed(&full, arena);
    act_mp_t mp = act_mp_open(frame);
    uint32_t count = 0;
    assert_true(act_mp_read_array(&mp, &count) && count == FIELDS_COUNT);
    act_str_t fields = act_str_of(mp.at, (size_t)(mp.end - mp.at));
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_mp_array(&out, FIELDS_COUNT + 1);
    act_buf_add_str(&out, fields);
    act_mp_str(&out, ACT_STR("later"));
    act_header_t header;
    assert_int_equal(act_header_unpack(act_buf_str(&out), &header), ACT_E_OK);
    act_buf_reset(&out);
    act_mp_array(&out, FIELDS_COUNT - 1);
    act_buf_add(&out, fields.ptr, fields.len_bytes - 1); // without the last number
    assert_int_equal(act_header_unpack(act_buf_str(&out), &header), ACT_E_MALFORMED);
    act_buf_fini(&out);
}

// --- hostile bytes -------------------------------------------------------------------------------

static void every_truncation_is_refused_and_leaves_the_output(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t frame = packed(&full, arena);
    for (size_t len_bytes = 0; len_bytes < frame.len_bytes; len_bytes++) {
        act_header_t header = {.id = 42};
        assert_int_equal(unpack_exact(act_str_of(frame.ptr, len_bytes), &header), ACT_E_MALFORMED);
        assert_int_equal(header.id, 42);
    }
}

static void mutated_frames_are_refused_or_within_their_limits(void **state)
{
    (void)state;
    model_random_t random = {.state = 1};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (int round = 0; round < 100000; round++) {
        act_arena_reset(arena);
        act_str_t frame = packed(&full, arena);
        for (uint32_t times = 1 + model_random_below(&random, 3); times > 0; times--)
            frame = model_mutate(frame, &random, arena);
        act_header_t header;
        if (act_header_unpack(frame, &header) != ACT_E_OK)
            continue;
        assert_in_range(header.kind, ACT_KIND_HELLO, ACT_KIND_LAST);
        assert_in_range(header.class_, 0, ACT_CLASS_COUNT - 1);
        assert_true(header.sender.len_bytes <= ACT_HEADER_NAME_MAX_BYTES);
        assert_true(header.key.len_bytes <= ACT_HEADER_KEY_MAX_BYTES);
        assert_round_trip(&header);
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(act_kind_name(ACT_KIND_HELLO), "HELLO");
    assert_string_equal(act_kind_name(ACT_KIND_LAST), "CREDIT");
    assert_string_equal(act_kind_name((act_kind_t)0), "?");
    assert_string_equal(act_kind_name((act_kind_t)200), "?");
    for (int kind = ACT_KIND_HELLO; kind <= ACT_KIND_LAST; kind++)
        assert_non_null(act_kind_name((act_kind_t)kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_every_kind_come_back),
        cmocka_unit_test(trace_ids_have_their_order_on_the_wire),
        cmocka_unit_test(views_borrow_from_the_frame),
        cmocka_unit_test(texts_have_their_longest_length),
        cmocka_unit_test(texts_are_utf8_without_nul),
        cmocka_unit_test(numbers_have_their_range),
        cmocka_unit_test(every_position_refuses_other_types),
        cmocka_unit_test(traces_are_16_and_8_bytes),
        cmocka_unit_test(more_fields_are_a_later_version_and_fewer_are_none),
        cmocka_unit_test(every_truncation_is_refused_and_leaves_the_output),
        cmocka_unit_test(mutated_frames_are_refused_or_within_their_limits),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
