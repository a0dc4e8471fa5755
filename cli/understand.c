// understand: what the bot makes of a message; nothing is stored or sent.
#include "client.h"
#include "command.h"
#include "io/json.h"
#include "lines.h"
#include "options.h"
#include "proto/session_service.h"

#include <stdio.h>

// In the order the manual shows them, every field always there.
static void print_reply(const understand_reply_t *reply)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_add_str(&out, ACT_STR("{\"text\":"));
    act_json_quote(reply->text, &out);
    act_buf_add_str(&out, ACT_STR(",\"language\":"));
    act_json_quote(reply->language, &out);
    act_buf_printf(&out,
                   ",\"language_confidence\":%.4f,\"translation\":", reply->language_confidence);
    act_json_quote(reply->translation, &out);
    act_buf_add_str(&out, ACT_STR(",\"intent\":"));
    act_json_quote(reply->intent, &out);
    act_buf_printf(&out, ",\"confidence\":%.4f,\"sentiment\":", reply->confidence);
    act_json_quote(reply->sentiment, &out);
    act_buf_add_str(&out, ACT_STR(",\"risk\":["));
    for (uint32_t i = 0; i < reply->risk.count; i++) {
        if (i > 0)
            act_buf_add_char(&out, ',');
        act_json_quote(reply->risk.items[i], &out);
    }
    act_buf_add_str(&out, ACT_STR("],\"path\":"));
    act_json_quote(reply->path, &out);
    printf("%.*s}\n", (int)out.len_bytes, out.ptr);
    fflush(stdout);
    act_buf_fini(&out);
}

int command_understand(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *language = "";
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose bot (default demo)"},
        {"language", &language, NULL, "language of the conversation so far (default none)"},
        {0},
    };
    int code = 0;
    client_t *client = NULL;
    if (!options_parse(argc, argv, table, "a message a line in, one JSON object a line out", &data,
                       &code))
        return code;
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    char line[LINES_MAX_BYTES];
    while (code == 0 && lines_next(stdin, line)) {
        understand_request_t request = {.text = act_str(line), .prior_language = act_str(language)};
        understand_reply_t reply;
        if (client_call(client, &session_service, SESSION_UNDERSTAND, tenant, &request, &reply,
                        /* is_loud= */ true) == ACT_E_OK)
            print_reply(&reply);
        else
            code = EXIT_UNAVAILABLE;
        act_arena_reset(client_arena(client));
    }
    client_close(&client);
    return code;
}
