// graph_check: one table row a message type, one small function a rule.
#include "sim/graph_check.h"

#include "base/mem.h"
#include "io/json.h"

#include <string.h>

#define TEXT_BODY_MAX_COUNT 4096
#define INTERACTIVE_BODY_MAX_COUNT 1024
#define CAPTION_MAX_COUNT 1024
#define FILE_NAME_MAX_COUNT 240
#define LINK_MAX_BYTES 2048
#define OPAQUE_MAX_COUNT 512
#define PHONE_MIN_DIGITS 5
#define PHONE_MAX_DIGITS 15
#define ROWS_MAX_COUNT 10
#define SECTIONS_MAX_COUNT 10
#define BUTTONS_MAX_COUNT 3

#define MISSING 131008
#define INVALID 131009
#define BAD_REQUEST 100

typedef struct {
    act_arena_t *arena;
    graph_send_t *send;
    graph_fault_t *fault;
    act_str_t ids[ROWS_MAX_COUNT]; // of buttons or rows seen so far
    uint32_t ids_count;
} check_t;

// --- rules ---------------------------------------------------------------------------------------

static bool refuse(check_t *check, int32_t code, const char *format, ...) ACT_PRINTF(3, 4);
static bool refuse(check_t *check, int32_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *check->fault = graph_fault(code, act_arena_vprintf(check->arena, format, args));
    va_end(args);
    return false;
}

typedef struct {
    const char *name;
    size_t min_count; // 0: may be absent
    size_t max_count;
} text_rule_t;

static bool has_text(check_t *check, const json_t *object, text_rule_t rule)
{
    const json_t *value = json_object_get(object, rule.name);
    if (!value)
        return rule.min_count == 0 || refuse(check, MISSING, "%s is required", rule.name);
    if (!json_is_string(value))
        return refuse(check, BAD_REQUEST, "Param %s must be a string", rule.name);
    size_t count = act_utf8_count(act_json_str(object, rule.name));
    if (count < rule.min_count || count > rule.max_count)
        return refuse(check, INVALID, "%s length invalid. Min length: %zu, Max length: %zu",
                      rule.name, rule.min_count, rule.max_count);
    return true;
}

static bool has_edge_spaces(act_str_t text)
{
    return act_str_trim(text).len_bytes != text.len_bytes;
}

// An id of its own, without spaces at the ends.
static bool has_unique_id(check_t *check, const json_t *object, size_t max_count)
{
    if (!has_text(check, object, (text_rule_t){"id", 1, max_count}))
        return false;
    act_str_t id = act_json_str(object, "id");
    if (has_edge_spaces(id))
        return refuse(check, INVALID, "id has leading or trailing spaces");
    for (uint32_t i = 0; i < check->ids_count; i++)
        if (act_str_eq(check->ids[i], id))
            return refuse(check, INVALID, "duplicate id");
    check->ids[check->ids_count++] = id;
    return true;
}

static bool is_digits(act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

// --- interactive ---------------------------------------------------------------------------------

static bool check_button(check_t *check, const json_t *buttons, size_t index)
{
    const json_t *button = json_array_get(buttons, index);
    const json_t *reply = act_json_object(button, "reply");
    if (!act_str_is(act_json_str(button, "type"), "reply") || !reply)
        return refuse(check, INVALID, "buttons[%zu] must be of type reply", index);
    if (!has_unique_id(check, reply, 256) || !has_text(check, reply, (text_rule_t){"title", 1, 20}))
        return false;
    for (size_t i = 0; i < index; i++) {
        const json_t *other = act_json_object(json_array_get(buttons, i), "reply");
        if (act_str_eq(act_json_str(other, "title"), act_json_str(reply, "title")))
            return refuse(check, INVALID, "duplicate button title");
    }
    return true;
}

static bool check_buttons(check_t *check, const json_t *action)
{
    const json_t *buttons = act_json_array(action, "buttons");
    size_t count = json_array_size(buttons);
    if (count < 1 || count > BUTTONS_MAX_COUNT)
        return refuse(check, INVALID, "Invalid buttons count. Min: 1, Max: %d", BUTTONS_MAX_COUNT);
    for (size_t i = 0; i < count; i++)
        if (!check_button(check, buttons, i))
            return false;
    return true;
}

static bool check_section(check_t *check, const json_t *section, bool is_only)
{
    const json_t *rows = act_json_array(section, "rows");
    if (!has_text(check, section, (text_rule_t){"title", is_only ? 0 : 1, 24}))
        return false;
    if (json_array_size(rows) == 0)
        return refuse(check, MISSING, "rows is required");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (check->ids_count == ROWS_MAX_COUNT)
            return refuse(check, INVALID, "Total row count exceed max allowed count: %d",
                          ROWS_MAX_COUNT);
        if (!has_unique_id(check, row, 200) ||
            !has_text(check, row, (text_rule_t){"title", 1, 24}) ||
            !has_text(check, row, (text_rule_t){"description", 0, 72}))
            return false;
    }
    return true;
}

static bool check_list(check_t *check, const json_t *action)
{
    const json_t *sections = act_json_array(action, "sections");
    size_t count = json_array_size(sections);
    if (!has_text(check, action, (text_rule_t){"button", 1, 20}))
        return false;
    if (count < 1 || count > SECTIONS_MAX_COUNT)
        return refuse(check, INVALID, "Invalid sections count. Min: 1, Max: %d",
                      SECTIONS_MAX_COUNT);
    for (size_t i = 0; i < count; i++)
        if (!check_section(check, json_array_get(sections, i), count == 1))
            return false;
    return true;
}

static bool check_header(check_t *check, const json_t *interactive, bool is_list)
{
    const json_t *header = act_json_object(interactive, "header");
    act_str_t type = act_json_str(header, "type");
    if (!json_object_get(interactive, "header"))
        return true;
    if (act_str_is(type, "text"))
        return has_text(check, header, (text_rule_t){"text", 1, 60});
    bool is_media =
        act_str_is(type, "image") || act_str_is(type, "video") || act_str_is(type, "document");
    return (is_media && !is_list) || refuse(check, INVALID, "header type is not allowed");
}

static bool check_interactive(check_t *check, const json_t *interactive)
{
    static const struct {
        const char *type;
        bool (*check_action)(check_t *check, const json_t *action);
        bool is_list;
    } kinds[] = {{"button", check_buttons, false}, {"list", check_list, true}};
    const json_t *body = act_json_object(interactive, "body");
    const json_t *footer = act_json_object(interactive, "footer");
    act_str_t type = act_json_str(interactive, "type");
    if (!body)
        return refuse(check, MISSING, "interactive['body'] is required");
    if (!has_text(check, body, (text_rule_t){"text", 1, INTERACTIVE_BODY_MAX_COUNT}) ||
        (footer && !has_text(check, footer, (text_rule_t){"text", 1, 60})))
        return false;
    check->send->text = act_json_str(body, "text");
    for (size_t i = 0; i < ACT_COUNT(kinds); i++)
        if (act_str_is(type, kinds[i].type))
            return check_header(check, interactive, kinds[i].is_list) &&
                   kinds[i].check_action(check, act_json_object(interactive, "action"));
    return refuse(check, INVALID, "interactive['type'] is not supported here");
}

// --- the other types -----------------------------------------------------------------------------

static bool check_text(check_t *check, const json_t *text)
{
    check->send->text = act_json_str(text, "body");
    return has_text(check, text, (text_rule_t){"body", 1, TEXT_BODY_MAX_COUNT});
}

// Which members each kind of media may have beside id or link (channels.md 1.9, 1.10).
static const struct {
    const char *type;
    bool has_caption;
    bool has_file_name;
} media_kinds[] = {{"image", true, false},
                   {"video", true, false},
                   {"document", true, true},
                   {"audio", false, false},
                   {"sticker", false, false}};

static bool check_members(check_t *check, const json_t *media)
{
    for (size_t i = 0; i < ACT_COUNT(media_kinds); i++) {
        if (!act_str_is(check->send->type, media_kinds[i].type))
            continue;
        if (!media_kinds[i].has_caption && json_object_get(media, "caption"))
            return refuse(check, INVALID, "%s has no caption", media_kinds[i].type);
        if (!media_kinds[i].has_file_name && json_object_get(media, "filename"))
            return refuse(check, INVALID, "%s has no filename", media_kinds[i].type);
    }
    return has_text(check, media, (text_rule_t){"caption", 0, CAPTION_MAX_COUNT}) &&
           has_text(check, media, (text_rule_t){"filename", 0, FILE_NAME_MAX_COUNT});
}

static bool check_media(check_t *check, const json_t *media)
{
    bool has_id = !act_str_empty(act_json_str(media, "id"));
    act_str_t link = act_json_str(media, "link");
    bool has_link = !act_str_empty(link);
    check->send->text = act_json_str(media, "caption");
    if (has_id == has_link)
        return refuse(check, INVALID, "exactly one of id and link is required");
    if (has_link && (!act_str_starts_with(link, "https://") || link.len_bytes < 12 ||
                     link.len_bytes > LINK_MAX_BYTES || memchr(link.ptr, ' ', link.len_bytes)))
        return refuse(check, INVALID, "link is not an https URL");
    return check_members(check, media);
}

static bool check_location(check_t *check, const json_t *location)
{
    if (!json_is_number(json_object_get(location, "latitude")) ||
        !json_is_number(json_object_get(location, "longitude")))
        return refuse(check, MISSING, "latitude and longitude are required");
    check->send->text = act_json_str(location, "name");
    return true;
}

static bool check_reaction(check_t *check, const json_t *reaction)
{
    check->send->text = act_json_str(reaction, "emoji");
    return has_text(check, reaction, (text_rule_t){"message_id", 1, 256}) &&
           has_text(check, reaction, (text_rule_t){"emoji", 0, 16});
}

// Meta refuses these since they would change how a template looks.
static bool has_bad_spaces(act_str_t text)
{
    return memchr(text.ptr, '\n', text.len_bytes) || memchr(text.ptr, '\t', text.len_bytes) ||
           memmem(text.ptr, text.len_bytes, "     ", 5);
}

static bool check_component(check_t *check, const json_t *component)
{
    const json_t *parameters = act_json_array(component, "parameters");
    if (!has_text(check, component, (text_rule_t){"type", 1, 16}))
        return false;
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *parameter = json_array_get(parameters, i);
        if (!act_str_is(act_json_str(parameter, "type"), "text"))
            continue;
        if (!has_text(check, parameter, (text_rule_t){"text", 1, 32768}))
            return false;
        if (has_bad_spaces(act_json_str(parameter, "text")))
            return refuse(check, 132018,
                          "Param text cannot have new-line/tab characters or more than 4 "
                          "consecutive spaces");
    }
    return true;
}

static bool check_template(check_t *check, const json_t *template)
{
    const json_t *language = act_json_object(template, "language");
    const json_t *components = act_json_array(template, "components");
    if (!has_text(check, template, (text_rule_t){"name", 1, 512}) ||
        !has_text(check, language, (text_rule_t){"code", 1, 16}))
        return false;
    check->send->text = act_json_str(template, "name");
    for (size_t i = 0; i < json_array_size(components); i++)
        if (!check_component(check, json_array_get(components, i)))
            return false;
    return true;
}

static const struct {
    const char *type;
    bool (*check)(check_t *check, const json_t *payload);
} types[] = {
    {"text", check_text},         {"interactive", check_interactive},
    {"template", check_template}, {"image", check_media},
    {"audio", check_media},       {"video", check_media},
    {"document", check_media},    {"sticker", check_media},
    {"location", check_location}, {"reaction", check_reaction},
};

// --- the whole request ---------------------------------------------------------------------------

static bool check_names(check_t *check, const json_t *request)
{
    static const char *const known[] = {
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "status",
        "message_id",
        "typing_indicator",
        "biz_opaque_callback_data",
        "messaging_account_id",
    };
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)request, name, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < ACT_COUNT(known); i++)
            is_known |= strcmp(name, known[i]) == 0;
        for (size_t i = 0; i < ACT_COUNT(types); i++)
            is_known |= strcmp(name, types[i].type) == 0;
        if (!is_known)
            return refuse(check, BAD_REQUEST, "Unexpected key \"%.64s\"", name);
    }
    return true;
}

static bool check_phone(check_t *check, act_str_t to)
{
    act_str_t phone = to;
    if (act_str_starts_with(phone, "+"))
        phone = act_str_of(phone.ptr + 1, phone.len_bytes - 1);
    if (phone.len_bytes < PHONE_MIN_DIGITS || phone.len_bytes > PHONE_MAX_DIGITS ||
        !is_digits(phone))
        return refuse(check, INVALID, "to is not a phone number");
    check->send->to = to;
    return true;
}

// "CC." and 1 to 128 letters and digits; "CC.ENT." for parents.
static bool check_user_id(check_t *check, act_str_t user_id)
{
    bool is_good = user_id.len_bytes >= 4 && user_id.len_bytes <= 3 + 4 + 128;
    for (size_t i = 0; i < user_id.len_bytes && is_good; i++) {
        char c = user_id.ptr[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_plain = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (i < 2)
            is_good = is_upper;
        else
            is_good = i == 2 ? c == '.' : is_plain || c == '.';
    }
    if (!is_good)
        return refuse(check, INVALID, "recipient is not a user id");
    check->send->to = user_id;
    check->send->is_user_id = true;
    return true;
}

static bool check_recipient(check_t *check, const json_t *request)
{
    act_str_t to = act_json_str(request, "to"); // wins when both are there
    act_str_t user_id = act_json_str(request, "recipient");
    if (act_str_empty(to) && act_str_empty(user_id))
        return refuse(check, BAD_REQUEST, "The parameter to is required.");
    return act_str_empty(to) ? check_user_id(check, user_id) : check_phone(check, to);
}

static bool check_read(check_t *check, const json_t *request)
{
    const json_t *typing = act_json_object(request, "typing_indicator");
    check->send->is_read = true;
    check->send->has_typing = typing != NULL;
    check->send->message_id = act_json_str(request, "message_id");
    if (!act_str_is(act_json_str(request, "status"), "read"))
        return refuse(check, INVALID, "status must be read");
    if (!act_str_starts_with(check->send->message_id, "wamid."))
        return refuse(check, INVALID, "message_id is not a message id");
    if (typing && !act_str_is(act_json_str(typing, "type"), "text"))
        return refuse(check, INVALID, "typing_indicator['type'] must be text");
    return true;
}

static bool check_payload(check_t *check, const json_t *request)
{
    act_str_t type = act_json_str(request, "type");
    check->send->type = act_str_empty(type) ? ACT_STR("text") : type;
    for (size_t i = 0; i < ACT_COUNT(types); i++) {
        if (!act_str_is(check->send->type, types[i].type))
            continue;
        const json_t *payload = act_json_object(request, types[i].type);
        return payload ? types[i].check(check, payload)
                       : refuse(check, MISSING, "%s is required", types[i].type);
    }
    return refuse(check, BAD_REQUEST, "Param type is not one of the message types");
}

static bool check_send(check_t *check, const json_t *request)
{
    act_str_t recipient_type = act_json_str(request, "recipient_type");
    if (!act_str_empty(recipient_type) && !act_str_is(recipient_type, "individual"))
        return refuse(check, INVALID, "recipient_type must be individual");
    check->send->outbox_id = act_json_str(request, "biz_opaque_callback_data");
    const json_t *context = json_object_get(request, "context");
    if (context && act_str_empty(act_json_str(context, "message_id")))
        return refuse(check, MISSING, "context['message_id'] is required");
    return has_text(check, request,
                    (text_rule_t){"biz_opaque_callback_data", 0, OPAQUE_MAX_COUNT}) &&
           check_recipient(check, request) && check_payload(check, request);
}

bool graph_check(const json_t *request, act_arena_t *arena, graph_send_t *ret_send,
                 graph_fault_t *ret_fault)
{
    *ret_send = (graph_send_t){0};
    check_t check = {.arena = arena, .send = ret_send, .fault = ret_fault};
    if (!json_is_object(request))
        return refuse(&check, BAD_REQUEST, "The body is not a JSON object");
    if (!act_str_is(act_json_str(request, "messaging_product"), "whatsapp"))
        return refuse(&check, BAD_REQUEST, "The parameter messaging_product is required.");
    if (!check_names(&check, request))
        return false;
    return json_object_get(request, "status") ? check_read(&check, request)
                                              : check_send(&check, request);
}
