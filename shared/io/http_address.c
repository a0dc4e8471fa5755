// http_address: two tables of prefixes, from the IANA special-purpose address registries.
#include "io/http_address.h"

#include "base/mem.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint32_t prefix;
    unsigned bits_count;
} prefix_t;

static const prefix_t denied_v4[] = {
    {0x00000000, 8},  // 0/8        this network
    {0x0a000000, 8},  // 10/8       private
    {0x64400000, 10}, // 100.64/10  shared (carrier-grade NAT)
    {0x7f000000, 8},  // 127/8      loopback
    {0xa9fe0000, 16}, // 169.254/16 link-local, cloud metadata
    {0xac100000, 12}, // 172.16/12  private
    {0xc0000000, 24}, // 192.0.0/24 protocol assignments
    {0xc0000200, 24}, // 192.0.2/24 documentation
    {0xc0586300, 24}, // 192.88.99/24 6to4 relays
    {0xc0a80000, 16}, // 192.168/16 private
    {0xc6120000, 15}, // 198.18/15  benchmarks
    {0xc6336400, 24}, // 198.51.100/24 documentation
    {0xcb007100, 24}, // 203.0.113/24 documentation
    {0xe0000000, 4},  // 224/4      multicast
    {0xf0000000, 4},  // 240/4      reserved, broadcast
};

// Only 2000::/3 is given out for use. All else is refused with that: loopback, mapped and
// compatible IPv4, NAT64 (64:ff9b::/96), unique local, link-local, multicast.
static const prefix_t global_v6 = {0x20000000, 3};
static const prefix_t denied_v6[] = {
    {0x20010000, 23}, // 2001::/23     protocol assignments, with Teredo (2001::/32)
    {0x20010db8, 32}, // 2001:db8::/32 documentation
    {0x20020000, 16}, // 2002::/16     6to4
    {0x3fff0000, 20}, // 3fff::/20     documentation
};

static bool is_under(uint32_t address, prefix_t prefix)
{
    return (address ^ prefix.prefix) >> (32 - prefix.bits_count) == 0;
}

static bool is_under_any(uint32_t address, const prefix_t *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_under(address, prefixes[i]))
            return true;
    }
    return false;
}

bool act_http_address_is_public(const struct sockaddr *address)
{
    uint32_t number = 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        number = ntohl(v4.sin_addr.s_addr);
        return !is_under_any(number, denied_v4, ACT_COUNT(denied_v4));
    }
    if (address->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    memcpy(&number, v6.sin6_addr.s6_addr, sizeof number);
    number = ntohl(number);
    return is_under(number, global_v6) && !is_under_any(number, denied_v6, ACT_COUNT(denied_v6));
}
