// graph_behaviour: one table row a member.
#include "sim/graph_behaviour.h"

#include "base/mem.h"
#include "io/json.h"

#include <string.h>

#define DELAY_MAX_MS (10 * 60 * 1000)
#define TIMES_MAX_COUNT INT64_C(1000000000)

static const char *const status_names[] = {"sent", "delivered", "read", "played", "failed"};

void graph_behaviour_reset(graph_behaviour_t *self)
{
    *self = (graph_behaviour_t){.status_code = 131026, .statuses_per_post = 1};
}

static bool read_int(const json_t *json, int64_t min, int64_t max, int64_t *ret_value)
{
    json_int_t value = json_integer_value(json);
    if (!json_is_integer(json) || value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

// --- members -------------------------------------------------------------------------------------

static bool set_latency(graph_behaviour_t *self, const json_t *json)
{
    return read_int(json, 0, DELAY_MAX_MS, &self->latency_ms);
}

static bool set_hang_up(graph_behaviour_t *self, const json_t *json)
{
    return read_int(json, 0, TIMES_MAX_COUNT, &self->hang_up_count);
}

static bool set_accept_then_hang_up(graph_behaviour_t *self, const json_t *json)
{
    return read_int(json, 0, TIMES_MAX_COUNT, &self->accept_then_hang_up_count);
}

static bool set_status_delay(graph_behaviour_t *self, const json_t *json)
{
    return read_int(json, 0, DELAY_MAX_MS, &self->status_delay_ms);
}

static bool set_status_code(graph_behaviour_t *self, const json_t *json)
{
    int64_t code = 0;
    bool is_good = read_int(json, 0, INT32_MAX, &code);
    self->status_code = (int32_t)code;
    return is_good;
}

static bool set_statuses_per_post(graph_behaviour_t *self, const json_t *json)
{
    int64_t count = 0;
    bool is_good = read_int(json, 1, 1000, &count);
    self->statuses_per_post = (uint32_t)count;
    return is_good;
}

static bool set_shuffle(graph_behaviour_t *self, const json_t *json)
{
    self->is_shuffled = json_is_true(json);
    return json_is_boolean(json);
}

static bool set_duplicates(graph_behaviour_t *self, const json_t *json)
{
    self->is_doubled = json_is_true(json);
    return json_is_boolean(json);
}

static const char *status_name(const json_t *json)
{
    for (size_t i = 0; i < ACT_COUNT(status_names); i++)
        if (json_is_string(json) && strcmp(json_string_value(json), status_names[i]) == 0)
            return status_names[i];
    return NULL;
}

static bool set_statuses(graph_behaviour_t *self, const json_t *json)
{
    size_t count = json_array_size(json);
    if (!json_is_array(json) || count > GRAPH_STATUSES_MAX_COUNT)
        return false;
    self->statuses_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        self->statuses[i] = status_name(json_array_get(json, i));
        if (!self->statuses[i])
            return false;
    }
    return true;
}

static bool set_fail(graph_behaviour_t *self, const json_t *json)
{
    int64_t http = act_json_int(json, "http", 500);
    int64_t code = act_json_int(json, "code", 0);
    int64_t retry_after_s = act_json_int(json, "retry_after_s", 0);
    int64_t times = act_json_int(json, "times", 1);
    self->fail = (graph_fail_t){.times = 0};
    if (json_is_null(json))
        return true;
    if (!json_is_object(json) || http < 300 || http > 599 || code < 0 || code > INT32_MAX ||
        times < -1 || times > TIMES_MAX_COUNT || retry_after_s < 0 || retry_after_s > 3600)
        return false;
    self->fail = (graph_fail_t){.times = times,
                                .http = (uint16_t)http,
                                .code = (int32_t)code,
                                .retry_after_s = (uint32_t)retry_after_s};
    return act_str_copy(act_json_str(json, "to"), self->fail.to, sizeof self->fail.to);
}

static const struct {
    const char *name;
    bool (*set)(graph_behaviour_t *self, const json_t *json);
} members[] = {
    {"latency_ms", set_latency},
    {"fail", set_fail},
    {"hang_up", set_hang_up},
    {"accept_then_hang_up", set_accept_then_hang_up},
    {"statuses", set_statuses},
    {"status_code", set_status_code},
    {"status_delay_ms", set_status_delay},
    {"statuses_per_post", set_statuses_per_post},
    {"shuffle", set_shuffle},
    {"duplicate_statuses", set_duplicates},
};

bool graph_behaviour_apply(graph_behaviour_t *self, const json_t *json, act_str_t *ret_error)
{
    graph_behaviour_t changed = *self;
    size_t used_count = 0;
    for (size_t i = 0; i < ACT_COUNT(members); i++) {
        const json_t *value = json_object_get(json, members[i].name);
        if (!value)
            continue;
        used_count++;
        if (!members[i].set(&changed, value)) {
            *ret_error = act_str(members[i].name);
            return false;
        }
    }
    if (!json_is_object(json) || used_count != json_object_size(json)) {
        *ret_error = ACT_STR("a member that does not exist");
        return false;
    }
    *self = changed;
    return true;
}

// --- deciding ------------------------------------------------------------------------------------

static bool take_one(int64_t *times)
{
    if (*times == 0)
        return false;
    if (*times > 0)
        --*times;
    return true;
}

graph_decision_t graph_behaviour_decide(graph_behaviour_t *self, act_str_t to)
{
    bool is_meant = self->fail.to[0] == '\0' || act_str_is(to, self->fail.to);
    if (take_one(&self->hang_up_count))
        return GRAPH_HANG_UP;
    return is_meant && take_one(&self->fail.times) ? GRAPH_FAIL : GRAPH_TAKE;
}

bool graph_behaviour_hangs_up_after(graph_behaviour_t *self)
{
    return take_one(&self->accept_then_hang_up_count);
}
