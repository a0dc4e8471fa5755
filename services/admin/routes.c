// routes: a walk over the table; it has some thirty rows.
#include "routes.h"

static bool match(const char *pattern, act_str_t path, act_str_t *ret_values)
{
    act_str_t left = act_str(pattern);
    size_t values_count = 0;
    for (;;) {
        bool is_end = act_str_empty(left) || act_str_empty(path);
        if (is_end)
            return act_str_empty(left) && act_str_empty(path);
        act_str_t want = act_str_cut(&left, '/');
        act_str_t have = act_str_cut(&path, '/');
        bool is_value = act_str_starts_with(want, "{");
        if (is_value ? act_str_empty(have) || values_count == ROUTES_PARAMS_MAX_COUNT
                     : !act_str_eq(want, have))
            return false;
        if (is_value)
            ret_values[values_count++] = have;
    }
}

routes_result_t routes_find(act_str_t method, act_str_t path, const route_t **ret_route,
                            act_str_t *ret_values)
{
    routes_result_t result = ROUTES_NO_PATH;
    if (act_str_is(method, "HEAD"))
        method = ACT_STR("GET");
    // "/a/" is not "/a", which cutting at slashes would not see.
    if (path.len_bytes > 0 && path.ptr[path.len_bytes - 1] == '/')
        return result;
    for (const route_t *route = routes; route->method; route++) {
        if (!match(route->path, path, ret_values))
            continue;
        if (act_str_is(method, route->method)) {
            *ret_route = route;
            return ROUTES_FOUND;
        }
        result = ROUTES_NO_METHOD;
    }
    return result;
}
