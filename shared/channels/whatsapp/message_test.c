// message: every message type of the reference, identities, statuses, cutting, mutations.
#include "channels/whatsapp/message.h"

#include "base/id.h"
#include "channels/whatsapp/inbound.h"
#include "channels/whatsapp/webhook_kit.h"

// --- types ---------------------------------------------------------------------------------------

static bool str_contains(act_str_t text, const char *part)
{
    return text.ptr && memmem(text.ptr, text.len_bytes, part, strlen(part));
}

static void reads_the_reference_envelope(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_channel_batch_t batch = kit_parsed(
        ACT_STR(WEBHOOK_HEAD
                "{'field':'messages','value':{'messaging_product':'whatsapp','metadata':"
                "{'display_phone_number':'15550009999','phone_number_id':'800001'},'contacts':"
                "[{'profile':{'name':'Ana','username':'ana.p'},'wa_id':'15551230001',"
                "'user_id':'US.90000000000000000001'}],'messages':[{'from':'15551230001',"
                "'from_user_id':'US.90000000000000000001','id':'wamid.IN1',"
                "'timestamp':'1790000000','type':'text','text':{'body':'hola'}}]}}]}]}"),
        arena);
    assert_int_equal(batch.accounts.count, 1);
    const act_channel_updates_t *account = &batch.accounts.items[0];
    assert_str(account->external_id, "800001");
    assert_str(account->owner_id, "900001");
    assert_int_equal(account->messages.count, 1);
    assert_int_equal(account->others_count + account->errors_count + batch.unmapped_count, 0);
    const inbound_message_t *message = &account->messages.items[0];
    assert_str(message->external_id, "wamid.IN1");
    assert_str(message->address, "US.90000000000000000001");
    assert_str(message->alias, "15551230001");
    assert_str(message->contact_name, "Ana");
    assert_str(message->type, "text");
    assert_str(message->content->text, "hola");
    assert_true(message->sent_at_ms == INT64_C(1790000000000));
    assert_true(message->starts_turn);
}

typedef struct {
    const char *json;
    const char *type;
    bool starts_turn;
    bool has_raw;
    const char *text;
    const char *choice_id;
    const char *reply_to;
    const char *media_id;
} type_case_t;

static const type_case_t type_cases[] = {
    {"'type':'interactive','context':{'from':'15550009999','id':'wamid.OUT1'},"
     "'interactive':{'type':'button_reply','button_reply':{'id':'slot_10','title':'10:00'}}",
     "choice", true, false, "10:00", "slot_10", "wamid.OUT1", ""},
    {"'type':'interactive','context':{'from':'15550009999','id':'wamid.OUT2'},"
     "'interactive':{'type':'list_reply','list_reply':{'id':'svc_cut','title':'Haircut',"
     "'description':'30 min'}}",
     "choice", true, false, "Haircut", "svc_cut", "wamid.OUT2", ""},
    {"'type':'interactive','interactive':{'type':'nfm_reply','nfm_reply':{'name':'flow',"
     "'body':'Sent','response_json':'{\\'flow_token\\':\\'t\\'}'}}",
     "form", true, true, "Sent", "", "", ""},
    {"'type':'button','context':{'from':'15550009999','id':'wamid.TPL'},"
     "'button':{'payload':'CONFIRM_77','text':'Confirm'}",
     "choice", true, false, "Confirm", "CONFIRM_77", "wamid.TPL", ""},
    {"'type':'image','image':{'id':'7001','mime_type':'image/jpeg','caption':'my car'}", "image",
     true, false, "my car", "", "", "7001"},
    {"'type':'audio','audio':{'id':'7002','mime_type':'audio/ogg; codecs=opus','voice':true}",
     "audio", true, false, "", "", "", "7002"},
    {"'type':'document','document':{'id':'7003','mime_type':'application/pdf',"
     "'filename':'quote.pdf','caption':'see p2'}",
     "document", true, false, "see p2", "", "", "7003"},
    {"'type':'video','video':{'id':'7004','mime_type':'video/mp4'}", "video", true, false, "", "",
     "", "7004"},
    {"'type':'sticker','sticker':{'id':'7005','mime_type':'image/webp','animated':false}",
     "sticker", true, false, "", "", "", "7005"},
    {"'type':'location','location':{'latitude':40.41,'longitude':-3.70,'name':'Shop',"
     "'address':'Main St 1','url':'https://example.com'}",
     "location", true, false, "", "", "", ""},
    {"'type':'contacts','contacts':[{'name':{'formatted_name':'Luis P'},'phones':"
     "[{'phone':'+34 600','wa_id':'34600'}]},{'name':{'formatted_name':'Eva'}}]",
     "contacts", true, true, "Luis P +34 600, Eva", "", "", ""},
    {"'type':'reaction','reaction':{'message_id':'wamid.OUT1','emoji':'\xf0\x9f\x91\x8d'}",
     "reaction", false, false, "", "", "wamid.OUT1", ""},
    {"'type':'order','order':{'catalog_id':'5','text':'two please','product_items':[]}", "order",
     true, true, "two please", "", "", ""},
    {"'type':'system','system':{'type':'user_changed_number','body':'moved',"
     "'wa_id':'15557770000','user_id':'US.92','previous_user_id':'US.91'}",
     "system", false, true, "moved", "", "", ""},
    {"'type':'unsupported','errors':[{'code':131051}],'unsupported':{'type':'poll_creation'}",
     "unsupported", true, true, "", "", "", ""},
    {"'type':'unknown'", "unknown", true, true, "", "", "", ""},
    {"'type':'hologram','hologram':{'x':1},'context':{'id':'wamid.OUT9'}", "unknown", true, true,
     "", "", "wamid.OUT9", ""},
    {"'type':'video','errors':[{'code':131052}]", "unsupported", true, true, "", "", "", ""},
    {"'type':'image','image':'7001'", "unknown", true, true, "", "", "", ""},
    {"'type':'text','text':{}", "unknown", true, true, "", "", "", ""},
    {"'type':'interactive','interactive':{'type':'call_permission_reply'}", "unknown", true, true,
     "", "", "", ""},
    {"'type':'location','location':{'latitude':91,'longitude':0}", "unknown", true, true, "", "",
     "", ""},
    {"'type':'text','text':{'body':'from an ad'},'referral':{'ctwa_clid':'c1'}", "text", true, true,
     "from an ad", "", "", ""},
    {"'no':'type'", "unknown", true, true, "", "", "", ""},
};

static void maps_every_type(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(type_cases); i++) {
        const type_case_t *row = &type_cases[i];
        const inbound_message_t *message = kit_parsed_message(row->json, arena);
        assert_str(message->type, row->type);
        assert_int_equal(message->starts_turn, row->starts_turn);
        assert_str(message->content->text, row->text);
        assert_str(message->content->choice_id, row->choice_id);
        assert_str(message->content->reply_to, row->reply_to);
        assert_str(message->content->media_id, row->media_id);
        assert_int_equal(!act_str_empty(message->content->raw), row->has_raw);
        if (row->has_raw)
            assert_true(str_contains(message->content->raw, "wamid.IN1"));
    }
}

static void reads_what_a_type_has_of_its_own(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const inbound_content_t *audio = kit_parsed_message(type_cases[5].json, arena)->content;
    assert_true(audio->is_voice);
    assert_str(audio->mime_type, "audio/ogg; codecs=opus");
    assert_str(kit_parsed_message(type_cases[6].json, arena)->content->file_name, "quote.pdf");
    const inbound_content_t *location = kit_parsed_message(type_cases[9].json, arena)->content;
    assert_true(location->latitude == 40.41 && location->longitude == -3.70);
    assert_str(location->place, "Shop, Main St 1");
    assert_str(kit_parsed_message(type_cases[11].json, arena)->content->emoji, "\xf0\x9f\x91\x8d");
    const inbound_content_t *taken_back =
        kit_parsed_message("'type':'reaction','reaction':{'message_id':'wamid.OUT1'}", arena)
            ->content;
    assert_str(taken_back->emoji, "");
}

// --- identities ----------------------------------------------------------------------------------

typedef struct {
    const char *contacts;
    const char *sender; // members of the message
    const char *address;
    const char *alias;
    const char *name;
} sender_case_t;

static const sender_case_t sender_cases[] = {
    {"", "'from':'155',", "155", "", ""},
    {"", "'from':'+1 (55)',", "155", "", ""},
    {"", "'from':'155','from_user_id':'US.1',", "US.1", "155", ""},
    // The id only in the contact; the right one of two.
    {"{'wa_id':'156','user_id':'US.6','profile':{'name':'Eva'}},"
     "{'wa_id':'155','user_id':'US.5','profile':{'name':'Ana'}}",
     "'from':'155',", "US.5", "155", "Ana"},
    // The phone only in the contact.
    {"{'wa_id':'155','user_id':'US.5','profile':{'name':'Ana'}}", "'from_user_id':'US.5',", "US.5",
     "155", "Ana"},
    // Phone hidden, user name instead of a name.
    {"{'user_id':'US.5','profile':{'username':'ana.p'}}", "'from_user_id':'US.5',", "US.5", "",
     "ana.p"},
    // No sender, one contact: it is theirs. No sender, two contacts: nobody's.
    {"{'user_id':'US.5','profile':{'name':'Ana'}}", "", "US.5", "", "Ana"},
    {"{'user_id':'US.5'},{'user_id':'US.6'}", "", NULL, "", ""},
    {"{'user_id':'US.6','profile':{'name':'Eva'}}", "'from_user_id':'US.5',", "US.5", "", ""},
    {"", "", NULL, "", ""},
};

static void finds_the_sender(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(sender_cases); i++) {
        const sender_case_t *row = &sender_cases[i];
        act_str_t value = act_arena_printf(
            arena, "'contacts':[%s],'messages':[{%s'id':'w','type':'text','text':{'body':'x'}}]",
            row->contacts, row->sender);
        act_channel_batch_t batch = kit_parsed_value(value.ptr, arena);
        assert_int_equal(batch.unmapped_count, row->address ? 0 : 1);
        assert_int_equal(batch.accounts.items[0].messages.count, row->address ? 1 : 0);
        if (!row->address)
            continue;
        const inbound_message_t *message = &batch.accounts.items[0].messages.items[0];
        assert_str(message->address, row->address);
        assert_str(message->alias, row->alias);
        assert_str(message->contact_name, row->name);
        assert_true(message->sent_at_ms == 0);
    }
}

static void renames_identities(void **state)
{
    (void)state;
    static const struct {
        const char *system;
        const char *address;
        const char *alias;
        const char *previous;
    } rows[] = {
        {"'type':'user_changed_number','wa_id':'15557770000','user_id':'US.2',"
         "'previous_user_id':'US.1'",
         "US.2", "15557770000", "US.1"},
        {"'type':'user_changed_user_id','user_id':'US.2','previous_user_id':'US.1'", "US.2", "",
         "US.1"},
        // Before user ids: the message comes from the old number.
        {"'type':'user_changed_number','wa_id':'15557770000'", "15557770000", "", "15551230001"},
        {"'type':'customer_changed_number','wa_id':'15557770000'", "15557770000", "",
         "15551230001"},
        {"'type':'user_changed_number','wa_id':'15551230001'", "15551230001", "", ""},
        {"'type':'customer_identity_changed','body':'new phone'", "15551230001", "", ""},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t json = act_arena_printf(arena, "'type':'system','system':{%s}", rows[i].system);
        const inbound_message_t *message = kit_parsed_message(json.ptr, arena);
        assert_str(message->type, "system");
        assert_str(message->address, rows[i].address);
        assert_str(message->alias, rows[i].alias);
        assert_str(message->previous_address, rows[i].previous);
        assert_false(message->starts_turn);
    }
}

// --- statuses ------------------------------------------------------------------------------------

static void reads_statuses(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_channel_batch_t batch = kit_parsed_value(
        "'statuses':[{'id':'wamid.OUT1','status':'failed','timestamp':'1790000300',"
        "'recipient_id':'15551230001','recipient_user_id':'US.90000000000000000001',"
        "'biz_opaque_callback_data':'job-81','errors':[{'code':131047,"
        "'title':'Re-engagement message','message':'Re-engagement message',"
        "'error_data':{'details':'24 hours'}}]},"
        "{'id':'wamid.OUT2','status':'delivered','timestamp':'1790000310',"
        "'recipient_id':'15551230001','conversation':{'id':'c9'}},"
        "{'id':'wamid.OUT3','status':'vaporised'},{'status':'read'},"
        "{'id':'wamid.OUT4','status':'played','errors':[{'code':99999999999,'title':'t'}]}]",
        arena);
    const act_channel_updates_t *account = &batch.accounts.items[0];
    assert_int_equal(account->statuses.count, 3);
    assert_int_equal(account->others_count, 1);
    assert_int_equal(batch.unmapped_count, 1);
    const delivery_status_t *failed = &account->statuses.items[0];
    assert_str(failed->provider_id, "wamid.OUT1");
    assert_str(failed->status, "failed");
    assert_true(failed->at_ms == INT64_C(1790000300000));
    assert_str(failed->address, "US.90000000000000000001");
    assert_str(failed->outbox_id, "job-81");
    assert_int_equal(failed->error_code, 131047);
    assert_str(failed->error_text, "24 hours");
    assert_str(account->statuses.items[1].address, "15551230001");
    assert_int_equal(account->statuses.items[1].error_code, 0);
    assert_int_equal(account->statuses.items[2].error_code, 0);
    assert_str(account->statuses.items[2].error_text, "t");
}

// --- hostile texts -------------------------------------------------------------------------------

static void cuts_long_texts_between_characters(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    // Arabic: two bytes a letter, after one byte, so that the limit falls inside a letter.
    act_str_t letters = kit_repeated(arena, "\xd8\xa8", 20000);
    act_str_t json = act_arena_printf(arena, "'type':'text','text':{'body':'x%s'}", letters.ptr);
    assert_int_equal(kit_parsed_message(json.ptr, arena)->content->text.len_bytes, 16383);
    json = act_arena_printf(arena, "'type':'new','new':'%s%s'", letters.ptr, letters.ptr);
    act_str_t raw = kit_parsed_message(json.ptr, arena)->content->raw;
    assert_in_range(raw.len_bytes, 61438, 61440);
    // A phone and a media name of absurd length.
    json =
        act_arena_printf(arena, "'type':'image','image':{'id':'7','filename':'%s'}", letters.ptr);
    assert_int_equal(kit_parsed_message(json.ptr, arena)->content->file_name.len_bytes, 256);
}

static void drops_nul_and_mends_surrogates(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const inbound_message_t *message = kit_parsed_message(
        "'type':'text','text':{'body':'a\\u0000b \\ud83d\\ude00 \\ud83d!'}", arena);
    assert_str(message->content->text, "ab \xf0\x9f\x98\x80 \xef\xbf\xbd!");
}

static void mutate(char *text, size_t len_bytes)
{
    static const char favourites[] = "{}[]\",:\\0\x80\xff\xd8u";
    for (uint64_t changes = act_random_u64() % 4 + 1; changes > 0; changes--) {
        uint64_t dice = act_random_u64();
        size_t at = (size_t)(dice >> 32) % len_bytes;
        if (dice % 3 == 0)
            text[at] = (char)(dice >> 8);
        else if (dice % 3 == 1)
            text[at] = favourites[(dice >> 8) % (sizeof favourites - 1)];
        else
            memmove(text + at, text + at / 2, len_bytes - at);
    }
}

static void survives_mutations(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (int i = 0; i < 20000; i++) {
        act_arena_reset(arena);
        act_str_t body = act_arena_printf(
            arena,
            WEBHOOK_HEAD "{'field':'messages','value':{'messages':[{'from':'1','id':'w',"
                         "'timestamp':'1790000000',%s}],'statuses':[{'id':'s','status':'failed',"
                         "'errors':[{'code':1}]}]}}]}]}",
            type_cases[(size_t)i % ACT_COUNT(type_cases)].json);
        char *copy = act_arena_alloc(arena, body.len_bytes);
        memcpy(copy, kit_json(body, arena).ptr, body.len_bytes);
        mutate(copy, body.len_bytes);
        act_channel_batch_t batch;
        if (whatsapp_parse(act_str_of(copy, body.len_bytes), arena, &batch) == ACT_E_OK)
            kit_check_models(&batch, arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_reference_envelope),
        cmocka_unit_test(maps_every_type),
        cmocka_unit_test(reads_what_a_type_has_of_its_own),
        cmocka_unit_test(finds_the_sender),
        cmocka_unit_test(renames_identities),
        cmocka_unit_test(reads_statuses),
        cmocka_unit_test(cuts_long_texts_between_characters),
        cmocka_unit_test(drops_nul_and_mends_surrogates),
        cmocka_unit_test(survives_mutations),
    };
    return cmocka_run_group_tests_name("whatsapp_message", tests, NULL, NULL);
}
