// provenance: all schemas of fields are visited, wherever they are; a parsed schema is not nested without end.
#include "provenance.h"

#include "base/mem.h"
#include "tool/telling.h"

#include <stdbool.h>
#include <string.h>

#define MARK "x-parley-provenance"

static const struct {
    const char *format, *kind;
} formats[] = {{"email", "recipient"},   {"idn-email", "recipient"},
               {"phone", "recipient"},   {"tel", "recipient"},
               {"uri", "url"},           {"uri-reference", "url"},
               {"url", "url"},           {"iri", "url"},
               {"iri-reference", "url"}, {"uri-template", "url"},
               {"hostname", "url"},      {"idn-hostname", "url"},
               {"ipv4", "url"},          {"ipv6", "url"}};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

// Of an array: that of its items.
static const char *kind_by_format(const json_t *schema)
{
    const char *format = text_of(schema, "format");
    if (!format)
        format = text_of(json_object_get(schema, "items"), "format");
    for (size_t i = 0; format && i < ACT_COUNT(formats); i++)
        if (strcmp(formats[i].format, format) == 0)
            return formats[i].kind;
    return NULL;
}

// What a person says, whatever the rest does; only a word that we know.
static const char *kind_said(const json_t *said, const char *name)
{
    static const char *const kinds[] = {"recipient", "amount", "url", "text"};
    const char *kind = text_of(said, name);
    for (size_t i = 0; kind && i < ACT_COUNT(kinds); i++)
        if (strcmp(kinds[i], kind) == 0)
            return kind;
    return NULL;
}

typedef struct {
    const json_t *said, *said_of_all;
} words_t;

static const char *kind_of(const words_t *words, const char *name, const json_t *schema)
{
    const char *kind = kind_said(words->said, name);
    if (!kind)
        kind = kind_said(words->said_of_all, name);
    if (kind)
        return kind;
    kind = text_of(schema, MARK);
    if (kind && strcmp(kind, "text") != 0)
        return kind;
    kind = kind_by_format(schema);
    const char *type = text_of(schema, "type");
    bool is_flag = type && strcmp(type, "boolean") == 0;
    return kind || is_flag ? kind : act_tool_telling(name);
}

static void visit(const words_t *words, json_t *schema);

static void visit_field(const words_t *words, const char *name, json_t *schema)
{
    if (!json_is_object(schema))
        return;
    const char *kind = kind_of(words, name, schema);
    visit(words, schema);
    if (kind)
        json_object_set_new(schema, MARK, json_string(kind));
}

static void visit(const words_t *words, json_t *schema)
{
    static const char *const parts[] = {"items", "additionalProperties"};
    const char *name;
    json_t *part;
    size_t index;
    if (!json_is_object(schema))
        return;
    const char *own = text_of(schema, MARK);
    if (own && strcmp(own, "text") == 0)
        json_object_del(schema, MARK);
    json_object_foreach(json_object_get(schema, "properties"), name, part)
        visit_field(words, name, part);
    json_array_foreach(json_object_get(schema, "anyOf"), index, part) visit(words, part);
    for (size_t i = 0; i < ACT_COUNT(parts); i++)
        visit(words, json_object_get(schema, parts[i]));
}

void provenance_mark(json_t *schema, const json_t *said, const json_t *said_of_all)
{
    const words_t words = {said, said_of_all};
    visit(&words, schema);
}
