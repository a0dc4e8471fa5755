// tap_file: packing and reading records.
#include "actor/tap_file.h"

#include "base/mp.h"

#define LENGTH_BYTES 4
#define FIELDS_COUNT 8

static void put_length(char *at, size_t len_bytes)
{
    for (int i = LENGTH_BYTES - 1; i >= 0; i--, len_bytes >>= 8)
        at[i] = (char)(len_bytes & 0xff);
}

static size_t get_length(const char *at)
{
    size_t len_bytes = 0;
    for (int i = 0; i < LENGTH_BYTES; i++)
        len_bytes = len_bytes << 8 | (uint8_t)at[i];
    return len_bytes;
}

void act_tap_file_pack(const act_tap_record_t *record, act_buf_t *out)
{
    size_t start = out->len_bytes;
    static const char room[LENGTH_BYTES];
    act_buf_add(out, room, sizeof room);
    act_mp_array(out, FIELDS_COUNT);
    act_mp_uint(out, ACT_TAP_FILE_VERSION);
    act_mp_uint(out, record->kind);
    act_mp_int(out, record->at_us);
    act_mp_str(out, record->name);
    act_mp_bool(out, record->is_in);
    act_mp_uint(out, record->frames);
    act_buf_t header;
    act_buf_init(&header, 4096);
    if (record->kind == ACT_TAP_FRAME)
        act_header_pack(&record->header, &header);
    act_mp_bin(out, act_buf_str(&header));
    act_buf_fini(&header);
    act_mp_bin(out, record->body);
    if (!out->is_overflowed)
        put_length(out->ptr + start, out->len_bytes - start - LENGTH_BYTES);
}

static bool read_record(act_str_t bytes, act_tap_record_t *record)
{
    if (act_mp_check(bytes) != ACT_E_OK)
        return false;
    act_mp_t mp = act_mp_open(bytes);
    uint32_t count = 0;
    uint64_t version = 0, kind = 0;
    act_str_t header;
    if (!act_mp_read_array(&mp, &count) || count < FIELDS_COUNT ||
        !act_mp_read_uint(&mp, &version) || version != ACT_TAP_FILE_VERSION ||
        !act_mp_read_uint(&mp, &kind) || kind < ACT_TAP_START || kind > ACT_TAP_END ||
        !act_mp_read_int(&mp, &record->at_us) || !act_mp_read_str(&mp, &record->name) ||
        !act_mp_read_bool(&mp, &record->is_in) || !act_mp_read_uint(&mp, &record->frames) ||
        !act_mp_read_str(&mp, &header) || !act_mp_read_str(&mp, &record->body))
        return false;
    record->kind = (act_tap_kind_t)kind;
    return kind != ACT_TAP_FRAME || act_header_unpack(header, &record->header) == ACT_E_OK;
}

act_err_t act_tap_file_next(act_str_t *rest, act_tap_record_t *ret_record)
{
    if (rest->len_bytes == 0)
        return ACT_E_NOT_FOUND;
    if (rest->len_bytes < LENGTH_BYTES)
        return ACT_E_MALFORMED;
    size_t len_bytes = get_length(rest->ptr);
    if (len_bytes > rest->len_bytes - LENGTH_BYTES)
        return ACT_E_MALFORMED;
    act_tap_record_t record = {0};
    if (!read_record(act_str_of(rest->ptr + LENGTH_BYTES, len_bytes), &record))
        return ACT_E_MALFORMED;
    *rest = act_str_of(rest->ptr + LENGTH_BYTES + len_bytes,
                       rest->len_bytes - LENGTH_BYTES - len_bytes);
    *ret_record = record;
    return ACT_E_OK;
}
