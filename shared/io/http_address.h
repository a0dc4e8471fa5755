// http_address: which addresses an outgoing request may go to. Anything that is not plainly
// somewhere on the public Internet is refused: private, loopback, link-local, shared (CGNAT),
// multicast, reserved and documentation ranges, and every IPv6 form that carries an IPv4 address
// (mapped, 6to4, Teredo, NAT64), because the packet would go to the address inside (promises.md
// S-18).
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

// IPv4 and IPv6; other families are not public.
bool act_http_address_is_public(const struct sockaddr *address);
