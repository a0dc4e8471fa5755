// tap_file: the file of a tap: an instance's traffic as the broker saw it, to be read by people and
// replayed by tests. Records follow each other: four bytes of length, most significant first, then a
// msgpack array. The first record says what was tapped, then come frames, the last says why it ended;
// a file without a last record was cut off (its broker died).
#pragma once
#include "actor/header.h"

#define ACT_TAP_FILE_VERSION 1

typedef enum { ACT_TAP_START = 1, ACT_TAP_FRAME, ACT_TAP_END } act_tap_kind_t;

// Texts and the header's views borrow from the bytes of the file.
typedef struct {
    act_tap_kind_t kind;
    int64_t at_us; // wall clock
    // START: the instance or service; FRAME: the instance; END: "seconds", "bytes" or "shutdown"
    act_str_t name;
    bool is_in;          // FRAME: from the instance to the broker
    act_header_t header; // FRAME
    act_str_t body;      // FRAME
    uint64_t frames;     // END
} act_tap_record_t;

// Adds one record, length and all.
void act_tap_file_pack(const act_tap_record_t *record, act_buf_t *out);

// The record at *rest, which is moved behind it. ACT_E_NOT_FOUND at the end of the file,
// ACT_E_MALFORMED when what follows is no record (cut off, or not a tap); *rest stays then.
ACT_MUST_CHECK act_err_t act_tap_file_next(act_str_t *rest, act_tap_record_t *ret_record);
