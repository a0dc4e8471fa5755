// glossary: a tenant's own words in translations: list them, set them, take them away.
#include "actions.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *tenant, *from, *to;
    const char *words[3]; // action, term, translation
    uint32_t words_count;
    client_t *client;
} glossary_options_t;

static int fail_usage(const char *text)
{
    fprintf(stderr, "parley glossary: %s\n", text);
    return EXIT_USAGE;
}

static void print_term(const glossary_term_t *term)
{
    if (act_str_empty(term->from_language))
        printf("%-9s %" ACT_STR_FMT "\n", "kept", ACT_STR_ARG(term->term));
    else
        printf("%.*s <-> %.*s %" ACT_STR_FMT " = %" ACT_STR_FMT "\n",
               ACT_STR_ARG(term->from_language), ACT_STR_ARG(term->to_language),
               ACT_STR_ARG(term->term), ACT_STR_ARG(term->translation));
}

static int list(void *context)
{
    const glossary_options_t *options = context;
    empty_t nothing = {0};
    list_glossary_terms_reply_t reply;
    if (client_call(options->client, &persistence_service, PERSISTENCE_LIST_GLOSSARY_TERMS,
                    options->tenant, &nothing, &reply, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    for (uint32_t i = 0; i < reply.terms.count; i++)
        print_term(&reply.terms.items[i]);
    if (reply.terms.count == 0)
        puts("no words (example: parley glossary set devis Kostenvoranschlag --from fr --to de)");
    return 0;
}

static int put(glossary_options_t *options, const char *translation)
{
    const glossary_term_t term = {.term = act_str(options->words[1]),
                                  .translation = act_str(translation),
                                  .from_language = act_str(options->from),
                                  .to_language = act_str(options->to)};
    empty_t nothing;
    if (client_call(options->client, &persistence_service, PERSISTENCE_PUT_GLOSSARY_TERM,
                    options->tenant, &term, &nothing, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    return list(options);
}

static int set(void *context)
{
    glossary_options_t *options = context;
    if (options->words_count != 3 || !*options->from || !*options->to)
        return fail_usage("set needs a word, its translation, --from and --to (example: parley "
                          "glossary set devis Kostenvoranschlag --from fr --to de)");
    return put(options, options->words[2]);
}

static int keep(void *context)
{
    glossary_options_t *options = context;
    if (options->words_count != 2 || *options->from || *options->to)
        return fail_usage("keep needs a name alone (example: parley glossary keep 'Café Zoé')");
    return put(options, options->words[1]);
}

static int unset(void *context)
{
    glossary_options_t *options = context;
    if (options->words_count != 2)
        return fail_usage("unset needs a word, with --from and --to unless it is a name (example: "
                          "parley glossary unset devis --from fr --to de)");
    return put(options, "");
}

static const action_t actions[] = {
    {"list", list}, {"set", set}, {"keep", keep}, {"unset", unset}, {0}};

int command_glossary(int argc, char **argv)
{
    glossary_options_t options = {.tenant = "demo", .from = "", .to = "", .words = {"list"}};
    const char *data = NULL;
    const option_t table[] = {
        {"tenant", &options.tenant, NULL, "whose (default demo)"},
        {"from", &options.from, NULL, "language of the word (fr, en, es, pt, de, it, ro, pl, ar)"},
        {"to", &options.to, NULL, "language of its translation"},
        {0},
    };
    const options_spec_t spec = {
        .summary =
            "a tenant's own words in translations, both ways, and names that are kept as they are",
        .usage = "[list | set WORD TRANSLATION | keep NAME | unset WORD]",
        .examples = "  parley glossary set devis Kostenvoranschlag --from fr --to de\n"
                    "  parley glossary keep 'Café Zoé'\n",
        .table = table,
        .words = options.words,
        .words_max = ACT_COUNT(options.words),
        .words_count = &options.words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    return actions_run(actions, argv[0], options.words[0], data, &options, &options.client);
}
