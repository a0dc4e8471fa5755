// dead_letters: calls that were given up, on their way to the database, and back when a person retries
// one. Letters wait in memory until `persistence` has taken them, the oldest give way when there are
// too many; that is counted and logged. A letter is put with a reference of its own, so that one whose
// answer was lost is put again without harm.
#pragma once
#include "base/log.h"
#include "broker.h"

#define DEAD_LETTERS_MAX_COUNT 256
#define DEAD_LETTERS_MAX_BYTES (16u << 20)
#define DEAD_LETTERS_RETRIES_MAX_COUNT 16

typedef struct dead_letters dead_letters_t;

// log may be NULL. The broker outlives its last call to this.
dead_letters_t *dead_letters_new(broker_t *broker, act_log_t *log);
void dead_letters_destroy(dead_letters_t **self_p);

// broker_io_t.on_dead
void dead_letters_on_dead(void *context, const entry_t *entry, act_err_t err);
// Some 100 times a second: sends what waits.
void dead_letters_on_tick(dead_letters_t *self);
// Fetches a letter, sends its call again in its lane, marks it, and answers call_id with broker_answer.
// False: too many at a time; then nothing is answered.
bool dead_letters_retry(dead_letters_t *self, int64_t dead_letter_id, uint64_t call_id);

uint32_t dead_letters_count(const dead_letters_t *self);
uint64_t dead_letters_dropped_count(const dead_letters_t *self);
