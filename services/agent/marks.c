// marks: a value is walked with all schemas that speak of it; depth is bounded by that of a parsed value.
#include "marks.h"

#include "io/json.h"

#include <string.h>

#define PROVENANCE "x-parley-provenance"
#define SECRET "x-parley-secret"
#define UNTRUSTED "x-parley-untrusted"

// Of one place; a card with more branches than that is taken for one that allows no value there.
#define SCHEMAS_MAX_COUNT 16

typedef struct {
    const char *name;
    const json_t *schemas[SCHEMAS_MAX_COUNT];
    uint32_t schemas_count;
    // What holds here, from above too.
    const char *provenance;
    bool is_secret;
    bool is_untrusted;
} place_t;

// One more schema speaks of the place, and every branch of it.
static void add_schema(place_t *place, const json_t *schema)
{
    if (!json_is_object(schema))
        return;
    if (place->schemas_count == SCHEMAS_MAX_COUNT) {
        place->provenance = "nothing";
        return;
    }
    place->schemas[place->schemas_count++] = schema;
    const char *provenance = json_string_value(json_object_get(schema, PROVENANCE));
    bool is_text = provenance && strcmp(provenance, "text") == 0;
    // Of several schemas of one place the one that asks for less does not take back what another one asks for.
    if (provenance && !(is_text && place->schemas_count > 1 && place->provenance))
        place->provenance = provenance;
    place->is_secret = place->is_secret || json_is_true(json_object_get(schema, SECRET));
    place->is_untrusted = place->is_untrusted || json_is_true(json_object_get(schema, UNTRUSTED));
    size_t index;
    const json_t *branch;
    json_array_foreach(json_object_get(schema, "anyOf"), index, branch) add_schema(place, branch);
}

static place_t top_of(const json_t *schema)
{
    place_t top = {.name = ""};
    add_schema(&top, schema);
    return top;
}

static place_t below(const place_t *place, const char *name)
{
    return (place_t){.name = name,
                     .provenance = place->provenance,
                     .is_secret = place->is_secret,
                     .is_untrusted = place->is_untrusted};
}

static place_t field_of(const place_t *place, const char *name)
{
    place_t field = below(place, name);
    for (uint32_t i = 0; i < place->schemas_count; i++) {
        const json_t *own = json_object_get(json_object_get(place->schemas[i], "properties"), name);
        add_schema(&field, own ? own : json_object_get(place->schemas[i], "additionalProperties"));
    }
    return field;
}

static place_t item_of(const place_t *place)
{
    place_t item = below(place, place->name);
    for (uint32_t i = 0; i < place->schemas_count; i++)
        add_schema(&item, json_object_get(place->schemas[i], "items"));
    return item;
}

// --- walking ---------------------------------------------------------------------------------------

static bool walk(const place_t *place, const json_t *value, marks_fn *fn, void *context)
{
    const char *name;
    json_t *part;
    size_t index;
    if (json_object_size(value) > 0) {
        json_object_foreach((json_t *)(uintptr_t)value, name, part)
        {
            place_t field = field_of(place, name);
            if (!walk(&field, part, fn, context))
                return false;
        }
        return true;
    }
    if (json_array_size(value) > 0) {
        place_t item = item_of(place);
        json_array_foreach(value, index, part) if (!walk(&item, part, fn, context)) return false;
        return true;
    }
    return fn(context, &(marks_leaf_t){place->name, place->provenance, place->is_untrusted, value});
}

bool marks_walk(const json_t *schema, const json_t *value, marks_fn *fn, void *context)
{
    place_t top = top_of(schema);
    return walk(&top, value, fn, context);
}

static json_t *redact(const place_t *place, const json_t *value)
{
    if (place->is_secret)
        return json_string("***");
    const char *name;
    json_t *part;
    size_t index;
    if (json_is_object(value)) {
        json_t *kept = json_object();
        json_object_foreach((json_t *)(uintptr_t)value, name, part)
        {
            place_t field = field_of(place, name);
            json_object_set_new(kept, name, redact(&field, part));
        }
        return kept;
    }
    if (json_is_array(value)) {
        json_t *kept = json_array();
        place_t item = item_of(place);
        json_array_foreach(value, index, part) json_array_append_new(kept, redact(&item, part));
        return kept;
    }
    return json_incref((json_t *)(uintptr_t)value);
}

json_t *marks_redact(const json_t *schema, const json_t *value)
{
    place_t top = top_of(schema);
    return redact(&top, value);
}

// --- schemas alone ---------------------------------------------------------------------------------

typedef bool is_marked_fn(const json_t *schema, const char *provenance);

static bool has(const json_t *schema, is_marked_fn *is_marked, const char *provenance)
{
    bool is_found = is_marked(schema, provenance);
    const char *name;
    json_t *part;
    size_t index;
    json_object_foreach(json_object_get(schema, "properties"), name, part) is_found =
        is_found || has(part, is_marked, provenance);
    json_array_foreach(json_object_get(schema, "anyOf"), index, part) is_found =
        is_found || has(part, is_marked, provenance);
    static const char *const parts[] = {"items", "additionalProperties"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !is_found; i++) {
        const json_t *below_it = json_object_get(schema, parts[i]);
        is_found = json_is_object(below_it) && has(below_it, is_marked, provenance);
    }
    return is_found;
}

static bool has_provenance(const json_t *schema, const char *provenance)
{
    const char *own = json_string_value(json_object_get(schema, PROVENANCE));
    return own && strcmp(own, provenance) == 0;
}

bool marks_has(const json_t *schema, const char *provenance)
{
    return has(schema, has_provenance, provenance);
}

static bool is_foreign_text(const json_t *schema, const char *provenance)
{
    const char *type = json_string_value(json_object_get(schema, "type"));
    (void)provenance;
    return json_is_true(json_object_get(schema, UNTRUSTED)) &&
           !(type && strcmp(type, "boolean") == 0);
}

bool marks_has_foreign_text(const json_t *schema)
{
    return has(schema, is_foreign_text, NULL);
}
