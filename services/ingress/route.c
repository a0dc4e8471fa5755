// route: the table of paths.
#include "route.h"

#include "base/mem.h"

static const route_t routes[] = {
    {"/webhook/whatsapp", ROUTE_WEBHOOK, "whatsapp"},
    {"/webhook", ROUTE_WEBHOOK, "whatsapp"}, // the path that users of such systems know
    {"/healthz", ROUTE_HEALTH, NULL},
    {"/readyz", ROUTE_READY, NULL},
};

static const char *const method_names[] = {
    [METHOD_GET] = "GET",
    [METHOD_HEAD] = "HEAD",
    [METHOD_POST] = "POST",
};

// Bit a method.
static const unsigned allowed_methods[] = {
    [ROUTE_WEBHOOK] = 1u << METHOD_GET | 1u << METHOD_POST,
    [ROUTE_HEALTH] = 1u << METHOD_GET | 1u << METHOD_HEAD,
    [ROUTE_READY] = 1u << METHOD_GET | 1u << METHOD_HEAD,
};

const route_t *route_find(act_str_t path)
{
    for (size_t i = 0; i < ACT_COUNT(routes); i++)
        if (act_str_is(path, routes[i].path))
            return &routes[i];
    return NULL;
}

method_t method_of(act_str_t text)
{
    for (size_t i = 0; i < ACT_COUNT(method_names); i++)
        if (act_str_is(text, method_names[i]))
            return (method_t)i;
    return METHOD_OTHER;
}

bool route_allows(const route_t *self, method_t method)
{
    return (allowed_methods[self->kind] >> method & 1u) != 0;
}
