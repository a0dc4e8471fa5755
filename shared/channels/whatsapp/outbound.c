// outbound: writes the JSON of one message; one table row a kind of content.
#include "channels/whatsapp/outbound.h"

#include "channels/whatsapp/shape.h"
#include "io/json.h"

#include <string.h>

#define BUTTON_TITLE_MAX_COUNT 20
#define BUTTON_ID_MAX_COUNT 256
#define ROWS_MAX_COUNT 10
#define ROW_TITLE_MAX_COUNT 24
#define ROW_DESCRIPTION_MAX_COUNT 72
#define ROW_ID_MAX_COUNT 200
#define LIST_LABEL_MAX_COUNT 20
#define HEADER_MAX_COUNT 60
#define FOOTER_MAX_COUNT 60
#define PARAMETER_MAX_COUNT 1024
#define CAPTION_MAX_COUNT 1024
#define FILE_NAME_MAX_COUNT 240
#define OUTBOX_ID_MAX_COUNT 512
#define PHONE_DIGITS_MAX_COUNT 20

// Understood in all nine languages.
#define DEFAULT_LIST_LABEL "Menu"

typedef struct {
    const outbound_content_t *content;
    act_arena_t *arena;
    act_buf_t *out;
} writer_t;

// Choices as the API takes them.
typedef struct {
    choice_t items[ROWS_MAX_COUNT];
    uint32_t count;
} choices_t;

typedef struct {
    size_t choices_max_count;
    size_t id_max_count;
    size_t title_max_count;
    bool has_unique_titles;
} choice_limits_t;

static const choice_limits_t button_limits = {WHATSAPP_BUTTONS_MAX_COUNT, BUTTON_ID_MAX_COUNT,
                                              BUTTON_TITLE_MAX_COUNT, .has_unique_titles = true};
static const choice_limits_t row_limits = {ROWS_MAX_COUNT, ROW_ID_MAX_COUNT, ROW_TITLE_MAX_COUNT,
                                           .has_unique_titles = false};

// --- writing -------------------------------------------------------------------------------------

static void put(const writer_t *writer, const char *json)
{
    act_buf_add_str(writer->out, act_str(json));
}

// put, then the text as a JSON string.
static void put_text(const writer_t *writer, const char *json, act_str_t text)
{
    put(writer, json);
    act_json_quote(text, writer->out);
}

// --- choices -------------------------------------------------------------------------------------

static bool has_id(const choices_t *choices, act_str_t id)
{
    for (uint32_t i = 0; i < choices->count; i++)
        if (act_str_eq(choices->items[i].id, id))
            return true;
    return false;
}

static bool has_title(const choices_t *choices, act_str_t title)
{
    for (uint32_t i = 0; i < choices->count; i++)
        if (act_str_eq(choices->items[i].title, title))
            return true;
    return false;
}

// "Long title that was cut…" twice -> the second ends with its number.
static act_str_t unique_title(const choices_t *choices, act_str_t title, size_t max_count,
                              act_arena_t *arena)
{
    act_str_t head = whatsapp_cut(title, max_count - 2, arena);
    // One digit is enough: there are never more choices than that to be unlike.
    for (uint32_t number = choices->count + 1; number < 10 && has_title(choices, title); number++)
        title = act_arena_printf(arena, "%" ACT_STR_FMT " %u", ACT_STR_ARG(head), number);
    return title;
}

static void shape_choice(const choice_t *choice, const choice_limits_t *limits, act_arena_t *arena,
                         choices_t *choices)
{
    act_str_t id = act_str_trim(act_utf8_prefix(act_str_trim(choice->id), limits->id_max_count));
    act_str_t title = whatsapp_cut_line(choice->title, limits->title_max_count, arena);
    if (act_str_empty(title))
        title = whatsapp_cut_line(id, limits->title_max_count, arena);
    if (act_str_empty(id))
        id = title;
    if (act_str_empty(id) || has_id(choices, id))
        return;
    if (limits->has_unique_titles)
        title = unique_title(choices, title, limits->title_max_count, arena);
    choices->items[choices->count++] = (choice_t){
        .id = id,
        .title = title,
        .description = whatsapp_cut_line(choice->description, ROW_DESCRIPTION_MAX_COUNT, arena),
    };
}

static choices_t shape_choices(const writer_t *writer, const choice_limits_t *limits)
{
    const outbound_content_t *content = writer->content;
    choices_t choices = {.count = 0};
    for (uint32_t i = 0; i < content->choices.count && choices.count < limits->choices_max_count;
         i++)
        shape_choice(&content->choices.items[i], limits, writer->arena, &choices);
    return choices;
}

// --- contents ------------------------------------------------------------------------------------

static void write_text(const writer_t *writer)
{
    act_str_t body = whatsapp_cut(writer->content->text, WHATSAPP_TEXT_MAX_COUNT, writer->arena);
    put_text(writer, ",\"type\":\"text\",\"text\":{\"preview_url\":false,\"body\":", body);
    put(writer, "}");
}

// Header, body and footer of buttons and lists.
static void write_frame(const writer_t *writer)
{
    const outbound_content_t *content = writer->content;
    act_str_t header = whatsapp_cut_line(content->header, HEADER_MAX_COUNT, writer->arena);
    act_str_t footer = whatsapp_cut_line(content->footer, FOOTER_MAX_COUNT, writer->arena);
    act_str_t body = whatsapp_cut(content->text, WHATSAPP_BODY_MAX_COUNT, writer->arena);
    if (act_str_empty(body))
        body = act_str_empty(header) ? ACT_STR("…") : header;
    if (!act_str_empty(header)) {
        put_text(writer, ",\"header\":{\"type\":\"text\",\"text\":", header);
        put(writer, "}");
    }
    put_text(writer, ",\"body\":{\"text\":", body);
    put(writer, "}");
    if (!act_str_empty(footer)) {
        put_text(writer, ",\"footer\":{\"text\":", footer);
        put(writer, "}");
    }
}

static void write_buttons(const writer_t *writer)
{
    choices_t choices = shape_choices(writer, &button_limits);
    put(writer, ",\"type\":\"interactive\",\"interactive\":{\"type\":\"button\"");
    write_frame(writer);
    put(writer, ",\"action\":{\"buttons\":[");
    for (uint32_t i = 0; i < choices.count; i++) {
        put(writer, i ? "," : "");
        put_text(writer, "{\"type\":\"reply\",\"reply\":{\"id\":", choices.items[i].id);
        put_text(writer, ",\"title\":", choices.items[i].title);
        put(writer, "}}");
    }
    put(writer, "]}}");
}

static void write_list(const writer_t *writer)
{
    choices_t choices = shape_choices(writer, &row_limits);
    act_str_t label =
        whatsapp_cut_line(writer->content->list_label, LIST_LABEL_MAX_COUNT, writer->arena);
    put(writer, ",\"type\":\"interactive\",\"interactive\":{\"type\":\"list\"");
    write_frame(writer);
    put_text(writer, ",\"action\":{\"button\":",
             act_str_empty(label) ? ACT_STR(DEFAULT_LIST_LABEL) : label);
    put(writer, ",\"sections\":[{\"rows\":[");
    for (uint32_t i = 0; i < choices.count; i++) {
        put(writer, i ? "," : "");
        put_text(writer, "{\"id\":", choices.items[i].id);
        put_text(writer, ",\"title\":", choices.items[i].title);
        if (!act_str_empty(choices.items[i].description))
            put_text(writer, ",\"description\":", choices.items[i].description);
        put(writer, "}");
    }
    put(writer, "]}]}}");
}

static void write_template(const writer_t *writer)
{
    const outbound_content_t *content = writer->content;
    put_text(writer, ",\"type\":\"template\",\"template\":{\"name\":", content->template_name);
    put_text(writer, ",\"language\":{\"code\":", content->template_language);
    put(writer, "}");
    for (uint32_t i = 0; i < content->template_parameters.count; i++) {
        act_str_t text = whatsapp_cut_line(content->template_parameters.items[i],
                                           PARAMETER_MAX_COUNT, writer->arena);
        put(writer, i ? "," : ",\"components\":[{\"type\":\"body\",\"parameters\":[");
        put_text(writer, "{\"type\":\"text\",\"text\":", act_str_empty(text) ? ACT_STR("-") : text);
        put(writer, "}");
    }
    put(writer, content->template_parameters.count ? "]}]}" : "}");
}

const act_channel_media_t whatsapp_media[] = {
    {"image", CAPTION_MAX_COUNT, .has_file_name = false},
    {"video", CAPTION_MAX_COUNT, .has_file_name = false},
    {"document", CAPTION_MAX_COUNT, .has_file_name = true},
    {"audio", .caption_max_count = 0, .has_file_name = false},
    {.type = NULL},
};

static void write_media(const writer_t *writer)
{
    const outbound_content_t *content = writer->content;
    const act_channel_media_t *media = act_channel_media_find(whatsapp_media, content->type);
    act_str_t caption = {0};
    if (media->caption_max_count > 0)
        caption = whatsapp_cut(content->text, media->caption_max_count, writer->arena);
    act_str_t file_name = whatsapp_cut_line(content->file_name, FILE_NAME_MAX_COUNT, writer->arena);
    put_text(writer, ",\"type\":", content->type);
    put_text(writer, ",", content->type);
    put_text(writer, ":{\"link\":", content->media_url);
    if (!act_str_empty(caption))
        put_text(writer, ",\"caption\":", caption);
    if (media->has_file_name && !act_str_empty(file_name))
        put_text(writer, ",\"filename\":", file_name);
    put(writer, "}");
}

// --- which content -------------------------------------------------------------------------------

typedef void write_fn(const writer_t *writer);

static bool is_blank(act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++)
        if ((uint8_t)text.ptr[i] > ' ' && text.ptr[i] != 0x7f)
            return false;
    return true;
}

// Can any of the choices be shown?
static bool has_choices(const outbound_content_t *content)
{
    for (uint32_t i = 0; i < content->choices.count; i++)
        if (!is_blank(content->choices.items[i].id) || !is_blank(content->choices.items[i].title))
            return true;
    return false;
}

static bool is_interactive(const outbound_content_t *content)
{
    return (act_str_is(content->type, "buttons") || act_str_is(content->type, "list")) &&
           has_choices(content);
}

// NULL when there is nothing to send. A type we do not know is sent as its text.
static write_fn *choose_writer(const outbound_content_t *content)
{
    if (act_str_is(content->type, "template"))
        return act_str_empty(content->template_name) || act_str_empty(content->template_language)
                   ? NULL
                   : write_template;
    if (act_channel_media_find(whatsapp_media, content->type))
        return act_str_empty(content->media_url) ? NULL : write_media;
    if (!is_interactive(content))
        return act_str_empty(act_str_trim(content->text)) ? NULL : write_text;
    bool is_list =
        act_str_is(content->type, "list") || content->choices.count > WHATSAPP_BUTTONS_MAX_COUNT;
    return is_list ? write_list : write_buttons;
}

// --- splitting -----------------------------------------------------------------------------------

void whatsapp_split(const outbound_content_t *content, act_arena_t *arena,
                    act_channel_contents_t *ret_contents)
{
    bool is_whole = act_str_is(content->type, "template") || act_channel_is_media(content->type);
    // Parts are half a message at least, so this many are enough for any text.
    size_t parts_max_count = content->text.len_bytes / (WHATSAPP_TEXT_MAX_COUNT / 2) + 2;
    act_channel_contents_t parts = {
        .items = act_arena_alloc_array(arena, parts_max_count, sizeof *parts.items)};
    size_t last_max_count =
        is_interactive(content) ? WHATSAPP_BODY_MAX_COUNT : WHATSAPP_TEXT_MAX_COUNT;
    act_str_t rest = is_whole ? content->text : act_str_trim(content->text);
    while (!is_whole && act_utf8_count(rest) > last_max_count) {
        act_str_t part = act_utf8_count(rest) > WHATSAPP_TEXT_MAX_COUNT
                             ? whatsapp_split_text(&rest)
                             : whatsapp_split_tail(&rest, last_max_count);
        parts.items[parts.count++] = (outbound_content_t){.type = ACT_STR("text"), .text = part};
    }
    parts.items[parts.count] = *content;
    parts.items[parts.count++].text = rest;
    *ret_contents = parts;
}

// --- requests ------------------------------------------------------------------------------------

static bool is_path_part(act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++) {
        char c = text.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || (c == '.' && i > 0);
        if (!is_plain)
            return false;
    }
    return !act_str_empty(text);
}

static bool is_base_url(act_str_t text)
{
    if (!act_str_starts_with(text, "https://") && !act_str_starts_with(text, "http://"))
        return false;
    for (size_t i = 0; i < text.len_bytes; i++)
        if ((uint8_t)text.ptr[i] <= ' ' || (uint8_t)text.ptr[i] >= 0x7f ||
            strchr("?#@\\\"", text.ptr[i]))
            return false;
    return true;
}

act_err_t whatsapp_messages_url(const act_channel_account_t *account, act_arena_t *arena,
                                act_str_t *ret_url)
{
    act_str_t base = act_str_empty(account->api_base) ? ACT_STR(WHATSAPP_DEFAULT_BASE_URL)
                                                      : act_str_trim(account->api_base);
    act_str_t version = act_str_empty(account->api_version) ? ACT_STR(WHATSAPP_DEFAULT_VERSION)
                                                            : account->api_version;
    while (base.len_bytes > 0 && base.ptr[base.len_bytes - 1] == '/')
        base.len_bytes--;
    if (!is_base_url(base) || !is_path_part(version) || !is_path_part(account->external_id))
        return ACT_E_INVALID_ARGUMENT;
    *ret_url = act_arena_printf(
        arena, "%" ACT_STR_FMT "/%" ACT_STR_FMT "/%" ACT_STR_FMT "/messages", ACT_STR_ARG(base),
        ACT_STR_ARG(version), ACT_STR_ARG(account->external_id));
    return ACT_E_OK;
}

static act_err_t make_request(const act_channel_account_t *account, const act_buf_t *body,
                              act_arena_t *arena, act_http_out_t *ret_request)
{
    act_str_t url = {0};
    act_err_t err = whatsapp_messages_url(account, arena, &url);
    if (err != ACT_E_OK || act_str_empty(account->access_token) || body->is_overflowed)
        return ACT_E_INVALID_ARGUMENT;
    *ret_request = (act_http_out_t){
        .method = "POST",
        .url = url.ptr,
        .bearer_token = act_arena_str(arena, account->access_token).ptr,
        .content_type = "application/json",
        .body = act_arena_str(arena, act_buf_str(body)),
    };
    return ACT_E_OK;
}

static bool is_phone(act_str_t address)
{
    size_t from = act_str_starts_with(address, "+") ? 1 : 0;
    if (address.len_bytes == from || address.len_bytes - from > PHONE_DIGITS_MAX_COUNT)
        return false;
    for (size_t i = from; i < address.len_bytes; i++)
        if (address.ptr[i] < '0' || address.ptr[i] > '9')
            return false;
    return true;
}

// With "+": to a bare number the API may add the country of the business.
static void write_address(const writer_t *writer, act_str_t address)
{
    bool has_plus = act_str_starts_with(address, "+");
    if (!is_phone(address))
        put_text(writer, ",\"recipient\":", address);
    else if (has_plus)
        put_text(writer, ",\"to\":", address);
    else
        put_text(writer, ",\"to\":",
                 act_arena_printf(writer->arena, "+%" ACT_STR_FMT, ACT_STR_ARG(address)));
}

act_err_t whatsapp_render(const act_channel_send_t *send, act_arena_t *arena,
                          act_http_out_t *ret_request)
{
    write_fn *write_content = choose_writer(send->content);
    if (!write_content || act_str_empty(send->address))
        return ACT_E_INVALID_ARGUMENT;
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    writer_t writer = {.content = send->content, .arena = arena, .out = &body};
    put(&writer, "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\"");
    write_address(&writer, send->address);
    write_content(&writer);
    if (!act_str_empty(send->outbox_id))
        put_text(&writer, ",\"biz_opaque_callback_data\":",
                 act_utf8_prefix(send->outbox_id, OUTBOX_ID_MAX_COUNT));
    put(&writer, "}");
    act_err_t err = make_request(send->account, &body, arena, ret_request);
    act_buf_fini(&body);
    return err;
}

act_err_t whatsapp_render_typing(const act_channel_account_t *account, act_str_t external_id,
                                 act_arena_t *arena, act_http_out_t *ret_request)
{
    if (act_str_empty(external_id))
        return ACT_E_INVALID_ARGUMENT;
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    writer_t writer = {.arena = arena, .out = &body};
    put(&writer, "{\"messaging_product\":\"whatsapp\",\"status\":\"read\"");
    put_text(&writer, ",\"message_id\":", external_id);
    put(&writer, ",\"typing_indicator\":{\"type\":\"text\"}}");
    act_err_t err = make_request(account, &body, arena, ret_request);
    act_buf_fini(&body);
    return err;
}
