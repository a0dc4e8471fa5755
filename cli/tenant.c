// tenant: what is set for one business alone: shows it, changes it.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Options that are numbers: their bounds, and what they set.
typedef struct {
    const char *name;
    int64_t min;
    int64_t max;
    const char *example;
} number_t;

enum { FIRST_SIGN, ANSWER, LOOP_TURNS, NUMBERS };

static const number_t numbers[NUMBERS] = {
    [FIRST_SIGN] = {"first-sign-ms", 500, 3600000, "20000"},
    [ANSWER] = {"answer-ms", 1000, 3600000, "60000"},
    [LOOP_TURNS] = {"loop-turns-max", 0, 1000, "20"},
};

static const char examples[] =
    "Examples:\n"
    "  parley tenant                            what is set for demo\n"
    "  parley tenant set --answer-ms 30000      a customer is answered within 30 s\n"
    "  parley tenant set --loop-turns-max 0     never silent, also when another bot seems to write\n";

static int fail_usage(const char *text)
{
    fprintf(stderr, "parley tenant: %s\n", text);
    return EXIT_USAGE;
}

// False: it was said what is wrong. Not given: *ret_value stays.
static bool read_number(const number_t *number, const char *text, int64_t *ret_value)
{
    int64_t value = 0;
    if (!text)
        return true;
    if (!act_str_to_int(act_str(text), &value) || value < number->min || value > number->max) {
        fprintf(stderr,
                "parley tenant: --%s is a number from %" PRId64 " to %" PRId64
                ", not '%s' (example: parley tenant set --%s %s)\n",
                number->name, number->min, number->max, text, number->name, number->example);
        return false;
    }
    *ret_value = value;
    return true;
}

static int show(client_t *client, const char *tenant)
{
    empty_t nothing = {0};
    get_tenant_reply_t reply;
    if (client_call(client, &persistence_service, PERSISTENCE_GET_TENANT, tenant, &nothing, &reply,
                    /* is_loud= */ true) != ACT_E_OK)
        return 1;
    printf("%-18s %s\n", "tenant", tenant);
    printf("%-18s %.*s\n", "name", ACT_STR_ARG(reply.name));
    printf("%-18s %.*s\n", "language", ACT_STR_ARG(reply.internal_language));
    printf("%-18s %.*s\n", "timezone", ACT_STR_ARG(reply.timezone));
    printf("%-18s %.*s\n", "owner", ACT_STR_ARG(reply.owner_address));
    printf("%-18s %u\n", numbers[FIRST_SIGN].name, reply.first_sign_ms);
    printf("%-18s %u\n", numbers[ANSWER].name, reply.answer_ms);
    printf("%-18s %u%s\n", numbers[LOOP_TURNS].name, reply.loop_turns_max,
           reply.loop_turns_max == 0 ? " (never silent)" : "");
    return 0;
}

// A tenant that is not there is an error, not a new one.
static int set(client_t *client, const char *tenant, const put_tenant_request_t *request)
{
    empty_t nothing = {0};
    get_tenant_reply_t before;
    put_tenant_request_t changed = *request;
    if (client_call(client, &persistence_service, PERSISTENCE_GET_TENANT, tenant, &nothing, &before,
                    /* is_loud= */ true) != ACT_E_OK)
        return 1;
    if (act_str_empty(changed.name))
        changed.name = before.name;
    if (client_call(client, &persistence_service, PERSISTENCE_PUT_TENANT, tenant, &changed,
                    &nothing, /* is_loud= */ true) != ACT_E_OK)
        return 1;
    return show(client, tenant);
}

int command_tenant(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *action = "show";
    const char *name = NULL, *language = NULL, *timezone = NULL, *owner = NULL;
    const char *texts[NUMBERS] = {NULL};
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"name", &name, NULL, "of the business, as customers read it"},
        {"language", &language, NULL, "in which it works (fr, en, es, pt, de, it, ro, pl, ar)"},
        {"timezone", &timezone, NULL, "Europe/Paris"},
        {"owner", &owner, NULL, "address of whom a hand-over is told to (WhatsApp: digits)"},
        {numbers[FIRST_SIGN].name, &texts[FIRST_SIGN], NULL,
         "a customer waits so long for a first sign (20000)"},
        {numbers[ANSWER].name, &texts[ANSWER], NULL, "and so long for an answer (60000)"},
        {numbers[LOOP_TURNS].name, &texts[LOOP_TURNS], NULL,
         "the bot is silent after so many machine-like messages: another bot (20; 0: never)"},
        {0},
    };
    const options_spec_t spec = {.summary = "what is set for one business alone",
                                 .usage = "[show | set --OPTION VALUE ...]",
                                 .examples = examples,
                                 .table = table,
                                 .words = &action,
                                 .words_max = 1,
                                 .words_count = &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    bool is_set = strcmp(action, "set") == 0;
    if (!is_set && strcmp(action, "show") != 0)
        return fail_usage("the actions are show and set");
    int64_t values[NUMBERS] = {0};
    bool has_change = name || language || timezone || owner;
    for (size_t i = 0; i < NUMBERS; i++) {
        has_change |= texts[i] != NULL;
        if (!read_number(&numbers[i], texts[i], &values[i]))
            return EXIT_USAGE;
    }
    if (is_set != has_change)
        return fail_usage(is_set ? "set needs what to set (parley tenant --help)"
                                 : "to change something, say set (parley tenant set ...)");
    if (texts[LOOP_TURNS] && values[LOOP_TURNS] == 0)
        values[LOOP_TURNS] = -1; // on the wire 0 leaves it as it is
    const put_tenant_request_t request = {
        .name = act_str(name),
        .internal_language = act_str(language),
        .timezone = act_str(timezone),
        .owner_address = act_str(owner),
        .first_sign_ms = (uint32_t)values[FIRST_SIGN],
        .answer_ms = (uint32_t)values[ANSWER],
        .loop_turns_max = (int32_t)values[LOOP_TURNS],
    };
    client_t *client = NULL;
    code = client_reach(data, argv[0], &client);
    if (code == 0)
        code = is_set ? set(client, tenant, &request) : show(client, tenant);
    client_close(&client);
    return code;
}
