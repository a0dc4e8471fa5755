// seal: secrets at rest (promises.md S-14). Channel secrets are stored sealed with a master key
// that lives in a file outside the database: XChaCha20-Poly1305, with tenant and name as associated
// data, so that a sealed text that is moved to another tenant or field does not open.
//
// A sealed text is "v1:" and base64 of nonce, ciphertext and tag: 58 characters more than 4/3 of
// the secret at most. The empty secret ("none") stays the empty text both ways.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "base/log.h"

#define ACT_SEAL_KEY_BYTES 32

// The names of what is sealed in a channel account; part of the associated data, hence final.
#define ACT_SEAL_APP_SECRET "app_secret"
#define ACT_SEAL_ACCESS_TOKEN "access_token"
#define ACT_SEAL_VERIFY_TOKEN "verify_token"
// Of a model provider: with its provider_id behind it.
#define ACT_SEAL_MODEL_KEY "model_key:"
// Of a row of org_integrations: with its integration_id behind it.
#define ACT_SEAL_INTEGRATION "integration:"

// The master key, in locked memory that is left out of core dumps.
typedef struct act_seal_key act_seal_key_t;

// Makes a new random key file, mode 0600. Never touches a file that exists: CONFLICT. IO when it
// cannot be written.
ACT_MUST_CHECK act_err_t act_seal_key_create(const char *path);

// CONFIG when the file is missing, not a regular file of ACT_SEAL_KEY_BYTES bytes, or may be read
// by all or written by its group (readable by its group is how containers hand out secrets).
// *ret_reason is then a static text.
ACT_MUST_CHECK act_err_t act_seal_key_load(const char *path, act_seal_key_t **ret_key,
                                           const char **ret_reason);
// The key of an actor's setting master_key_file; CONFIG with the reason in its log.
ACT_MUST_CHECK act_err_t act_seal_key_open(const act_config_t *config, act_log_t *log,
                                           act_seal_key_t **ret_key);
// Wipes the key.
void act_seal_key_destroy(act_seal_key_t **self_p);

// Adds the sealed text to `out`.
void act_seal(const act_seal_key_t *key, act_str_t tenant, const char *name, act_str_t secret,
              act_buf_t *out);

// The secret, in the arena, also terminated; whoever is careful wipes it (act_seal_wipe) before the
// arena goes. MALFORMED: not a sealed text. UNAUTHORISED: another key, tenant or name, or changed.
ACT_MUST_CHECK act_err_t act_open(const act_seal_key_t *key, act_str_t tenant, const char *name,
                                  act_str_t sealed, act_arena_t *arena, act_str_t *ret_secret);

// Overwrites an opened secret where it stands.
void act_seal_wipe(act_str_t *secret);
