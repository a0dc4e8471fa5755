// tap: records an actor's traffic through the broker, and shows recordings.
#include "client.h"
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"
#include "tap_show.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// The broker ends a tap at its next tick.
#define END_WAIT_MS 3000
#define SECONDS_MAX 600

typedef struct {
    const char *words[2];
    uint32_t words_count;
    const char *seconds;
    const char *max_bytes;
    const char *out;
} tap_options_t;

static const char examples[] =
    "Examples:\n"
    "  parley tap session-1                     ten seconds of one instance\n"
    "  parley tap session --seconds 60 --out turns.tap\n"
    "  parley tap show turns.tap | jq 'select(.method == \"turn_begin\")'\n"
    "\nA recording holds what customers wrote: its mode is 0600, keep it so. `show` leaves out secrets,\n"
    "long numbers and addresses.\n";

// --- show ----------------------------------------------------------------------------------------

// The whole file, mapped; empty with a message when that fails.
static act_str_t map_file(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat = {0};
    void *bytes = MAP_FAILED;
    if (descriptor >= 0 && fstat(descriptor, &stat) == 0 && stat.st_size > 0)
        bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED)
        fprintf(stderr, "parley tap: cannot read %s: %s\n", path,
                descriptor >= 0 && stat.st_size == 0 ? "it is empty" : strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return bytes == MAP_FAILED ? act_str("") : act_str_of(bytes, (size_t)stat.st_size);
}

static int show(const char *path)
{
    act_str_t file = map_file(path);
    if (file.len_bytes == 0)
        return EXIT_UNAVAILABLE;
    ACT_AUTO(tap_show) *shown = tap_show_new();
    act_buf_t line;
    act_buf_init(&line, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    act_str_t rest = file;
    act_tap_record_t record;
    act_err_t err = act_tap_file_next(&rest, &record);
    for (; err == ACT_E_OK; err = act_tap_file_next(&rest, &record)) {
        act_buf_reset(&line);
        tap_show_record(shown, &record, &line);
        fwrite(line.ptr, 1, line.len_bytes, stdout);
    }
    act_buf_fini(&line);
    if (err == ACT_E_MALFORMED)
        fprintf(stderr, "parley tap: %s %s\n", path,
                rest.ptr == file.ptr ? "is not a recording of `parley tap`"
                                     : "ends in the middle of a record: the tap goes on, or its "
                                       "broker died");
    munmap((void *)(uintptr_t)file.ptr, file.len_bytes);
    return err == ACT_E_MALFORMED ? EXIT_UNAVAILABLE : 0;
}

// --- record --------------------------------------------------------------------------------------

// Has the recording its last record?
static bool is_ended(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat = {0};
    void *bytes = MAP_FAILED;
    if (descriptor >= 0 && fstat(descriptor, &stat) == 0 && stat.st_size > 0)
        bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (descriptor >= 0)
        close(descriptor);
    if (bytes == MAP_FAILED)
        return false;
    act_str_t rest = act_str_of(bytes, (size_t)stat.st_size);
    act_tap_record_t record = {0};
    while (act_tap_file_next(&rest, &record) == ACT_E_OK)
        continue;
    bool is_end = record.kind == ACT_TAP_END;
    munmap(bytes, (size_t)stat.st_size);
    return is_end;
}

static bool copy_bytes(FILE *from, FILE *to)
{
    char bytes[65536];
    size_t len = fread(bytes, 1, sizeof bytes, from);
    while (len > 0 && fwrite(bytes, 1, len, to) == len)
        len = fread(bytes, 1, sizeof bytes, from);
    return len == 0 && !ferror(from);
}

static bool copy_file(const char *from, const char *to)
{
    int descriptor = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    FILE *in = fopen(from, "re");
    bool is_good = in && out && fchmod(descriptor, 0600) == 0 && copy_bytes(in, out);
    if (in)
        fclose(in);
    if (out)
        is_good = fclose(out) == 0 && is_good;
    return is_good;
}

static const char *reason_of(act_err_t err)
{
    if (err == ACT_E_NOT_FOUND)
        return "no such instance or service (`parley status` lists them)";
    if (err == ACT_E_OVERLOADED)
        return "four taps are open already; wait until one has ended";
    if (err == ACT_E_INVALID_ARGUMENT)
        return "at most 600 seconds and 268435456 bytes";
    if (err == ACT_E_IO)
        return "the broker cannot write to its log folder (disk full, or permissions)";
    return act_err_text(err);
}

static int record(client_t *client, const tap_options_t *options, const tap_request_t *request)
{
    tap_reply_t reply;
    act_err_t err = client_call(client, &bus_service, BUS_TAP, "", request, &reply,
                                /* is_loud= */ false);
    if (err != ACT_E_OK) {
        fprintf(stderr, "parley tap: %s: %s\n", options->words[0], reason_of(err));
        return EXIT_UNAVAILABLE;
    }
    char path[PATH_MAX];
    act_str_copy(reply.file, path, sizeof path);
    fprintf(stderr, "recording %s for %u s to %s\n", options->words[0], request->seconds, path);
    bool is_done = false;
    int64_t wait_ms = (int64_t)request->seconds * 1000 + END_WAIT_MS;
    for (int64_t waited_ms = 0; waited_ms < wait_ms && !(is_done = is_ended(path));
         waited_ms += 200) {
        bool never = false;
        client_wait(client, &never, 200);
    }
    if (!is_done)
        fprintf(stderr,
                "parley tap: %s is not there or has no end: it is on the broker's machine\n", path);
    if (!options->out) {
        printf("%s\n", path);
        return is_done ? 0 : EXIT_UNAVAILABLE;
    }
    if (!copy_file(path, options->out)) {
        fprintf(stderr, "parley tap: cannot copy %s to %s: %s\n", path, options->out,
                strerror(errno));
        return EXIT_UNAVAILABLE;
    }
    printf("%s\n", options->out);
    return is_done ? 0 : EXIT_UNAVAILABLE;
}

static bool parse_bounds(const tap_options_t *options, tap_request_t *request)
{
    int64_t seconds = 10, bytes = 0;
    if ((options->seconds && (!act_str_to_int(act_str(options->seconds), &seconds) || seconds < 1 ||
                              seconds > SECONDS_MAX)) ||
        (options->max_bytes &&
         (!act_str_to_int(act_str(options->max_bytes), &bytes) || bytes < 1024))) {
        fprintf(stderr,
                "parley tap: --seconds is 1 to 600, --max-bytes at least 1024 (see parley tap "
                "--help)\n");
        return false;
    }
    request->seconds = (uint32_t)seconds;
    request->max_bytes = (uint64_t)bytes;
    return true;
}

int command_tap(int argc, char **argv)
{
    tap_options_t options = {0};
    const char *data = NULL;
    const option_t table[] = {
        {"seconds", &options.seconds, NULL, "how long (default 10, at most 600)"},
        {"max-bytes", &options.max_bytes, NULL, "how much (default 16777216)"},
        {"out", &options.out, NULL, "copy the recording to this file, mode 0600"},
        {0},
    };
    options_spec_t spec = {
        .summary = "record an actor's traffic, show a recording as JSON lines",
        .usage = "INSTANCE | SERVICE | show FILE",
        .examples = examples,
        .table = table,
        .words = options.words,
        .words_max = 2,
        .words_count = &options.words_count,
    };
    int code = 0;
    client_t *client = NULL;
    tap_request_t request = {.actor = ACT_STR("cli")};
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    bool is_show = options.words_count > 0 && strcmp(options.words[0], "show") == 0;
    if (options.words_count != (is_show ? 2 : 1)) {
        fprintf(stderr,
                "parley tap: say what: an instance, a service, or `show FILE` (see parley tap "
                "--help)\n");
        return EXIT_USAGE;
    }
    if (is_show)
        return show(options.words[1]);
    if (!parse_bounds(&options, &request))
        return EXIT_USAGE;
    request.instance = act_str(options.words[0]);
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    code = record(client, &options, &request);
    client_close(&client);
    return code;
}
