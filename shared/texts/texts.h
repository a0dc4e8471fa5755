// texts: what the system says to customers, in nine languages. The texts stand in <lang>.yaml
// beside this file; texts_gen.py checks them (same keys, same placeholders, short enough titles)
// and makes the table. Languages are codes such as "fr" or "pt-BR"; what is not known falls back to
// English. All functions are pure; returned texts live for ever, formatted ones as long as the
// arena.
//
// In a text {name} is a placeholder and [ ... ] is left out when a placeholder inside it is empty:
// "Hello[ {contact_name}]!". Values are inserted as they are and never looked at again.
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "texts/texts_gen.h"

// Languages in the order of act_text_languages; 0 (English) for unknown ones.
uint32_t act_text_language(act_str_t language);

// An unknown key is our bug (assert).
act_str_t act_text(const char *key, act_str_t language);

// The same in each language, in the order of act_text_languages.
const act_str_t *act_text_in_all(const char *key);

// For keys that come from outside (flow files): empty when there is none.
act_str_t act_text_find(act_str_t key, act_str_t language);

// What a customer may read about an error ("error.quota_exceeded" of QUOTA_EXCEEDED); empty when a
// customer never hears of it.
act_str_t act_text_error(act_err_t err, act_str_t language);

typedef struct {
    const char *name;
    act_str_t value;
} act_text_value_t;

// The text with its placeholders filled; one without a value becomes empty.
act_str_t act_text_format(act_arena_t *arena, const char *key, act_str_t language,
                          const act_text_value_t *values, uint32_t count);

// The same for a text at hand, with values from a function.
typedef act_str_t act_text_value_fn(void *context, act_str_t name);
act_str_t act_text_fill(act_arena_t *arena, act_str_t text, act_text_value_fn *value,
                        void *context);

// The names of the placeholders one by one: start with *offset 0; false after the last.
bool act_text_next_name(act_str_t text, size_t *offset, act_str_t *ret_name);
