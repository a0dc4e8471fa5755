// whatsapp_inbound: libFuzzer target of the WhatsApp webhook, signature to models.
#include "base/assert.h"
#include "channels/whatsapp/inbound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// Every update must be acceptable to the actor that receives it.
static void check_messages(const act_channel_updates_t *account, act_arena_t *arena, act_buf_t *out)
{
    for (uint32_t i = 0; i < account->messages.count; i++) {
        inbound_message_t again;
        act_buf_reset(out);
        inbound_message_pack(&account->messages.items[i], out);
        act_assert(inbound_message_unpack(act_buf_str(out), arena, &again, NULL) == ACT_E_OK);
    }
}

static void check_statuses(const act_channel_updates_t *account, act_arena_t *arena, act_buf_t *out)
{
    for (uint32_t i = 0; i < account->statuses.count; i++) {
        delivery_status_t again;
        act_buf_reset(out);
        delivery_status_pack(&account->statuses.items[i], out);
        act_assert(delivery_status_unpack(act_buf_str(out), arena, &again, NULL) == ACT_E_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = act_str_of(data, size_bytes);
    act_channel_batch_t batch;
    // No input can be its own signature.
    act_assert(!whatsapp_signature_is_valid(body, body, ACT_STR("secret")));
    if (whatsapp_parse(body, arena, &batch) != ACT_E_OK)
        return 0;
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    for (uint32_t i = 0; i < batch.accounts.count; i++) {
        check_messages(&batch.accounts.items[i], arena, &out);
        check_statuses(&batch.accounts.items[i], arena, &out);
    }
    act_buf_fini(&out);
    return 0;
}
