// json_schema: one row a keyword: how the keyword itself must look, and what it asks of a value.
#include "tool/json_schema.h"

#include "base/mem.h"
#include "tool/pattern.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 512

// Where we are, as text; it grows on the way down and is cut on the way back.
typedef struct {
    char path[PATH_MAX_BYTES];
    size_t path_bytes;
    uint32_t depth;
    act_buf_t *error;
} walk_t;

static size_t descend(walk_t *self, const char *name, size_t index)
{
    size_t before = self->path_bytes;
    char step[160];
    if (name)
        snprintf(step, sizeof step, "%s%.100s", before > 0 ? "." : "", name);
    else
        snprintf(step, sizeof step, "[%zu]", index);
    size_t room = PATH_MAX_BYTES - 1 - before;
    size_t len_bytes = strnlen(step, room);
    memcpy(self->path + before, step, len_bytes);
    self->path_bytes = before + len_bytes;
    self->path[self->path_bytes] = '\0';
    return before;
}

static void ascend(walk_t *self, size_t before)
{
    self->path_bytes = before;
    self->path[before] = '\0';
}

static bool refuse(walk_t *self, const char *what)
{
    if (self->error->len_bytes == 0)
        act_buf_printf(self->error, "%s: %s", self->path, what);
    return false;
}

static bool check_schema(walk_t *self, const json_t *schema);
static bool validate(walk_t *self, const json_t *schema, const json_t *value);

// --- types -----------------------------------------------------------------------------------------

static bool is_whole(const json_t *value)
{
    return json_is_integer(value) ||
           (json_is_real(value) && floor(json_real_value(value)) == json_real_value(value));
}

static bool is_object(const json_t *value)
{
    return json_is_object(value);
}
static bool is_array(const json_t *value)
{
    return json_is_array(value);
}
static bool is_string(const json_t *value)
{
    return json_is_string(value);
}
static bool is_number(const json_t *value)
{
    return json_is_number(value);
}
static bool is_boolean(const json_t *value)
{
    return json_is_boolean(value);
}
static bool is_null(const json_t *value)
{
    return json_is_null(value);
}

static const struct {
    const char *name;
    bool (*is)(const json_t *value);
    const char *text;
} types[] = {
    {"object", is_object, "must be an object"},
    {"array", is_array, "must be an array"},
    {"string", is_string, "must be a string"},
    {"number", is_number, "must be a number"},
    {"integer", is_whole, "must be a whole number"},
    {"boolean", is_boolean, "must be true or false"},
    {"null", is_null, "must be null"},
};

static int type_index(const json_t *name)
{
    for (size_t i = 0; json_is_string(name) && i < ACT_COUNT(types); i++)
        if (strcmp(json_string_value(name), types[i].name) == 0)
            return (int)i;
    return -1;
}

static bool is_type(const json_t *name, const json_t *value)
{
    int index = type_index(name);
    return index >= 0 && types[index].is(value);
}

// --- how a keyword must look -----------------------------------------------------------------------

static bool look_type(walk_t *self, const json_t *keyword)
{
    size_t index;
    json_t *item;
    bool is_good = type_index(keyword) >= 0 || json_array_size(keyword) > 0;
    json_array_foreach(keyword, index, item) is_good = is_good && type_index(item) >= 0;
    return is_good ||
           refuse(self, "must be object, array, string, number, integer, boolean or null, "
                        "or a list of these");
}

static bool look_values(walk_t *self, const json_t *keyword)
{
    return json_array_size(keyword) > 0 || refuse(self, "must be a list of values");
}

static bool look_anything(walk_t *self, const json_t *keyword)
{
    (void)self;
    (void)keyword;
    return true;
}

static bool look_count(walk_t *self, const json_t *keyword)
{
    return (json_is_integer(keyword) && json_integer_value(keyword) >= 0) ||
           refuse(self, "must be a whole number, 0 or more");
}

static bool look_number(walk_t *self, const json_t *keyword)
{
    return json_is_number(keyword) || refuse(self, "must be a number");
}

static bool look_flag(walk_t *self, const json_t *keyword)
{
    return json_is_boolean(keyword) || refuse(self, "must be true or false");
}

static bool look_provenance(walk_t *self, const json_t *keyword)
{
    static const char *const kinds[] = {"recipient", "amount", "url", "text"};
    for (size_t i = 0; json_is_string(keyword) && i < ACT_COUNT(kinds); i++)
        if (strcmp(json_string_value(keyword), kinds[i]) == 0)
            return true;
    return refuse(self, "must be recipient, amount, url or text");
}

static bool look_names(walk_t *self, const json_t *keyword)
{
    size_t index;
    json_t *item;
    bool is_good = json_is_array(keyword);
    json_array_foreach(keyword, index, item) is_good = is_good && json_is_string(item);
    return is_good || refuse(self, "must be a list of names");
}

static bool look_schema(walk_t *self, const json_t *keyword)
{
    return check_schema(self, keyword);
}

static bool look_schema_or_bool(walk_t *self, const json_t *keyword)
{
    return json_is_boolean(keyword) || check_schema(self, keyword);
}

static bool look_schemas(walk_t *self, const json_t *keyword)
{
    size_t index;
    json_t *item;
    if (json_array_size(keyword) == 0)
        return refuse(self, "must be a list of schemas");
    json_array_foreach(keyword, index, item)
    {
        size_t before = descend(self, NULL, index);
        if (!check_schema(self, item))
            return false;
        ascend(self, before);
    }
    return true;
}

static bool look_properties(walk_t *self, const json_t *keyword)
{
    const char *name;
    json_t *schema;
    if (!json_is_object(keyword))
        return refuse(self, "must be an object of schemas");
    json_object_foreach((json_t *)(uintptr_t)keyword, name, schema)
    {
        size_t before = descend(self, name, 0);
        if (!check_schema(self, schema))
            return false;
        ascend(self, before);
    }
    return true;
}

static act_pattern_t *pattern_of(const json_t *keyword)
{
    return act_pattern_new(act_str_of(json_string_value(keyword), json_string_length(keyword)));
}

static bool look_pattern(walk_t *self, const json_t *keyword)
{
    ACT_AUTO(act_pattern) *pattern = json_is_string(keyword) ? pattern_of(keyword) : NULL;
    return pattern || refuse(self, "must be a regular expression without look-around, back "
                                   "references or lazy repetition");
}

// --- what a keyword asks of a value ----------------------------------------------------------------

static bool is_same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_is_integer(a) && json_is_integer(b)
                   ? json_integer_value(a) == json_integer_value(b)
                   : json_number_value(a) == json_number_value(b);
    if (json_is_array(a) && json_is_array(b)) {
        bool is_equal = json_array_size(a) == json_array_size(b);
        for (size_t i = 0; is_equal && i < json_array_size(a); i++)
            is_equal = is_same(json_array_get(a, i), json_array_get(b, i));
        return is_equal;
    }
    if (json_is_object(a) && json_is_object(b)) {
        const char *name;
        json_t *item;
        bool is_equal = json_object_size(a) == json_object_size(b);
        json_object_foreach((json_t *)(uintptr_t)a, name, item)
        {
            const json_t *other = json_object_get(b, name);
            is_equal = is_equal && other && is_same(item, other);
        }
        return is_equal;
    }
    return json_equal(a, b);
}

static bool ask_type(walk_t *self, const json_t *keyword, const json_t *value, const json_t *schema)
{
    (void)schema;
    size_t index;
    json_t *item;
    bool is_good = is_type(keyword, value);
    json_array_foreach(keyword, index, item) is_good = is_good || is_type(item, value);
    int only = type_index(keyword);
    return is_good || refuse(self, only >= 0 ? types[only].text : "has a type that is not allowed");
}

static bool ask_enum(walk_t *self, const json_t *keyword, const json_t *value, const json_t *schema)
{
    (void)schema;
    size_t index;
    json_t *item;
    json_array_foreach(keyword, index, item) if (is_same(item, value)) return true;
    if (self->error->len_bytes > 0)
        return false;
    refuse(self, "must be one of ");
    char *texts = json_dumps(keyword, JSON_COMPACT | JSON_ENCODE_ANY);
    if (texts && strlen(texts) < 400)
        act_buf_add_str(self->error, act_str(texts));
    free(texts);
    return false;
}

static bool ask_const(walk_t *self, const json_t *keyword, const json_t *value,
                      const json_t *schema)
{
    (void)schema;
    return is_same(keyword, value) || refuse(self, "must be the value that the schema names");
}

static bool ask_properties(walk_t *self, const json_t *keyword, const json_t *value,
                           const json_t *schema)
{
    (void)schema;
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)value, name, item)
    {
        const json_t *own = json_object_get(keyword, name);
        size_t before = descend(self, name, 0);
        if (own && !validate(self, own, item))
            return false;
        ascend(self, before);
    }
    return true;
}

static bool ask_additional(walk_t *self, const json_t *keyword, const json_t *value,
                           const json_t *schema)
{
    const json_t *known = json_object_get(schema, "properties");
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)value, name, item)
    {
        if (json_object_get(known, name))
            continue;
        size_t before = descend(self, name, 0);
        if (json_is_false(keyword))
            return refuse(self, "is not known");
        if (json_is_object(keyword) && !validate(self, keyword, item))
            return false;
        ascend(self, before);
    }
    return true;
}

static bool ask_required(walk_t *self, const json_t *keyword, const json_t *value,
                         const json_t *schema)
{
    (void)schema;
    size_t index;
    json_t *item;
    json_array_foreach(keyword, index, item)
    {
        if (json_object_get(value, json_string_value(item)))
            continue;
        descend(self, json_string_value(item), 0);
        return refuse(self, "is missing");
    }
    return true;
}

static bool ask_items(walk_t *self, const json_t *keyword, const json_t *value,
                      const json_t *schema)
{
    (void)schema;
    size_t index;
    json_t *item;
    json_array_foreach(value, index, item)
    {
        size_t before = descend(self, NULL, index);
        if (!validate(self, keyword, item))
            return false;
        ascend(self, before);
    }
    return true;
}

static bool ask_any_of(walk_t *self, const json_t *keyword, const json_t *value,
                       const json_t *schema)
{
    (void)schema;
    size_t index;
    json_t *item;
    act_buf_t unused;
    act_buf_init(&unused, 1024);
    walk_t trial = *self;
    trial.error = &unused;
    bool is_good = false;
    json_array_foreach(keyword, index, item)
    {
        ascend(&trial, self->path_bytes);
        is_good = is_good || validate(&trial, item, value);
    }
    act_buf_fini(&unused);
    return is_good || refuse(self, "fits none of the allowed forms");
}

static bool ask_pattern(walk_t *self, const json_t *keyword, const json_t *value,
                        const json_t *schema)
{
    (void)schema;
    ACT_AUTO(act_pattern) *pattern = pattern_of(keyword);
    bool is_match = pattern && act_pattern_matches(pattern, act_str_of(json_string_value(value),
                                                                       json_string_length(value)));
    if (is_match || self->error->len_bytes > 0)
        return is_match;
    refuse(self, "does not look as it must: ");
    act_buf_add_str(self->error, act_utf8_prefix(act_str(json_string_value(keyword)), 200));
    return false;
}

static double size_of(const json_t *value)
{
    if (json_is_string(value))
        return (double)act_utf8_count(
            act_str_of(json_string_value(value), json_string_length(value)));
    if (json_is_array(value))
        return (double)json_array_size(value);
    return json_is_object(value) ? (double)json_object_size(value) : json_number_value(value);
}

static bool ask_bound(walk_t *self, double bound, bool is_good, const char *text)
{
    if (!is_good && self->error->len_bytes == 0) {
        refuse(self, text);
        act_buf_printf(self->error, " %.15g", bound);
    }
    return is_good;
}

#define BOUND(name, compare, text)                                                                 \
    static bool ask_##name(walk_t *self, const json_t *keyword, const json_t *value,               \
                           const json_t *schema)                                                   \
    {                                                                                              \
        (void)schema;                                                                              \
        double bound = json_number_value(keyword);                                                 \
        return ask_bound(self, bound, size_of(value) compare bound, text);                         \
    }
BOUND(least, >=, "must be at least")
BOUND(most, <=, "must be at most")
BOUND(above, >, "must be more than")
BOUND(below, <, "must be less than")
BOUND(shortest, >=, "its length must be at least")
BOUND(longest, <=, "its length must be at most")
#undef BOUND

typedef struct {
    const char *name;
    bool (*look)(walk_t *self, const json_t *keyword);
    bool (*applies)(const json_t *value); // NULL: to every value
    bool (*ask)(walk_t *self, const json_t *keyword, const json_t *value, const json_t *schema);
} keyword_t;

static const keyword_t keywords[] = {
    {"type", look_type, NULL, ask_type},
    {"enum", look_values, NULL, ask_enum},
    {"const", look_anything, NULL, ask_const},
    {"required", look_names, is_object, ask_required},
    {"properties", look_properties, is_object, ask_properties},
    {"additionalProperties", look_schema_or_bool, is_object, ask_additional},
    {"minProperties", look_count, is_object, ask_shortest},
    {"maxProperties", look_count, is_object, ask_longest},
    {"items", look_schema, is_array, ask_items},
    {"minItems", look_count, is_array, ask_shortest},
    {"maxItems", look_count, is_array, ask_longest},
    {"minLength", look_count, is_string, ask_shortest},
    {"maxLength", look_count, is_string, ask_longest},
    {"pattern", look_pattern, is_string, ask_pattern},
    {"minimum", look_number, is_number, ask_least},
    {"maximum", look_number, is_number, ask_most},
    {"exclusiveMinimum", look_number, is_number, ask_above},
    {"exclusiveMaximum", look_number, is_number, ask_below},
    {"anyOf", look_schemas, NULL, ask_any_of},
    {"title", look_anything, NULL, NULL},
    {"description", look_anything, NULL, NULL},
    {"default", look_anything, NULL, NULL},
    {"examples", look_anything, NULL, NULL},
    {"deprecated", look_anything, NULL, NULL},
    {"readOnly", look_anything, NULL, NULL},
    {"writeOnly", look_anything, NULL, NULL},
    {"$schema", look_anything, NULL, NULL},
    {"$comment", look_anything, NULL, NULL},
    {"format", look_anything, NULL, NULL},
    {"x-parley-provenance", look_provenance, NULL, NULL},
    {"x-parley-secret", look_flag, NULL, NULL},
    {"x-parley-untrusted", look_flag, NULL, NULL},
};

static const keyword_t *keyword_of(const char *name)
{
    for (size_t i = 0; i < ACT_COUNT(keywords); i++)
        if (strcmp(keywords[i].name, name) == 0)
            return &keywords[i];
    return NULL;
}

// --- the walk --------------------------------------------------------------------------------------

static bool check_keyword(walk_t *self, const char *name, const json_t *keyword)
{
    const keyword_t *row = keyword_of(name);
    size_t before = descend(self, name, 0);
    if (!row)
        return refuse(self, "is a keyword that Parley does not check (docs/plugins.md lists those "
                            "it does)");
    if (!row->look(self, keyword))
        return false;
    ascend(self, before);
    return true;
}

static bool check_schema(walk_t *self, const json_t *schema)
{
    const char *name;
    json_t *keyword;
    if (!json_is_object(schema))
        return refuse(self, "must be a schema, that is an object");
    if (self->depth == ACT_JSON_SCHEMA_MAX_DEPTH)
        return refuse(self, "is nested too deeply");
    self->depth++;
    json_object_foreach((json_t *)(uintptr_t)schema, name,
                        keyword) if (!check_keyword(self, name, keyword)) return false;
    self->depth--;
    return true;
}

static bool validate(walk_t *self, const json_t *schema, const json_t *value)
{
    for (size_t i = 0; i < ACT_COUNT(keywords) && keywords[i].ask; i++) {
        const json_t *keyword = json_object_get(schema, keywords[i].name);
        if (keyword && (!keywords[i].applies || keywords[i].applies(value)) &&
            !keywords[i].ask(self, keyword, value, schema))
            return false;
    }
    return true;
}

static walk_t start(const char *name, act_buf_t *error)
{
    walk_t self = {.error = error};
    descend(&self, name, 0);
    return self;
}

act_err_t act_json_schema_check(const json_t *schema, const char *name, act_buf_t *error)
{
    walk_t self = start(name, error);
    return check_schema(&self, schema) ? ACT_E_OK : ACT_E_INVALID_ARGUMENT;
}

act_err_t act_json_schema_validate(const json_t *schema, const json_t *value, const char *name,
                                   act_buf_t *error)
{
    walk_t self = start(name, error);
    return validate(&self, schema, value) ? ACT_E_OK : ACT_E_INVALID_ARGUMENT;
}
