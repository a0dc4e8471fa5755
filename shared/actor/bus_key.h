// bus_key: key files of the bus (CURVE, 32 bytes as 40 characters of Z85, one a line). A secret is
// only taken from a file that nobody else can read. On ACT_E_CONFIG *error has one line that says
// which file it is and what to do.
#pragma once
#include "base/buf.h"
#include "base/err.h"

#define ACT_BUS_KEY_TEXT_BYTES 41 // with the zero behind it

typedef struct {
    char public_key[ACT_BUS_KEY_TEXT_BYTES];
    char secret_key[ACT_BUS_KEY_TEXT_BYTES];
} act_bus_pair_t;

// What an actor needs to talk to a broker over TCP.
typedef struct {
    act_bus_pair_t own;
    char server_key[ACT_BUS_KEY_TEXT_BYTES];
} act_bus_keys_t;

// A new pair: the secret 0600, the public key 0644. Each file is complete or not there; existing ones
// are replaced. ACT_E_IO: errno says why.
ACT_MUST_CHECK act_err_t act_bus_key_create(const char *secret_path, const char *public_path);

// The pair of a secret's file.
ACT_MUST_CHECK act_err_t act_bus_key_load_pair(const char *path, act_bus_pair_t *ret_pair,
                                               act_buf_t *error);
// The first public key of a file.
ACT_MUST_CHECK act_err_t act_bus_key_load_public(const char *path,
                                                 char ret_key[ACT_BUS_KEY_TEXT_BYTES],
                                                 act_buf_t *error);
// Both files of an actor; an empty or missing name is an error that names the setting.
ACT_MUST_CHECK act_err_t act_bus_key_load(const char *server_key_path, const char *own_key_path,
                                          act_bus_keys_t *ret_keys, act_buf_t *error);

// A folder of secrets must be closed to others (0700).
ACT_MUST_CHECK act_err_t act_bus_key_check_folder(const char *path, act_buf_t *error);

// The keys in a text, one a line; false when it has anything else. At most max_count are written.
bool act_bus_key_parse(act_str_t text, char ret_keys[][ACT_BUS_KEY_TEXT_BYTES], uint32_t max_count,
                       uint32_t *ret_count);

// The 32 bytes of a key that was parsed.
void act_bus_key_decode(const char *key, uint8_t ret_bytes[32]);

// Only such endpoints need keys.
bool act_bus_key_is_needed(const char *endpoint);
