// top_keys: a table of keys.
#include "top_private.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const top_row_t *selected(const top_t *self)
{
    return self->selected < self->rows_count ? &self->rows[self->selected] : NULL;
}

static void select_row(top_t *self, uint32_t index)
{
    if (index >= self->rows_count)
        return;
    self->selected = index;
    snprintf(self->selected_name, sizeof self->selected_name, "%s", self->rows[index].name);
}

static void go_up(top_t *self)
{
    if (self->selected > 0)
        select_row(self, self->selected - 1);
}

static void go_down(top_t *self)
{
    select_row(self, self->selected + 1);
}

static void show(top_t *self, top_view_t view)
{
    self->view = view;
    self->selected = 0;
    self->selected_name[0] = '\0';
}

static void open_row(top_t *self)
{
    const top_row_t *row = selected(self);
    if (self->view != TOP_VIEW_SERVICES || !row)
        return;
    snprintf(self->service, sizeof self->service, "%s", row->name);
    show(self, TOP_VIEW_INSTANCES);
}

static void open_all(top_t *self)
{
    self->service[0] = '\0';
    show(self, TOP_VIEW_INSTANCES);
}

static void go_back(top_t *self)
{
    static const top_view_t before[] = {
        [TOP_VIEW_SERVICES] = TOP_VIEW_SERVICES,
        [TOP_VIEW_INSTANCES] = TOP_VIEW_SERVICES,
        [TOP_VIEW_LOG] = TOP_VIEW_SERVICES,
        [TOP_VIEW_HELP] = TOP_VIEW_SERVICES,
    };
    show(self, before[self->view]);
}

static void open_log(top_t *self)
{
    const top_row_t *row = selected(self);
    if (!row || self->view == TOP_VIEW_HELP || self->view == TOP_VIEW_LOG)
        return;
    snprintf(self->log_service, sizeof self->log_service, "%s", row->service);
    snprintf(self->log_instance, sizeof self->log_instance, "%s",
             self->view == TOP_VIEW_INSTANCES ? row->name : "");
    self->log = (logs_reply_t){0};
    self->asked_ms = 0;
    self->view = TOP_VIEW_LOG;
}

static void open_help(top_t *self)
{
    self->view = TOP_VIEW_HELP;
}

static void next_sort(top_t *self)
{
    self->sort = (self->sort + 1) % TOP_SORTS_COUNT;
}

static void prepare(top_t *self, top_command_t command)
{
    const top_row_t *row = selected(self);
    if (!row || self->view == TOP_VIEW_HELP || self->view == TOP_VIEW_LOG)
        return;
    self->command = command;
    self->number[0] = '\0';
    bool is_instance = self->view == TOP_VIEW_INSTANCES && command != TOP_COMMAND_SCALE;
    snprintf(self->command_service, sizeof self->command_service, "%s", row->service);
    snprintf(self->command_instance, sizeof self->command_instance, "%s",
             is_instance ? row->name : "");
}

static void restart(top_t *self)
{
    prepare(self, TOP_COMMAND_RESTART);
}

static void drain(top_t *self)
{
    prepare(self, TOP_COMMAND_DRAIN);
}

static void scale(top_t *self)
{
    prepare(self, TOP_COMMAND_SCALE);
}

static void quit(top_t *self)
{
    self->is_done = true;
}

static void look_again(top_t *self)
{
    self->asked_ms = 0;
}

typedef struct {
    int key;
    void (*run)(top_t *self);
    const char *help; // NULL: another key of a row that has one
} key_row_t;

static const key_row_t keys[] = {
    {TOP_KEY_UP, go_up, "up, k      the row above"},
    {'k', go_up, NULL},
    {TOP_KEY_DOWN, go_down, "down, j    the row below"},
    {'j', go_down, NULL},
    {TOP_KEY_ENTER, open_row, "enter      open a service: its instances"},
    {'i', open_all, "i          instances of all services, and clients"},
    {TOP_KEY_BACK, go_back, "esc        back"},
    {'r', restart, "r          restart: a service rolls, an instance is replaced; asks first"},
    {'d', drain, "d          drain: finishes what it has and gets nothing new; asks first"},
    {'s', scale, "s          scale: how many instances a service has; asks for the number"},
    {'l', open_log, "l          follow the log"},
    {'o', next_sort, "o          sort by the next column"},
    {' ', look_again, "space      look again now (each second by itself)"},
    {'h', open_help, "h, ?       this help"},
    {'?', open_help, NULL},
    {'q', quit, "q          quit"},
};

const char *top_help_line(uint32_t index)
{
    for (size_t i = 0; i < ACT_COUNT(keys); i++)
        if (keys[i].help && index-- == 0)
            return keys[i].help;
    return NULL;
}

static void answer_question(top_t *self, int key)
{
    if (key == 'y' || key == 'Y')
        top_run_command(self);
    if (key == 'y' || key == 'Y' || key == 'n' || key == 'N' || key == TOP_KEY_BACK || key == 'q')
        self->command = TOP_COMMAND_NONE;
}

static void type_number(top_t *self, int key)
{
    size_t len = strlen(self->number);
    if (key >= '0' && key <= '9' && len + 1 < sizeof self->number) {
        self->number[len] = (char)key;
        self->number[len + 1] = '\0';
    } else if (key == TOP_KEY_ENTER) {
        top_run_command(self);
        self->command = TOP_COMMAND_NONE;
    } else if (key == TOP_KEY_BACK) {
        self->command = TOP_COMMAND_NONE;
    }
}

void top_on_key(top_t *self, int key)
{
    if (self->command == TOP_COMMAND_SCALE)
        type_number(self, key);
    else if (self->command != TOP_COMMAND_NONE)
        answer_question(self, key);
    else
        for (size_t i = 0; i < ACT_COUNT(keys); i++)
            if (keys[i].key == key) {
                keys[i].run(self);
                return;
            }
}
