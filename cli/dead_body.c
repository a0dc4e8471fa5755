// dead_body: hexadecimal msgpack <-> JSON.
#include "dead_body.h"

#include "base/mp.h"
#include "io/json.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static act_err_t bytes_of(act_str_t hex, act_buf_t *out)
{
    if (hex.len_bytes % 2)
        return ACT_E_MALFORMED;
    for (size_t i = 0; i < hex.len_bytes; i += 2) {
        int high = digit_of(hex.ptr[i]), low = digit_of(hex.ptr[i + 1]);
        if (high < 0 || low < 0)
            return ACT_E_MALFORMED;
        act_buf_add_char(out, (char)(high << 4 | low));
    }
    return act_mp_check(act_buf_str(out));
}

act_err_t dead_body_to_json(act_str_t hex, act_buf_t *ret_json)
{
    act_buf_t bytes;
    act_buf_init(&bytes, ACT_BUF_DEFAULT_MAX_BYTES);
    act_err_t err = bytes_of(hex, &bytes);
    if (err == ACT_E_OK)
        err = act_mp_to_json(act_buf_str(&bytes), ret_json);
    act_buf_fini(&bytes);
    return err;
}

act_err_t dead_body_from_json(act_str_t json, act_buf_t *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    act_buf_t bytes;
    act_buf_init(&bytes, ACT_BUF_DEFAULT_MAX_BYTES);
    json_t *root = NULL;
    act_err_t err = act_json_parse(json, &root, NULL, NULL);
    if (err == ACT_E_OK && !json_is_object(root))
        err = ACT_E_MALFORMED; // every message is a map
    if (err == ACT_E_OK)
        act_json_to_mp(root, &bytes);
    if (err == ACT_E_OK && bytes.is_overflowed)
        err = ACT_E_TOO_LARGE;
    for (size_t i = 0; err == ACT_E_OK && i < bytes.len_bytes; i++) {
        uint8_t byte = (uint8_t)bytes.ptr[i];
        act_buf_add_char(ret_hex, digits[byte >> 4]);
        act_buf_add_char(ret_hex, digits[byte & 15]);
    }
    json_decref(root);
    act_buf_fini(&bytes);
    return err;
}

bool dead_body_is_editable(act_str_t hex)
{
    act_buf_t bytes;
    act_buf_init(&bytes, ACT_BUF_DEFAULT_MAX_BYTES);
    bool is_good = bytes_of(hex, &bytes) == ACT_E_OK;
    act_mp_t mp = act_mp_open(is_good ? act_buf_str(&bytes) : ACT_STR(""));
    act_mp_value_t value; // heads of lists and maps too: their items follow
    while (is_good && act_mp_next(&mp, &value))
        is_good = value.type != ACT_MP_BIN;
    act_buf_fini(&bytes);
    return is_good;
}
