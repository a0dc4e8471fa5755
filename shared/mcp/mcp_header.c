// mcp_header
#include "mcp/mcp_header.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#define MARK_BEGIN "=?base64?"
#define MARK_END "?="
#define ANNOTATION "x-mcp-header"

static bool is_marked(act_str_t value)
{
    size_t ends_bytes = strlen(MARK_BEGIN) + strlen(MARK_END);
    return value.len_bytes >= ends_bytes && act_str_starts_with(value, MARK_BEGIN) &&
           memcmp(value.ptr + value.len_bytes - strlen(MARK_END), MARK_END, strlen(MARK_END)) == 0;
}

bool mcp_header_decode(act_str_t value, act_arena_t *arena, act_str_t *ret_text)
{
    *ret_text = value;
    if (!is_marked(value))
        return true;
    act_str_t inner = act_str_of(value.ptr + strlen(MARK_BEGIN),
                                 value.len_bytes - strlen(MARK_BEGIN) - strlen(MARK_END));
    char *room = act_arena_alloc(arena, inner.len_bytes + 1);
    size_t len_bytes = 0;
    if (sodium_base642bin((unsigned char *)room, inner.len_bytes, inner.ptr, inner.len_bytes, NULL,
                          &len_bytes, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    *ret_text = act_str_of(room, len_bytes);
    return act_utf8_valid(*ret_text);
}

static bool is_safe(act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    return !is_marked(text) && act_str_eq(act_str_trim(text), text);
}

act_str_t mcp_header_encode(act_str_t text, act_arena_t *arena)
{
    if (is_safe(text))
        return text;
    size_t room_bytes = sodium_base64_encoded_len(text.len_bytes, sodium_base64_VARIANT_ORIGINAL);
    char *room = act_arena_alloc(arena, room_bytes);
    sodium_bin2base64(room, room_bytes, (const unsigned char *)text.ptr, text.len_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    return act_arena_printf(arena, MARK_BEGIN "%s" MARK_END, room);
}

// --- arguments in headers --------------------------------------------------------------------------

typedef struct {
    act_arena_t *arena;
    mcp_param_fn *fn;
    void *context;
} walk_t;

static bool text_of(const json_t *value, act_arena_t *arena, act_str_t *ret_text)
{
    if (json_is_string(value))
        *ret_text = act_str_of(json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        *ret_text = act_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        *ret_text = json_is_true(value) ? ACT_STR("true") : ACT_STR("false");
    else
        return false;
    return true;
}

static bool visit(const walk_t *walk, const json_t *schema, const json_t *value)
{
    act_str_t name = act_json_str(schema, ANNOTATION);
    if (act_str_empty(name))
        return true;
    act_str_t header = act_arena_printf(walk->arena, "Mcp-Param-%" ACT_STR_FMT, ACT_STR_ARG(name));
    act_str_t text = {0};
    return walk->fn(walk->context, header, text_of(value, walk->arena, &text) ? &text : NULL);
}

static bool walk_schema(const walk_t *walk, const json_t *schema, const json_t *arguments,
                        uint32_t depth)
{
    const char *name = NULL;
    json_t *child = NULL;
    bool is_good = true;
    // jansson's iteration wants what it may not change as if it could.
    json_t *properties = (json_t *)act_json_object(schema, "properties");
    json_object_foreach(properties, name, child)
    {
        const json_t *value = json_object_get(arguments, name);
        is_good = is_good && visit(walk, child, value);
        if (is_good && depth < MCP_PARAMS_MAX_DEPTH)
            is_good = walk_schema(walk, child, value, depth + 1);
    }
    return is_good;
}

bool mcp_params_walk(const json_t *schema, const json_t *arguments, act_arena_t *arena,
                     mcp_param_fn *fn, void *context)
{
    return walk_schema(&(walk_t){.arena = arena, .fn = fn, .context = context}, schema, arguments,
                       1);
}

// --- are they as they should be? -------------------------------------------------------------------

typedef struct {
    const char *names[MCP_PARAMS_MAX_COUNT];
    size_t count;
} names_t;

static bool is_token(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    return *text != '\0';
}

static bool is_headers_type(const json_t *type)
{
    static const char *const types[] = {"string", "integer", "boolean"};
    for (size_t i = 0; i < ACT_COUNT(types); i++)
        if (json_is_string(type) && strcmp(json_string_value(type), types[i]) == 0)
            return true;
    return false;
}

static bool note(names_t *names, const json_t *schema, const json_t *annotation)
{
    const char *name = json_string_value(annotation);
    if (!name || !is_token(name) || !is_headers_type(json_object_get(schema, "type")) ||
        names->count == MCP_PARAMS_MAX_COUNT)
        return false;
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->names[i], name) == 0)
            return false;
    names->names[names->count++] = name;
    return true;
}

static bool check_value(names_t *names, const json_t *value, bool is_reached, uint32_t depth);

// The members of `properties` are reached when their schema is; what other keywords hold is not.
static bool check_schema(names_t *names, const json_t *schema, bool is_reached, uint32_t depth)
{
    const char *key = NULL;
    json_t *child = NULL;
    bool is_good = true;
    json_object_foreach((json_t *)schema, key, child)
    {
        bool is_properties = strcmp(key, "properties") == 0 && json_is_object(child);
        if (strcmp(key, ANNOTATION) == 0) {
            is_good = is_good && is_reached && depth > 1 && note(names, schema, child);
        } else if (is_properties) {
            const char *name = NULL;
            json_t *property = NULL;
            json_object_foreach(child, name, property) is_good =
                is_good && check_value(names, property, is_reached, depth + 1);
        } else {
            is_good = is_good && check_value(names, child, /* is_reached= */ false, depth + 1);
        }
    }
    return is_good;
}

static bool check_value(names_t *names, const json_t *value, bool is_reached, uint32_t depth)
{
    if (json_is_object(value))
        return depth <= ACT_JSON_MAX_DEPTH && check_schema(names, value, is_reached, depth);
    bool is_good = true;
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
        is_good = is_good &&
                  check_value(names, json_array_get(value, i), /* is_reached= */ false, depth + 1);
    return is_good;
}

bool mcp_params_are_valid(const json_t *schema)
{
    names_t names = {.count = 0};
    return check_value(&names, schema, /* is_reached= */ true, 1);
}
