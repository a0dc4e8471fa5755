// client: addresses and networks, compared as 16 bytes.
#include "client.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_OFFSET_BYTES 12
#define V4_BITS 96 // of the prefix ::ffff:0:0/96

static const uint8_t v4_prefix[V4_OFFSET_BYTES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const uint8_t *bytes)
{
    return memcmp(bytes, v4_prefix, V4_OFFSET_BYTES) == 0;
}

static bool parse_address(act_str_t text, uint8_t ret_bytes[16])
{
    char terminated[INET6_ADDRSTRLEN];
    if (!act_str_copy(text, terminated, sizeof terminated))
        return false;
    memcpy(ret_bytes, v4_prefix, V4_OFFSET_BYTES);
    return inet_pton(AF_INET, terminated, ret_bytes + V4_OFFSET_BYTES) == 1 ||
           inet_pton(AF_INET6, terminated, ret_bytes) == 1;
}

static bool parse_network(act_str_t text, client_network_t *ret_network)
{
    act_str_t address = act_str_cut(&text, '/');
    client_network_t network;
    if (!parse_address(address, network.bytes))
        return false;
    int64_t most_bits = is_v4(network.bytes) ? 32 : 128;
    int64_t bits = most_bits;
    if (!act_str_empty(text) && (!act_str_to_int(text, &bits) || bits < 0 || bits > most_bits))
        return false;
    network.bits = (uint8_t)(bits + (most_bits == 32 ? V4_BITS : 0));
    *ret_network = network;
    return true;
}

act_err_t client_proxies_parse(act_str_t text, client_proxies_t *ret_proxies)
{
    client_proxies_t proxies = {.count = 0};
    while (!act_str_empty(text)) {
        act_str_t part = act_str_cut(&text, ',');
        while (!act_str_empty(part)) {
            act_str_t word = act_str_trim(act_str_cut(&part, ' '));
            if (act_str_empty(word))
                continue;
            if (proxies.count == CLIENT_PROXIES_MAX_COUNT ||
                !parse_network(word, &proxies.items[proxies.count]))
                return ACT_E_CONFIG;
            proxies.count++;
        }
    }
    *ret_proxies = proxies;
    return ACT_E_OK;
}

static bool is_inside(const client_network_t *network, const uint8_t *bytes)
{
    size_t whole_bytes = network->bits / 8;
    if (memcmp(network->bytes, bytes, whole_bytes) != 0)
        return false;
    unsigned rest_bits = network->bits % 8;
    return rest_bits == 0 ||
           ((network->bytes[whole_bytes] ^ bytes[whole_bytes]) >> (8 - rest_bits)) == 0;
}

static bool is_trusted(const client_proxies_t *proxies, act_str_t address)
{
    uint8_t bytes[16];
    if (proxies->count == 0 || !parse_address(address, bytes))
        return false;
    for (uint32_t i = 0; i < proxies->count; i++)
        if (is_inside(&proxies->items[i], bytes))
            return true;
    return false;
}

// What stands behind the last comma, which is cut off with it.
static act_str_t cut_last(act_str_t *text)
{
    size_t at = text->len_bytes;
    while (at > 0 && text->ptr[at - 1] != ',')
        at--;
    act_str_t last = act_str_of(text->ptr + at, text->len_bytes - at);
    text->len_bytes = at > 0 ? at - 1 : 0;
    return act_str_trim(last);
}

act_str_t client_address(const client_proxies_t *proxies, act_str_t peer, act_str_t forwarded_for)
{
    act_str_t address = peer;
    while (!act_str_empty(forwarded_for) && is_trusted(proxies, address)) {
        act_str_t before = cut_last(&forwarded_for);
        if (act_str_empty(before))
            break;
        address = before;
    }
    return address;
}

act_str_t client_key(act_str_t address, char ret_room[CLIENT_KEY_BYTES])
{
    uint8_t bytes[16];
    if (!parse_address(address, bytes)) {
        (void)act_str_copy(address, ret_room, CLIENT_KEY_BYTES);
        return act_str(ret_room);
    }
    size_t from = is_v4(bytes) ? V4_OFFSET_BYTES : 0;
    size_t len_bytes = is_v4(bytes) ? 4 : 8;
    memcpy(ret_room, bytes + from, len_bytes);
    return act_str_of(ret_room, len_bytes);
}
