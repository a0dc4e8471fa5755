// keyring: whose keys the broker accepts: a folder with a file <actor>.pub an actor, one public key a
// line (two while a key is being changed). It is looked at again while the broker runs. Each key has
// a number that is never used again, so that a connection made with a key that has gone is known.
#pragma once
#include "actor/bus_key.h"
#include "actor/header.h"

typedef struct keyring keyring_t;

typedef void keyring_revoked_fn(void *context, act_str_t actor);

// Reads the folder; one that is not there is empty. on_revoked (may be NULL) is called for each key that
// is found to have gone, after all was read.
keyring_t *keyring_new(const char *folder, keyring_revoked_fn *on_revoked, void *context);
void keyring_destroy(keyring_t **self_p);

// Reads the folder again if anything in it has changed, or always when is_forced.
void keyring_refresh(keyring_t *self, bool is_forced);

// The actor of a public key (32 bytes), or NULL; its number goes to *ret_number. Valid until the next
// refresh.
const char *keyring_find(const keyring_t *self, act_str_t key, uint32_t *ret_number);
// Is the key with this number still accepted?
bool keyring_is_current(const keyring_t *self, uint32_t number);
uint32_t keyring_count(const keyring_t *self);
