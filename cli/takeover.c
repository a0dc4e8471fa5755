// takeover, reply: a person takes a conversation from the bot, and writes to the customer.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"

#include "base/id.h"

#include <stdio.h>

static void print_taken(const take_over_reply_t *reply)
{
    printf("%s: %.*s has %.*s.\n",
           reply->was_taken_over ? "The bot says nothing more" : "Nothing changed",
           ACT_STR_ARG(reply->owner), ACT_STR_ARG(reply->conversation_id));
    if (!act_str_empty(reply->in_flight_outbox_id))
        printf("Its message %.*s was on its way already and may still arrive.\n",
               ACT_STR_ARG(reply->in_flight_outbox_id));
}

static const char takeover_examples[] =
    "Examples:\n"
    "  parley takeover 0199c0de-...            you answer; `parley reply`, or on the phone\n"
    "  parley takeover --from +33612345678     by the customer's address\n"
    "  parley takeover --nobody 0199c0de-...   nobody answers until somebody takes it\n"
    "  parley handback --from +33612345678     the bot answers again\n";

int command_takeover(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *from = NULL, *reason = "", *conversation = NULL;
    bool is_nobody = false;
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"from", &from, NULL, "the customer's address instead of the conversation"},
        {"reason", &reason, NULL, "for those who look at it later"},
        {"nobody", NULL, &is_nobody, "nobody has it then: the bot says nothing, people are told"},
        {0},
    };
    const options_spec_t spec = {.summary = "take a conversation from the bot",
                                 .usage = "CONVERSATION | --from ADDRESS",
                                 .examples = takeover_examples,
                                 .table = table,
                                 .words = &conversation,
                                 .words_max = 1,
                                 .words_count = &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (!from == !conversation) {
        fputs("parley takeover: say which: CONVERSATION (see `parley handoffs`) or --from "
              "ADDRESS\n",
              stderr);
        return EXIT_USAGE;
    }
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    take_over_request_t request = {
        .conversation_id = act_str(conversation),
        .address = act_str(from),
        .owner = is_nobody ? ACT_STR("nobody") : ACT_STR("person"),
        .actor = ACT_STR("cli"),
        .reason = act_str(reason),
    };
    take_over_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_TAKE_OVER, tenant,
                                &request, &reply, /* is_loud= */ true);
    if (err == ACT_E_OK)
        print_taken(&reply);
    client_close(&client);
    return err == ACT_E_OK ? 0 : 1;
}

// --- writing -------------------------------------------------------------------------------------

#define MEDIA_COUNT 4
static const char *const media_types[MEDIA_COUNT] = {"image", "document", "video", "audio"};

static const char reply_examples[] =
    "Examples:\n"
    "  parley reply 0199c0de-... \"I am on my way\"\n"
    "  parley reply 0199c0de-... \"The roof today\" --image https://example.com/roof.jpg\n"
    "  parley reply 0199c0de-... --document https://example.com/q7.pdf --file-name quote.pdf\n";

// It would be found within a second without.
static void wake_delivery(client_t *client, const char *tenant, act_str_t conversation_id)
{
    act_call_opts_t opts = {.tenant = act_str(tenant), .key = conversation_id, .budget_ms = 1000};
    delivery_wake_request_t wake = {.conversation_id = conversation_id};
    delivery_wake(client_actor(client), &opts, &wake);
}

static int send_reply(client_t *client, const char *tenant, put_person_message_request_t *request)
{
    char random[ACT_UUID_TEXT_BYTES];
    act_uuid7(random);
    if (act_str_empty(request->idempotency_key))
        request->idempotency_key = act_str(random);
    put_person_message_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_PUT_PERSON_MESSAGE,
                                tenant, request, &reply, /* is_loud= */ true);
    if (err != ACT_E_OK)
        return 1;
    wake_delivery(client, tenant, request->conversation_id);
    printf("%.*s %s%s\n", ACT_STR_ARG(reply.outbox_id),
           reply.was_new ? "is on its way" : "was there already",
           reply.was_taken_over ? "; the conversation is yours now" : "");
    return 0;
}

// A reply is a text, or one file by its link with the text as its caption.
static bool read_reply(const char *const *words, uint32_t words_count,
                       const char *const links[MEDIA_COUNT], put_person_message_request_t *request)
{
    uint32_t links_count = 0;
    request->type = ACT_STR("text");
    for (size_t i = 0; i < MEDIA_COUNT; i++) {
        if (!links[i])
            continue;
        links_count++;
        request->type = act_str(media_types[i]);
        request->media_url = act_str(links[i]);
    }
    request->conversation_id = act_str(words[0]);
    request->text = act_str(words[1]);
    bool has_file_name = !act_str_empty(request->file_name);
    return words_count + links_count >= 2 && words_count >= 1 && links_count <= 1 &&
           (!has_file_name || act_str_is(request->type, "document"));
}

int command_reply(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *key = NULL, *words[2] = {NULL, NULL};
    const char *links[MEDIA_COUNT] = {NULL}, *file_name = NULL;
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"key", &key, NULL, "idempotency key: the same key with the same message is sent once"},
        {media_types[0], &links[0], NULL, "https link of an image; TEXT is its caption then"},
        {media_types[1], &links[1], NULL, "of a document"},
        {media_types[2], &links[2], NULL, "of a video"},
        {media_types[3], &links[3], NULL, "of an audio file, which has no caption"},
        {"file-name", &file_name, NULL, "what the customer sees a document called"},
        {0},
    };
    const options_spec_t spec = {.summary = "write to a customer as a person",
                                 .usage = "CONVERSATION TEXT | CONVERSATION [TEXT] --image LINK",
                                 .examples = reply_examples,
                                 .table = table,
                                 .words = words,
                                 .words_max = 2,
                                 .words_count = &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    put_person_message_request_t request = {
        .idempotency_key = act_str(key), .file_name = act_str(file_name), .actor = ACT_STR("cli")};
    if (!read_reply(words, words_count, links, &request)) {
        fputs("parley reply: say to whom and what, with one file at most (example: parley reply "
              "0199c0de-... \"I am on my way\")\n",
              stderr);
        return EXIT_USAGE;
    }
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    code = send_reply(client, tenant, &request);
    client_close(&client);
    return code;
}
