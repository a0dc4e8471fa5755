// mp_test: our reader against msgpack-c, whose object tree is the oracle, and against hostile bytes.
#include "base/mp.h"

#include "base/arena.h"
#include "harness/model_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#define OUT_MAX_BYTES (1u << 20)
#define ROUNDS_COUNT 20000

// --- two ways to say what bytes mean -------------------------------------------------------------

static void say_bytes(act_buf_t *out, char kind, act_str_t bytes)
{
    act_buf_printf(out, "%c%zu:", kind, bytes.len_bytes);
    act_buf_add_str(out, bytes);
}

static void say_double(act_buf_t *out, double number)
{
    if (isnan(number))
        act_buf_add_str(out, ACT_STR("nan"));
    else
        act_buf_printf(out, "%a", number);
}

static void say_ours(act_mp_t *mp, act_buf_t *out)
{
    act_mp_value_t value;
    assert_true(act_mp_next(mp, &value));
    switch (value.type) {
    case ACT_MP_NIL:
        act_buf_add_char(out, '~');
        return;
    case ACT_MP_BOOL:
        act_buf_add_char(out, value.boolean ? 't' : 'f');
        return;
    case ACT_MP_INT:
        act_buf_printf(out, "%lld", (long long)value.integer);
        return;
    case ACT_MP_UINT:
        act_buf_printf(out, "%llu", (unsigned long long)value.unsigned_integer);
        return;
    case ACT_MP_DOUBLE:
        say_double(out, value.number);
        return;
    case ACT_MP_STR:
        say_bytes(out, 's', value.str);
        return;
    case ACT_MP_BIN:
        say_bytes(out, 'b', value.str);
        return;
    case ACT_MP_ARRAY:
    case ACT_MP_MAP:
    default:
        break;
    }
    uint64_t inside = value.type == ACT_MP_MAP ? (uint64_t)value.count * 2 : value.count;
    act_buf_add_char(out, value.type == ACT_MP_MAP ? '{' : '[');
    for (uint64_t i = 0; i < inside; i++) {
        say_ours(mp, out);
        act_buf_add_char(out, ',');
    }
    act_buf_add_char(out, ';');
}

static void say_theirs(const msgpack_object *object, act_buf_t *out)
{
    switch ((int)object->type) {
    case MSGPACK_OBJECT_NIL:
        act_buf_add_char(out, '~');
        return;
    case MSGPACK_OBJECT_BOOLEAN:
        act_buf_add_char(out, object->via.boolean ? 't' : 'f');
        return;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        act_buf_printf(out, "%llu", (unsigned long long)object->via.u64);
        return;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        act_buf_printf(out, "%lld", (long long)object->via.i64);
        return;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        say_double(out, object->via.f64);
        return;
    case MSGPACK_OBJECT_STR:
        say_bytes(out, 's', act_str_of(object->via.str.ptr, object->via.str.size));
        return;
    case MSGPACK_OBJECT_BIN:
        say_bytes(out, 'b', act_str_of(object->via.bin.ptr, object->via.bin.size));
        return;
    case MSGPACK_OBJECT_ARRAY:
        act_buf_add_char(out, '[');
        for (uint32_t i = 0; i < object->via.array.size; i++) {
            say_theirs(&object->via.array.ptr[i], out);
            act_buf_add_char(out, ',');
        }
        act_buf_add_char(out, ';');
        return;
    case MSGPACK_OBJECT_MAP:
        act_buf_add_char(out, '{');
        for (uint32_t i = 0; i < object->via.map.size; i++) {
            say_theirs(&object->via.map.ptr[i].key, out);
            act_buf_add_char(out, ',');
            say_theirs(&object->via.map.ptr[i].val, out);
            act_buf_add_char(out, ',');
        }
        act_buf_add_char(out, ';');
        return;
    default:
        fail_msg("type %d is none of ours", (int)object->type);
    }
}

static void assert_same_meaning(act_str_t bytes)
{
    msgpack_unpacked theirs;
    msgpack_unpacked_init(&theirs);
    size_t end = 0;
    assert_int_equal(msgpack_unpack_next(&theirs, bytes.ptr, bytes.len_bytes, &end),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(end, bytes.len_bytes);
    act_buf_t a, b;
    act_buf_init(&a, OUT_MAX_BYTES);
    act_buf_init(&b, OUT_MAX_BYTES);
    act_mp_t mp = act_mp_open(bytes);
    say_ours(&mp, &a);
    say_theirs(&theirs.data, &b);
    assert_ptr_equal(mp.at, mp.end);
    assert_false(a.is_overflowed);
    assert_true(act_str_eq(act_buf_str(&a), act_buf_str(&b)));
    act_buf_fini(&a);
    act_buf_fini(&b);
    msgpack_unpacked_destroy(&theirs);
}

// --- random values -------------------------------------------------------------------------------

// Big-endian number behind a head byte: every width of every type, shortest or not.
static void put_number(act_buf_t *out, uint8_t head, uint64_t value, int width_bytes)
{
    act_buf_add_char(out, (char)head);
    for (int i = width_bytes - 1; i >= 0; i--)
        act_buf_add_char(out, (char)(value >> (8 * i) & 0xff));
}

static void put_text(act_buf_t *out, model_random_t *random)
{
    static const act_str_t texts[] = {ACT_STR_INIT(""), ACT_STR_INIT("a"), ACT_STR_INIT("\xc3\xa4"),
                                      ACT_STR_INIT("zehn Zeichen und noch viel mehr als 31 davon")};
    static const struct {
        uint8_t head;
        int width_bytes;
    } heads[] = {{0xd9, 1}, {0xda, 2}, {0xdb, 4}, {0xc4, 1}, {0xc5, 2}, {0xc6, 4}};
    act_str_t text = texts[model_random_below(random, ACT_COUNT(texts))];
    uint32_t pick = model_random_below(random, ACT_COUNT(heads) + 1);
    if (pick == ACT_COUNT(heads))
        act_mp_str(out, text);
    else
        put_number(out, heads[pick].head, text.len_bytes, heads[pick].width_bytes);
    if (pick < ACT_COUNT(heads))
        act_buf_add_str(out, text);
}

static void put_scalar(act_buf_t *out, model_random_t *random)
{
    static const struct {
        uint8_t head;
        int width_bytes;
    } heads[] = {{0xc0, 0}, {0xc2, 0}, {0xc3, 0}, {0xca, 4}, {0xcb, 8}, {0xcc, 1}, {0xcd, 2},
                 {0xce, 4}, {0xcf, 8}, {0xd0, 1}, {0xd1, 2}, {0xd2, 4}, {0xd3, 8}};
    uint32_t pick = model_random_below(random, ACT_COUNT(heads) + 2);
    uint64_t bits = model_random_next(random) >> model_random_below(random, 64);
    if (pick < ACT_COUNT(heads))
        put_number(out, heads[pick].head, bits, heads[pick].width_bytes);
    else if (pick == ACT_COUNT(heads))
        act_buf_add_char(out, (char)(bits & 0x7f)); // positive fixint
    else
        act_buf_add_char(out, (char)(0xe0 | (bits & 0x1f))); // negative fixint
}

static void put_value(act_buf_t *out, model_random_t *random, int depth)
{
    uint32_t pick = model_random_below(random, depth < 6 ? 5 : 3);
    if (pick < 2) {
        put_scalar(out, random);
        return;
    }
    if (pick == 2) {
        put_text(out, random);
        return;
    }
    bool is_map = pick == 3;
    uint32_t count = model_random_below(random, 5);
    switch (model_random_below(random, 3)) {
    case 0:
        act_buf_add_char(out, (char)((is_map ? 0x80 : 0x90) | count));
        break;
    case 1:
        put_number(out, is_map ? 0xde : 0xdc, count, 2);
        break;
    default:
        put_number(out, is_map ? 0xdf : 0xdd, count, 4);
        break;
    }
    for (uint32_t i = 0; i < (is_map ? 2 * count : count); i++)
        put_value(out, random, depth + 1);
}

static void every_encoding_means_what_msgpack_c_says(void **state)
{
    (void)state;
    model_random_t random = {.state = 1};
    act_buf_t out;
    act_buf_init(&out, OUT_MAX_BYTES);
    for (int round = 0; round < ROUNDS_COUNT; round++) {
        act_buf_reset(&out);
        put_value(&out, &random, 0);
        assert_int_equal(act_mp_check(act_buf_str(&out)), ACT_E_OK);
        assert_same_meaning(act_buf_str(&out));
    }
    act_buf_fini(&out);
}

// Bytes that our check lets pass must mean the same to msgpack-c.
static void mutated_bytes_are_refused_or_mean_the_same(void **state)
{
    (void)state;
    model_random_t random = {.state = 2};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t out;
    act_buf_init(&out, OUT_MAX_BYTES);
    int accepted_count = 0;
    for (int round = 0; round < ROUNDS_COUNT; round++) {
        act_arena_reset(arena);
        act_buf_reset(&out);
        put_value(&out, &random, 0);
        act_str_t bytes = model_mutate(act_buf_str(&out), &random, arena);
        if (act_mp_check(bytes) != ACT_E_OK)
            continue;
        accepted_count++;
        assert_same_meaning(bytes);
    }
    assert_true(accepted_count > ROUNDS_COUNT / 20);
    act_buf_fini(&out);
}

// --- writing -------------------------------------------------------------------------------------

static void integers_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        size_t len_bytes;
    } rows[] = {
        {0, 1},
        {127, 1},
        {128, 2},
        {255, 2},
        {256, 3},
        {65535, 3},
        {65536, 5},
        {UINT32_MAX, 5},
        {1ll << 32, 9},
        {INT64_MAX, 9},
        {-1, 1},
        {-32, 1},
        {-33, 2},
        {-128, 2},
        {-129, 3},
        {INT16_MIN, 3},
        {INT16_MIN - 1, 5},
        {INT32_MIN, 5},
        {INT32_MIN - 1ll, 9},
        {INT64_MIN, 9},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_buf_t out;
        act_buf_init(&out, 64);
        act_mp_int(&out, rows[i].value);
        assert_int_equal(out.len_bytes, rows[i].len_bytes);
        act_mp_t mp = act_mp_open(act_buf_str(&out));
        int64_t read = 0;
        assert_true(act_mp_read_int(&mp, &read));
        assert_true(read == rows[i].value);
        act_buf_fini(&out);
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_mp_array(&out, 8);
    act_mp_nil(&out);
    act_mp_bool(&out, true);
    act_mp_uint(&out, UINT64_MAX);
    act_mp_double(&out, -0.0);
    act_mp_str(&out, ACT_STR("a\0b"));
    act_mp_bin(&out, ACT_STR("\xff\xfe"));
    act_mp_map(&out, 1);
    act_mp_str(&out, (act_str_t){0});
    act_mp_bin(&out, (act_str_t){0});
    act_mp_array(&out, 0);
    act_str_t bytes = act_buf_str(&out);
    assert_int_equal(act_mp_check(bytes), ACT_E_OK);
    assert_same_meaning(bytes);
    act_mp_t mp = act_mp_open(bytes);
    uint32_t count = 0;
    bool flag = false;
    uint64_t large = 0;
    double number = 1;
    act_str_t text;
    assert_true(act_mp_read_array(&mp, &count) && count == 8);
    act_mp_skip(&mp);
    assert_true(act_mp_read_bool(&mp, &flag) && flag);
    assert_true(act_mp_read_uint(&mp, &large) && large == UINT64_MAX);
    assert_true(act_mp_read_double(&mp, &number) && signbit(number));
    assert_true(act_mp_read_str(&mp, &text) && act_str_eq(text, ACT_STR("a\0b")));
    assert_true(act_mp_read_str(&mp, &text) && act_str_eq(text, ACT_STR("\xff\xfe")));
    assert_int_equal(act_mp_raw(&mp).len_bytes, 4);
    assert_true(act_mp_read_array(&mp, &count) && count == 0);
    assert_false(act_mp_next(&mp, &(act_mp_value_t){0}));
    act_buf_fini(&out);
}

// --- typed reads ---------------------------------------------------------------------------------

// A value of another type is passed over whole, and the output stays.
static void wrong_types_are_passed_over(void **state)
{
    (void)state;
    static const act_str_t values[] = {
        ACT_STR_INIT("\xc0"),
        ACT_STR_INIT("\xc3"),
        ACT_STR_INIT("\x05"),
        ACT_STR_INIT("\xff"),
        ACT_STR_INIT("\xca\0\0\0\0"),
        ACT_STR_INIT("\xa1x"),
        ACT_STR_INIT("\xc4\x01y"),
        ACT_STR_INIT("\x92\x91\x01\x81\xa1k\x02"),
        ACT_STR_INIT("\x81\x91\x01\x91\x02"),
        ACT_STR_INIT("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
    };
    // Which of bool, int, uint, double, str, array, map takes the value.
    static const char *const takers[] = {"-------", "b------", "-iud---", "-i-d---", "---d---",
                                         "----s--", "----s--", "-----a-", "------m", "--ud---"};
    for (size_t i = 0; i < ACT_COUNT(values); i++)
        for (int reader = 0; reader < 7; reader++) {
            char bytes[32];
            memcpy(bytes, values[i].ptr, values[i].len_bytes);
            bytes[values[i].len_bytes] = '\x2a';
            act_mp_t mp = act_mp_open(act_str_of(bytes, values[i].len_bytes + 1));
            bool flag = false;
            int64_t integer = 7;
            uint64_t natural = 7;
            double number = 7;
            act_str_t text = ACT_STR("7");
            uint32_t count = 7;
            bool was_read = reader == 0   ? act_mp_read_bool(&mp, &flag)
                            : reader == 1 ? act_mp_read_int(&mp, &integer)
                            : reader == 2 ? act_mp_read_uint(&mp, &natural)
                            : reader == 3 ? act_mp_read_double(&mp, &number)
                            : reader == 4 ? act_mp_read_str(&mp, &text)
                            : reader == 5 ? act_mp_read_array(&mp, &count)
                                          : act_mp_read_map(&mp, &count);
            if (was_read != (takers[i][reader] != '-'))
                fail_msg("value %zu, reader %d", i, reader);
            if (was_read)
                continue;
            assert_true(!flag && integer == 7 && natural == 7 && number == 7.0 && count == 7);
            assert_true(act_str_is(text, "7"));
            assert_true(act_mp_read_int(&mp, &integer) && integer == 42);
        }
}

// --- hostile bytes -------------------------------------------------------------------------------

static void bombs_are_refused_without_memory(void **state)
{
    (void)state;
    static const act_str_t rows[] = {
        ACT_STR_INIT("\xdf\x29\xff\xff\x29"), // msgpack-c asks for 34 GB
        ACT_STR_INIT("\xdd\x04\x00\x00\x00"), // and here for 2 GB (promises.md T5)
        ACT_STR_INIT("\xdf\x80\x00\x00\x00"), // twice the count overflows 32 bits
        ACT_STR_INIT("\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff"),
        ACT_STR_INIT("\xdb\xff\xff\xff\xff"
                     "a"), // a text of 4 GB
        ACT_STR_INIT("\xc6\xff\xff\xff\xff"
                     "a"),
        ACT_STR_INIT("\xdc\xff\xff\xc0"),
        ACT_STR_INIT("\xde\x00\x01\xc0"), // a key without value
        ACT_STR_INIT("\x91"),
        ACT_STR_INIT("\xa2x"),
        ACT_STR_INIT("\xc4\x05x"),
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(act_mp_check(rows[i]), ACT_E_MALFORMED);
}

static act_err_t check_nested(uint32_t depth, act_str_t innermost)
{
    char bytes[256];
    memset(bytes, '\x91', depth);
    memcpy(bytes + depth, innermost.ptr, innermost.len_bytes);
    return act_mp_check(act_str_of(bytes, depth + innermost.len_bytes));
}

static void nesting_ends_at_32(void **state)
{
    (void)state;
    assert_int_equal(check_nested(ACT_MP_MAX_DEPTH, ACT_STR("\xc0")), ACT_E_OK);
    assert_int_equal(check_nested(ACT_MP_MAX_DEPTH + 1, ACT_STR("\xc0")), ACT_E_MALFORMED);
    assert_int_equal(check_nested(200, ACT_STR("\xc0")), ACT_E_MALFORMED);
    assert_int_equal(check_nested(ACT_MP_MAX_DEPTH - 1, ACT_STR("\x90")), ACT_E_OK);
    assert_int_equal(check_nested(ACT_MP_MAX_DEPTH, ACT_STR("\x90")), ACT_E_MALFORMED);
    assert_int_equal(check_nested(ACT_MP_MAX_DEPTH, ACT_STR("\x80")), ACT_E_MALFORMED);
}

// Lists beside each other are not deep: only what is open at a time counts.
static void width_is_not_depth(void **state)
{
    (void)state;
    act_buf_t out;
    act_buf_init(&out, OUT_MAX_BYTES);
    act_mp_array(&out, 1000);
    for (int i = 0; i < 1000; i++)
        act_buf_add_str(&out, ACT_STR("\x91\x91\x90"));
    assert_int_equal(act_mp_check(act_buf_str(&out)), ACT_E_OK);
    act_buf_fini(&out);
}

static void extension_types_and_the_unused_byte_are_refused(void **state)
{
    (void)state;
    static const uint8_t heads[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};
    for (size_t i = 0; i < ACT_COUNT(heads); i++) {
        char bytes[64] = {0};
        bytes[0] = (char)heads[i];
        for (size_t len_bytes = 1; len_bytes <= sizeof bytes; len_bytes++)
            assert_int_equal(act_mp_check(act_str_of(bytes, len_bytes)), ACT_E_MALFORMED);
    }
}

static void texts_are_utf8_and_bytes_are_anything(void **state)
{
    (void)state;
    assert_int_equal(act_mp_check(ACT_STR("\xa2\xc3\xa4")), ACT_E_OK);
    assert_int_equal(act_mp_check(ACT_STR("\xa1\xc3")), ACT_E_MALFORMED);
    assert_int_equal(act_mp_check(ACT_STR("\xa3\xed\xa0\x80")), ACT_E_MALFORMED);
    assert_int_equal(act_mp_check(ACT_STR("\xc4\x03\xed\xa0\x80")), ACT_E_OK);
}

static void one_value_and_nothing_behind_it(void **state)
{
    (void)state;
    assert_int_equal(act_mp_check(ACT_STR("")), ACT_E_MALFORMED);
    assert_int_equal(act_mp_check((act_str_t){0}), ACT_E_MALFORMED);
    assert_int_equal(act_mp_check(ACT_STR("\xc0\xc0")), ACT_E_MALFORMED);
    assert_int_equal(act_mp_check(ACT_STR("\x90\x90")), ACT_E_MALFORMED);
}

// A copy of the exact size, so that the address sanitizer sees a read past the end.
static act_err_t check_exact(act_str_t bytes)
{
    ACT_AUTO_FREE char *exact = act_alloc(bytes.len_bytes ? bytes.len_bytes : 1);
    if (bytes.len_bytes > 0)
        memcpy(exact, bytes.ptr, bytes.len_bytes);
    return act_mp_check(act_str_of(exact, bytes.len_bytes));
}

static void every_first_byte_is_taken_or_refused_at_any_length(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++)
        for (size_t len_bytes = 1; len_bytes < 40; len_bytes++)
            for (int fill = 0; fill < 256; fill += 51) {
                char bytes[40];
                memset(bytes, fill, sizeof bytes);
                bytes[0] = (char)first;
                act_str_t input = act_str_of(bytes, len_bytes);
                if (check_exact(input) == ACT_E_OK)
                    assert_same_meaning(input);
            }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    model_random_t random = {.state = 3};
    act_buf_t out;
    act_buf_init(&out, OUT_MAX_BYTES);
    for (int round = 0; round < 500; round++) {
        act_buf_reset(&out);
        put_value(&out, &random, 0);
        for (size_t len_bytes = 0; len_bytes < out.len_bytes; len_bytes++)
            assert_int_equal(check_exact(act_str_of(out.ptr, len_bytes)), ACT_E_MALFORMED);
    }
    act_buf_fini(&out);
}

static void skip_and_raw_pass_over_one_whole_value(void **state)
{
    (void)state;
    model_random_t random = {.state = 4};
    act_buf_t out;
    act_buf_init(&out, OUT_MAX_BYTES);
    for (int round = 0; round < 2000; round++) {
        act_buf_reset(&out);
        act_mp_array(&out, 2);
        put_value(&out, &random, 0);
        size_t first_bytes = out.len_bytes - 1;
        put_value(&out, &random, 0);
        act_mp_t mp = act_mp_open(act_buf_str(&out));
        uint32_t count = 0;
        assert_true(act_mp_read_array(&mp, &count));
        assert_int_equal(act_mp_raw(&mp).len_bytes, first_bytes);
        act_mp_skip(&mp);
        assert_ptr_equal(mp.at, mp.end);
    }
    act_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encoding_means_what_msgpack_c_says),
        cmocka_unit_test(mutated_bytes_are_refused_or_mean_the_same),
        cmocka_unit_test(integers_are_written_in_their_shortest_form),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(wrong_types_are_passed_over),
        cmocka_unit_test(bombs_are_refused_without_memory),
        cmocka_unit_test(nesting_ends_at_32),
        cmocka_unit_test(width_is_not_depth),
        cmocka_unit_test(extension_types_and_the_unused_byte_are_refused),
        cmocka_unit_test(texts_are_utf8_and_bytes_are_anything),
        cmocka_unit_test(one_value_and_nothing_behind_it),
        cmocka_unit_test(every_first_byte_is_taken_or_refused_at_any_length),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(skip_and_raw_pass_over_one_whole_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
