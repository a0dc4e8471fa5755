// hint: a row a service.
#include "hint.h"

#include "io/json.h"
#include "proto/delivery_service.h"
#include "proto/notify_service.h"
#include "proto/session_service.h"

static void wake_session(act_actor_t *actor, act_str_t tenant, act_str_t conversation_id)
{
    const wake_request_t wake = {.conversation_id = conversation_id};
    const act_call_opts_t opts = {.tenant = tenant, .key = conversation_id};
    session_wake(actor, &opts, &wake);
}

static void wake_delivery(act_actor_t *actor, act_str_t tenant, act_str_t conversation_id)
{
    const delivery_wake_request_t wake = {.conversation_id = conversation_id};
    const act_call_opts_t opts = {.tenant = tenant, .key = conversation_id};
    delivery_wake(actor, &opts, &wake);
}

static void wake_notify(act_actor_t *actor, act_str_t tenant, act_str_t conversation_id)
{
    (void)conversation_id;
    const act_call_opts_t opts = {.tenant = tenant};
    notify_look(actor, &opts, &(empty_t){0});
}

static const struct {
    const char *service;
    void (*wake)(act_actor_t *actor, act_str_t tenant, act_str_t conversation_id);
} rows[] = {
    {"session", wake_session},
    {"delivery", wake_delivery},
    {"notify", wake_notify},
};

static act_str_t text_of(const json_t *words, size_t place)
{
    const json_t *word = json_array_get(words, place);
    return json_is_string(word) ? act_str_of(json_string_value(word), json_string_length(word))
                                : ACT_STR("");
}

bool hint_send(act_actor_t *actor, act_str_t text)
{
    json_t *words = NULL;
    bool is_known = false;
    if (act_json_parse(text, &words, NULL, NULL) != ACT_E_OK)
        return false;
    for (size_t i = 0; i < ACT_COUNT(rows) && !is_known; i++) {
        is_known = act_str_is(text_of(words, 0), rows[i].service);
        if (is_known)
            rows[i].wake(actor, text_of(words, 1), text_of(words, 2));
    }
    json_decref(words);
    return is_known;
}
