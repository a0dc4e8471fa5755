// jail: what stands between a tool and the machine (promises.md S-16). A jailed program sees system
// libraries and its own folder, read only, a scratch folder in memory, and the one socket of the bus that
// is its own; it has no capabilities, no network unless it was declared, no other processes, and only the
// system calls of the list. What the kernel refuses is reported, and then the tool does not start; only
// where the operator said so (is_lenient) it runs with limits and the list of system calls alone.
#pragma once
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define JAIL_READ_MAX_COUNT 16

typedef struct {
    const char *folder;                     // where it starts; readable
    const char *reads[JAIL_READ_MAX_COUNT]; // more folders, each at its own path
    uint32_t reads_count;
    const char *socket_folder; // seen as /run/parley
    bool has_network;
    uint32_t memory_mb;
    uint32_t open_files_count;
    uint32_t processes_count;
    uint32_t scratch_mb;
    bool is_lenient;
} jail_spec_t;

// In the parent: namespaces of its own for what is forked next. On an error *ret_what is what was refused.
ACT_MUST_CHECK act_err_t jail_separate(const jail_spec_t *spec, const char **ret_what);
// In the child, which is process 1 of its own: the root it sees, and no capabilities. Nothing can be undone.
ACT_MUST_CHECK act_err_t jail_root(const jail_spec_t *spec, const char **ret_what);
// Limits, and no new privileges.
ACT_MUST_CHECK act_err_t jail_limit(const jail_spec_t *spec, const char **ret_what);
// The list of system calls (jail_calls.c), as the last thing before the program. Where it is not apart
// (is_lenient, and the kernel refused) it may signal nobody.
ACT_MUST_CHECK act_err_t jail_filter(const jail_spec_t *spec, bool is_apart);
