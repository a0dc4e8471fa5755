// names: small numbers for texts that come again and again (services, methods, instances), so that a
// hop costs 64 bytes and not 300. Names are never forgotten, so their number is bounded: what comes
// after NAMES_MAX_COUNT is called NAMES_OTHER. Callers pass names of bounded variety only: a client
// by its actor's name, never by its process.
#pragma once
#include "base/str.h"

#define NAMES_MAX_COUNT 4096
#define NAMES_OTHER 0 // "(other)"

typedef struct names names_t;

names_t *names_new(void);
void names_destroy(names_t **self_p);
// The text's number, the same one each time. Texts are cut at ACT_HEADER_NAME_MAX_BYTES.
uint16_t names_put(names_t *self, act_str_t text);
// Borrowed for as long as the table lives; an unknown number is "(other)".
act_str_t names_text(const names_t *self, uint16_t number);
uint32_t names_count(const names_t *self);
