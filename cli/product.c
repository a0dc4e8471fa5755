// product: a tenant's price table: list it, set a product, take one away. What `set` is not told stays as it is.
#include "actions.h"
#include "command.h"
#include "options.h"
#include "price.h"
#include "proto/persistence_service.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX_COUNT 32
#define BREAKS_MAX_COUNT 32

typedef struct {
    const char *tenant, *language;
    const char *name, *unit, *note, *keywords;       // NULL: as it is
    const char *price, *currency, *breaks, *pricing; // the same
    bool is_hidden, is_shown;
    const char *words[2]; // action, product
    uint32_t words_count;
    client_t *client;
} product_options_t;

static int fail_usage(const char *text)
{
    fprintf(stderr, "parley product: %s\n", text);
    return EXIT_USAGE;
}

static act_err_t read_all(const product_options_t *options, list_products_reply_t *reply)
{
    empty_t nothing = {0};
    return client_call(options->client, &persistence_service, PERSISTENCE_LIST_PRODUCTS,
                       options->tenant, &nothing, reply, /* is_loud= */ true);
}

// --- list ----------------------------------------------------------------------------------------

static void print_product(const product_t *product)
{
    char price[PRICE_TEXT_BYTES];
    price_text(product->unit_price_minor, product->minor_digits, price);
    printf("%-24.*s %10s %.*s", ACT_STR_ARG(product->product_id), price,
           ACT_STR_ARG(product->currency));
    for (uint32_t i = 0; i < product->breaks.count; i++) {
        const price_break_t *row = &product->breaks.items[i];
        price_text(row->unit_price_minor, product->minor_digits, price);
        printf("%s%g=%s", i > 0 ? "," : "  ", row->from_quantity, price);
    }
    printf("%s%s\n",
           product->breaks.count > 0 && act_str_is(product->pricing, "tiered") ? " tiered" : "",
           product->is_hidden ? "  hidden" : "");
    for (uint32_t i = 0; i < product->names.count; i++) {
        const product_name_t *name = &product->names.items[i];
        printf("    %-2.*s %.*s", ACT_STR_ARG(name->language), ACT_STR_ARG(name->name));
        if (!act_str_empty(name->unit))
            printf(", a %.*s", ACT_STR_ARG(name->unit));
        puts("");
    }
}

static int list(void *context)
{
    const product_options_t *options = context;
    list_products_reply_t reply;
    if (read_all(options, &reply) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    for (uint32_t i = 0; i < reply.products.count; i++)
        print_product(&reply.products.items[i]);
    if (reply.products.count == 0)
        puts("no products (example: parley product set painting --name Painting --unit m² --price "
             "25 --currency EUR)");
    return 0;
}

// --- set -----------------------------------------------------------------------------------------

static void change(const char *text, act_str_t *value)
{
    if (text)
        *value = act_str(text);
}

// The name in this language, changed or new. False: there is no room, or it has no name.
static bool set_name(const product_options_t *options, product_t *product, product_name_t *names)
{
    uint32_t count = product->names.count, place = 0;
    if (count > 0)
        memcpy(names, product->names.items, count * sizeof *names);
    while (place < count && !act_str_is(names[place].language, options->language))
        place++;
    bool is_asked = options->name || options->unit || options->note || options->keywords;
    if (is_asked && place == count && count < NAMES_MAX_COUNT)
        names[count++] = (product_name_t){.language = act_str(options->language)};
    if (is_asked && place < count) {
        change(options->name, &names[place].name);
        change(options->unit, &names[place].unit);
        change(options->note, &names[place].note);
        change(options->keywords, &names[place].keywords);
    }
    product->names.items = names;
    product->names.count = count;
    return count > 0 && place <= count && (!is_asked || !act_str_empty(names[place].name));
}

static bool set_prices(const product_options_t *options, product_t *product, price_break_t *breaks)
{
    uint32_t count = 0;
    if (options->currency) {
        product->currency = act_str(options->currency);
        product->minor_digits = price_digits(product->currency);
    }
    if (options->price &&
        !price_parse(act_str(options->price), product->minor_digits, &product->unit_price_minor))
        return false;
    if (options->breaks) {
        if (!price_breaks_parse(act_str(options->breaks), product->minor_digits, breaks,
                                BREAKS_MAX_COUNT, &count))
            return false;
        product->breaks.items = breaks;
        product->breaks.count = count;
    }
    return true;
}

static bool is_currency(act_str_t text)
{
    return text.len_bytes == 3 && strspn(text.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= 3;
}

static const char *problem_of(const product_options_t *options, const product_t *before)
{
    if (!before && (!options->price || !options->currency || !options->name))
        return "a new product needs --name, --price and --currency (example: parley product set "
               "painting --name Painting --unit m² --price 25 --currency EUR)";
    if (options->currency && !is_currency(act_str(options->currency)))
        return "--currency is three capital letters (example: --currency EUR)";
    if (before && options->currency && !act_str_is(before->currency, options->currency) &&
        !options->price)
        return "another currency needs its price too (example: --currency CHF --price 27.50)";
    if (options->pricing && strcmp(options->pricing, "volume") != 0 &&
        strcmp(options->pricing, "tiered") != 0)
        return "--pricing is volume (the whole quantity at the price it reaches) or tiered (each "
               "part at its own)";
    return NULL;
}

static int put(const product_options_t *options, const product_t *before)
{
    product_name_t names[NAMES_MAX_COUNT];
    price_break_t breaks[BREAKS_MAX_COUNT];
    product_t product = before ? *before : (product_t){.product_id = act_str(options->words[1])};
    if (!set_prices(options, &product, breaks))
        return fail_usage(
            "prices have a point and no more decimals than the currency has; "
            "quantities are above 0 (example: --price 25 --breaks 50=22.50,150=19.90)");
    if (!set_name(options, &product, names))
        return fail_usage(
            "it has no name in this language (example: --language fr --name Peinture)");
    change(options->pricing, &product.pricing);
    product.is_hidden = options->is_hidden || (product.is_hidden && !options->is_shown);
    empty_t nothing;
    if (client_call(options->client, &persistence_service, PERSISTENCE_PUT_PRODUCT, options->tenant,
                    &product, &nothing, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    print_product(&product);
    return 0;
}

static int set(void *context)
{
    const product_options_t *options = context;
    list_products_reply_t reply;
    const product_t *before = NULL;
    if (options->words_count != 2)
        return fail_usage(
            "set needs the product (example: parley product set painting --price 26)");
    if (read_all(options, &reply) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    for (uint32_t i = 0; i < reply.products.count && !before; i++)
        if (act_str_is(reply.products.items[i].product_id, options->words[1]))
            before = &reply.products.items[i];
    const char *problem = problem_of(options, before);
    return problem ? fail_usage(problem) : put(options, before);
}

// --- remove --------------------------------------------------------------------------------------

static int remove_one(void *context)
{
    const product_options_t *options = context;
    if (options->words_count != 2)
        return fail_usage("remove needs the product (example: parley product remove painting)");
    const remove_product_request_t request = {.product_id = act_str(options->words[1])};
    remove_product_reply_t reply;
    if (client_call(options->client, &persistence_service, PERSISTENCE_REMOVE_PRODUCT,
                    options->tenant, &request, &reply, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    return reply.was_there ? 0 : fail_usage("there is no such product (parley product list)");
}

// --- the command ---------------------------------------------------------------------------------

static const action_t actions[] = {{"list", list}, {"set", set}, {"remove", remove_one}, {0}};

int command_product(int argc, char **argv)
{
    product_options_t options = {.tenant = "demo", .language = "en", .words = {"list"}};
    const char *data = NULL;
    const option_t table[] = {
        {"tenant", &options.tenant, NULL, "whose (default demo)"},
        {"price", &options.price, NULL, "set: of one (25.00)"},
        {"currency", &options.currency, NULL, "set: ISO 4217 (EUR)"},
        {"breaks", &options.breaks, NULL,
         "set: from which quantity on which price (50=22.50,150=19.90; '' none)"},
        {"pricing", &options.pricing, NULL, "set: volume (default) or tiered"},
        {"language", &options.language, NULL, "set: of name, unit, note and keywords (default en)"},
        {"name", &options.name, NULL, "set: what it is called"},
        {"unit", &options.unit, NULL, "set: what a quantity of 1 is (m², hour)"},
        {"note", &options.note, NULL, "set: is said with each price (without VAT)"},
        {"keywords", &options.keywords, NULL, "set: more words people use for it"},
        {"hide", NULL, &options.is_hidden, "set: no longer told to customers"},
        {"show", NULL, &options.is_shown, "set: told again"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "a tenant's price table; what `set` is not told stays as it is",
        .usage = "[list | set PRODUCT | remove PRODUCT]",
        .examples =
            "  parley product set painting --name Painting --unit m² --price 25 --currency EUR\n"
            "  parley product set painting --breaks 50=22.50,150=19.90\n"
            "  parley product set painting --language fr --name Peinture --unit m²\n"
            "  parley product remove painting\n",
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
