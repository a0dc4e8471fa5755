// tool_test: what every tool must do, tried on one that runs (docs/plugins.md, The conformance suite). It
// makes the calls of the card's examples, so give examples that may be made.
#include "tool.h"

#include "base/id.h"
#include "base/time.h"
#include "options.h"
#include "tool/json_schema.h"
#include "tool_link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READY_MS 30000
#define LOOK_MS 100

typedef struct {
    client_t *client;
    const char *name;
    const char *tenant;
    const char *conversation;
    bool is_spared; // its process is not killed
    tool_view_t view;
    act_tool_card_t *card;
    char why[512]; // of the check that failed
} suite_t;

static bool fail(suite_t *self, const char *what, act_str_t detail)
{
    snprintf(self->why, sizeof self->why, "%s%s%.*s", what, detail.len_bytes > 0 ? ": " : "",
             ACT_STR_ARG(act_utf8_prefix(detail, 300)));
    return false;
}

static bool look(suite_t *self)
{
    tools_reply_t reply;
    if (!tool_link_list(self->client, self->tenant, self->name, &reply) || reply.tools.count == 0)
        return fail(self, "there is no such tool", act_str(""));
    self->view = reply.tools.items[0];
    return true;
}

// Waits until it is ready; a tool that was killed is back within some seconds.
static bool wait_ready(suite_t *self)
{
    int64_t until_ms = act_time_mono_ms() + READY_MS;
    while (act_time_mono_ms() < until_ms) {
        bool never = false;
        if (!look(self))
            return false;
        if (act_str_is(self->view.state, "ready"))
            return true;
        client_wait(self->client, &never, LOOK_MS);
    }
    return fail(self, "it does not become ready", self->view.error);
}

typedef struct {
    act_err_t err;
    tool_call_reply_t reply;
    int64_t took_ms;
} outcome_t;

static outcome_t call(suite_t *self, const json_t *arguments, const char *step_key)
{
    const tool_link_opts_t opts = {
        .tenant = self->tenant, .step_key = step_key, .conversation = self->conversation};
    char *text = json_dumps(arguments, JSON_COMPACT);
    outcome_t outcome = {0};
    int64_t from_ms = act_time_mono_ms();
    outcome.err = tool_link_call(self->client, &self->view, &opts, text, &outcome.reply,
                                 /* is_loud= */ false);
    outcome.took_ms = act_time_mono_ms() - from_ms;
    free(text);
    return outcome;
}

static const json_t *first_arguments(const suite_t *self)
{
    return json_object_get(json_array_get(self->card->examples, 0), "arguments");
}

// --- the checks ------------------------------------------------------------------------------------

static bool manifest_is_right(suite_t *self)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    bool is_good = self->view.error.len_bytes == 0 && self->view.card.len_bytes > 0 &&
                   act_tool_card_parse(self->view.card, &self->card, &error) == ACT_E_OK;
    if (!is_good)
        fail(self, "tool.yaml",
             self->view.error.len_bytes ? self->view.error : act_buf_str(&error));
    act_buf_fini(&error);
    return is_good;
}

static bool has_examples(suite_t *self)
{
    return json_array_size(self->card->examples) > 0 ||
           fail(self, "tool.yaml needs examples, so that something can be tried", act_str(""));
}

static bool check_result(suite_t *self, const json_t *example, const outcome_t *outcome)
{
    if (outcome->err != ACT_E_OK)
        return fail(self, "a call failed", act_str(act_err_text(outcome->err)));
    if (outcome->reply.is_error)
        return fail(self, "it refused an example", outcome->reply.text);
    if (outcome->took_ms > self->card->timeout_ms)
        return fail(self, "an example took longer than timeout_ms", act_str(""));
    json_t *result =
        json_loadb(outcome->reply.result.ptr, outcome->reply.result.len_bytes, 0, NULL);
    const json_t *expected = json_object_get(example, "result");
    act_buf_t why;
    act_buf_init(&why, 1024);
    bool is_good =
        result && act_json_schema_validate(self->card->output, result, "result", &why) == ACT_E_OK;
    if (!is_good)
        fail(self, "the result is not of the output schema", act_buf_str(&why));
    else if (expected && !json_equal(expected, result))
        is_good = fail(self, "the result is not that of the example", outcome->reply.result);
    act_buf_fini(&why);
    json_decref(result);
    return is_good;
}

static bool examples_answer(suite_t *self)
{
    size_t index;
    json_t *example;
    json_array_foreach(self->card->examples, index, example)
    {
        outcome_t outcome = call(self, json_object_get(example, "arguments"), NULL);
        if (!check_result(self, example, &outcome))
            return false;
    }
    return true;
}

// What its callers check first it must also refuse itself: no answer that looks like a result.
static bool bad_arguments_are_refused(suite_t *self)
{
    const json_t *required = json_object_get(self->card->input, "required");
    size_t index;
    json_t *name;
    json_array_foreach(required, index, name)
    {
        json_t *arguments = json_deep_copy(first_arguments(self));
        json_object_del(arguments, json_string_value(name));
        outcome_t outcome = call(self, arguments, NULL);
        json_decref(arguments);
        if (outcome.err == ACT_E_OK && !outcome.reply.is_error)
            return fail(self, "it answers without a required argument",
                        act_str(json_string_value(name)));
    }
    return wait_ready(self);
}

static bool a_step_is_one_effect(suite_t *self)
{
    char key[48];
    snprintf(key, sizeof key, "test/%016llx", (unsigned long long)act_random_u64());
    if (self->card->effects == ACT_TOOL_READ)
        return true; // asking twice changes nothing by its own word
    outcome_t first = call(self, first_arguments(self), key);
    outcome_t again = call(self, first_arguments(self), key);
    if (first.err != ACT_E_OK || again.err != ACT_E_OK)
        return fail(self, "a call failed",
                    act_str(act_err_text(first.err ? first.err : again.err)));
    return act_str_eq(first.reply.result, again.reply.result) ||
           fail(self, "the same step key gave another result", again.reply.result);
}

static bool trials_change_nothing(suite_t *self)
{
    const tool_link_opts_t opts = {
        .tenant = self->tenant, .conversation = self->conversation, .is_dry_run = true};
    char *text = json_dumps(first_arguments(self), JSON_COMPACT);
    tool_call_reply_t reply = {0};
    act_err_t err = tool_link_call(self->client, &self->view, &opts, text, &reply, false);
    free(text);
    if (err != ACT_E_OK)
        return fail(self, "a trial call failed", act_str(act_err_text(err)));
    return self->card->effects == ACT_TOOL_READ || reply.receipt.len_bytes == 0 ||
           fail(self, "a trial call gave a receipt", reply.receipt);
}

// The process behind it, on this machine; 0: none is known.
static int32_t pid_of(suite_t *self)
{
    status_reply_t status;
    empty_t empty = {0};
    if (client_call(self->client, &bus_service, BUS_STATUS, "", &empty, &status, true) != ACT_E_OK)
        return 0;
    for (uint32_t i = 0; i < status.instances.count; i++)
        if (act_str_eq(status.instances.items[i].service, self->view.service))
            return status.instances.items[i].pid;
    return 0;
}

static bool it_comes_back_after_a_kill(suite_t *self)
{
    int32_t old = pid_of(self);
    int64_t until_ms = act_time_mono_ms() + READY_MS;
    if (self->is_spared)
        return true;
    if (old <= 1 || kill(old, SIGKILL) != 0)
        return fail(self, "its process cannot be killed from here", act_str(""));
    while (pid_of(self) == old && act_time_mono_ms() < until_ms) {
        bool never = false;
        client_wait(self->client, &never, LOOK_MS);
    }
    if (!wait_ready(self))
        return false;
    outcome_t outcome = call(self, first_arguments(self), NULL);
    return check_result(self, NULL, &outcome);
}

static const struct {
    const char *name;
    bool (*run)(suite_t *self);
    bool is_needed; // without it the others cannot be tried
} checks[] = {
    {"tool.yaml is right", manifest_is_right, true},
    {"it runs", wait_ready, true},
    {"it has examples", has_examples, true},
    {"its examples give results of the output schema, in time", examples_answer, false},
    {"arguments that miss something are refused", bad_arguments_are_refused, false},
    {"the same step key is one effect", a_step_is_one_effect, false},
    {"a trial changes nothing", trials_change_nothing, false},
    {"it comes back after its process was killed", it_comes_back_after_a_kill, false},
};

static int run(suite_t *self)
{
    uint32_t failed_count = 0, done_count = 0;
    bool goes_on = look(self);
    if (!goes_on)
        fprintf(stderr, "parley tool test: %s (see parley tool list)\n", self->why);
    for (size_t i = 0; i < ACT_COUNT(checks) && goes_on; i++) {
        bool is_good = checks[i].run(self);
        bool is_skipped = checks[i].run == it_comes_back_after_a_kill && self->is_spared;
        printf("%s %zu - %s%s\n", is_good ? "ok" : "not ok", i + 1, checks[i].name,
               is_skipped ? " # SKIP --no-kill" : "");
        if (!is_good)
            printf("    %s\n", self->why);
        failed_count += !is_good;
        done_count++;
        goes_on = is_good || !checks[i].is_needed;
    }
    printf("%u passed, %u failed\n", done_count - failed_count, failed_count);
    return failed_count == 0 && done_count > 0 ? 0 : 1;
}

int tool_test(int argc, char **argv)
{
    const char *data = NULL;
    uint32_t words_count = 0;
    suite_t self = {.tenant = "demo"};
    const option_t table[] = {
        {"tenant", &self.tenant, NULL, "for whom (default demo)"},
        {"conversation", &self.conversation, NULL, "id of the conversation (default none)"},
        {"no-kill", NULL, &self.is_spared, "leave its process alone"},
        {0}};
    const options_spec_t spec = {.summary = "hold a tool to what every tool must do",
                                 .usage = "NAME",
                                 .table = table,
                                 .words = &self.name,
                                 .words_max = 1,
                                 .words_count = &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count == 0) {
        fprintf(stderr, "parley tool test: which tool? (see parley tool list)\n");
        return EXIT_USAGE;
    }
    code = client_reach(data, "tool test", &self.client);
    if (code != 0)
        return code;
    code = run(&self);
    act_tool_card_destroy(&self.card);
    client_close(&self.client);
    return code;
}
