// client: which address a request counts for. Behind a reverse proxy that is the one the proxy
// names in X-Forwarded-For, but only where the operator has named the proxy: anybody can send that
// header.
#pragma once
#include "base/err.h"
#include "base/str.h"

#define CLIENT_PROXIES_MAX_COUNT 32
#define CLIENT_KEY_BYTES 64

// An address or a network.
typedef struct {
    uint8_t bytes[16]; // IPv4 as ::ffff:a.b.c.d
    uint8_t bits;
} client_network_t;

typedef struct {
    client_network_t items[CLIENT_PROXIES_MAX_COUNT];
    uint32_t count;
} client_proxies_t;

// "10.0.0.0/8, 2001:db8::1": separated by commas or spaces. CONFIG when one is neither address nor
// network, or there are too many.
ACT_MUST_CHECK act_err_t client_proxies_parse(act_str_t text, client_proxies_t *ret_proxies);

// The peer, unless it is a trusted proxy: then the last address in forwarded_for (X-Forwarded-For,
// may be empty) that is not one. Borrows from peer or forwarded_for.
act_str_t client_address(const client_proxies_t *proxies, act_str_t peer, act_str_t forwarded_for);

// What limits are counted by: an IPv4 address whole, of IPv6 the /64, because who has one has all
// of it. Text that is no address counts as it is.
act_str_t client_key(act_str_t address, char ret_room[CLIENT_KEY_BYTES]);
