// replay: recorded turns run again from their journals, here or from a file; nothing is sent or written.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "show.h"
#include "proto/session_service.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX_ROWS 500

typedef struct {
    client_t *client;
    const char *tenant;
    bool is_diff, is_json;
    FILE *export_file; // NULL: turns are run
    uint32_t turns_count, same_count, different_count, failed_count;
} replay_job_t;

// --- what is shown -------------------------------------------------------------------------------

static void print_json(replay_job_t *self, act_str_t turn_id, const replay_reply_t *reply)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_to_json(&replay_reply_model, reply, &out);
    printf("{\"turn_id\":\"%.*s\",\"tenant\":\"%s\",\"replay\":%.*s}\n", ACT_STR_ARG(turn_id),
           self->tenant, ACT_STR_ARG(act_buf_str(&out)));
    act_buf_fini(&out);
}

static void print_differences(const replay_reply_t *reply)
{
    for (uint32_t i = 0; i < reply->differences.count; i++) {
        const replay_difference_t *difference = &reply->differences.items[i];
        printf("  %.*s\n", ACT_STR_ARG(difference->what));
        show_lines(difference->recorded, "  - ");
        show_lines(difference->replayed, "  + ");
    }
}

static void take_result(replay_job_t *self, act_str_t turn_id, const replay_reply_t *reply)
{
    bool is_same = reply->differences.count == 0;
    self->same_count += is_same;
    self->different_count += !is_same;
    if (self->is_json) {
        print_json(self, turn_id, reply);
    } else if (!is_same || self->turns_count == 1) {
        printf("%.*s  %.*s  %u steps, %u messages: ", ACT_STR_ARG(turn_id),
               ACT_STR_ARG(reply->path), reply->steps_count, reply->outbox_count);
        if (is_same)
            puts("the same, byte for byte");
        else
            printf("%u differences%s\n", reply->differences.count,
                   self->is_diff ? "" : " (--diff shows them)");
    }
    if (self->is_diff && !self->is_json)
        print_differences(reply);
}

// --- one turn ------------------------------------------------------------------------------------

static void run(replay_job_t *self, const replay_request_t *request)
{
    replay_reply_t reply;
    self->turns_count++;
    if (client_call(self->client, &session_service, SESSION_REPLAY, self->tenant, request, &reply,
                    /* is_loud= */ true) != ACT_E_OK)
        self->failed_count++;
    else
        take_result(self, request->record->turn_id, &reply);
}

// A line of the file: {"tenant":"demo","turn_id":"...","record":"<base64 of ReplayRequest>"}
static void write_line(replay_job_t *self, const replay_request_t *request)
{
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    replay_request_pack(request, &body);
    size_t size_bytes = sodium_base64_encoded_len(body.len_bytes, sodium_base64_VARIANT_ORIGINAL);
    char *text = act_alloc(size_bytes);
    sodium_bin2base64(text, size_bytes, (const uint8_t *)body.ptr, body.len_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    fprintf(self->export_file, "{\"tenant\":\"%s\",\"turn_id\":\"%.*s\",\"record\":\"%s\"}\n",
            self->tenant, ACT_STR_ARG(request->record->turn_id), text);
    act_free(text);
    act_buf_fini(&body);
    self->turns_count++;
}

static void replay_turn(replay_job_t *self, act_str_t turn_id)
{
    get_turn_record_request_t ask = {.turn_id = turn_id};
    turn_record_t record;
    if (client_call(self->client, &persistence_service, PERSISTENCE_GET_TURN_RECORD, self->tenant,
                    &ask, &record, /* is_loud= */ false) != ACT_E_OK) {
        fprintf(stderr,
                "parley replay: no journal of turn %.*s (journal_days is over, or there is "
                "no such turn)\n",
                ACT_STR_ARG(turn_id));
        self->failed_count++;
        return;
    }
    turn_request_t of = {.conversation_id = record.conversation_id, .turn_id = record.turn_id};
    list_turn_steps_reply_t steps = {0};
    if (client_call(self->client, &persistence_service, PERSISTENCE_LIST_TURN_STEPS, self->tenant,
                    &of, &steps, /* is_loud= */ true) != ACT_E_OK) {
        self->failed_count++;
        return;
    }
    replay_request_t request = {.record = &record, .steps = {steps.steps.items, steps.steps.count}};
    if (self->export_file)
        write_line(self, &request);
    else
        run(self, &request);
}

// --- many ----------------------------------------------------------------------------------------

// The newest first.
static bool replay_all(replay_job_t *self, int64_t max_count)
{
    int64_t left = max_count;
    act_str_t before = {0};
    while (left > 0) {
        list_journals_request_t ask = {
            .before_turn_id = before,
            .max_rows = (uint32_t)(left < PAGE_MAX_ROWS ? left : PAGE_MAX_ROWS),
        };
        list_journals_reply_t page;
        if (client_call(self->client, &persistence_service, PERSISTENCE_LIST_JOURNALS, self->tenant,
                        &ask, &page, /* is_loud= */ true) != ACT_E_OK)
            return false;
        for (uint32_t i = 0; i < page.turns.count; i++)
            replay_turn(self, page.turns.items[i].turn_id);
        if (page.turns.count == 0)
            break;
        before = page.turns.items[page.turns.count - 1].turn_id;
        left -= page.turns.count;
    }
    return true;
}

// Between "name":" and the next quote; the values of these files need no escapes.
static act_str_t value_of(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    const char *end = at ? strchr(at + strlen(name), '"') : NULL;
    return end ? act_str_of(at + strlen(name), (size_t)(end - at) - strlen(name)) : (act_str_t){0};
}

static void replay_line(replay_job_t *self, const char *line)
{
    act_str_t record = value_of(line, "\"record\":\""), tenant = value_of(line, "\"tenant\":\"");
    ACT_AUTO(act_arena) *arena = act_arena_new();
    uint8_t *bytes = act_arena_alloc(arena, record.len_bytes + 1);
    size_t size_bytes = 0;
    replay_request_t request;
    if (act_str_empty(record) || act_str_empty(tenant) ||
        sodium_base642bin(bytes, record.len_bytes, record.ptr, record.len_bytes, NULL, &size_bytes,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        replay_request_unpack(act_str_of((const char *)bytes, size_bytes), arena, &request, NULL) !=
            ACT_E_OK ||
        !request.record) {
        fputs("parley replay: a line of the file is not a recorded turn\n", stderr);
        self->failed_count++;
        return;
    }
    const char *own = self->tenant;
    self->tenant = act_arena_str(arena, tenant).ptr;
    run(self, &request);
    self->tenant = own;
}

static bool replay_file(replay_job_t *self, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "parley replay: %s cannot be read\n", path);
        return false;
    }
    char *line = NULL;
    size_t room_bytes = 0;
    while (getline(&line, &room_bytes, file) > 0)
        replay_line(self, line);
    free(line);
    (void)fclose(file);
    return true;
}

// --- the command ---------------------------------------------------------------------------------

static int report(const replay_job_t *self, bool is_done)
{
    if (self->export_file)
        fprintf(stderr, "%u turns written, %u without a journal\n", self->turns_count,
                self->failed_count);
    else if (!self->is_json && self->turns_count != 1)
        printf("%u turns replayed: %u the same byte for byte, %u different, %u failed\n",
               self->turns_count, self->same_count, self->different_count, self->failed_count);
    if (!is_done || self->failed_count > 0)
        return EXIT_UNAVAILABLE;
    return self->different_count > 0 ? 1 : 0;
}

int command_replay(int argc, char **argv)
{
    const char *data = NULL, *tenant = "demo", *max = "1000", *export_path = NULL, *from = NULL;
    bool is_all = false, is_diff = false, is_json = false;
    const option_t table[] = {
        {"tenant", &tenant, NULL, "whose (default demo)"},
        {"all", NULL, &is_all, "the newest turns instead of one"},
        {"max", &max, NULL, "how many of them (default 1000)"},
        {"diff", NULL, &is_diff, "show what differs"},
        {"json", NULL, &is_json, "an object a turn"},
        {"export", &export_path, NULL, "write the recorded turns to this file, run nothing"},
        {"from", &from, NULL, "run the turns of such a file; they may be of another data folder"},
        {0},
    };
    const char *turn = NULL;
    uint32_t words_count = 0;
    const options_spec_t spec = {
        .summary = "run recorded turns again from their journals; nothing is sent or written",
        .usage = "TURN | --all | --from FILE",
        .examples = "  parley replay --all --max 100 --diff\n"
                    "  parley replay --all --export turns.jsonl\n",
        .table = table,
        .words = &turn,
        .words_max = 1,
        .words_count = &words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if ((turn != NULL) + is_all + (from != NULL) != 1) {
        fputs("parley replay: say which: TURN, --all or --from FILE (example: parley replay --all "
              "--max 100)\n",
              stderr);
        return EXIT_USAGE;
    }
    replay_job_t job = {.tenant = tenant, .is_diff = is_diff, .is_json = is_json};
    code = client_reach(data, argv[0], &job.client);
    if (code != 0)
        return code;
    bool is_done = true;
    if (export_path && !(job.export_file = fopen(export_path, "we"))) {
        fprintf(stderr, "parley replay: %s cannot be written\n", export_path);
        is_done = false;
    } else if (turn) {
        replay_turn(&job, act_str(turn));
    } else if (is_all) {
        is_done = replay_all(&job, atoll(max));
    } else {
        is_done = replay_file(&job, from);
    }
    if (job.export_file && fclose(job.export_file) != 0)
        is_done = false;
    client_close(&job.client);
    return report(&job, is_done);
}
