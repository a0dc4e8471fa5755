// origin: takes the host out of a URL. Nothing is resolved.
#include "origin.h"

#include "base/mem.h"
#include "io/http_address.h"

#include <arpa/inet.h>
#include <string.h>

static bool cut_prefix(act_str_t *text, const char *prefix)
{
    if (!act_str_starts_with(*text, prefix))
        return false;
    size_t len_bytes = strlen(prefix);
    *text = act_str_of(text->ptr + len_bytes, text->len_bytes - len_bytes);
    return true;
}

// What stands before the first of these characters.
static act_str_t until(act_str_t text, const char *ends)
{
    size_t len_bytes = 0;
    while (len_bytes < text.len_bytes && !strchr(ends, text.ptr[len_bytes]))
        len_bytes++;
    return act_str_of(text.ptr, len_bytes);
}

// False when the host is not an address; then *ret_is_public is untouched.
static bool look_at_address(const char *host, bool *ret_is_public)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
        *ret_is_public = act_http_address_is_public((const struct sockaddr *)&v4);
    else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
        *ret_is_public = act_http_address_is_public((const struct sockaddr *)&v6);
    else
        return false;
    return true;
}

// Empty when there is none.
static act_str_t host_of(act_str_t url)
{
    if (!cut_prefix(&url, "http://") && !cut_prefix(&url, "https://"))
        return (act_str_t){0};
    act_str_t host = until(url, "/?#");
    if (act_str_empty(host) || memchr(host.ptr, '@', host.len_bytes))
        return (act_str_t){0}; // user:password@host: who writes so wants to confuse
    return cut_prefix(&host, "[") ? until(host, "]") : until(host, ":");
}

bool origin_is_link(act_str_t url, bool allows_inside)
{
    for (size_t i = 0; i < url.len_bytes; i++)
        if ((uint8_t)url.ptr[i] <= ' ' || (uint8_t)url.ptr[i] >= 0x7f ||
            strchr("\"\\<>", url.ptr[i]))
            return false;
    act_str_t host = host_of(url);
    if (act_str_empty(host) || allows_inside)
        return !act_str_empty(host);
    // A number without a dot is an address in disguise.
    bool is_whole = memchr(host.ptr, '.', host.len_bytes) || memchr(host.ptr, ':', host.len_bytes);
    return act_str_starts_with(url, "https://") && is_whole && !origin_is_private(url);
}

bool origin_is_private(act_str_t url)
{
    act_str_t host = host_of(url);
    char terminated[256];
    bool is_public = false;
    if (act_str_empty(host) || !act_str_copy(host, terminated, sizeof terminated))
        return false;
    if (look_at_address(terminated, &is_public))
        return !is_public;
    const char *dot = strchr(terminated, '.');
    // A number without a dot is an address in disguise.
    bool is_name =
        strspn(terminated, "0123456789") != host.len_bytes && !act_str_starts_with(host, "0x");
    return (!dot && is_name) || (dot && strcmp(strrchr(terminated, '.'), ".localhost") == 0);
}
