// tool_card: cards from outside (JSON: bus.tools, tool servers). What is accepted has what its users rely on.
#include "base/assert.h"
#include "tool/card.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    act_tool_card_t *card = NULL;
    act_err_t err = act_tool_card_parse(act_str_of(data, size_bytes), &card, &error);
    act_assert((err == ACT_E_OK) == (card != NULL));
    act_assert((err == ACT_E_OK) == (error.len_bytes == 0));
    if (card) {
        act_assert(act_tool_name_is_good(act_str(card->name)) && card->title && card->description);
        act_assert(json_is_object(card->input) && json_is_object(card->output));
        act_assert(card->timeout_ms >= 50 && card->timeout_ms <= 120000);
        act_assert(act_tool_effects_name(card->effects));
        act_assert(!card->run || json_array_size(card->run) > 0);
    }
    act_tool_card_destroy(&card);
    act_buf_fini(&error);
    return 0;
}
