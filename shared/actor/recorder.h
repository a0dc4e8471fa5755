// recorder: an actor's flight recorder: what its loop does now and, after a crash, where. It is
// memory (a memfd) that outlives the actor and can be read although the actor's loop stands still:
// the supervisor makes it and the child inherits it. A supervisor that adopts a living process opens
// the same memory through /proc.
//
//   page 0     act_record_t behind a sequence lock: one writer (the loop), any number of readers
//   from 4096  text of a stack or a crash, written by a signal handler (actor/crash.h)
#pragma once
#include "actor/header.h"

#include <sys/types.h>

// Where a child finds its recorder; below it is the listener's place.
#define ACT_RECORDER_DESCRIPTOR 4
#define ACT_RECORDER_TEXT_MAX_BYTES (32u << 10)

typedef struct {
    int64_t alive_us; // when the loop last said that it turns (monotonic); 0: never yet
    int64_t since_us; // when the handler at work began; 0: none is at work
    uint64_t call_id; // the broker's id of the call at work; 0 for replies, events, casts
    act_trace_t trace;
    uint8_t kind;                               // of the frame at work; 0: none
    char method[ACT_HEADER_NAME_MAX_BYTES + 1]; // at work; empty: none
    int32_t signal;                             // that ended the process; 0: none was caught
    uint32_t stacks_count;                      // stacks that were asked for and are written
} act_record_t;

typedef struct act_recorder act_recorder_t;

// A new one. ACT_E_IO: the system has no memory or no descriptors.
ACT_MUST_CHECK act_err_t act_recorder_new(act_recorder_t **ret_recorder);
// The child's side: what it inherited. ACT_E_INVALID_ARGUMENT: the descriptor is no recorder.
ACT_MUST_CHECK act_err_t act_recorder_open(int descriptor, act_recorder_t **ret_recorder);
// The recorder of a living process that inherited one. ACT_E_NOT_FOUND: it has none.
ACT_MUST_CHECK act_err_t act_recorder_adopt(pid_t pid, act_recorder_t **ret_recorder);
void act_recorder_destroy(act_recorder_t **self_p);
// For process_spec_t.
int act_recorder_descriptor(const act_recorder_t *self);
// As new, for the next process.
void act_recorder_reset(act_recorder_t *self);

// --- the actor: cheap, and allowed on NULL ---------------------------------------------------------

// method: of the call; may be empty.
void act_recorder_begin(act_recorder_t *self, const act_header_t *header, act_str_t method,
                        int64_t now_us);
void act_recorder_end(act_recorder_t *self);
void act_recorder_beat(act_recorder_t *self, int64_t now_us);

// --- the signal handler: async-signal-safe -----------------------------------------------------------

void act_recorder_note_signal(act_recorder_t *self, int number);
void act_recorder_note_stack(act_recorder_t *self);
// Where the text goes, from its beginning. Writing ends at ACT_RECORDER_TEXT_MAX_BYTES by itself.
int act_recorder_text_descriptor(act_recorder_t *self);

// --- the supervisor ------------------------------------------------------------------------------

// A whole record, or the last words of a writer that died in the middle.
act_record_t act_recorder_read(const act_recorder_t *self);
// The text as bytes of another process: checked to be text, ended by '\0'. Returns its length.
size_t act_recorder_text(const act_recorder_t *self, char *text, size_t size_bytes);
