// mcp_origin
#include "mcp/mcp_origin.h"

#include "base/mem.h"

#include <string.h>

// Without the port.
static act_str_t name_of(act_str_t host)
{
    size_t from = 0;
    if (act_str_starts_with(host, "["))
        while (from < host.len_bytes && host.ptr[from] != ']')
            from++;
    const char *colon = memchr(host.ptr + from, ':', host.len_bytes - from);
    return act_str_of(host.ptr, colon ? (size_t)(colon - host.ptr) : host.len_bytes);
}

static bool is_known(act_str_t name, act_str_t names)
{
    static const char *const here[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < ACT_COUNT(here); i++)
        if (act_str_is(name, here[i]))
            return true;
    while (!act_str_empty(names))
        if (act_str_eq(act_str_trim(act_str_cut(&names, ',')), name))
            return true;
    return false;
}

bool mcp_origin_is_ours(act_str_t host, act_str_t origin, act_str_t names)
{
    if (act_str_empty(host) || act_str_empty(name_of(host)) || !is_known(name_of(host), names))
        return false;
    if (act_str_empty(origin))
        return true;
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ACT_COUNT(schemes); i++) {
        size_t len_bytes = strlen(schemes[i]);
        if (act_str_starts_with(origin, schemes[i]))
            return act_str_eq(act_str_of(origin.ptr + len_bytes, origin.len_bytes - len_bytes),
                              host);
    }
    return false;
}
