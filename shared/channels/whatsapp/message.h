// message: one item of a WhatsApp webhook -> our model. The envelope around the items is inbound.c.
// All text that is returned lives in the arena, without NUL characters, cut at code point borders
// to what proto/common.proto allows.
#pragma once
#include "base/arena.h"
#include "io/json.h"
#include "proto/common.h"

// Who may have written, from value.contacts. Either id may be empty, not both.
typedef struct {
    act_str_t user_id; // BSUID
    act_str_t wa_id;   // phone
    act_str_t name;
} whatsapp_contact_t;

typedef struct {
    whatsapp_contact_t *items;
    uint32_t count;
} whatsapp_contacts_t;

typedef enum {
    WHATSAPP_MAPPED,
    WHATSAPP_GROUP,    // written in a group chat
    WHATSAPP_UNMAPPED, // no id, no sender, or an id too long to be kept whole
    WHATSAPP_UNUSED,   // a status we do not know
} whatsapp_mapping_t;

// The contacts of one change; array may be NULL. Those past the largest webhook are left out.
whatsapp_contacts_t whatsapp_contacts(const json_t *array, act_arena_t *arena);

// One element of value.messages. *ret_message is only complete when MAPPED is returned.
whatsapp_mapping_t whatsapp_message(const json_t *json, const whatsapp_contacts_t *contacts,
                                    act_arena_t *arena, inbound_message_t *ret_message);

// One element of value.statuses. *ret_status is only complete when MAPPED is returned.
whatsapp_mapping_t whatsapp_status(const json_t *json, act_arena_t *arena,
                                   delivery_status_t *ret_status);

// The text of a member, "" when missing, at most max_bytes.
act_str_t whatsapp_member(const json_t *object, const char *name, size_t max_bytes,
                          act_arena_t *arena);
