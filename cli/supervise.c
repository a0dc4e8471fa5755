// restart, drain, scale: what an operator asks of the broker's supervisor; each waits for the result.
#include "base/mem.h"
#include "base/time.h"
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 200
// The slowest: start_ms, probation_ms and stop_ms of many instances.
#define WAIT_MS 600000

typedef struct {
    const char *command;
    const char *word; // a service or an instance
    client_t *client;
    char actor[64];
    act_str_t service;
    act_str_t instance; // empty: all of the service
    uint32_t count;     // scale
} supervise_t;

static bool look(supervise_t *self, status_reply_t *ret_status)
{
    empty_t empty = {0};
    return client_call(self->client, &bus_service, BUS_STATUS, "", &empty, ret_status,
                       /* is_loud= */ true) == ACT_E_OK;
}

// A word is an instance when there is one of this name, else a service.
static bool understand(supervise_t *self)
{
    status_reply_t status;
    if (!look(self, &status))
        return false;
    self->service = act_str(self->word);
    for (uint32_t i = 0; i < status.instances.count; i++)
        if (act_str_is(status.instances.items[i].instance, self->word)) {
            self->service = status.instances.items[i].service;
            self->instance = act_str(self->word);
        }
    return true;
}

static bool command_child(supervise_t *self, uint32_t method)
{
    instance_request_t request = {
        .service = self->service, .instance = self->instance, .actor = act_str(self->actor)};
    empty_t empty;
    return client_call(self->client, &bus_service, method, "", &request, &empty,
                       /* is_loud= */ true) == ACT_E_OK;
}

typedef enum { GOES_ON, IS_DONE, HAS_FAILED } progress_t;

// Looks until `judge` knows what came of it.
static int wait_for(supervise_t *self, progress_t (*judge)(supervise_t *, const status_reply_t *))
{
    int64_t until_ms = act_time_mono_ms() + WAIT_MS;
    bool never = false;
    while (act_time_mono_ms() < until_ms) {
        status_reply_t status;
        if (!look(self, &status))
            return EXIT_UNAVAILABLE;
        progress_t progress = judge(self, &status);
        if (progress != GOES_ON)
            return progress == IS_DONE ? 0 : 1;
        client_wait(self->client, &never, LOOK_MS);
    }
    fprintf(stderr, "parley %s: it takes too long: see parley status\n", self->command);
    return EXIT_UNAVAILABLE;
}

static progress_t judge_restart(supervise_t *self, const status_reply_t *status)
{
    for (uint32_t i = 0; i < status->rolls.count; i++) {
        const roll_view_t *row = &status->rolls.items[i];
        if (!act_str_eq(row->service, self->service) || act_str_is(row->state, "rolling"))
            continue;
        if (act_str_is(row->state, "done")) {
            printf("%.*s: %u instance%s restarted.\n", ACT_STR_ARG(row->service), row->replaced,
                   row->replaced == 1 ? "" : "s");
            return IS_DONE;
        }
        fprintf(stderr,
                "parley restart: %.*s was rolled back: %.*s (see the log; the old one runs on)\n",
                ACT_STR_ARG(row->service), ACT_STR_ARG(row->error));
        return HAS_FAILED;
    }
    return GOES_ON;
}

static progress_t judge_drain(supervise_t *self, const status_reply_t *status)
{
    for (uint32_t i = 0; i < status->instances.count; i++) {
        const instance_view_t *row = &status->instances.items[i];
        bool is_meant = act_str_empty(self->instance) ? act_str_eq(row->service, self->service)
                                                      : act_str_eq(row->instance, self->instance);
        if (is_meant && row->pid && !act_str_is(row->state, "client"))
            return GOES_ON;
    }
    printf("%s is drained and stopped (start it: parley restart %.*s).\n", self->word,
           ACT_STR_ARG(self->service));
    return IS_DONE;
}

static progress_t judge_scale(supervise_t *self, const status_reply_t *status)
{
    uint32_t rows_count = 0, ready_count = 0;
    for (uint32_t i = 0; i < status->instances.count; i++) {
        const instance_view_t *row = &status->instances.items[i];
        if (!act_str_eq(row->service, self->service))
            continue;
        rows_count++;
        ready_count += act_str_is(row->state, "ready");
        if (act_str_is(row->state, "parked")) {
            fprintf(stderr, "parley scale: %.*s does not start (%.*s): see parley status\n",
                    ACT_STR_ARG(row->instance), ACT_STR_ARG(row->last_error));
            return HAS_FAILED;
        }
    }
    if (rows_count != self->count || ready_count != self->count)
        return GOES_ON;
    printf("%.*s: %u instance%s ready.\n", ACT_STR_ARG(self->service), self->count,
           self->count == 1 ? "" : "s");
    return IS_DONE;
}

static int run(supervise_t *self, uint32_t method,
               progress_t (*judge)(supervise_t *, const status_reply_t *))
{
    if (!understand(self))
        return EXIT_UNAVAILABLE;
    if (!command_child(self, method))
        return 1;
    return wait_for(self, judge);
}

static int finish(supervise_t *self, int code)
{
    client_close(&self->client);
    return code;
}

static int command_one(int argc, char **argv, const char *summary, const char *examples,
                       uint32_t method, progress_t (*judge)(supervise_t *, const status_reply_t *))
{
    const char *data = NULL, *words[1] = {0};
    uint32_t words_count = 0;
    const option_t table[] = {{0}};
    const options_spec_t spec = {summary, "SERVICE | INSTANCE", examples, table, words,
                                 1,       &words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count != 1) {
        fprintf(stderr, "parley %s: say which service or instance (example: parley %s session)\n",
                argv[0], argv[0]);
        return EXIT_USAGE;
    }
    supervise_t self = {.command = argv[0], .word = words[0]};
    snprintf(self.actor, sizeof self.actor, "cli (uid %u)", (unsigned)getuid());
    code = client_reach(data, self.command, &self.client);
    return finish(&self, code ? code : run(&self, method, judge));
}

int command_restart(int argc, char **argv)
{
    return command_one(
        argc, argv,
        "roll a service over to new processes without losing a request: start the new "
        "one, wait, drain the old one",
        "  parley restart session      all its instances, one after the other\n"
        "  parley restart session-2    this one\n",
        BUS_RESTART, judge_restart);
}

int command_drain(int argc, char **argv)
{
    return command_one(argc, argv,
                       "let a service or an instance finish what it has, and stop it until it is "
                       "restarted",
                       "  parley drain session-2\n  parley restart session-2    starts it again\n",
                       BUS_DRAIN, judge_drain);
}

int command_scale(int argc, char **argv)
{
    const char *data = NULL, *words[2] = {0};
    uint32_t words_count = 0;
    const option_t table[] = {{0}};
    const options_spec_t spec = {
        "set the number of a service's instances; those too many are drained",
        "SERVICE NUMBER",
        "  parley scale session 4\n",
        table,
        words,
        2,
        &words_count};
    int code = 0;
    int64_t count = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count != 2 || !act_str_to_int(act_str(words[1]), &count) || count < 1 ||
        count > UINT32_MAX) {
        fputs("parley scale: say which service and how many (example: parley scale session 4)\n",
              stderr);
        return EXIT_USAGE;
    }
    supervise_t self = {.command = argv[0],
                        .word = words[0],
                        .service = act_str(words[0]),
                        .count = (uint32_t)count};
    snprintf(self.actor, sizeof self.actor, "cli (uid %u)", (unsigned)getuid());
    code = client_reach(data, self.command, &self.client);
    if (code != 0)
        return code;
    scale_request_t request = {
        .service = self.service, .count = self.count, .actor = act_str(self.actor)};
    empty_t empty;
    act_err_t err = client_call(self.client, &bus_service, BUS_SCALE, "", &request, &empty,
                                /* is_loud= */ true);
    return finish(&self, err == ACT_E_OK ? wait_for(&self, judge_scale) : 1);
}
