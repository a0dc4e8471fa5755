// agent: what its files share.
#pragma once
#include "actor/actor.h"
#include "hands.h"
#include "memory.h"
#include "models.h"
#include "proto/agent.h"
#include "turn/journal.h"

typedef struct {
    act_actor_t *actor;
    models_t *models;
    tool_shelf_t *shelf;
    hands_io_t io;
    memory_t *memory; // NULL: nothing is remembered
    int64_t faq_min_score_pct;
    int64_t context_tokens;
    int64_t answer_max_chars;
} agent_t;
