// links: which links of a text may be said. A link that may is left as it is; of any other one only the name of
// its host stays, written so that no app makes a link of it: "evil[.]test", without scheme, path or parameters.
// A link may be said when
//
//   its host is on the tenant's list, or below a host of it, or
//   it stands, letter for letter, in a text of the business's own (sources).
//
// What counts as a link is what any app might take for one, and what one program might read otherwise than
// another is no good link: a host that may be said is plain ASCII, and ends where its URL says so. Pure.
#pragma once
#include "base/arena.h"

typedef struct {
    act_str_t hosts; // the tenant's, one a line
    const act_str_t *sources;
    uint32_t sources_count;
} links_rules_t;

// The text is UTF-8 without invisible signs (unseen.h). The answer is the arena's.
act_str_t links_judge(act_arena_t *arena, act_str_t text, const links_rules_t *rules);
