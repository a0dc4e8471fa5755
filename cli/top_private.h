// top_private: what the files of `parley top` share:
//   top.c         the command and its loop
//   top_poll.c    asking the bus: looks, logs, commands
//   top_draw.c    what is on the screen
//   top_keys.c    what keys do
#pragma once
#include "client.h"
#include "top_rows.h"
#include "top_screen.h"

#include "base/arena.h"

#define TOP_LOG_LINES_MAX 200

typedef enum { TOP_VIEW_SERVICES, TOP_VIEW_INSTANCES, TOP_VIEW_LOG, TOP_VIEW_HELP } top_view_t;

// A command that waits for "y", or for a number.
typedef enum {
    TOP_COMMAND_NONE,
    TOP_COMMAND_RESTART,
    TOP_COMMAND_DRAIN,
    TOP_COMMAND_SCALE,
} top_command_t;

typedef struct {
    client_t *client;
    top_screen_t *screen;
    // Two looks, the newer at `newest`, and one being taken; each with its memory.
    top_look_t looks[3];
    act_arena_t *arenas[3];
    uint32_t newest;
    bool is_asking;
    int64_t asked_ms;
    top_view_t view;
    top_sort_t sort;
    top_row_t rows[TOP_ROWS_MAX_COUNT];
    uint32_t rows_count;
    uint32_t selected; // index in rows
    char selected_name[65];
    char service[65];      // whose instances are shown; "": all
    char log_service[65];  // whose log is followed
    char log_instance[65]; // "": any of the service
    act_arena_t *log_arena;
    logs_reply_t log;
    bool is_asking_log;
    top_command_t command;
    char command_service[65];
    char command_instance[65]; // "": the whole service
    char number[8];            // what was typed for SCALE
    char message[256];
    bool is_message_bad;
    int64_t message_until_ms;
    bool is_done;
} top_t;

const top_look_t *top_now(const top_t *self);
const top_look_t *top_before(const top_t *self);
void top_say(top_t *self, bool is_bad, const char *format, ...) ACT_PRINTF(3, 4);
// Rows of the view that is shown, sorted; the selection stays with its name.
void top_make_rows(top_t *self);

// Asks for what the view needs, when a second has gone by.
void top_poll(top_t *self);
// Runs self->command, which the person at the keys has confirmed.
void top_run_command(top_t *self);

void top_draw(top_t *self);
void top_on_key(top_t *self, int key);

// Lines of the help view, which top_keys.c knows; NULL at the end.
const char *top_help_line(uint32_t index);
