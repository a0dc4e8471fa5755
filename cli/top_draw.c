// top_draw: one function a view.
#include "top_private.h"

#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define TABLE_LINE 4 // first line of rows

static void add(top_t *self, int line, top_style_t style, act_buf_t *text)
{
    top_screen_text(self->screen, line, style, act_buf_str(text));
    act_buf_reset(text);
}

static void draw_head(top_t *self, act_buf_t *text)
{
    const top_look_t *now = top_now(self);
    if (!now->at_ms) {
        top_screen_text(self->screen, 0, TOP_BOLD, ACT_STR("parley top: waiting for the broker"));
        return;
    }
    top_rows_summary(now, top_before(self), text);
    act_str_t rest = act_buf_str(text);
    act_str_t first = act_str_cut(&rest, '\n');
    top_screen_text(self->screen, 0, TOP_BOLD, first);
    top_screen_text(self->screen, 1, TOP_PLAIN, act_str_cut(&rest, '\n'));
    act_buf_reset(text);
}

static const char *verb_of(top_command_t command)
{
    static const char *const verbs[] = {"", "restart", "drain", "scale"};
    return verbs[command];
}

// The question that waits for its answer, or the last message.
static void draw_message(top_t *self, act_buf_t *text)
{
    const char *target = *self->command_instance ? self->command_instance : self->command_service;
    if (self->command == TOP_COMMAND_SCALE) {
        act_buf_printf(text, "scale %s to how many instances? %s_   (enter, or esc)", target,
                       self->number);
        add(self, 2, TOP_BAD, text);
    } else if (self->command != TOP_COMMAND_NONE) {
        act_buf_printf(text, "%s %s? (y/n)", verb_of(self->command), target);
        add(self, 2, TOP_BAD, text);
    } else if (act_time_mono_ms() < self->message_until_ms) {
        top_screen_text(self->screen, 2, self->is_message_bad ? TOP_BAD : TOP_GOOD,
                        act_str(self->message));
    }
}

static top_style_t style_of(const top_row_t *row)
{
    static const char *const bad[] = {"parked", "down", "backoff", "lost", "crashed", "stuck"};
    for (size_t i = 0; i < ACT_COUNT(bad); i++)
        if (strcmp(row->state, bad[i]) == 0)
            return TOP_BAD;
    return TOP_PLAIN;
}

static void draw_table(top_t *self, act_buf_t *text)
{
    bool is_instances = self->view == TOP_VIEW_INSTANCES;
    int room = top_screen_lines(self->screen) - TABLE_LINE - 1;
    uint32_t first = 0;
    if (room > 0 && self->selected >= (uint32_t)room)
        first = self->selected - (uint32_t)room + 1;
    top_rows_head(is_instances, text);
    add(self, TABLE_LINE - 1, TOP_BOLD, text);
    for (int line = 0; line < room && first + (uint32_t)line < self->rows_count; line++) {
        uint32_t index = first + (uint32_t)line;
        top_rows_line(&self->rows[index], is_instances, text);
        add(self, TABLE_LINE + line,
            index == self->selected ? TOP_REVERSE : style_of(&self->rows[index]), text);
    }
}

static bool contains(act_str_t text, act_str_t part)
{
    for (size_t i = 0; i + part.len_bytes <= text.len_bytes; i++)
        if (act_str_eq(act_str_of(text.ptr + i, part.len_bytes), part))
            return true;
    return false;
}

// The newest lines, the last one at the bottom.
static void draw_log(top_t *self, act_buf_t *text)
{
    act_buf_printf(text, "log of %s", *self->log_instance ? self->log_instance : self->log_service);
    add(self, TABLE_LINE - 1, TOP_BOLD, text);
    int room = top_screen_lines(self->screen) - TABLE_LINE - 1;
    uint32_t count = self->log.lines.count;
    uint32_t first = room > 0 && count > (uint32_t)room ? count - (uint32_t)room : 0;
    for (uint32_t i = first; i < count; i++) {
        act_str_t line = act_str_trim(self->log.lines.items[i]);
        bool is_bad = contains(line, ACT_STR("\"error\"")) || contains(line, ACT_STR("\"warn\""));
        top_screen_text(self->screen, TABLE_LINE + (int)(i - first), is_bad ? TOP_BAD : TOP_PLAIN,
                        line);
    }
}

static void draw_help(top_t *self, act_buf_t *text)
{
    (void)text;
    for (uint32_t i = 0; top_help_line(i); i++)
        top_screen_text(self->screen, TABLE_LINE - 1 + (int)i, TOP_PLAIN,
                        act_str(top_help_line(i)));
}

static void draw_foot(top_t *self, act_buf_t *text)
{
    static const char *const keys[] = {
        [TOP_VIEW_SERVICES] = "enter:open i:all r:restart d:drain s:scale l:log",
        [TOP_VIEW_INSTANCES] = "esc:back r:restart d:drain s:scale l:log",
        [TOP_VIEW_LOG] = "esc:back",
        [TOP_VIEW_HELP] = "esc:back",
    };
    act_buf_printf(text, " %s o:sort(%s) h:help q:quit", keys[self->view],
                   top_sort_name(self->sort));
    add(self, top_screen_lines(self->screen) - 1, TOP_REVERSE, text);
}

void top_draw(top_t *self)
{
    static void (*const bodies[])(top_t * self, act_buf_t * text) = {
        [TOP_VIEW_SERVICES] = draw_table,
        [TOP_VIEW_INSTANCES] = draw_table,
        [TOP_VIEW_LOG] = draw_log,
        [TOP_VIEW_HELP] = draw_help,
    };
    act_buf_t text;
    act_buf_init(&text, 65536);
    top_screen_clear(self->screen);
    top_make_rows(self);
    draw_head(self, &text);
    draw_message(self, &text);
    bodies[self->view](self, &text);
    draw_foot(self, &text);
    top_screen_show(self->screen);
    act_buf_fini(&text);
}
