// tap: records the frames of an instance, or of all instances of a service, to a file (the format is
// actor/tap_file.h), for a bounded time and a bounded number of bytes. Nothing is written while no tap
// is open, and asking for that is one compare.
#pragma once
#include "peer.h"

#include "base/err.h"

#include <limits.h>

#define TAPS_MAX_COUNT 4         // at a time
#define TAPS_FILES_MAX_COUNT 16  // kept; the oldest goes when another begins
#define TAPS_SECONDS_MAX 600
#define TAPS_SECONDS_DEFAULT 10
#define TAPS_BYTES_MAX (256u << 20)
#define TAPS_BYTES_DEFAULT (16u << 20)

typedef struct taps taps_t;

// Files go to <dir>, which is made, with mode 0700, when the first one is opened. NULL: no taps.
taps_t *taps_new(const char *dir);
// Open taps end as "shutdown".
void taps_destroy(taps_t **self_p);

typedef struct {
    act_str_t target;   // instance or service
    uint32_t seconds;   // 0: TAPS_SECONDS_DEFAULT
    uint64_t max_bytes; // 0: TAPS_BYTES_DEFAULT
} taps_request_t;

// Starts one; the file's path is in ret_path (PATH_MAX). INVALID_ARGUMENT: a name that is none, or a
// bound over the most; OVERLOADED: too many are open; IO: the file cannot be made.
ACT_MUST_CHECK act_err_t taps_open(taps_t *self, const taps_request_t *request, int64_t now_us,
                                   char *ret_path);
bool taps_are_open(const taps_t *self);
// A frame from (is_in) or to a peer. now_us is monotonic.
void taps_record(taps_t *self, const peer_t *peer, bool is_in, const act_header_t *header,
                 act_str_t body, int64_t now_us);
// Ends those whose time is over.
void taps_on_tick(taps_t *self, int64_t now_us);
