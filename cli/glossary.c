// glossary: a tenant's own words in translations: list them, set them, take them away.
#include "client.h"
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

static int list(const glossary_options_t *options)
{
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

static int put(const glossary_options_t *options, const char *translation)
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

static int set(const glossary_options_t *options)
{
    if (options->words_count != 3 || !*options->from || !*options->to)
        return fail_usage("set needs a word, its translation, --from and --to (example: parley "
                          "glossary set devis Kostenvoranschlag --from fr --to de)");
    return put(options, options->words[2]);
}

static int keep(const glossary_options_t *options)
{
    if (options->words_count != 2 || *options->from || *options->to)
        return fail_usage("keep needs a name alone (example: parley glossary keep 'Café Zoé')");
    return put(options, options->words[1]);
}

static int unset(const glossary_options_t *options)
{
    if (options->words_count != 2)
        return fail_usage("unset needs a word, with --from and --to unless it is a name (example: "
                          "parley glossary unset devis --from fr --to de)");
    return put(options, "");
}

static const struct {
    const char *name;
    int (*run)(const glossary_options_t *options);
} actions[] = {{"list", list}, {"set", set}, {"keep", keep}, {"unset", unset}};

static int run(glossary_options_t *options, const char *data)
{
    const char *action = options->words_count > 0 ? options->words[0] : "list";
    for (size_t i = 0; i < ACT_COUNT(actions); i++) {
        if (strcmp(action, actions[i].name) != 0)
            continue;
        int code = client_reach(data, "glossary", &options->client);
        if (code == 0)
            code = actions[i].run(options);
        client_close(&options->client);
        return code;
    }
    return fail_usage("the actions are list, set, keep, unset");
}

int command_glossary(int argc, char **argv)
{
    glossary_options_t options = {.tenant = "demo", .from = "", .to = ""};
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
    return run(&options, data);
}
