// model_key: a provider's key on its way into the database, sealed before it leaves this process; and
// amounts of money as people write them. A key is never an argument: others can read those.
#pragma once
#include "base/arena.h"
#include "instance.h"

typedef struct {
    const char *environment; // name of a variable; NULL: none
    const char *file;        // "-": standard input; NULL: none
} model_key_source_t;

// The sealed key, in the arena; empty when no source is named (the one that is stored stays). Says on
// standard error what is wrong.
ACT_MUST_CHECK act_err_t model_key_seal(const instance_t *instance,
                                        const model_key_source_t *source, const char *tenant,
                                        const char *provider, act_arena_t *arena,
                                        act_str_t *ret_sealed);

// The same for any secret, by its whole name in base/seal.h.
ACT_MUST_CHECK act_err_t model_key_seal_as(const instance_t *instance,
                                           const model_key_source_t *source, const char *tenant,
                                           const char *name, act_arena_t *arena,
                                           act_str_t *ret_sealed);

// "5", "0.50": micro-dollars. False: no amount of 0 to 1,000,000.
bool model_key_read_usd(const char *text, int64_t *ret_micro_usd);
