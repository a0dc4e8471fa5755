// quiet: how long a turn waits for the end of a burst, so that what a customer writes in pieces is one
// turn, and a single message waits less than 400 ms. With a window of 0 nobody waits and nothing is kept.
//
// The policy, for a window of 250 ms (the default; quiet_window_ms scales all of it):
//   first message   a choice 0 ms, a sentence 150, words 250 (so is what is not known), a fragment 375,
//                   media 390: what it is about often comes next
//   lone writers    who wrote one message at a time for the last four times: half of it
//   a burst         each further message starts the wait again: as long as its shape says, but at least
//                   1.5 times the gaps this customer's bursts had so far
//   in all          never longer than quiet_max_ms
// What is known of a customer's gaps is a few bytes in memory: a conversation comes to the same instance
// while that lives, and a forgotten habit costs nothing but a guess.
#pragma once
#include "base/str.h"

#include <stdint.h>

typedef struct {
    int64_t window_ms; // 0: no waiting
    int64_t max_ms;
} quiet_policy_t;

typedef struct {
    uint64_t key;         // 0: nobody's
    int64_t last_ms;      // when the last message came, monotonic
    uint16_t gap_ms;      // between messages of a burst, moving average; 0: no burst was seen
    uint16_t alone_count; // messages in a row that no other followed within a burst
} quiet_habit_t;

// Where a turn stands.
typedef struct {
    act_str_t shape;         // of the newest message (proto/session.proto); empty: not known
    uint32_t messages_count; // that woke this turn so far
    int64_t waited_ms;       // since the first of them
} quiet_burst_t;

// A message came.
void quiet_note(quiet_habit_t *habit, const quiet_policy_t *policy, int64_t now_ms);
// How long to wait from now on; <= 0: not at all. Pure. habit may be NULL.
int64_t quiet_wait_ms(const quiet_policy_t *policy, const quiet_habit_t *habit,
                      const quiet_burst_t *burst);

// Habits of the customers that wrote last; two that share a place forget each other.
#define QUIET_HABITS_COUNT 4096
typedef struct quiet_habits quiet_habits_t;

quiet_habits_t *quiet_habits_new(void);
void quiet_habits_destroy(quiet_habits_t **self_p);
// Never NULL; a stranger's is empty.
quiet_habit_t *quiet_habits_of(quiet_habits_t *self, act_str_t tenant, act_str_t conversation_id);
