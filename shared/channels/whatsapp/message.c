// message: messages and statuses, one table row a message type.
#include "channels/whatsapp/message.h"

#include "base/buf.h"
#include "channels/channel.h"

#include <string.h>

// Limits of proto/common.proto. Raw JSON stays below its limit so that a row with all its other
// fields stays below 64 KiB too.
#define ID_MAX_BYTES 256
#define TEXT_MAX_BYTES 16384
#define PLACE_MAX_BYTES 1024
#define ERROR_TEXT_MAX_BYTES 1024
#define RAW_MAX_BYTES (60 * 1024)

// Longer than any phone number (E.164: 15 digits) with its punctuation.
#define PHONE_MAX_BYTES 40

// Shared contacts named in the text; the rest is in the raw JSON.
#define SHARED_CONTACTS_MAX_COUNT 20

// The last second of the year 9999: what PostgreSQL and ISO 8601 can show.
#define LAST_SECOND INT64_C(253402300799)

typedef struct {
    const json_t *json;    // the whole message
    const json_t *payload; // its member named like its type
    act_arena_t *arena;
    inbound_message_t *message;
    inbound_content_t *content;
} source_t;

// Fills message and content from the payload; false when that is not what the type promises.
typedef bool fill_fn(const source_t *source);

typedef struct {
    const char *wire; // messages[].type, and the member that holds the payload
    const char *type; // ours; NULL: fill sets it
    fill_fn *fill;
    bool starts_turn;
    bool keeps_raw; // not modelled field by field
} type_row_t;

// --- text ----------------------------------------------------------------------------------------

static act_str_t without_nul(act_str_t text, act_arena_t *arena)
{
    char *copy = act_arena_alloc(arena, text.len_bytes);
    size_t len_bytes = 0;
    for (size_t i = 0; i < text.len_bytes; i++)
        if (text.ptr[i] != '\0')
            copy[len_bytes++] = text.ptr[i];
    return act_str_of(copy, len_bytes);
}

static act_str_t cut(act_str_t text, size_t max_bytes)
{
    if (text.len_bytes <= max_bytes)
        return text;
    // Continuation bytes are 10xxxxxx: step back to the start of the code point that does not fit.
    while (max_bytes > 0 && ((uint8_t)text.ptr[max_bytes] & 0xc0) == 0x80)
        max_bytes--;
    return act_str_of(text.ptr, max_bytes);
}

static act_str_t keep(act_str_t text, size_t max_bytes, act_arena_t *arena)
{
    if (act_str_empty(text))
        return act_str_of(NULL, 0);
    // PostgreSQL's text cannot hold NUL, and nobody means one.
    if (memchr(text.ptr, '\0', text.len_bytes))
        return cut(without_nul(text, arena), max_bytes);
    return act_arena_str(arena, cut(text, max_bytes));
}

act_str_t whatsapp_member(const json_t *object, const char *name, size_t max_bytes,
                          act_arena_t *arena)
{
    return keep(act_json_str(object, name), max_bytes, arena);
}

static act_str_t member(const source_t *source, const char *name)
{
    return whatsapp_member(source->payload, name, ID_MAX_BYTES, source->arena);
}

static act_str_t text_member(const source_t *source, const char *name)
{
    return whatsapp_member(source->payload, name, TEXT_MAX_BYTES, source->arena);
}

// The first one that is there.
static act_str_t either(act_str_t a, act_str_t b)
{
    return act_str_empty(a) ? b : a;
}

// An id that had to be cut could be taken for another one: whole or not at all.
static act_str_t whole_id(const json_t *json, const char *name, act_arena_t *arena)
{
    act_str_t id = act_json_str(json, name);
    return id.len_bytes > ID_MAX_BYTES ? act_str_of(NULL, 0) : keep(id, ID_MAX_BYTES, arena);
}

// A phone without "+" and the like; "" when it is too long to be one.
static act_str_t digits(act_str_t phone, act_arena_t *arena)
{
    if (act_str_empty(phone) || phone.len_bytes > PHONE_MAX_BYTES)
        return act_str_of(NULL, 0);
    char *copy = act_arena_alloc(arena, phone.len_bytes);
    size_t len_bytes = 0;
    for (size_t i = 0; i < phone.len_bytes; i++)
        if (phone.ptr[i] >= '0' && phone.ptr[i] <= '9')
            copy[len_bytes++] = phone.ptr[i];
    return act_str_of(copy, len_bytes);
}

// Unix seconds, as text or number -> milliseconds; 0 when it is no time.
static int64_t timestamp_ms(const json_t *json)
{
    int64_t second = act_json_int(json, "timestamp", 0);
    (void)act_str_to_int(act_json_str(json, "timestamp"), &second);
    return second > 0 && second <= LAST_SECOND ? second * 1000 : 0;
}

// Takes what still fits; then stops the writer, whose error nobody reads.
static int raw_add(const char *text, size_t len_bytes, void *context)
{
    act_buf_t *raw = context;
    size_t room_bytes = raw->max_bytes - raw->len_bytes;
    act_buf_add(raw, text, len_bytes < room_bytes ? len_bytes : room_bytes);
    return len_bytes < room_bytes ? 0 : -1;
}

static act_str_t raw_json(const json_t *json, act_arena_t *arena)
{
    act_buf_t raw;
    act_buf_init(&raw, RAW_MAX_BYTES + 1); // one more than we keep, to see whether it was cut
    (void)json_dump_callback(json, raw_add, &raw, JSON_COMPACT);
    act_str_t text = keep(act_buf_str(&raw), RAW_MAX_BYTES, arena);
    act_buf_fini(&raw);
    return text;
}

// --- message types -------------------------------------------------------------------------------

static bool fill_text(const source_t *source)
{
    source->content->text = text_member(source, "body");
    return json_is_string(json_object_get(source->payload, "body"));
}

static bool fill_interactive(const source_t *source)
{
    static const struct {
        const char *wire;
        const char *type;
        const char *text;
        bool keeps_raw;
    } replies[] = {
        {"button_reply", "choice", "title", false},
        {"list_reply", "choice", "title", false},
        {"nfm_reply", "form", "body", true},
    };
    act_str_t type = act_json_str(source->payload, "type");
    for (size_t i = 0; i < ACT_COUNT(replies); i++) {
        const json_t *reply = act_json_object(source->payload, replies[i].wire);
        if (!reply || !act_str_is(type, replies[i].wire))
            continue;
        source->message->type = act_str(replies[i].type);
        source->content->text =
            whatsapp_member(reply, replies[i].text, TEXT_MAX_BYTES, source->arena);
        source->content->choice_id = whatsapp_member(reply, "id", ID_MAX_BYTES, source->arena);
        if (replies[i].keeps_raw)
            source->content->raw = raw_json(source->json, source->arena);
        return true;
    }
    return false;
}

static bool fill_button(const source_t *source)
{
    source->content->text = text_member(source, "text");
    source->content->choice_id = member(source, "payload");
    return json_is_object(source->payload);
}

static bool fill_media(const source_t *source)
{
    inbound_content_t *content = source->content;
    content->media_id = member(source, "id");
    content->mime_type = member(source, "mime_type");
    content->file_name = member(source, "filename");
    content->text = text_member(source, "caption");
    content->is_voice = json_is_true(json_object_get(source->payload, "voice"));
    return !act_str_empty(content->media_id);
}

// With the separator if something stands before it; nothing for an empty part.
static void add_part(act_buf_t *out, const char *separator, act_str_t part)
{
    if (act_str_empty(part))
        return;
    if (out->len_bytes > 0)
        act_buf_add_str(out, act_str(separator));
    act_buf_add_str(out, part);
}

static bool coordinate(const json_t *location, const char *name, double max_deg, double *ret_value)
{
    const json_t *value = json_object_get(location, name);
    double number = json_number_value(value);
    if (!json_is_number(value) || number < -max_deg || number > max_deg)
        return false;
    *ret_value = number;
    return true;
}

static bool fill_location(const source_t *source)
{
    act_str_t name = act_json_str(source->payload, "name");
    act_str_t address = act_json_str(source->payload, "address");
    act_buf_t place;
    act_buf_init(&place, ACT_BUF_DEFAULT_MAX_BYTES);
    add_part(&place, ", ", name);
    add_part(&place, ", ", address);
    source->content->place = keep(act_buf_str(&place), PLACE_MAX_BYTES, source->arena);
    act_buf_fini(&place);
    return coordinate(source->payload, "latitude", 90, &source->content->latitude) &&
           coordinate(source->payload, "longitude", 180, &source->content->longitude);
}

// "Luis P +34 600, Eva": what a person would read; the whole card is in raw.
static bool fill_contacts(const source_t *source)
{
    act_buf_t text;
    act_buf_init(&text, ACT_BUF_DEFAULT_MAX_BYTES);
    size_t count = json_array_size(source->payload);
    for (size_t i = 0; i < count && i < SHARED_CONTACTS_MAX_COUNT; i++) {
        const json_t *card = json_array_get(source->payload, i);
        const json_t *phone = json_array_get(act_json_array(card, "phones"), 0);
        add_part(&text, ", ", act_json_str(act_json_object(card, "name"), "formatted_name"));
        add_part(&text, " ", act_json_str(phone, "phone"));
    }
    source->content->text = keep(act_buf_str(&text), TEXT_MAX_BYTES, source->arena);
    act_buf_fini(&text);
    return json_is_array(source->payload);
}

static bool fill_reaction(const source_t *source)
{
    source->content->emoji = member(source, "emoji"); // absent: taken back
    source->content->reply_to = member(source, "message_id");
    return json_is_object(source->payload);
}

static bool fill_order(const source_t *source)
{
    source->content->text = text_member(source, "text");
    return json_is_object(source->payload);
}

// The person got another phone or user id. The message is theirs under the new identity.
static bool fill_system(const source_t *source)
{
    inbound_message_t *message = source->message;
    act_str_t type = act_json_str(source->payload, "type");
    act_str_t user_id = whole_id(source->payload, "user_id", source->arena);
    act_str_t wa_id = digits(member(source, "wa_id"), source->arena);
    act_str_t old_phone = digits(act_json_str(source->json, "from"), source->arena);
    source->content->text = text_member(source, "body");
    if (!act_str_empty(user_id) || !act_str_empty(wa_id)) {
        message->address = either(user_id, wa_id);
        message->alias = act_str_empty(user_id) ? act_str_of(NULL, 0) : wa_id;
    }
    // The second name is what API versions before 2026 sent.
    if (act_str_starts_with(type, "user_changed_") || act_str_is(type, "customer_changed_number"))
        message->previous_address =
            either(whole_id(source->payload, "previous_user_id", source->arena), old_phone);
    if (act_str_eq(message->previous_address, message->address))
        message->previous_address = act_str_of(NULL, 0);
    return json_is_object(source->payload);
}

static bool fill_unsupported(const source_t *source)
{
    (void)source; // all there is to know is in raw
    return true;
}

static const type_row_t types[] = {
    {"text", "text", fill_text, .starts_turn = true},
    {"interactive", NULL, fill_interactive, .starts_turn = true},
    {"button", "choice", fill_button, .starts_turn = true},
    {"image", "image", fill_media, .starts_turn = true},
    {"audio", "audio", fill_media, .starts_turn = true},
    {"video", "video", fill_media, .starts_turn = true},
    {"document", "document", fill_media, .starts_turn = true},
    {"sticker", "sticker", fill_media, .starts_turn = true},
    {"location", "location", fill_location, .starts_turn = true},
    {"contacts", "contacts", fill_contacts, .starts_turn = true, .keeps_raw = true},
    {"order", "order", fill_order, .starts_turn = true, .keeps_raw = true},
    {"reaction", "reaction", fill_reaction, .starts_turn = false},
    {"system", "system", fill_system, .starts_turn = false, .keeps_raw = true},
    {"unsupported", "unsupported", fill_unsupported, .starts_turn = true, .keeps_raw = true},
};

static const type_row_t *find_type(act_str_t wire)
{
    for (size_t i = 0; i < ACT_COUNT(types); i++)
        if (act_str_is(wire, types[i].wire))
            return &types[i];
    return NULL;
}

// A type that is new, or a payload that is not as promised (a file too large arrives as its type
// with `errors` and without its object): kept whole, and answered politely by the turn it starts.
static void fill_fallback(const source_t *source)
{
    bool has_errors = act_json_array(source->json, "errors") != NULL;
    act_str_t reply_to = source->content->reply_to;
    *source->content = (inbound_content_t){.reply_to = reply_to};
    source->content->raw = raw_json(source->json, source->arena);
    source->message->type = has_errors ? ACT_STR("unsupported") : ACT_STR("unknown");
    source->message->starts_turn = true;
}

static void fill_content(source_t *source)
{
    act_str_t wire = act_json_str(source->json, "type");
    const type_row_t *row = find_type(wire);
    const json_t *context = act_json_object(source->json, "context");
    source->content->reply_to = whatsapp_member(context, "id", ID_MAX_BYTES, source->arena);
    source->payload = row ? json_object_get(source->json, row->wire) : NULL;
    if (!row || !row->fill(source)) {
        fill_fallback(source);
        return;
    }
    source->message->starts_turn = row->starts_turn;
    if (row->type)
        source->message->type = act_str(row->type);
    // An advertisement the customer came from is not modelled, but too good to lose.
    if (row->keeps_raw || act_json_object(source->json, "referral"))
        source->content->raw = raw_json(source->json, source->arena);
}

// --- who -----------------------------------------------------------------------------------------

whatsapp_contacts_t whatsapp_contacts(const json_t *array, act_arena_t *arena)
{
    size_t count = json_array_size(array);
    if (count > ACT_CHANNEL_UPDATES_MAX_COUNT)
        count = ACT_CHANNEL_UPDATES_MAX_COUNT;
    whatsapp_contacts_t contacts = {0};
    contacts.items = count ? act_arena_alloc_array(arena, count, sizeof *contacts.items) : NULL;
    for (size_t i = 0; i < count; i++) {
        const json_t *json = json_array_get(array, i);
        const json_t *profile = act_json_object(json, "profile");
        whatsapp_contact_t *contact = &contacts.items[contacts.count];
        contact->user_id = whole_id(json, "user_id", arena);
        contact->wa_id = digits(act_json_str(json, "wa_id"), arena);
        contact->name = either(whatsapp_member(profile, "name", ID_MAX_BYTES, arena),
                               whatsapp_member(profile, "username", ID_MAX_BYTES, arena));
        if (!act_str_empty(contact->user_id) || !act_str_empty(contact->wa_id))
            contacts.count++;
    }
    return contacts;
}

static bool is_same(act_str_t a, act_str_t b)
{
    return !act_str_empty(a) && act_str_eq(a, b);
}

// By user id, then by phone. A message that names nobody is the only contact's.
static const whatsapp_contact_t *find_contact(const whatsapp_contacts_t *contacts,
                                              act_str_t user_id, act_str_t phone)
{
    for (uint32_t i = 0; i < contacts->count; i++)
        if (is_same(user_id, contacts->items[i].user_id))
            return &contacts->items[i];
    for (uint32_t i = 0; i < contacts->count; i++)
        if (is_same(phone, contacts->items[i].wa_id))
            return &contacts->items[i];
    bool is_nameless = act_str_empty(user_id) && act_str_empty(phone);
    return is_nameless && contacts->count == 1 ? &contacts->items[0] : NULL;
}

// The user id is the stronger identity: a phone may be hidden, and may go to someone else.
static void fill_sender(const source_t *source, const whatsapp_contacts_t *contacts)
{
    act_str_t user_id = whole_id(source->json, "from_user_id", source->arena);
    act_str_t phone = digits(act_json_str(source->json, "from"), source->arena);
    const whatsapp_contact_t *contact = find_contact(contacts, user_id, phone);
    if (contact) {
        user_id = either(user_id, contact->user_id);
        phone = either(phone, contact->wa_id);
        source->message->contact_name = contact->name;
    }
    source->message->address = either(user_id, phone);
    source->message->alias = act_str_empty(user_id) ? act_str_of(NULL, 0) : phone;
}

// --- public --------------------------------------------------------------------------------------

whatsapp_mapping_t whatsapp_message(const json_t *json, const whatsapp_contacts_t *contacts,
                                    act_arena_t *arena, inbound_message_t *ret_message)
{
    if (json_object_get(json, "group_id"))
        return WHATSAPP_GROUP;
    inbound_content_t *content = act_arena_alloc(arena, sizeof *content);
    source_t source = {.json = json, .arena = arena, .message = ret_message, .content = content};
    *ret_message = (inbound_message_t){.content = content};
    ret_message->external_id = whole_id(json, "id", arena);
    ret_message->sent_at_ms = timestamp_ms(json);
    fill_sender(&source, contacts);
    fill_content(&source);
    bool is_complete =
        !act_str_empty(ret_message->external_id) && !act_str_empty(ret_message->address);
    return is_complete ? WHATSAPP_MAPPED : WHATSAPP_UNMAPPED;
}

static act_str_t error_text(const json_t *error, act_arena_t *arena)
{
    static const char *const names[] = {"message", "title"};
    act_str_t text = act_json_str(act_json_object(error, "error_data"), "details");
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        text = either(text, act_json_str(error, names[i]));
    return keep(text, ERROR_TEXT_MAX_BYTES, arena);
}

static int32_t error_code(const json_t *error)
{
    int64_t code = act_json_int(error, "code", 0);
    return code > INT32_MIN && code <= INT32_MAX ? (int32_t)code : 0;
}

static bool is_known_status(act_str_t status)
{
    static const char *const known[] = {"sent", "delivered", "read", "played", "failed"};
    for (size_t i = 0; i < ACT_COUNT(known); i++)
        if (act_str_is(status, known[i]))
            return true;
    return false;
}

whatsapp_mapping_t whatsapp_status(const json_t *json, act_arena_t *arena,
                                   delivery_status_t *ret_status)
{
    act_str_t status = act_json_str(json, "status");
    act_str_t provider_id = whole_id(json, "id", arena);
    if (act_str_empty(provider_id) || act_str_empty(status))
        return WHATSAPP_UNMAPPED;
    if (!is_known_status(status))
        return WHATSAPP_UNUSED;
    const json_t *error = json_array_get(act_json_array(json, "errors"), 0);
    *ret_status = (delivery_status_t){
        .provider_id = provider_id,
        .status = act_arena_str(arena, status),
        .at_ms = timestamp_ms(json),
        .address = either(whole_id(json, "recipient_user_id", arena),
                          digits(act_json_str(json, "recipient_id"), arena)),
        .outbox_id = whole_id(json, "biz_opaque_callback_data", arena),
        .error_code = error_code(error),
        .error_text = error_text(error, arena),
    };
    return WHATSAPP_MAPPED;
}
