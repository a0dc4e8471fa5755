// webhook_kit: helpers of tests.
#include "channels/whatsapp/webhook_kit.h"

#include "channels/whatsapp/inbound.h"

void kit_check_models(const act_channel_batch_t *batch, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    for (uint32_t i = 0; i < batch->accounts.count; i++) {
        const act_channel_updates_t *account = &batch->accounts.items[i];
        for (uint32_t m = 0; m < account->messages.count; m++) {
            inbound_message_t again;
            act_buf_reset(&out);
            inbound_message_pack(&account->messages.items[m], &out);
            assert_int_equal(inbound_message_unpack(act_buf_str(&out), arena, &again, NULL),
                             ACT_E_OK);
            assert_true(inbound_message_equal(&account->messages.items[m], &again));
        }
        for (uint32_t s = 0; s < account->statuses.count; s++) {
            delivery_status_t again;
            act_buf_reset(&out);
            delivery_status_pack(&account->statuses.items[s], &out);
            assert_int_equal(delivery_status_unpack(act_buf_str(&out), arena, &again, NULL),
                             ACT_E_OK);
            assert_true(delivery_status_equal(&account->statuses.items[s], &again));
        }
    }
    act_buf_fini(&out);
}

act_str_t kit_json(act_str_t text, act_arena_t *arena)
{
    char *json = act_arena_alloc(arena, text.len_bytes + 1);
    for (size_t i = 0; i < text.len_bytes; i++)
        json[i] = text.ptr[i] == '\'' ? '"' : text.ptr[i];
    return act_str_of(json, text.len_bytes);
}

act_channel_batch_t kit_parsed(act_str_t text, act_arena_t *arena)
{
    act_channel_batch_t batch;
    assert_int_equal(whatsapp_parse(kit_json(text, arena), arena, &batch), ACT_E_OK);
    kit_check_models(&batch, arena);
    return batch;
}

act_channel_batch_t kit_parsed_value(const char *members, act_arena_t *arena)
{
    return kit_parsed(act_arena_printf(arena,
                                       WEBHOOK_HEAD "{'field':'messages','value':{'metadata':"
                                                    "{'phone_number_id':'800001'},%s}}]}]}",
                                       members),
                      arena);
}

const inbound_message_t *kit_parsed_message(const char *members, act_arena_t *arena)
{
    act_str_t value = act_arena_printf(
        arena, "'messages':[{'from':'15551230001','id':'wamid.IN1','timestamp':'1790000000',%s}]",
        members);
    act_channel_batch_t batch = kit_parsed_value(value.ptr, arena);
    assert_int_equal(batch.accounts.count, 1);
    assert_int_equal(batch.accounts.items[0].messages.count, 1);
    return &batch.accounts.items[0].messages.items[0];
}

act_str_t kit_repeated(act_arena_t *arena, const char *unit, size_t count)
{
    size_t unit_bytes = strlen(unit);
    char *text = act_arena_alloc(arena, unit_bytes * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * unit_bytes, unit, unit_bytes);
    return act_str_of(text, unit_bytes * count);
}
