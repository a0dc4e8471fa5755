// memory: what is remembered of a conversation and its contact; forgets it.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "show.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  parley memory show 0199c0de-...          summary and facts, each with the message it is from\n"
    "  parley memory erase --contact 0199c0de-...\n"
    "                                           forget the contact (`show` tells the id); what was said\n"
    "                                           until now is not remembered again\n";

static void print_fact(const memory_fact_t *fact)
{
    char until[ACT_TIME_TEXT_BYTES];
    act_time_text(fact->expires_at_ms * 1000, until);
    printf("  %-12.*s %.*s  (%" PRId64 " %%, until %.10s, from %.*s)\n", ACT_STR_ARG(fact->type),
           ACT_STR_ARG(fact->value), fact->confidence_pct, until, ACT_STR_ARG(fact->source_id));
}

static void print_memory(const get_memory_reply_t *memory)
{
    char at[ACT_TIME_TEXT_BYTES];
    printf("contact %.*s\n", ACT_STR_ARG(memory->contact_id));
    if (memory->erased_at_ms > 0) {
        act_time_text(memory->erased_at_ms * 1000, at);
        printf("erased %s: nothing from before is remembered\n", at);
    }
    act_time_text(memory->summarised_at_ms * 1000, at);
    if (act_str_empty(memory->summary))
        puts("There is no summary.");
    else
        printf("summary %" PRId64 ", %s by %.*s:\n%.*s\n", memory->version, at,
               ACT_STR_ARG(memory->model), ACT_STR_ARG(memory->summary));
    if (memory->facts.count == 0)
        puts("There are no facts.");
    else
        puts("facts:");
    for (uint32_t i = 0; i < memory->facts.count; i++)
        print_fact(&memory->facts.items[i]);
}

static act_err_t show(client_t *client, const char *tenant, const char *conversation, bool is_json)
{
    get_memory_request_t request = {.conversation_id = act_str(conversation)};
    get_memory_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_GET_MEMORY, tenant,
                                &request, &reply, /* is_loud= */ true);
    if (err == ACT_E_OK && is_json)
        show_json(&get_memory_reply_model, &reply);
    else if (err == ACT_E_OK)
        print_memory(&reply);
    return err;
}

static act_err_t erase(client_t *client, const char *tenant, const char *contact)
{
    erase_memory_request_t request = {.contact_id = act_str(contact), .actor = ACT_STR("cli")};
    erase_memory_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_ERASE_MEMORY, tenant,
                                &request, &reply, /* is_loud= */ true);
    if (err == ACT_E_OK)
        printf("Forgotten: %" PRId64 " facts, the summaries of %" PRId64 " conversations.\n",
               reply.facts_count, reply.conversations_count);
    return err;
}

int command_memory(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *contact = NULL, *words[2] = {NULL, NULL};
    uint32_t words_count = 0;
    bool is_json = false;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"contact", &contact, NULL, "with erase: of whom"},
        {"json", NULL, &is_json, "with show: one JSON object"},
        {0},
    };
    const options_spec_t spec = {.summary = "what is remembered of a customer",
                                 .usage = "show CONVERSATION | erase --contact ID",
                                 .examples = examples,
                                 .table = table,
                                 .words = words,
                                 .words_max = 2,
                                 .words_count = &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    bool is_show = words_count == 2 && strcmp(words[0], "show") == 0 && !contact;
    bool is_erase = words_count == 1 && strcmp(words[0], "erase") == 0 && contact;
    if (!is_show && !is_erase) {
        fputs("parley memory: say `show CONVERSATION` or `erase --contact ID`\n", stderr);
        return EXIT_USAGE;
    }
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    act_err_t err =
        is_show ? show(client, tenant, words[1], is_json) : erase(client, tenant, contact);
    client_close(&client);
    return err == ACT_E_OK ? 0 : 1;
}
