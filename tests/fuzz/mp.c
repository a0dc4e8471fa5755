// mp: libFuzzer target of the msgpack check and the reads behind it.
// With -DPARLEY_REPLAY it is a plain program: mp_replay [FOLDER_OF_INPUTS]
#include "base/assert.h"
#include "base/mp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static bool is_within(act_str_t part, act_str_t whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len_bytes <= whole.ptr + whole.len_bytes;
}

// Writes the next value as this side would: what was read must come out with the same meaning.
static void copy_value(act_mp_t *mp, act_str_t whole, act_buf_t *out, int depth)
{
    act_assert(depth <= ACT_MP_MAX_DEPTH);
    act_mp_value_t value;
    act_assert(act_mp_next(mp, &value));
    uint64_t inside = 0;
    switch (value.type) {
    case ACT_MP_NIL:
        act_mp_nil(out);
        break;
    case ACT_MP_BOOL:
        act_mp_bool(out, value.boolean);
        break;
    case ACT_MP_INT:
        act_mp_int(out, value.integer);
        break;
    case ACT_MP_UINT:
        act_assert(value.unsigned_integer > INT64_MAX);
        act_mp_uint(out, value.unsigned_integer);
        break;
    case ACT_MP_DOUBLE:
        act_mp_double(out, value.number);
        break;
    case ACT_MP_STR:
        act_assert(is_within(value.str, whole) && act_utf8_valid(value.str));
        act_mp_str(out, value.str);
        break;
    case ACT_MP_BIN:
        act_assert(is_within(value.str, whole));
        act_mp_bin(out, value.str);
        break;
    case ACT_MP_ARRAY:
        inside = value.count;
        act_mp_array(out, value.count);
        break;
    case ACT_MP_MAP:
    default:
        inside = (uint64_t)value.count * 2;
        act_mp_map(out, value.count);
        break;
    }
    for (uint64_t i = 0; i < inside; i++)
        copy_value(mp, whole, out, depth + 1);
}

static act_str_t copied(act_str_t bytes, act_buf_t *out)
{
    act_buf_init(out, SIZE_MAX / 4);
    act_mp_t mp = act_mp_open(bytes);
    copy_value(&mp, bytes, out, 0);
    act_assert(mp.at == mp.end && !act_mp_next(&mp, &(act_mp_value_t){0}));
    return act_buf_str(out);
}

static void check_skips(act_str_t bytes)
{
    act_mp_t mp = act_mp_open(bytes);
    act_assert(act_str_eq(act_mp_raw(&mp), bytes));
    mp = act_mp_open(bytes);
    act_mp_skip(&mp);
    act_assert(mp.at == mp.end);
}

// Typed reads may come in any order, also on bytes that were never checked.
static void read_anyhow(act_str_t bytes)
{
    act_mp_t mp = act_mp_open(bytes);
    for (size_t i = 0; i < bytes.len_bytes && mp.at < mp.end; i++) {
        const uint8_t *before = mp.at;
        (void)act_mp_read_bool(&mp, &(bool){false});
        (void)act_mp_read_int(&mp, &(int64_t){0});
        (void)act_mp_read_uint(&mp, &(uint64_t){0});
        (void)act_mp_read_double(&mp, &(double){0});
        (void)act_mp_read_str(&mp, &(act_str_t){0});
        (void)act_mp_read_array(&mp, &(uint32_t){0});
        (void)act_mp_read_map(&mp, &(uint32_t){0});
        act_assert(mp.at > before && mp.at <= mp.end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_str_t bytes = act_str_of(data, size_bytes);
    read_anyhow(bytes);
    if (act_mp_check(bytes) != ACT_E_OK)
        return 0;
    check_skips(bytes);
    act_buf_t first, second;
    act_str_t once = copied(bytes, &first);
    act_assert(act_mp_check(once) == ACT_E_OK);
    act_assert(act_str_eq(copied(once, &second), once));
    act_buf_fini(&first);
    act_buf_fini(&second);
    return 0;
}

#ifdef PARLEY_REPLAY
#include "harness/fuzz_replay.h"

int main(int argc, char **argv)
{
    const act_str_t seeds[] = {
        ACT_STR("\xdf\x29\xff\xff\x29"), // 34 GB with msgpack-c (promises.md T5)
        ACT_STR("\xdd\x04\x00\x00\x00"), // and 2 GB
        ACT_STR("\x84\xa1"
                "a\x01\xa1"
                "b\x92\xc0\xc3\xa1"
                "c\xc4\x02\xff\xfe\xa1"
                "d\xcb\x3f\xf0\0\0\0\0\0\0"),
        ACT_STR(
            "\xdc\x00\x03\xde\x00\x01\xd9\x01k\xd3\x80\0\0\0\0\0\0\0\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xe0"),
        ACT_STR(
            "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
            "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\xc0"),
        ACT_STR("\xa8\xf0\x9f\x98\x80\xe2\x82\xac."),
    };
    return fuzz_replay(argc, argv, LLVMFuzzerTestOneInput, seeds, ACT_COUNT(seeds));
}
#endif
