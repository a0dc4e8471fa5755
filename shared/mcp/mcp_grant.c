// mcp_grant
#include "mcp/mcp_grant.h"

#include "io/json.h"

#include <sodium.h>
#include <string.h>

#define FORM_MAX_BYTES (128u << 10)
#define EXPIRES_MAX_S (400LL * 86400)

// --- what is asked -------------------------------------------------------------------------------

// application/x-www-form-urlencoded.
static void add_encoded(act_buf_t *out, act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '*';
        if (is_plain)
            act_buf_add_char(out, (char)c);
        else
            act_buf_printf(out, "%%%02X", c);
    }
}

static void add_field(act_buf_t *out, const char *name, act_str_t value)
{
    if (act_str_empty(value))
        return;
    act_buf_printf(out, "%s%s=", out->len_bytes > 0 ? "&" : "", name);
    add_encoded(out, value);
}

static act_str_t take(act_buf_t *buf, act_arena_t *arena)
{
    act_str_t text = act_arena_str(arena, act_buf_str(buf));
    if (buf->ptr)
        sodium_memzero(buf->ptr, buf->len_bytes);
    act_buf_fini(buf);
    return text;
}

act_str_t mcp_grant_form(const mcp_grant_ask_t *ask, act_arena_t *arena)
{
    act_buf_t form;
    act_buf_init(&form, FORM_MAX_BYTES);
    bool is_refresh = !act_str_empty(ask->refresh_token);
    bool is_basic = !act_str_empty(ask->client_secret) && !ask->is_secret_in_body;
    add_field(&form, "grant_type",
              is_refresh ? ACT_STR("refresh_token") : ACT_STR("client_credentials"));
    add_field(&form, "refresh_token", ask->refresh_token);
    if (!is_basic) {
        add_field(&form, "client_id", ask->client_id);
        add_field(&form, "client_secret", ask->client_secret);
    }
    add_field(&form, "scope", ask->scope);
    add_field(&form, "resource", ask->resource);
    return take(&form, arena);
}

const char *mcp_grant_header(const mcp_grant_ask_t *ask, act_arena_t *arena)
{
    if (act_str_empty(ask->client_secret) || ask->is_secret_in_body)
        return NULL;
    act_buf_t pair, line;
    act_buf_init(&pair, FORM_MAX_BYTES);
    act_buf_init(&line, 2 * FORM_MAX_BYTES);
    add_encoded(&pair, ask->client_id);
    act_buf_add_char(&pair, ':');
    add_encoded(&pair, ask->client_secret);
    size_t size_bytes = sodium_base64_encoded_len(pair.len_bytes, sodium_base64_VARIANT_ORIGINAL);
    act_buf_add_str(&line, ACT_STR("Authorization: Basic "));
    char *room = act_buf_reserve(&line, size_bytes);
    if (room) {
        sodium_bin2base64(room, size_bytes, (const unsigned char *)pair.ptr, pair.len_bytes,
                          sodium_base64_VARIANT_ORIGINAL);
        line.len_bytes += size_bytes - 1;
    }
    (void)take(&pair, arena);
    return take(&line, arena).ptr;
}

// --- what is answered ----------------------------------------------------------------------------

// A code of the standard as a text of ours: what an endpoint says is shown to people and logged.
static const char *known_refusal(act_str_t code)
{
    static const char *const codes[] = {
        "invalid_request", "invalid_client",         "invalid_grant",  "unauthorized_client",
        "invalid_scope",   "unsupported_grant_type", "invalid_target", "access_denied"};
    for (size_t i = 0; i < ACT_COUNT(codes); i++)
        if (act_str_is(code, codes[i]))
            return codes[i];
    return "an error that is not of the standard";
}

static bool is_token(act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len_bytes > 0 && text.len_bytes <= MCP_GRANT_TOKEN_MAX_BYTES;
}

static int64_t read_expires(const json_t *root)
{
    act_str_t text = act_json_str(root, "expires_in"); // some send a text
    int64_t seconds = act_json_int(root, "expires_in", 0);
    if (!act_str_empty(text) && !act_str_to_int(text, &seconds))
        seconds = 0;
    return seconds < 0 || seconds > EXPIRES_MAX_S ? 0 : seconds;
}

static void read_grant(const json_t *root, act_arena_t *arena, mcp_grant_answer_t *answer)
{
    act_str_t token = act_json_str(root, "access_token");
    act_str_t type = act_json_str(root, "token_type");
    act_str_t refresh = act_json_str(root, "refresh_token");
    bool is_bearer = type.len_bytes == 6 && strncasecmp(type.ptr, "bearer", 6) == 0;
    if (!is_token(token) || !is_bearer || (!act_str_empty(refresh) && !is_token(refresh))) {
        answer->text = "the token endpoint gave no bearer token";
        return;
    }
    answer->err = ACT_E_OK;
    answer->access_token = act_arena_str(arena, token);
    answer->refresh_token = act_arena_str(arena, refresh);
    answer->expires_in_s = read_expires(root);
}

static void read_refusal(const json_t *root, mcp_grant_answer_t *answer)
{
    act_str_t code = act_json_str(root, "error");
    answer->err = ACT_E_UNAUTHORISED;
    answer->text = known_refusal(code);
    answer->is_grant_refused = act_str_is(code, "invalid_grant");
}

void mcp_grant_read(uint16_t status, act_str_t body, act_arena_t *arena,
                    mcp_grant_answer_t *ret_answer)
{
    json_t *root = NULL;
    *ret_answer = (mcp_grant_answer_t){
        .err = ACT_E_MALFORMED, .text = "the token endpoint's answer is not of the standard"};
    if (status == 429 || status >= 500) {
        ret_answer->err = ACT_E_UNAVAILABLE;
        ret_answer->text = "the token endpoint is not available";
        return;
    }
    bool is_read = body.len_bytes <= MCP_GRANT_ANSWER_MAX_BYTES &&
                   act_json_parse(body, &root, NULL, NULL) == ACT_E_OK && json_is_object(root);
    if (is_read && status == 200)
        read_grant(root, arena, ret_answer);
    else if (status >= 400 && (is_read || status == 401 || status == 403))
        read_refusal(root, ret_answer);
    json_decref(root);
}

int64_t mcp_grant_renew_ms(int64_t now_ms, int64_t expires_in_s)
{
    if (expires_in_s <= 0)
        return INT64_MAX;
    int64_t life_ms = expires_in_s * 1000;
    int64_t margin_ms = life_ms / 10 < MCP_GRANT_MARGIN_MS ? life_ms / 10 : MCP_GRANT_MARGIN_MS;
    return now_ms + life_ms - margin_ms;
}
