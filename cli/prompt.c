// prompt: what models are told for a tenant: list the prompts, show one, set a text of its own, go back to the
// built-in one.
#include "actions.h"
#include "command.h"
#include "options.h"
#include "proto/agent_service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// Of SetPromptRequest.
#define TEXT_MAX_BYTES 16384

typedef struct {
    const char *tenant, *file, *name;
    client_t *client;
} prompt_options_t;

static int fail_usage(const char *text)
{
    fprintf(stderr, "parley prompt: %s\n", text);
    return EXIT_USAGE;
}

static bool read_all(const prompt_options_t *options, list_prompt_views_reply_t *ret_reply)
{
    return client_call(options->client, &agent_service, AGENT_LIST_PROMPT_VIEWS, options->tenant,
                       &(empty_t){0}, ret_reply, /* is_loud= */ true) == ACT_E_OK;
}

static int list(void *context)
{
    const prompt_options_t *options = context;
    list_prompt_views_reply_t reply;
    if (!read_all(options, &reply))
        return EXIT_UNAVAILABLE;
    printf("%-12s %-10s %-9s %s\n", "prompt", "version", "", "bytes");
    for (uint32_t i = 0; i < reply.prompts.count; i++) {
        const prompt_view_t *view = &reply.prompts.items[i];
        printf("%-12.*s %-10.*s %-9s %zu\n", ACT_STR_ARG(view->name), ACT_STR_ARG(view->version),
               view->is_own ? "own" : "built in", view->text.len_bytes);
    }
    return 0;
}

static int show(void *context)
{
    const prompt_options_t *options = context;
    list_prompt_views_reply_t reply;
    if (!options->name)
        return fail_usage("show needs a name (example: parley prompt show mouth)");
    if (!read_all(options, &reply))
        return EXIT_UNAVAILABLE;
    for (uint32_t i = 0; i < reply.prompts.count; i++)
        if (act_str_is(reply.prompts.items[i].name, options->name)) {
            printf("%.*s\n", ACT_STR_ARG(reply.prompts.items[i].text));
            return 0;
        }
    return fail_usage("there is no such prompt (`parley prompt list` shows them)");
}

static int put(prompt_options_t *options, act_str_t text)
{
    const set_prompt_request_t request = {.name = act_str(options->name), .text = text};
    empty_t empty;
    if (client_call(options->client, &agent_service, AGENT_SET_PROMPT, options->tenant, &request,
                    &empty, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    return list(options);
}

static int set(void *context)
{
    prompt_options_t *options = context;
    char text[TEXT_MAX_BYTES + 1];
    if (!options->name || !options->file)
        return fail_usage("set needs a name and --file (example: parley prompt set tone --file "
                          "tone.md)");
    FILE *file = strcmp(options->file, "-") == 0 ? stdin : fopen(options->file, "re");
    if (!file) {
        fprintf(stderr, "parley prompt: %s: %s\n", options->file, strerror(errno));
        return EXIT_USAGE;
    }
    size_t len_bytes = fread(text, 1, sizeof text, file);
    if (file != stdin)
        fclose(file);
    act_str_t trimmed = act_str_trim(act_str_of(text, len_bytes));
    if (len_bytes == sizeof text || act_str_empty(trimmed) || !act_utf8_valid(trimmed))
        return fail_usage("a prompt is UTF-8 text of 1 to 16384 bytes");
    return put(options, trimmed);
}

static int reset(void *context)
{
    prompt_options_t *options = context;
    if (!options->name)
        return fail_usage("reset needs a name (example: parley prompt reset tone)");
    return put(options, act_str(""));
}

static const action_t actions[] = {
    {"list", list}, {"show", show}, {"set", set}, {"reset", reset}, {0}};

int command_prompt(int argc, char **argv)
{
    prompt_options_t options = {.tenant = "demo"};
    const char *data = NULL, *words[2] = {"list", NULL};
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &options.tenant, NULL, "whose (default demo)"},
        {"file", &options.file, NULL, "set: the file that has the text; - is standard input"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "what models are told",
        .usage = "[list | show NAME | set NAME --file FILE | reset NAME]",
        .examples = "  parley prompt show tone\n"
                    "  echo 'short, warm, first names' | parley prompt set tone --file -\n"
                    "  parley prompt reset tone\n",
        .table = table,
        .words = words,
        .words_max = 2,
        .words_count = &words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    options.name = words[1];
    return actions_run(actions, argv[0], words[0], data, &options, &options.client);
}
