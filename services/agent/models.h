// models: has a tenant real models for the agent? What model.list_models said, kept for a few seconds, so that
// most turns need not ask.
#pragma once
#include "base/arena.h"
#include "proto/model.h"

// Roles of the model gateway (docs/models.md).
#define MODELS_LARGE "agent"
#define MODELS_SMALL "agent_small"

typedef struct {
    bool has_large;
    bool has_small;
} models_have_t;

typedef struct models models_t;

models_t *models_new(void);
void models_destroy(models_t **self_p);

// False: nobody asked, or too long ago.
bool models_known(const models_t *self, act_str_t tenant, int64_t now_ms, models_have_t *ret_have);
// What the gateway said just now.
models_have_t models_note(models_t *self, act_str_t tenant, int64_t now_ms,
                          const list_models_reply_t *reply);
