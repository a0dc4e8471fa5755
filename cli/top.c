// top: what the bus does, in a terminal, each second.
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"
#include "top_private.h"

#include "base/mem.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_TERMINAL 2
#define KEY_WAIT_MS 20
#define MESSAGE_MS 8000
#define ONCE_WAIT_MS 1000

static const char examples[] = "Examples:\n"
                               "  parley top\n"
                               "  parley top --once            one table, rates of one second\n"
                               "  parley top --once --instances\n";

const top_look_t *top_now(const top_t *self)
{
    return &self->looks[self->newest];
}

const top_look_t *top_before(const top_t *self)
{
    return &self->looks[(self->newest + ACT_COUNT(self->looks) - 1) % ACT_COUNT(self->looks)];
}

void top_say(top_t *self, bool is_bad, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self->message, sizeof self->message, format, args);
    va_end(args);
    self->is_message_bad = is_bad;
    self->message_until_ms = act_time_mono_ms() + MESSAGE_MS;
}

void top_make_rows(top_t *self)
{
    const top_look_t *now = top_now(self), *before = top_before(self);
    if (self->view == TOP_VIEW_SERVICES)
        self->rows_count = top_rows_of_services(now, before, self->rows);
    if (self->view == TOP_VIEW_INSTANCES)
        self->rows_count = top_rows_of_instances(now, before, self->service, self->rows);
    top_rows_sort(self->rows, self->rows_count, self->sort);
    for (uint32_t i = 0; i < self->rows_count; i++)
        if (strcmp(self->rows[i].name, self->selected_name) == 0)
            self->selected = i;
    if (self->selected >= self->rows_count)
        self->selected = self->rows_count ? self->rows_count - 1 : 0;
}

static top_t *new_top(client_t *client)
{
    top_t *self = act_alloc(sizeof *self);
    self->client = client;
    for (size_t i = 0; i < ACT_COUNT(self->arenas); i++)
        self->arenas[i] = act_arena_new();
    self->log_arena = act_arena_new();
    return self;
}

static void destroy_top(top_t *self)
{
    top_screen_destroy(&self->screen);
    client_close(&self->client); // before the memory that answers would be put into
    for (size_t i = 0; i < ACT_COUNT(self->arenas); i++)
        act_arena_destroy(&self->arenas[i]);
    act_arena_destroy(&self->log_arena);
    act_free(self);
}

// --- without a terminal --------------------------------------------------------------------------

static bool wait_for_looks(top_t *self, int64_t until_ms)
{
    int64_t first_ms = 0;
    bool never = false;
    while (act_time_mono_ms() < until_ms) {
        top_poll(self);
        client_wait(self->client, &never, KEY_WAIT_MS);
        if (!first_ms && top_now(self)->at_ms)
            first_ms = top_now(self)->at_ms;
        if (first_ms && top_now(self)->at_ms != first_ms)
            return true;
    }
    return false;
}

static int print_once(top_t *self, bool is_instances)
{
    if (!wait_for_looks(self, act_time_mono_ms() + 10 * ONCE_WAIT_MS)) {
        fprintf(stderr, "parley top: %s\n",
                *self->message ? self->message : "the broker does not answer");
        return EXIT_UNAVAILABLE;
    }
    act_buf_t text;
    act_buf_init(&text, ACT_BUF_DEFAULT_MAX_BYTES);
    self->view = is_instances ? TOP_VIEW_INSTANCES : TOP_VIEW_SERVICES;
    top_make_rows(self);
    top_rows_summary(top_now(self), top_before(self), &text);
    act_buf_add_char(&text, '\n');
    top_rows_head(is_instances, &text);
    for (uint32_t i = 0; i < self->rows_count; i++) {
        act_buf_add_char(&text, '\n');
        top_rows_line(&self->rows[i], is_instances, &text);
    }
    printf("%.*s\n", (int)text.len_bytes, text.ptr);
    act_buf_fini(&text);
    return 0;
}

// --- the loop ------------------------------------------------------------------------------------

static int run(top_t *self)
{
    self->screen = top_screen_new();
    if (!self->screen) {
        fprintf(stderr, "parley top: this terminal is not known (TERM); `parley top --once` prints "
                        "the table\n");
        return EXIT_NO_TERMINAL;
    }
    bool never = false;
    while (!self->is_done) {
        top_poll(self);
        client_wait(self->client, &never, KEY_WAIT_MS);
        for (int key = top_screen_key(self->screen); key != TOP_KEY_NONE;
             key = top_screen_key(self->screen))
            top_on_key(self, key);
        top_draw(self);
    }
    return 0;
}

int command_top(int argc, char **argv)
{
    const char *data = NULL;
    bool is_once = false, is_instances = false;
    const option_t table[] = {
        {"once", NULL, &is_once, "print the table once, without a terminal"},
        {"instances", NULL, &is_instances, "with --once: instances instead of services"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "services, instances, queues, rates, latencies, each second; h for help",
        .examples = examples,
        .table = table,
    };
    int code = 0;
    client_t *client = NULL;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (!is_once && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
        fprintf(stderr,
                "parley top: this is no terminal; `parley top --once` prints the table once\n");
        return EXIT_NO_TERMINAL;
    }
    code = client_reach(data, argv[0], &client);
    if (code != 0)
        return code;
    top_t *top = new_top(client);
    code = is_once ? print_once(top, is_instances) : run(top);
    destroy_top(top);
    return code;
}
