// model: which models answer a tenant's roles: list them, set them, limit what may be spent, try them.
#include "actions.h"
#include "base/seal.h"
#include "command.h"
#include "model_key.h"
#include "options.h"
#include "proto/model_service.h"
#include "proto/persistence_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEST_BUDGET_MS 60000

typedef struct {
    const char *tenant, *role, *position, *provider, *dialect, *model, *base_url, *options;
    const char *key_env, *key_file, *concurrency, *per_minute, *day, *conversation, *text;
    bool is_streamed;
    const instance_t *instance;
    client_t *client;
} model_options_t;

static int fail_usage(const char *text)
{
    fprintf(stderr, "parley model: %s\n", text);
    return EXIT_USAGE;
}

static bool to_number(const char *text, int64_t fallback, int64_t *ret_number)
{
    *ret_number = fallback;
    return !text || (act_str_to_int(act_str(text), ret_number) && *ret_number >= 0);
}

// --- list ----------------------------------------------------------------------------------------

static void print_price(int64_t micro_usd)
{
    if (micro_usd < 0)
        printf(" %9s", "?");
    else
        printf(" %9.3f", (double)micro_usd / 1e6);
}

static void print_limit(const char *name, int64_t micro_usd)
{
    if (micro_usd > 0)
        printf("%s: at most %.2f USD\n", name, (double)micro_usd / 1e6);
    else
        printf("%s: no limit\n", name);
}

static int list(void *context)
{
    const model_options_t *options = context;
    empty_t empty = {0};
    list_models_reply_t reply;
    if (client_call(options->client, &model_service, MODEL_LIST_MODELS, options->tenant, &empty,
                    &reply,
                    /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    printf("%-11s %2s %-12s %-17s %-26s %-4s %-8s %9s %9s\n", "role", "", "provider", "dialect",
           "model", "key", "breaker", "in USD/M", "out USD/M");
    for (uint32_t i = 0; i < reply.routes.count; i++) {
        const model_route_view_t *row = &reply.routes.items[i];
        printf("%-11.*s %2" PRId64 " %-12.*s %-17.*s %-26.*s %-4s %-8.*s", ACT_STR_ARG(row->role),
               row->position, ACT_STR_ARG(row->provider), ACT_STR_ARG(row->dialect),
               ACT_STR_ARG(row->model), row->has_key ? "yes" : "no", ACT_STR_ARG(row->breaker));
        print_price(row->input_price);
        print_price(row->output_price);
        printf("%s%.*s\n", row->options.len_bytes > 0 ? "  " : "", ACT_STR_ARG(row->options));
    }
    print_limit("a day", reply.day_limit_micro_usd);
    print_limit("a conversation", reply.conversation_limit_micro_usd);
    return 0;
}

// --- set, unset, limit ---------------------------------------------------------------------------

static int reload(const model_options_t *options)
{
    empty_t empty = {0};
    return client_call(options->client, &model_service, MODEL_RELOAD_MODELS, "", &empty, &empty,
                       /* is_loud= */ true) == ACT_E_OK
               ? 0
               : EXIT_UNAVAILABLE;
}

static int put_provider(const model_options_t *options)
{
    put_model_provider_request_t request = {.provider_id = act_str(options->provider),
                                            .dialect = act_str(options->dialect),
                                            .base_url = act_str(options->base_url)};
    if (!to_number(options->concurrency, -1, &request.concurrency_max_count) ||
        !to_number(options->per_minute, -1, &request.requests_per_minute))
        return fail_usage("--concurrency and --per-minute are numbers (example: --concurrency 32)");
    model_key_source_t source = {.environment = options->key_env, .file = options->key_file};
    if (model_key_seal(options->instance, &source, options->tenant, options->provider,
                       client_arena(options->client), &request.api_key) != ACT_E_OK)
        return EXIT_SETTING;
    empty_t empty;
    return client_call(options->client, &persistence_service, PERSISTENCE_PUT_MODEL_PROVIDER,
                       options->tenant, &request, &empty, /* is_loud= */ true) == ACT_E_OK
               ? 0
               : EXIT_UNAVAILABLE;
}

static int put_role(const model_options_t *options, const char *provider)
{
    put_model_role_request_t request = {.role = act_str(options->role),
                                        .provider_id = act_str(provider),
                                        .model = act_str(options->model),
                                        .options = act_str(options->options)};
    empty_t empty;
    if (!to_number(options->position, 1, &request.position) || request.position < 1 ||
        request.position > 8)
        return fail_usage("--position is 1 to 8");
    return client_call(options->client, &persistence_service, PERSISTENCE_PUT_MODEL_ROLE,
                       options->tenant, &request, &empty, /* is_loud= */ true) == ACT_E_OK
               ? 0
               : EXIT_UNAVAILABLE;
}

static int set(void *context)
{
    const model_options_t *options = context;
    if (!options->role || !options->provider || !options->dialect || !options->model)
        return fail_usage(
            "set needs --role, --provider, --dialect and --model (example: parley model set "
            "--role agent --provider main --dialect anthropic --model claude-haiku-5-5 "
            "--key-env ANTHROPIC_API_KEY)");
    int code = put_provider(options);
    if (code == 0)
        code = put_role(options, options->provider);
    if (code == 0)
        code = reload(options);
    return code == 0 ? list(context) : code;
}

static int unset(void *context)
{
    const model_options_t *options = context;
    if (!options->role)
        return fail_usage(
            "unset needs --role (example: parley model unset --role agent --position 2)");
    int code = put_role(options, "");
    if (code == 0)
        code = reload(options);
    return code == 0 ? list(context) : code;
}

static int limit(void *context)
{
    const model_options_t *options = context;
    put_model_limits_request_t request = {.day_micro_usd = 0};
    empty_t empty;
    if (!options->day || !options->conversation ||
        !model_key_read_usd(options->day, &request.day_micro_usd) ||
        !model_key_read_usd(options->conversation, &request.conversation_micro_usd))
        return fail_usage(
            "limit needs --day and --conversation in US dollars, 0 for none (example: parley "
            "model limit --day 5 --conversation 0.50)");
    if (client_call(options->client, &persistence_service, PERSISTENCE_PUT_MODEL_LIMITS,
                    options->tenant, &request, &empty, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    int code = reload(options);
    return code == 0 ? list(context) : code;
}

// --- test ----------------------------------------------------------------------------------------

typedef struct {
    bool is_done;
    bool is_said; // parts were printed
    act_err_t err;
} testing_t;

static void on_part(void *context, uint32_t sequence, act_str_t body)
{
    testing_t *testing = context;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    chat_delta_t delta;
    (void)sequence;
    if (chat_delta_unpack(body, arena, &delta, NULL) != ACT_E_OK)
        return;
    testing->is_said = true;
    printf("%.*s", ACT_STR_ARG(delta.text));
    fflush(stdout);
}

static void print_usage(const chat_reply_t *reply)
{
    static const model_usage_t none = {.is_cost_known = false};
    const model_usage_t *usage = reply->usage ? reply->usage : &none;
    printf("\n%.*s %.*s: %.*s in %" PRId64 " ms, %" PRId64 " requests, tokens %" PRId64
           " in (%" PRId64 " cached), %" PRId64 " out, ",
           ACT_STR_ARG(reply->provider), ACT_STR_ARG(reply->model), ACT_STR_ARG(reply->stop),
           reply->duration_ms, reply->requests_count,
           usage->input_tokens + usage->cache_read_tokens, usage->cache_read_tokens,
           usage->output_tokens);
    if (usage->is_cost_known)
        printf("%.6f USD%s\n", (double)usage->cost_micro_usd / 1e6,
               reply->is_cached ? " (from the cache)" : "");
    else
        puts("cost unknown");
}

static void on_reply(void *context, const act_reply_t *reply, const chat_reply_t *body)
{
    testing_t *testing = context;
    testing->is_done = true;
    testing->err = reply->err;
    if (reply->err != ACT_E_OK) {
        fprintf(stderr, "parley model: %s %s (%.*s)\n", act_err_code(reply->err),
                act_err_text(reply->err), ACT_STR_ARG(reply->text));
        return;
    }
    if (!testing->is_said && body->message)
        printf("%.*s", ACT_STR_ARG(body->message->text));
    print_usage(body);
}

static int test(void *context)
{
    const model_options_t *options = context;
    testing_t testing = {.err = ACT_E_DEADLINE};
    const chat_message_t message = {.role = ACT_STR("user"),
                                    .text = act_str(options->text ? options->text : "Say hello.")};
    const chat_request_t request = {.role = act_str(options->role ? options->role : "agent"),
                                    .messages = {.items = &message, .count = 1}};
    const act_call_opts_t opts = {.tenant = act_str(options->tenant),
                                  .budget_ms = TEST_BUDGET_MS,
                                  .on_part = options->is_streamed ? on_part : NULL,
                                  .part_context = &testing};
    (void)model_chat(client_actor(options->client), &opts, &request, on_reply, &testing);
    client_wait(options->client, &testing.is_done, TEST_BUDGET_MS + 1000);
    return testing.err == ACT_E_OK ? 0 : EXIT_UNAVAILABLE;
}

// --- which ---------------------------------------------------------------------------------------

static const action_t actions[] = {{"list", list},   {"set", set},   {"unset", unset},
                                   {"limit", limit}, {"test", test}, {0}};

int command_model(int argc, char **argv)
{
    model_options_t options = {.tenant = "demo"};
    const char *data = NULL, *action = "list";
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &options.tenant, NULL, "whose (default demo)"},
        {"role", &options.role, NULL,
         "agent, agent_small, classify, translate, summarise, embed, transcribe"},
        {"position", &options.position, NULL,
         "1 is asked first, the others when it cannot answer (default 1)"},
        {"provider", &options.provider, NULL, "a name of yours for the account (example: main)"},
        {"dialect", &options.dialect, NULL,
         "anthropic, openai, openai_compatible, gemini, builtin"},
        {"model", &options.model, NULL, "as the provider calls it"},
        {"base-url", &options.base_url, NULL, "where it is (default: the dialect's own)"},
        {"key-env", &options.key_env, NULL, "the environment variable that has the key"},
        {"key-file", &options.key_file, NULL, "the file that has the key; - is standard input"},
        {"options", &options.options, NULL, "what the model can take (docs/models.md)"},
        {"concurrency", &options.concurrency, NULL, "most requests at a time"},
        {"per-minute", &options.per_minute, NULL, "most requests a minute; 0: no limit"},
        {"day", &options.day, NULL, "limit: US dollars a day"},
        {"conversation", &options.conversation, NULL, "limit: US dollars a conversation"},
        {"text", &options.text, NULL, "test: what to ask"},
        {"stream", NULL, &options.is_streamed, "test: show the answer while it is written"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "which models answer, what they may cost",
        .usage = "[list | set | unset | limit | test]",
        .examples = "  parley model set --role agent --provider main --dialect anthropic \\\n"
                    "      --model claude-haiku-5-5 --key-env ANTHROPIC_API_KEY\n"
                    "  parley model limit --day 5 --conversation 0.50\n"
                    "  parley model test --role agent --text 'What can you do?' --stream\n",
        .table = table,
        .words = &action,
        .words_max = 1,
        .words_count = &words_count,
    };
    int code = 0;
    instance_t instance;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (instance_locate(data, &instance) != ACT_E_OK)
        return EXIT_USAGE;
    options.instance = &instance;
    return actions_run(actions, argv[0], action, data, &options, &options.client);
}
