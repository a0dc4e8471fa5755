// deadletters: calls that were given up, and messages that could not be taken: look, mend, send again,
// drop.
#include "client.h"
#include "command.h"
#include "dead_body.h"
#include "options.h"
#include "proto/broker_service.h"
#include "show.h"
#include "proto/persistence_service.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIST_ROWS 100
#define BODY_MAX_BYTES (3u << 20)

typedef struct {
    client_t *client;
    const instance_t *instance;
    int64_t id;
    bool is_json;
    bool is_all;
    const char *file;
} dead_t;

static const char examples[] =
    "Examples:\n"
    "  parley deadletters                      those that are open, newest first\n"
    "  parley deadletters show 17              cause of each attempt, and the body\n"
    "  parley deadletters edit 17              the body in $EDITOR; or --file body.json\n"
    "  parley deadletters retry 17             send it again, in its lane\n"
    "  parley deadletters drop 17              give it up for good\n";

static act_err_t ask(const dead_t *self, uint32_t method, const void *request, void *ret_reply)
{
    return client_call(self->client, &persistence_service, method, "", request, ret_reply,
                       /* is_loud= */ false);
}

static int say_failure(const dead_t *self, act_err_t err)
{
    if (err == ACT_E_NOT_FOUND)
        fprintf(stderr,
                "parley deadletters: there is no open letter %lld (`parley deadletters --all` "
                "lists the settled ones too)\n",
                (long long)self->id);
    else
        fprintf(stderr, "parley deadletters: %s %s\n", act_err_code(err), act_err_text(err));
    return EXIT_UNAVAILABLE;
}

// --- list, show ----------------------------------------------------------------------------------

static void print_row(const dead_letter_t *row)
{
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text(row->created_at_ms * 1000, at);
    printf("%6lld  %s  %-8.*s %-10.*s %.*s%s%.*s  %d attempts  %.*s%s%.*s\n",
           (long long)row->dead_letter_id, at, ACT_STR_ARG(row->kind), ACT_STR_ARG(row->of_tenant),
           ACT_STR_ARG(row->service), row->service.len_bytes ? "." : "", ACT_STR_ARG(row->method),
           row->attempts, ACT_STR_ARG(row->reason), row->resolution.len_bytes ? "  " : "",
           ACT_STR_ARG(row->resolution));
}

static int run_list(dead_t *self)
{
    list_dead_letters_request_t request = {.max_rows = LIST_ROWS, .with_resolved = self->is_all};
    list_dead_letters_reply_t reply;
    act_err_t err = ask(self, PERSISTENCE_LIST_DEAD_LETTERS, &request, &reply);
    if (err != ACT_E_OK)
        return say_failure(self, err);
    if (self->is_json) {
        show_json(&list_dead_letters_reply_model, &reply);
        return 0;
    }
    for (uint32_t i = 0; i < reply.letters.count; i++)
        print_row(&reply.letters.items[i]);
    if (reply.letters.count == 0)
        puts(self->is_all ? "No letter was ever set aside." : "No dead letter is open.");
    return 0;
}

static act_err_t get(const dead_t *self, dead_letter_t *ret_letter)
{
    dead_letter_request_t request = {.dead_letter_id = self->id};
    return ask(self, PERSISTENCE_GET_DEAD_LETTER, &request, ret_letter);
}

static void print_field(const char *name, act_str_t value)
{
    if (value.len_bytes > 0)
        printf("%-12s %.*s\n", name, ACT_STR_ARG(value));
}

static void print_body(act_str_t body)
{
    act_buf_t json;
    act_buf_init(&json, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    if (dead_body_to_json(body, &json) == ACT_E_OK)
        body = act_buf_str(&json);
    printf("\n%.*s\n", ACT_STR_ARG(body));
    act_buf_fini(&json);
}

static int run_show(dead_t *self)
{
    dead_letter_t letter;
    act_err_t err = get(self, &letter);
    if (err != ACT_E_OK)
        return say_failure(self, err);
    if (self->is_json) {
        show_json(&dead_letter_model, &letter);
        return 0;
    }
    print_row(&letter);
    print_field("lane", letter.lane_key);
    print_field("caller", letter.caller);
    print_field("last worker", letter.last_worker);
    print_field("trace", letter.trace);
    print_field("idempotency", letter.idempotency_key);
    act_str_t causes = letter.causes;
    while (causes.len_bytes > 0)
        print_field("cause", act_str_cut(&causes, '\n'));
    print_body(letter.body);
    return 0;
}

// --- edit ----------------------------------------------------------------------------------------

static bool write_file(const char *path, act_str_t text)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool is_good = file && fwrite(text.ptr, 1, text.len_bytes, file) == text.len_bytes;
    if (file)
        is_good = fclose(file) == 0 && is_good;
    return is_good;
}

static bool read_file(const char *path, act_buf_t *out)
{
    FILE *file = fopen(path, "re");
    char bytes[65536];
    for (size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0; len > 0;
         len = fread(bytes, 1, sizeof bytes, file))
        act_buf_add(out, bytes, len);
    bool is_good = file && !ferror(file) && !out->is_overflowed;
    if (file)
        fclose(file);
    return is_good;
}

// $VISUAL, $EDITOR or vi on the file; false when it did not end well.
static bool run_editor(const char *path)
{
    const char *editor = getenv("VISUAL");
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor)
        editor = "vi";
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        // By the shell, because people set EDITOR to "code --wait"; the file is an argument of its own.
        execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", editor, path, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

// The body as the person wants it, as JSON text in *out.
static bool edit_in_editor(const dead_t *self, act_str_t json, act_buf_t *out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/deadletter-%lld-%d.json", PATH_MAX - 64, self->instance->run,
             (long long)self->id, (int)getpid());
    bool is_good = write_file(path, json) && run_editor(path) && read_file(path, out);
    unlink(path);
    return is_good;
}

static int store(const dead_t *self, act_str_t json)
{
    act_buf_t hex;
    act_buf_init(&hex, 2 * BODY_MAX_BYTES);
    act_err_t err = dead_body_from_json(json, &hex);
    int code = 0;
    if (err != ACT_E_OK) {
        fprintf(stderr,
                "parley deadletters: the body must be one JSON object; nothing was changed\n");
        code = EXIT_USAGE;
    } else {
        update_dead_letter_request_t request = {.dead_letter_id = self->id,
                                                .body = act_buf_str(&hex)};
        dead_letter_request_t reply;
        err = ask(self, PERSISTENCE_UPDATE_DEAD_LETTER, &request, &reply);
        code = err == ACT_E_OK ? 0 : say_failure(self, err);
        if (err == ACT_E_OK)
            printf("Letter %lld is changed; send it: parley deadletters retry %lld\n",
                   (long long)self->id, (long long)self->id);
    }
    act_buf_fini(&hex);
    return code;
}

static int run_edit(dead_t *self)
{
    dead_letter_t letter;
    act_err_t err = get(self, &letter);
    if (err != ACT_E_OK)
        return say_failure(self, err);
    if (!dead_body_is_editable(letter.body)) {
        fprintf(stderr,
                "parley deadletters: the body of letter %lld is no message that JSON can hold "
                "whole; it can be retried or dropped\n",
                (long long)self->id);
        return EXIT_UNAVAILABLE;
    }
    act_buf_t json, edited;
    act_buf_init(&json, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_init(&edited, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    int code = EXIT_UNAVAILABLE;
    bool is_there = dead_body_to_json(letter.body, &json) == ACT_E_OK;
    act_buf_add_char(&json, '\n');
    if (is_there && (self->file ? read_file(self->file, &edited)
                                : edit_in_editor(self, act_buf_str(&json), &edited)))
        code = store(self, act_buf_str(&edited));
    else
        fprintf(stderr, "parley deadletters: %s: %s; nothing was changed\n",
                self->file ? self->file : "the editor ($VISUAL, $EDITOR or vi) did not end well",
                strerror(errno));
    act_buf_fini(&json);
    act_buf_fini(&edited);
    return code;
}

// --- retry, drop ---------------------------------------------------------------------------------

static int run_retry(dead_t *self)
{
    retry_dead_letter_request_t request = {.dead_letter_id = self->id, .actor = ACT_STR("cli")};
    empty_t reply;
    dead_letter_t letter;
    act_err_t err = get(self, &letter);
    if (err == ACT_E_OK && letter.resolved_at_ms != 0)
        err = ACT_E_NOT_FOUND; // settled
    if (err != ACT_E_OK)
        return say_failure(self, err);
    err = client_call(self->client, &bus_service, BUS_RETRY_DEAD_LETTER, "", &request, &reply,
                      /* is_loud= */ false);
    if (err == ACT_E_OK) {
        printf("Letter %lld was sent again and answered.\n", (long long)self->id);
        return 0;
    }
    if (err == ACT_E_NOT_FOUND)
        return say_failure(self, err);
    fprintf(
        stderr,
        "parley deadletters: the call of letter %lld failed again: %s %s. It stays open: mend it "
        "(edit), or drop it.\n",
        (long long)self->id, act_err_code(err), act_err_text(err));
    return EXIT_UNAVAILABLE;
}

static int run_drop(dead_t *self)
{
    resolve_dead_letter_request_t request = {.dead_letter_id = self->id,
                                             .action = ACT_STR("dropped")};
    dead_letter_request_t reply;
    act_err_t err = ask(self, PERSISTENCE_RESOLVE_DEAD_LETTER, &request, &reply);
    if (err != ACT_E_OK)
        return say_failure(self, err);
    printf("Letter %lld is dropped.\n", (long long)self->id);
    return 0;
}

static const struct {
    const char *name;
    bool needs_id;
    int (*run)(dead_t *self);
} actions[] = {
    {"list", false, run_list},  {"show", true, run_show}, {"edit", true, run_edit},
    {"retry", true, run_retry}, {"drop", true, run_drop},
};

static int run(dead_t *self, const char *name, const char *id)
{
    for (size_t i = 0; i < ACT_COUNT(actions); i++) {
        if (strcmp(name, actions[i].name) != 0)
            continue;
        if (actions[i].needs_id != (id != NULL) ||
            (id && (!act_str_to_int(act_str(id), &self->id) || self->id <= 0)))
            break;
        self->client = client_open_loud(self->instance, "deadletters");
        int code = self->client ? actions[i].run(self) : EXIT_UNAVAILABLE;
        client_close(&self->client);
        return code;
    }
    fprintf(stderr,
            "parley deadletters: list, or one of show, edit, retry, drop with the number of a "
            "letter (see parley deadletters --help)\n");
    return EXIT_USAGE;
}

int command_deadletters(int argc, char **argv)
{
    dead_t self = {0};
    const char *data = NULL, *words[2] = {"list", NULL};
    const option_t table[] = {
        {"json", NULL, &self.is_json, "list, show: as one JSON object"},
        {"all", NULL, &self.is_all, "list: also those that were retried or dropped"},
        {"file", &self.file, NULL, "edit: the new body as JSON, instead of an editor"},
        {0},
    };
    uint32_t words_count = 0;
    const options_spec_t spec = {
        .summary = "calls that were given up: look, mend, send again, drop",
        .usage = "[list | show ID | edit ID | retry ID | drop ID]",
        .examples = examples,
        .table = table,
        .words = words,
        .words_max = ACT_COUNT(words),
        .words_count = &words_count,
    };
    int code = 0;
    instance_t instance;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (instance_locate(data, &instance) != ACT_E_OK)
        return EXIT_USAGE;
    self.instance = &instance;
    return run(&self, words[0], words[1]);
}
