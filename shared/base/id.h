// id: UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random, so that ids made later
// sort later and index pages stay warm. Random bits come from the operating system.
#pragma once
#include <stdint.h>

// 36 characters and the terminating NUL.
#define ACT_UUID_TEXT_BYTES 37

void act_uuid7(char *ret_text);

// The same for the same `of` (a UUIDv7) and number, another one for another number: ids of what belongs to
// `of`, when it may have to be made again. Not a secret.
void act_uuid7_of(const char *of, uint32_t number, char *ret_text);

// Random bytes from the operating system; for ids and jitter.
void act_random(void *ret_bytes, uint32_t size_bytes);
uint64_t act_random_u64(void);

// The same in advance, for who needs many: one system call for 32 numbers. Starts zeroed.
typedef struct {
    uint64_t numbers[32];
    uint32_t left_count;
} act_random_pool_t;
uint64_t act_random_pool_u64(act_random_pool_t *self);
