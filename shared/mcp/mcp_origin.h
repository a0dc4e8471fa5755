// mcp_origin: who may be addressed and by whose pages. A page of another site whose name was made to point
// at us (DNS rebinding) still says its own name in Host and Origin.
#pragma once
#include "base/str.h"

// host: of this machine (localhost, 127.0.0.1, [::1], any port) or one of `names` ("a.example, b.example").
// origin: empty, or that host.
bool mcp_origin_is_ours(act_str_t host, act_str_t origin, act_str_t names);
