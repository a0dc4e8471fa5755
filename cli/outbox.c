// outbox: messages that were not sent, or may not have been: why, what would work, and a person's decision.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "show.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  parley outbox                    refused, parked and failed ones, newest first\n"
    "  parley outbox --state parked     those that a person is to decide about\n"
    "  parley outbox resend ID          send a copy, behind what the conversation has to say by now\n"
    "  parley outbox drop ID            leave it unsent\n";

typedef struct {
    client_t *client;
    const char *tenant;
    const char *state;
    bool is_json;
    bool is_all;
} outbox_t;

static void print_row(const unsent_message_t *row)
{
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text(row->noted_at_ms * 1000, at);
    printf("%.*s  %s  %-7.*s  %-6.*s to %.*s  \"%.*s\"\n    %.*s %.*s\n",
           ACT_STR_ARG(row->outbox_id), at, ACT_STR_ARG(row->state), ACT_STR_ARG(row->author),
           ACT_STR_ARG(row->address), ACT_STR_ARG(row->text), ACT_STR_ARG(row->error_code),
           ACT_STR_ARG(row->error_text));
    if (!act_str_empty(row->advice))
        printf("    what would work: %.*s\n", ACT_STR_ARG(row->advice));
}

static act_err_t list(const outbox_t *self)
{
    list_unsent_request_t request = {.state = act_str(self->state), .with_settled = self->is_all};
    list_unsent_reply_t reply;
    act_err_t err = client_call(self->client, &persistence_service, PERSISTENCE_LIST_UNSENT,
                                self->tenant, &request, &reply, /* is_loud= */ true);
    if (err != ACT_E_OK)
        return err;
    if (self->is_json) {
        show_json(&list_unsent_reply_model, &reply);
        return err;
    }
    for (uint32_t i = 0; i < reply.messages.count; i++)
        print_row(&reply.messages.items[i]);
    if (reply.messages.count == 0)
        puts("Every message was sent.");
    return err;
}

static act_err_t settle(const outbox_t *self, const char *action, const char *id)
{
    settle_unsent_request_t request = {
        .outbox_id = act_str(id), .action = act_str(action), .actor = ACT_STR("cli")};
    settle_unsent_reply_t reply;
    act_err_t err = client_call(self->client, &persistence_service, PERSISTENCE_SETTLE_UNSENT,
                                self->tenant, &request, &reply, /* is_loud= */ true);
    if (err == ACT_E_OK && !act_str_empty(reply.resent_outbox_id))
        printf("Sent again as %.*s.\n", ACT_STR_ARG(reply.resent_outbox_id));
    else if (err == ACT_E_OK)
        puts("Dropped.");
    return err;
}

static bool is_action(const char *word)
{
    return strcmp(word, "resend") == 0 || strcmp(word, "drop") == 0;
}

int command_outbox(int argc, char **argv)
{
    outbox_t self = {.tenant = "demo", .state = ""};
    const char *data = NULL, *words[2] = {NULL, NULL};
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &self.tenant, NULL, "whose (default demo)"},
        {"state", &self.state, NULL, "only refused, parked or failed ones"},
        {"all", NULL, &self.is_all, "also those that somebody has decided about"},
        {"json", NULL, &self.is_json, "one JSON object"},
        {0},
    };
    const options_spec_t spec = {.summary = "messages that were not sent, and why",
                                 .usage = "[resend ID | drop ID]",
                                 .examples = examples,
                                 .table = table,
                                 .words = words,
                                 .words_max = 2,
                                 .words_count = &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count == 1 || (words_count == 2 && !is_action(words[0]))) {
        fputs("parley outbox: say what to do with which message: resend ID, or drop ID\n", stderr);
        return EXIT_USAGE;
    }
    code = client_reach(data, argv[0], &self.client);
    if (code != 0)
        return code;
    act_err_t err = words_count == 0 ? list(&self) : settle(&self, words[0], words[1]);
    client_close(&self.client);
    return err == ACT_E_OK ? 0 : 1;
}
