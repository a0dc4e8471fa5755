// chat: a conversation in the terminal, through the same path as any channel: stored in the inbox,
// answered by a turn, delivered from the outbox. Its channel is "console".
#include "base/id.h"
#include "base/mem.h"
#include "base/time.h"
#include "client.h"
#include "command.h"
#include "lines.h"
#include "options.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"
#include "proto/session_service.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REPLY_MS 20000
#define CHOICES_MAX_COUNT 10
#define TURNS_KEPT_COUNT 8

typedef struct {
    char id[ACT_UUID_TEXT_BYTES];
    uint32_t received_count;
} turn_seen_t;

typedef struct {
    char id[256];
    char title[256];
} shown_choice_t;

typedef struct {
    client_t *client;
    const char *tenant;
    const char *from;
    char account_id[ACT_UUID_TEXT_BYTES];
    char conversation_id[ACT_UUID_TEXT_BYTES];
    bool is_subscribed;
    // The message that waits for its turn.
    char external_id[ACT_UUID_TEXT_BYTES];
    char turn_id[ACT_UUID_TEXT_BYTES]; // empty: its turn has not ended
    uint32_t expected_count;
    bool is_answered;
    bool has_printed; // a message since the last line was read
    // Messages may come before the end of their turn does, so they are counted by turn.
    turn_seen_t seen[TURNS_KEPT_COUNT];
    uint32_t seen_next;
    shown_choice_t choices[CHOICES_MAX_COUNT];
    uint32_t choices_count;
} chat_t;

// --- what comes back -----------------------------------------------------------------------------

static turn_seen_t *seen_of(chat_t *self, act_str_t turn_id)
{
    for (size_t i = 0; i < TURNS_KEPT_COUNT; i++)
        if (act_str_is(turn_id, self->seen[i].id))
            return &self->seen[i];
    turn_seen_t *seen = &self->seen[self->seen_next++ % TURNS_KEPT_COUNT];
    *seen = (turn_seen_t){0};
    act_str_copy(turn_id, seen->id, sizeof seen->id);
    return seen;
}

static void check_answered(chat_t *self)
{
    if (self->turn_id[0] != '\0')
        self->is_answered =
            seen_of(self, act_str(self->turn_id))->received_count >= self->expected_count;
}

static void print_message(chat_t *self, const outbound_content_t *content)
{
    printf("%s", self->has_printed ? "\n" : "");
    if (!act_str_empty(content->media_url))
        printf("[%.*s] ", ACT_STR_ARG(content->type));
    printf("%.*s\n", ACT_STR_ARG(content->text));
    if (!act_str_empty(content->media_url))
        printf("  %.*s\n", ACT_STR_ARG(content->media_url));
    self->has_printed = true;
    self->choices_count = 0;
    for (uint32_t i = 0; i < content->choices.count && i < CHOICES_MAX_COUNT; i++) {
        const choice_t *choice = &content->choices.items[i];
        shown_choice_t *shown = &self->choices[self->choices_count++];
        act_str_copy(choice->id, shown->id, sizeof shown->id);
        act_str_copy(choice->title, shown->title, sizeof shown->title);
        bool has_more = !act_str_empty(choice->description);
        printf("  %u) %.*s%s%.*s\n", i + 1, ACT_STR_ARG(choice->title), has_more ? " - " : "",
               ACT_STR_ARG(choice->description));
    }
}

static void on_sent(chat_t *self, act_str_t body)
{
    message_sent_t sent;
    if (message_sent_unpack(body, client_arena(self->client), &sent, NULL) != ACT_E_OK ||
        !sent.content)
        return;
    print_message(self, sent.content);
    seen_of(self, sent.turn_id)->received_count++;
    check_answered(self);
}

static void on_done(chat_t *self, const turn_done_t *done)
{
    for (uint32_t i = 0; i < done->external_ids.count; i++)
        if (act_str_is(done->external_ids.items[i], self->external_id)) {
            act_str_copy(done->turn_id, self->turn_id, sizeof self->turn_id);
            self->expected_count = done->outbox_count;
            if (done->outbox_count == 0)
                printf("(no answer: %.*s)\n", ACT_STR_ARG(done->path));
        }
    check_answered(self);
}

// One topic carries both kinds of event; a turn's end names a decision, a sent message never does.
static void on_event(void *context, act_str_t topic, act_str_t body)
{
    (void)topic;
    chat_t *self = context;
    turn_done_t done;
    if (turn_done_unpack(body, client_arena(self->client), &done, NULL) == ACT_E_OK &&
        !act_str_empty(done.decision))
        on_done(self, &done);
    else
        on_sent(self, body);
}

// --- what is sent --------------------------------------------------------------------------------

static bool open_account(chat_t *self)
{
    put_channel_account_request_t request = {
        .channel = ACT_STR("console"),
        .external_id = ACT_STR("console"),
    };
    put_channel_account_reply_t reply;
    if (client_call(self->client, &persistence_service, PERSISTENCE_PUT_CHANNEL_ACCOUNT,
                    self->tenant, &request, &reply, /* is_loud= */ true) != ACT_E_OK)
        return false;
    act_str_copy(reply.channel_account_id, self->account_id, sizeof self->account_id);
    return true;
}

// A number or a title of what was shown last is that choice.
static const shown_choice_t *chosen(const chat_t *self, const char *line)
{
    int64_t number = 0;
    if (act_str_to_int(act_str(line), &number) && number >= 1 && number <= self->choices_count)
        return &self->choices[number - 1];
    for (uint32_t i = 0; i < self->choices_count; i++)
        if (strcmp(line, self->choices[i].title) == 0)
            return &self->choices[i];
    return NULL;
}

static bool append(chat_t *self, const char *line)
{
    const shown_choice_t *choice = chosen(self, line);
    inbound_content_t content = {
        .text = act_str(choice ? choice->title : line),
        .choice_id = act_str(choice ? choice->id : NULL),
    };
    act_uuid7(self->external_id);
    inbound_message_t message = {
        .external_id = act_str(self->external_id),
        .address = act_str(self->from),
        .type = act_str(choice ? "choice" : "text"),
        .sent_at_ms = act_time_wall_us() / 1000,
        .starts_turn = true,
        .content = &content,
    };
    append_inbound_request_t request = {
        .channel = ACT_STR("console"),
        .channel_account_id = act_str(self->account_id),
        .messages = {&message, 1},
    };
    append_inbound_reply_t reply;
    if (client_call(self->client, &persistence_service, PERSISTENCE_APPEND_INBOUND, self->tenant,
                    &request, &reply, /* is_loud= */ true) != ACT_E_OK ||
        reply.messages.count != 1)
        return false;
    act_str_copy(reply.messages.items[0].conversation_id, self->conversation_id,
                 sizeof self->conversation_id);
    return true;
}

static void wake(chat_t *self)
{
    act_str_t id = act_str(self->conversation_id);
    if (!self->is_subscribed) {
        char topic[ACT_HEADER_KEY_MAX_BYTES];
        snprintf(topic, sizeof topic, "conversation/%s", self->conversation_id);
        act_actor_subscribe(client_actor(self->client), act_str(topic), on_event, self);
        self->is_subscribed = true;
    }
    wake_request_t request = {.conversation_id = id};
    act_call_opts_t opts = {.tenant = act_str(self->tenant), .key = id};
    session_wake(client_actor(self->client), &opts, &request);
}

static bool say(chat_t *self, const char *line)
{
    self->is_answered = false;
    self->has_printed = false;
    self->turn_id[0] = '\0';
    if (!append(self, line))
        return false;
    wake(self);
    if (!client_wait(self->client, &self->is_answered, REPLY_MS)) {
        fprintf(stderr, "parley chat: no answer within %d s (see parley status)\n",
                REPLY_MS / 1000);
        return false;
    }
    putchar('\n');
    fflush(stdout);
    act_arena_reset(client_arena(self->client));
    return true;
}

static int talk(chat_t *self)
{
    bool is_terminal = isatty(STDIN_FILENO) != 0;
    if (is_terminal)
        printf("You are %s. End with Ctrl-D. A number picks one of the choices.\n\n", self->from);
    char line[LINES_MAX_BYTES];
    for (;;) {
        if (is_terminal) {
            fputs("> ", stdout);
            fflush(stdout);
        }
        if (!lines_next(stdin, line))
            return 0;
        if (line[0] != '\0' && !say(self, line))
            return EXIT_UNAVAILABLE;
    }
}

int command_chat(int argc, char **argv)
{
    const char *data = NULL;
    chat_t self = {.tenant = "demo", .from = "+33612345678"};
    const option_t table[] = {
        {"tenant", &self.tenant, NULL, "whose bot (default demo)"},
        {"from", &self.from, NULL, "the customer's address (default +33612345678)"},
        {0},
    };
    int code = 0;
    if (!options_parse(argc, argv, table, "talk to the bot in the terminal", &data, &code))
        return code;
    code = client_reach(data, argv[0], &self.client);
    if (code != 0)
        return code;
    code = open_account(&self) ? talk(&self) : EXIT_UNAVAILABLE;
    client_close(&self.client);
    return code;
}
