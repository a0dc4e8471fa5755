// marks: what the schemas of a tool's card say beyond JSON Schema, and which values of an instance they
// hold for:
//
//   x-parley-provenance: recipient | amount | url    where such a value must come from (policy.h); in an
//                                                    output: values that may be used as that
//                        text                        a mere text, whatever its name says
//   x-parley-secret: true                            is not kept for people
//   x-parley-untrusted: true                         of an output: text that somebody else wrote; of a boolean:
//                                                    when it is true, all of the result is
//
// A mark holds for all below it. In an anyOf the marks of every branch hold, whichever fits.
#pragma once
#include "base/str.h"

#include <jansson.h>

typedef struct {
    const char *name;       // of the field; of an item that of its list; "" at the top
    const char *provenance; // NULL: not marked
    bool is_untrusted;
    const json_t *value; // a string, number, boolean or null, or an object or list without content
} marks_leaf_t;

// Called for every leaf of a value; false ends the walk.
typedef bool marks_fn(void *context, const marks_leaf_t *leaf);
// False: fn said so. The schema has been checked, so that it is not nested deeper than the validator goes;
// values without a schema are walked too.
bool marks_walk(const json_t *schema, const json_t *value, marks_fn *fn, void *context);

// A copy in which each value that is marked as secret is "***". Yours.
json_t *marks_redact(const json_t *schema, const json_t *value);

// Does the schema name a field with this provenance anywhere?
bool marks_has(const json_t *schema, const char *provenance);
// Does it name a text that somebody else wrote?
bool marks_has_foreign_text(const json_t *schema);
