// handoffs, handback: conversations that are not the bot's, and giving them back.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"

#include "base/time.h"

#include <stdio.h>

static void print_handoff(const handoff_t *row)
{
    char since[ACT_TIME_TEXT_BYTES];
    act_time_text(row->since_ms * 1000, since);
    printf("%.*s  %s  %-6.*s  %.*s  %.*s  %.*s (%.*s)\n", ACT_STR_ARG(row->conversation_id), since,
           ACT_STR_ARG(row->owner), ACT_STR_ARG(row->channel), ACT_STR_ARG(row->contact_name),
           ACT_STR_ARG(row->address), ACT_STR_ARG(row->reason));
}

int command_handoffs(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo";
    const option_t table[] = {{"tenant", &tenant, NULL, "whose (default demo)"}, {0}};
    int code = 0;
    if (!options_parse(argc, argv, table, "conversations that a person has, or nobody", &data,
                       &code))
        return code;
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    empty_t empty = {0};
    list_handoffs_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_LIST_HANDOFFS, tenant,
                                &empty, &reply, /* is_loud= */ true);
    for (uint32_t i = 0; err == ACT_E_OK && i < reply.handoffs.count; i++)
        print_handoff(&reply.handoffs.items[i]);
    if (err == ACT_E_OK && reply.handoffs.count == 0)
        puts("No conversation waits for a person.");
    client_close(&client);
    return err == ACT_E_OK ? 0 : EXIT_UNAVAILABLE;
}

int command_handback(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *from = NULL, *conversation = NULL;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"from", &from, NULL, "the customer's address (example: --from +33612345678)"},
        {"conversation", &conversation, NULL, "or the conversation's id, see `parley handoffs`"},
        {0},
    };
    int code = 0;
    if (!options_parse(argc, argv, table, "give a conversation back to the bot", &data, &code))
        return code;
    if (!from == !conversation) {
        fputs(
            "parley handback: say which: --from ADDRESS or --conversation ID (example: parley handback "
            "--from +33612345678)\n",
            stderr);
        return EXIT_USAGE;
    }
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    handback_request_t request = {.conversation_id = act_str(conversation),
                                  .address = act_str(from),
                                  .actor = ACT_STR("cli")};
    handback_reply_t reply;
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_HANDBACK, tenant,
                                &request, &reply, /* is_loud= */ true);
    if (err == ACT_E_OK && reply.was_handed_back)
        printf("The bot answers again in %.*s.\n", ACT_STR_ARG(reply.conversation_id));
    else if (err == ACT_E_OK)
        fputs("parley handback: no such conversation with a person\n", stderr);
    bool is_done = err == ACT_E_OK && reply.was_handed_back;
    client_close(&client);
    return is_done ? 0 : 1;
}
