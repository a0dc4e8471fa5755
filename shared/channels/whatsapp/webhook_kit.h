// webhook_kit: what the tests of inbound.c and message.c share. JSON in them is written with ' for
// ".
#pragma once
#include "channels/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// A webhook up to its first change.
#define WEBHOOK_HEAD "{'object':'whatsapp_business_account','entry':[{'id':'900001','changes':["

#define assert_str(view, text)                                                                     \
    do {                                                                                           \
        act_str_t checked_ = (view);                                                               \
        assert_int_equal(checked_.len_bytes, strlen(text));                                        \
        if (checked_.len_bytes)                                                                    \
            assert_memory_equal(checked_.ptr, (text), checked_.len_bytes);                         \
    } while (0)

// The text with " for '.
act_str_t kit_json(act_str_t text, act_arena_t *arena);

// A unit many times, terminated.
act_str_t kit_repeated(act_arena_t *arena, const char *unit, size_t count);

// What we make of a webhook must pass the bus: pack, unpack (limits, UTF-8), compare.
void kit_check_models(const act_channel_batch_t *batch, act_arena_t *arena);

// Parses and checks; the first with the value object of one change (its metadata is added), the
// second with one message (its id and sender are added).
act_channel_batch_t kit_parsed(act_str_t text, act_arena_t *arena);
act_channel_batch_t kit_parsed_value(const char *members, act_arena_t *arena);
const inbound_message_t *kit_parsed_message(const char *members, act_arena_t *arena);
