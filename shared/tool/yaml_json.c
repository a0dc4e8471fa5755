// yaml_json: events of libyaml in, a tree out; the nesting is that of the calls.
#include "tool/yaml_json.h"

#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct {
    yaml_parser_t parser;
    act_buf_t *error;
    uint32_t depth;
} reader_t;

static json_t *refuse(reader_t *self, size_t line, const char *why)
{
    if (self->error->len_bytes == 0)
        act_buf_printf(self->error, "%zu: %s", line + 1, why);
    return NULL;
}

// False: *event is not set.
static bool next(reader_t *self, yaml_event_t *event)
{
    if (yaml_parser_parse(&self->parser, event))
        return true;
    refuse(self, self->parser.problem_mark.line,
           self->parser.problem ? self->parser.problem : "is not YAML");
    return false;
}

static json_t *number_of(const char *text)
{
    char *end = NULL;
    if (*text == '\0' || strchr("0123456789+-.", *text) == NULL ||
        strspn(text, "0123456789+-.eE") != strlen(text))
        return NULL;
    errno = 0;
    long long whole = strtoll(text, &end, 10);
    if (*end == '\0' && errno == 0)
        return json_integer(whole);
    double real = strtod(text, &end);
    return *end == '\0' && isfinite(real) ? json_real(real) : NULL;
}

static json_t *plain(const char *text)
{
    if (strcmp(text, "null") == 0 || strcmp(text, "~") == 0 || *text == '\0')
        return json_null();
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(*text == 't');
    return number_of(text);
}

static json_t *scalar(reader_t *self, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len_bytes = event->data.scalar.length;
    if (event->data.scalar.tag && event->data.scalar.plain_implicit == 0 &&
        event->data.scalar.quoted_implicit == 0)
        return refuse(self, event->start_mark.line, "tags are not allowed");
    if (memchr(text, '\0', len_bytes))
        return refuse(self, event->start_mark.line, "a text must not hold a NUL character");
    json_t *value = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain(text) : NULL;
    if (!value)
        value = json_stringn(text, len_bytes);
    return value ? value : refuse(self, event->start_mark.line, "is not UTF-8");
}

static json_t *value_of(reader_t *self, const yaml_event_t *event);

static json_t *sequence(reader_t *self)
{
    json_t *array = json_array();
    for (;;) {
        yaml_event_t event;
        json_t *item = NULL;
        if (!next(self, &event))
            break;
        bool is_end = event.type == YAML_SEQUENCE_END_EVENT;
        if (!is_end)
            item = value_of(self, &event);
        yaml_event_delete(&event);
        if (is_end)
            return array;
        if (!item)
            break;
        json_array_append_new(array, item);
    }
    json_decref(array);
    return NULL;
}

// One key and its value. 1: more may follow; 0: that was the end; -1: an error.
static int pair(reader_t *self, json_t *object)
{
    yaml_event_t key, event;
    json_t *value = NULL;
    if (!next(self, &key))
        return -1;
    int result = key.type == YAML_MAPPING_END_EVENT ? 0 : -1;
    const char *name = key.type == YAML_SCALAR_EVENT ? (char *)key.data.scalar.value : NULL;
    if (result < 0 && !name)
        refuse(self, key.start_mark.line, "a key must be a plain text");
    else if (result < 0 && json_object_get(object, name))
        refuse(self, key.start_mark.line, "a key is there twice");
    else if (result < 0 && next(self, &event)) {
        value = value_of(self, &event);
        yaml_event_delete(&event);
    }
    if (value && json_object_set_new(object, name, value) == 0)
        result = 1;
    else if (value)
        refuse(self, key.start_mark.line, "a key is not UTF-8");
    yaml_event_delete(&key);
    return result;
}

static json_t *mapping(reader_t *self)
{
    json_t *object = json_object();
    int result = 1;
    while (result > 0)
        result = pair(self, object);
    if (result == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *value_of(reader_t *self, const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return scalar(self, event);
    if (event->type != YAML_SEQUENCE_START_EVENT && event->type != YAML_MAPPING_START_EVENT)
        return refuse(self, event->start_mark.line, "anchors and aliases are not allowed");
    if (self->depth == ACT_YAML_JSON_MAX_DEPTH)
        return refuse(self, event->start_mark.line, "is nested too deeply");
    self->depth++;
    json_t *value = event->type == YAML_SEQUENCE_START_EVENT ? sequence(self) : mapping(self);
    self->depth--;
    return value;
}

static bool expect(reader_t *self, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t event;
    if (!next(self, &event))
        return false;
    bool is_it = event.type == type;
    if (!is_it)
        refuse(self, event.start_mark.line, otherwise);
    yaml_event_delete(&event);
    return is_it;
}

static json_t *document(reader_t *self)
{
    yaml_event_t event;
    if (!expect(self, YAML_STREAM_START_EVENT, "is not YAML") ||
        !expect(self, YAML_DOCUMENT_START_EVENT, "is empty") || !next(self, &event))
        return NULL;
    json_t *root = value_of(self, &event);
    yaml_event_delete(&event);
    if (root && expect(self, YAML_DOCUMENT_END_EVENT, "has more than one value") &&
        expect(self, YAML_STREAM_END_EVENT, "has more than one document"))
        return root;
    json_decref(root);
    return NULL;
}

act_err_t act_yaml_json_parse(act_str_t text, json_t **ret_root, act_buf_t *error)
{
    reader_t self = {.error = error};
    if (text.len_bytes > ACT_YAML_JSON_MAX_BYTES) {
        act_buf_printf(error, "1: is larger than %u bytes", ACT_YAML_JSON_MAX_BYTES);
        return ACT_E_MALFORMED;
    }
    if (!yaml_parser_initialize(&self.parser))
        return ACT_E_MALFORMED;
    yaml_parser_set_encoding(&self.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&self.parser, (const unsigned char *)text.ptr, text.len_bytes);
    json_t *root = document(&self);
    yaml_parser_delete(&self.parser);
    if (!root)
        return ACT_E_MALFORMED;
    *ret_root = root;
    return ACT_E_OK;
}
