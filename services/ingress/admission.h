// admission: how much may come in when more comes than can be worked off (promises.md R-33). Turns are
// far dearer than storing a webhook, so an ingress that takes all it can store builds a backlog that takes longer
// to answer than it took to arrive. Told of the backlog now and then, this lets in as much as is being answered,
// and refuses statuses first, then those who wrote just now and whose answer a further message would make stale
// (promises.md D5), then those who write for the first time, then those in a conversation.
//
// What nobody works on (the turns' process is dead, the database away) is no overload: it is taken, and waits.
// Pure: time and figures come in. A channel delivers again what was refused.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    ADMISSION_STATUSES,
    ADMISSION_AGAIN, // of somebody who perhaps waits for an answer yet
    ADMISSION_NEW,   // of somebody who did not write lately
    ADMISSION_KNOWN, // of somebody who did
    ADMISSION_CLASSES_COUNT,
} admission_class_t;

typedef struct {
    int64_t delay_max_ms;   // a longer wait for an answer is overload
    bool is_limited;        // else everything is let in
    double rate_per_s;      // of messages, while limited
    double done_per_s;      // answered, smoothed
    double speed_per_s;     // answered lately, or smoothed if that is more
    double tokens;          // while limited
    int64_t filled_ms;      // tokens are as of then
    int64_t reported_ms;    // the last report; 0: none
    uint32_t backlog_count; // then
    double admitted;        // since then: messages, and statuses as a part of one
    uint32_t refused_count;
} admission_t;

void admission_init(admission_t *self, int64_t delay_max_ms);

// How many messages wait for an answer now.
void admission_report(admission_t *self, int64_t now_ms, uint32_t backlog_count);

// Nothing of any class would be let in: a request need not be looked at.
bool admission_is_shut(admission_t *self, int64_t now_ms);

// One webhook of this class with so many messages. False: refuse it.
bool admission_take(admission_t *self, admission_class_t class, uint32_t messages_count,
                    int64_t now_ms);
