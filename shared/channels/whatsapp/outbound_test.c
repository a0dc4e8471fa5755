// outbound and shape: the JSON of every kind of content, all limits, splitting, addresses, URLs.
#include "channels/whatsapp/outbound.h"

#include "base/id.h"
#include "channels/whatsapp/shape.h"
#include "channels/whatsapp/webhook_kit.h"
#include "io/json.h"

#include <stdio.h>

static const act_channel_account_t account = {
    .external_id = ACT_STR_INIT("800001"),
    .access_token = ACT_STR_INIT("token"),
};

static act_http_out_t rendered_to(const char *address, const outbound_content_t *content,
                                  act_arena_t *arena)
{
    act_channel_send_t send = {
        .account = &account,
        .address = act_str(address),
        .outbox_id = ACT_STR("job-81"),
        .content = content,
    };
    act_http_out_t request;
    assert_int_equal(whatsapp_render(&send, arena, &request), ACT_E_OK);
    return request;
}

static void check_json(const outbound_content_t *content, const char *expected)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = rendered_to("15551230001", content, arena).body;
    act_str_t whole = act_arena_printf(
        arena,
        "{'messaging_product':'whatsapp','recipient_type':'individual','to':'+15551230001',%s,"
        "'biz_opaque_callback_data':'job-81'}",
        expected);
    act_str_t json = kit_json(whole, arena);
    assert_str(body, act_arena_str(arena, json).ptr);
}

static void renders_every_type(void **state)
{
    (void)state;
    choice_t slots[] = {
        {.id = ACT_STR("slot_10"), .title = ACT_STR("10:00")},
        {.id = ACT_STR("slot_11"), .title = ACT_STR("11:00")},
    };
    choice_t services[] = {
        {.id = ACT_STR("svc_cut"), .title = ACT_STR("Haircut"), .description = ACT_STR("30 min")},
    };
    act_str_t parameters[] = {ACT_STR("Ana"), ACT_STR(" at\n 10:00\t"), ACT_STR("")};
    check_json(&(outbound_content_t){.type = ACT_STR("text"), .text = ACT_STR("Hi \"you\"\n2")},
               "'type':'text','text':{'preview_url':false,'body':'Hi \\'you\\'\\n2'}");
    check_json(&(outbound_content_t){.type = ACT_STR("buttons"),
                                     .text = ACT_STR("Pick a time"),
                                     .header = ACT_STR("Booking"),
                                     .footer = ACT_STR("Reply STOP to end"),
                                     .choices = {slots, 2}},
               "'type':'interactive','interactive':{'type':'button',"
               "'header':{'type':'text','text':'Booking'},'body':{'text':'Pick a time'},"
               "'footer':{'text':'Reply STOP to end'},'action':{'buttons':["
               "{'type':'reply','reply':{'id':'slot_10','title':'10:00'}},"
               "{'type':'reply','reply':{'id':'slot_11','title':'11:00'}}]}}");
    check_json(&(outbound_content_t){.type = ACT_STR("list"),
                                     .text = ACT_STR("Services"),
                                     .list_label = ACT_STR("See list"),
                                     .choices = {services, 1}},
               "'type':'interactive','interactive':{'type':'list','body':{'text':'Services'},"
               "'action':{'button':'See list','sections':[{'rows':[{'id':'svc_cut',"
               "'title':'Haircut','description':'30 min'}]}]}}");
    check_json(&(outbound_content_t){.type = ACT_STR("template"),
                                     .template_name = ACT_STR("appt_reminder"),
                                     .template_language = ACT_STR("es"),
                                     .template_parameters = {parameters, 3}},
               "'type':'template','template':{'name':'appt_reminder','language':{'code':'es'},"
               "'components':[{'type':'body','parameters':[{'type':'text','text':'Ana'},"
               "{'type':'text','text':'at 10:00'},{'type':'text','text':'-'}]}]}");
    check_json(&(outbound_content_t){.type = ACT_STR("template"),
                                     .template_name = ACT_STR("hello"),
                                     .template_language = ACT_STR("en_US")},
               "'type':'template','template':{'name':'hello','language':{'code':'en_US'}}");
}

static void renders_media_by_link(void **state)
{
    (void)state;
    act_str_t link = ACT_STR("https://cdn.example.com/a?b=\"c\"");
    check_json(&(outbound_content_t){.type = ACT_STR("image"),
                                     .text = ACT_STR(" The \"roof\"\n"),
                                     .media_url = link,
                                     .file_name = ACT_STR("not for images")},
               "'type':'image','image':{'link':'https://cdn.example.com/a?b=\\'c\\'',"
               "'caption':'The \\'roof\\''}");
    check_json(&(outbound_content_t){.type = ACT_STR("video"), .media_url = link},
               "'type':'video','video':{'link':'https://cdn.example.com/a?b=\\'c\\''}");
    check_json(&(outbound_content_t){.type = ACT_STR("audio"),
                                     .text = ACT_STR("has no caption"),
                                     .media_url = link},
               "'type':'audio','audio':{'link':'https://cdn.example.com/a?b=\\'c\\''}");
    check_json(&(outbound_content_t){.type = ACT_STR("document"),
                                     .text = ACT_STR("Your quote"),
                                     .media_url = link,
                                     .file_name = ACT_STR("quote\n 7.pdf")},
               "'type':'document','document':{'link':'https://cdn.example.com/a?b=\\'c\\'',"
               "'caption':'Your quote','filename':'quote 7.pdf'}");
}

// A caption belongs to its file: it is no text that could go before it.
static void media_is_one_message(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char caption[9000];
    memset(caption, 'x', sizeof caption);
    outbound_content_t content = {.type = ACT_STR("image"),
                                  .text = act_str_of(caption, sizeof caption),
                                  .media_url = ACT_STR("https://example.com/a.png")};
    act_channel_contents_t parts;
    whatsapp_split(&content, arena, &parts);
    assert_int_equal(parts.count, 1);
    assert_int_equal(parts.items[0].text.len_bytes, sizeof caption);
    act_str_t body = rendered_to("1", &parts.items[0], arena).body;
    assert_true(body.len_bytes < 1400); // render alone cuts
}

static void renders_requests(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    outbound_content_t content = {.type = ACT_STR("text"), .text = ACT_STR("x")};
    act_http_out_t request = rendered_to("+155", &content, arena);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "https://graph.facebook.com/v26.0/800001/messages");
    assert_string_equal(request.bearer_token, "token");
    assert_non_null(memmem(request.body.ptr, request.body.len_bytes, "\"to\":\"+155\"", 11));
    request = rendered_to("US.90000000000000000001", &content, arena);
    assert_non_null(memmem(request.body.ptr, request.body.len_bytes,
                           "\"recipient\":\"US.90000000000000000001\"", 37));
    assert_null(memmem(request.body.ptr, request.body.len_bytes, "\"to\"", 4));
    assert_int_equal(whatsapp_render_typing(&account, ACT_STR("wamid.IN1"), arena, &request),
                     ACT_E_OK);
    act_str_t expected =
        kit_json(ACT_STR("{'messaging_product':'whatsapp','status':'read','message_id':'wamid.IN1',"
                         "'typing_indicator':{'type':'text'}}"),
                 arena);
    assert_true(act_str_eq(request.body, expected));
}

static void refuses_only_what_cannot_be_sent(void **state)
{
    (void)state;
    static const outbound_content_t nothing[] = {
        {.type = ACT_STR_INIT("text")},
        {.type = ACT_STR_INIT("text"), .text = ACT_STR_INIT(" \n ")},
        {.type = ACT_STR_INIT("buttons")},
        {.type = ACT_STR_INIT("image"), .text = ACT_STR_INIT("a caption alone")},
        {.type = ACT_STR_INIT("template"), .template_name = ACT_STR_INIT("x")},
        {.type = ACT_STR_INIT("template"), .template_language = ACT_STR_INIT("en")},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_out_t request;
    act_channel_send_t send = {.account = &account, .address = ACT_STR("1")};
    for (size_t i = 0; i < ACT_COUNT(nothing); i++) {
        send.content = &nothing[i];
        assert_int_equal(whatsapp_render(&send, arena, &request), ACT_E_INVALID_ARGUMENT);
    }
    outbound_content_t content = {.type = ACT_STR("text"), .text = ACT_STR("x")};
    send = (act_channel_send_t){.account = &account, .content = &content};
    assert_int_equal(whatsapp_render(&send, arena, &request), ACT_E_INVALID_ARGUMENT);
    send.address = ACT_STR("1");
    send.account = &(act_channel_account_t){.external_id = ACT_STR("1")};
    assert_int_equal(whatsapp_render(&send, arena, &request), ACT_E_INVALID_ARGUMENT);
}

static void builds_urls(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        const char *version;
        const char *external_id;
        const char *url;
    } rows[] = {
        {"", "", "1", "https://graph.facebook.com/v26.0/1/messages"},
        {"http://127.0.0.1:8080", "", "1", "http://127.0.0.1:8080/v26.0/1/messages"},
        {"https://proxy.example/graph//", "v30.1", "22",
         "https://proxy.example/graph/v30.1/22/messages"},
        {"", "", "", NULL},
        {"", "", "1/../2", NULL},
        {"", "", "..", NULL},
        {"", "", "1?x=", NULL},
        {"", "../v1", "1", NULL},
        {"ftp://x", "", "1", NULL},
        {"https://user@host", "", "1", NULL},
        {"https://host?x", "", "1", NULL},
        {"https://ho st", "", "1", NULL},
        {"file:///etc/passwd", "", "1", NULL},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_channel_account_t at = {
            .api_base = act_str(rows[i].base),
            .api_version = act_str(rows[i].version),
            .external_id = act_str(rows[i].external_id),
        };
        act_str_t url = {0};
        act_err_t err = whatsapp_messages_url(&at, arena, &url);
        assert_int_equal(err, rows[i].url ? ACT_E_OK : ACT_E_INVALID_ARGUMENT);
        if (rows[i].url)
            assert_string_equal(url.ptr, rows[i].url);
    }
}

// --- shaping -------------------------------------------------------------------------------------

// The "interactive" object of the rendered content; *ret_root is the caller's to release.
static const json_t *interactive_of(const outbound_content_t *content, act_arena_t *arena,
                                    json_t **ret_root)
{
    act_str_t body = rendered_to("1", content, arena).body;
    assert_int_equal(act_json_parse(body, ret_root, NULL, arena), ACT_E_OK);
    return act_json_object(*ret_root, "interactive");
}

static void check_length(const json_t *object, const char *name, size_t min, size_t max)
{
    act_str_t text = act_json_str(object, name);
    assert_in_range(act_utf8_count(text), min, max);
    assert_true(act_utf8_valid(text));
    assert_true(text.len_bytes == act_str_trim(text).len_bytes);
}

static void check_buttons(const json_t *interactive, size_t count)
{
    const json_t *buttons = act_json_array(act_json_object(interactive, "action"), "buttons");
    assert_int_equal(json_array_size(buttons), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *reply = act_json_object(json_array_get(buttons, i), "reply");
        check_length(reply, "title", 1, 20);
        check_length(reply, "id", 1, 256);
        for (size_t j = 0; j < i; j++) {
            const json_t *other = act_json_object(json_array_get(buttons, j), "reply");
            assert_false(act_str_eq(act_json_str(reply, "title"), act_json_str(other, "title")));
            assert_false(act_str_eq(act_json_str(reply, "id"), act_json_str(other, "id")));
        }
    }
}

static void check_rows(const json_t *interactive, size_t count)
{
    const json_t *action = act_json_object(interactive, "action");
    const json_t *section = json_array_get(act_json_array(action, "sections"), 0);
    const json_t *rows = act_json_array(section, "rows");
    check_length(action, "button", 1, 20);
    assert_int_equal(json_array_size(rows), count);
    for (size_t i = 0; i < count; i++) {
        check_length(json_array_get(rows, i), "id", 1, 200);
        check_length(json_array_get(rows, i), "title", 1, 24);
        check_length(json_array_get(rows, i), "description", 0, 72);
    }
}

static void shapes_buttons(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t long_title = kit_repeated(arena, "\xd9\x85\xd9\x88\xd8\xb9\xd8\xaf ", 10);
    choice_t choices[] = {
        {.id = kit_repeated(arena, "i", 300), .title = long_title},
        {.id = ACT_STR(" b "), .title = long_title},
        {.id = ACT_STR("c"), .title = ACT_STR(" \n")},
    };
    outbound_content_t content = {
        .type = ACT_STR("buttons"),
        .text = kit_repeated(arena, "word ", 300),
        .header = kit_repeated(arena, "head\n", 30),
        .footer = kit_repeated(arena, "\xe2\x82\xac", 90),
        .choices = {choices, 3},
    };
    json_t *root = NULL;
    const json_t *interactive = interactive_of(&content, arena, &root);
    check_buttons(interactive, 3);
    check_length(act_json_object(interactive, "body"), "text", 1020, 1024);
    check_length(act_json_object(interactive, "header"), "text", 50, 60);
    check_length(act_json_object(interactive, "footer"), "text", 60, 60);
    json_decref(root);
    // The same id twice is the same choice.
    choices[1].id = choices[2].id = ACT_STR("same");
    check_buttons(interactive_of(&content, arena, &root), 2);
    json_decref(root);
    // No body: the header; no header either: an ellipsis, as the API wants something.
    content.text = ACT_STR("");
    content.header = ACT_STR("");
    interactive = interactive_of(&content, arena, &root);
    assert_str(act_json_str(act_json_object(interactive, "body"), "text"), "\xe2\x80\xa6");
    json_decref(root);
}

static void makes_lists_of_many_buttons(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    choice_t choices[12];
    for (size_t i = 0; i < ACT_COUNT(choices); i++)
        choices[i] = (choice_t){.id = act_arena_printf(arena, "%zu%0220d", i, 0),
                                .title = kit_repeated(arena, "\xf0\x9f\x98\x80", 30),
                                .description = kit_repeated(arena, "ab ", 40)};
    outbound_content_t content = {
        .type = ACT_STR("buttons"), .text = ACT_STR("Which?"), .choices = {choices, 4}};
    json_t *root = NULL;
    check_rows(interactive_of(&content, arena, &root), 4);
    json_decref(root);
    content.choices.count = 12;
    content.list_label = kit_repeated(arena, "label", 9);
    check_rows(interactive_of(&content, arena, &root), 10);
    json_decref(root);
    // Without choices it is a text.
    content.choices.count = 0;
    assert_null(interactive_of(&content, arena, &root));
    assert_str(act_json_str(act_json_object(root, "text"), "body"), "Which?");
    // Nobody's app or server asks for a link on its own.
    assert_true(json_is_false(json_object_get(act_json_object(root, "text"), "preview_url")));
    json_decref(root);
}

static void cuts_between_whole_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max_count;
        const char *expected;
    } rows[] = {
        {"short", 5, "short"},
        {"  trimmed  ", 7, "trimmed"},
        {"longer", 5, "long\xe2\x80\xa6"},
        {"two words", 5, "two\xe2\x80\xa6"},
        {"", 5, ""},
        {"e\xcc\x81t\xc3\xa9 e\xcc\x81", 3, "e\xcc\x81\xe2\x80\xa6"},
        // The accent would be torn off.
        {"abce\xcc\x81xyz", 5, "abc\xe2\x80\xa6"},
        // A family of three, joined: all or nothing.
        {"ab\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7xyz", 6,
         "ab\xe2\x80\xa6"},
        // Arabic with vowel signs.
        {"\xd9\x85\xd9\x8e\xd8\xb1\xd9\x92\xd8\xad\xd9\x8e\xd8\xa8\xd9\x8b\xd8\xa7", 6,
         "\xd9\x85\xd9\x8e\xd8\xb1\xd9\x92\xe2\x80\xa6"},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_str(whatsapp_cut(act_str(rows[i].text), rows[i].max_count, arena), rows[i].expected);
    assert_str(whatsapp_cut_line(ACT_STR(" a\r\n\t b\x01 c "), 10, arena), "a b c");
}

// --- splitting -----------------------------------------------------------------------------------

// Words of a text, without the white space that splitting may drop.
static act_str_t squeezed(act_str_t text, act_arena_t *arena)
{
    char *to = act_arena_alloc(arena, text.len_bytes + 1);
    size_t len_bytes = 0;
    for (size_t i = 0; i < text.len_bytes; i++)
        if ((uint8_t)text.ptr[i] > ' ')
            to[len_bytes++] = text.ptr[i];
    return act_str_of(to, len_bytes);
}

static uint32_t check_split(const outbound_content_t *content, act_arena_t *arena)
{
    act_channel_contents_t parts;
    whatsapp_split(content, arena, &parts);
    bool is_text = act_str_is(content->type, "text");
    act_str_t joined = ACT_STR("");
    for (uint32_t i = 0; i < parts.count; i++) {
        bool is_last = i + 1 == parts.count;
        size_t max_count = is_last && !is_text ? WHATSAPP_BODY_MAX_COUNT : WHATSAPP_TEXT_MAX_COUNT;
        assert_in_range(act_utf8_count(parts.items[i].text), 1, max_count);
        assert_true(act_utf8_valid(parts.items[i].text));
        assert_true(act_str_eq(parts.items[i].type, is_last ? content->type : ACT_STR("text")));
        joined = act_arena_printf(arena, "%" ACT_STR_FMT "%" ACT_STR_FMT, ACT_STR_ARG(joined),
                                  ACT_STR_ARG(parts.items[i].text));
        act_http_out_t request = rendered_to("1", &parts.items[i], arena);
        assert_null(memmem(request.body.ptr, request.body.len_bytes, "\xe2\x80\xa6", 3));
    }
    assert_true(act_str_eq(squeezed(joined, arena), squeezed(content->text, arena)));
    return parts.count;
}

static void splits_long_texts(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    static const char *const units[] = {
        "x",      "word ",    "A sentence. ",    "\xd8\xa8\xd8\xaa ",
        "line\n", "para\n\n", "\xf0\x9f\x98\x80"};
    choice_t choice = {.id = ACT_STR("y"), .title = ACT_STR("Yes")};
    for (size_t i = 0; i < ACT_COUNT(units); i++) {
        act_str_t text = kit_repeated(arena, units[i], 12000 / strlen(units[i]));
        uint32_t count =
            check_split(&(outbound_content_t){.type = ACT_STR("text"), .text = text}, arena);
        assert_in_range(count, 1, 6);
        (void)check_split(&(outbound_content_t){.type = ACT_STR("buttons"),
                                                .text = text,
                                                .choices = {&choice, 1}},
                          arena);
    }
    assert_int_equal(
        check_split(&(outbound_content_t){.type = ACT_STR("text"), .text = ACT_STR("x")}, arena),
        1);
}

static void prefers_paragraphs(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t long_text = kit_repeated(arena, "A sentence of words. ", 150); // 3150
    act_str_t text = act_arena_printf(arena, "%s\n\n%s\nline", long_text.ptr, long_text.ptr);
    act_str_t rest = text;
    act_str_t part = whatsapp_split_text(&rest);
    assert_int_equal(part.len_bytes, 3149);
    assert_true(act_str_starts_with(rest, "A sentence"));
    // Nothing but sentences: a part ends with one.
    rest = kit_repeated(arena, "A sentence of words. ", 300);
    part = whatsapp_split_text(&rest);
    assert_int_equal(part.ptr[part.len_bytes - 1], '.');
    // The question stays with its buttons.
    text = act_arena_printf(arena, "%s\n\nWhich time suits you? Choose one.", long_text.ptr);
    rest = text;
    (void)whatsapp_split_tail(&rest, WHATSAPP_BODY_MAX_COUNT);
    assert_str(rest, "Which time suits you? Choose one.");
    rest = ACT_STR(" \n ");
    assert_true(act_str_empty(whatsapp_split_text(&rest)) && act_str_empty(rest));
}

static void survives_any_text(void **state)
{
    (void)state;
    static const char *const units[] = {"a",
                                        " ",
                                        "\n",
                                        "\n\n",
                                        ".",
                                        "\xd8\xa8",
                                        "\xd9\x8e",
                                        "\xe2\x80\x8d",
                                        "\xf0\x9f\x98\x80",
                                        "\xcc\x81",
                                        "\"",
                                        "\\",
                                        "\t"};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    choice_t choice = {.id = ACT_STR("y"), .title = ACT_STR("Yes")};
    for (int round = 0; round < 300; round++) {
        act_arena_reset(arena);
        size_t count = act_random_u64() % 6000 + 1;
        size_t kinds_count = act_random_u64() % ACT_COUNT(units) + 1;
        char *text = act_arena_alloc(arena, count * 4 + 2);
        char *end = stpcpy(text, "x");
        for (size_t i = 0; i < count; i++)
            end = stpcpy(end, units[act_random_u64() % kinds_count]);
        outbound_content_t content = {
            .type = ACT_STR("buttons"), .text = act_str(text), .choices = {&choice, 1}};
        (void)check_split(&content, arena);
        content.type = ACT_STR("text");
        (void)check_split(&content, arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_every_type),
        cmocka_unit_test(renders_media_by_link),
        cmocka_unit_test(media_is_one_message),
        cmocka_unit_test(renders_requests),
        cmocka_unit_test(refuses_only_what_cannot_be_sent),
        cmocka_unit_test(builds_urls),
        cmocka_unit_test(shapes_buttons),
        cmocka_unit_test(makes_lists_of_many_buttons),
        cmocka_unit_test(cuts_between_whole_characters),
        cmocka_unit_test(splits_long_texts),
        cmocka_unit_test(prefers_paragraphs),
        cmocka_unit_test(survives_any_text),
    };
    return cmocka_run_group_tests_name("whatsapp_outbound", tests, NULL, NULL);
}
