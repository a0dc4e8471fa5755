// origin: does a URL plainly point inside? The operator's own base URL is trusted: when it names an
// address or host that can only be inside, requests to it may go there. What a tenant entered is never
// trusted so (promises.md S-18).
#pragma once
#include "base/str.h"

// http or https to: localhost, a private, loopback or link-local address, or a name without a dot
// (a container or a host of the local network; no public name looks so).
bool origin_is_private(act_str_t url);

// Can the provider of a channel fetch this? https to what does not plainly point inside, no user name,
// printable ASCII. allows_inside: http, and any host.
bool origin_is_link(act_str_t url, bool allows_inside);
