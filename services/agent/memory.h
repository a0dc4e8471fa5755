// memory: keeps a rolling summary of each conversation and facts of its contact, in the background. Session
// says after each turn of the agent that there is something new (agent.remember); some seconds later all
// that was said since the last summary goes to the model that summarises, and what comes back, checked, is
// written over the version it was made from. No turn waits for it. Whatever is lost here (a hint, a process,
// a model that fails) is made up for after the next turn: the lines wait in the database.
#pragma once
#include "actor/actor.h"

typedef struct memory memory_t;

memory_t *memory_new(act_actor_t *actor, int64_t delay_ms);
// What waits or is being done is given up.
void memory_destroy(memory_t **self_p);

// Something was said in this conversation. Hints for a conversation that waits already become one; when too
// many wait it is dropped.
void memory_note(memory_t *self, act_str_t tenant, act_str_t conversation_id);

// Rows of the actor's tables.
#define MEMORY_METRICS(X)                                                                          \
    X(MEMORIES_WRITTEN, "memories_written_total", COUNTER, "summaries written")                    \
    X(MEMORIES_FAILED, "memories_failed_total", COUNTER,                                           \
      "summaries left to the next turn: the model or the database did not answer")                 \
    X(MEMORIES_OVERTAKEN, "memories_overtaken_total", COUNTER,                                     \
      "summaries not written: another one was faster, or the memory was erased")                   \
    X(MEMORIES_DROPPED, "memories_dropped_total", COUNTER, "hints dropped while too many wait")    \
    X(FACTS_FOUND, "facts_found_total", COUNTER, "facts written")                                  \
    X(FACTS_REFUSED, "facts_refused_total", COUNTER,                                               \
      "what the model said of a customer, and their words do not hold")                            \
    X(MEMORIES_WAITING, "memories_waiting_count", GAUGE, "conversations that wait for a summary")
