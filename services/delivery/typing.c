// typing: a counter of open requests is all the state there is.
#include "typing.h"

#include "sends.h"

#define REQUESTS_MAX_COUNT 16u
#define TIMEOUT_MS 3000

struct typing {
    delivery_t *delivery;
    uint32_t open_count;
};

typing_t *typing_new(delivery_t *delivery)
{
    typing_t *self = act_alloc(sizeof *self);
    self->delivery = delivery;
    return self;
}

// The HTTP clients are gone before this, and with them all open requests.
void typing_destroy(typing_t **self_p)
{
    act_free(act_take(self_p));
}

static bool is_busy(const typing_t *self, const account_t *account)
{
    const delivery_t *delivery = self->delivery;
    return self->open_count >= REQUESTS_MAX_COUNT || act_actor_is_draining(delivery->actor) ||
           sends_room_count(delivery->sends) < delivery->requests_max_count / 2 ||
           account->paused_until_ms > delivery_now_ms(delivery);
}

static void on_answer(void *context, const act_http_in_t *response)
{
    typing_t *self = context;
    (void)response; // whatever it says, the message itself is on its way
    self->open_count--;
}

void typing_show(typing_t *self, act_str_t tenant, const show_typing_request_t *request)
{
    delivery_t *delivery = self->delivery;
    const account_t *account =
        accounts_find(delivery->accounts, tenant, request->channel_account_id);
    if (!account)
        accounts_refresh(delivery->accounts); // a new one; the next message finds it
    if (!account || !account->channel->render_typing || is_busy(self, account)) {
        delivery_add_metric(delivery, METRIC_TYPING_DROPPED, 1);
        return;
    }
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_out_t out = {.method = NULL};
    if (account->channel->render_typing(&account->route, ACT_STR(""), request->external_id, arena,
                                        &out) != ACT_E_OK)
        return;
    out.timeout_ms = TIMEOUT_MS;
    self->open_count++;
    delivery_add_metric(delivery, METRIC_TYPING, 1);
    (void)act_http_send(delivery_client(delivery, account), &out, on_answer, self);
}
