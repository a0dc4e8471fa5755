// top_screen: ncurses.
#include "top_screen.h"

#include "base/mem.h"

#include <curses.h>
#include <locale.h>

enum { PAIR_GOOD = 1, PAIR_BAD };

struct top_screen {
    SCREEN *screen;
    bool has_colours;
};

top_screen_t *top_screen_new(void)
{
    setlocale(LC_CTYPE, "");
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return NULL;
    top_screen_t *self = act_alloc(sizeof *self);
    self->screen = screen;
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    self->has_colours = has_colors() && start_color() == OK && use_default_colors() == OK;
    if (self->has_colours) {
        init_pair(PAIR_GOOD, COLOR_GREEN, -1);
        init_pair(PAIR_BAD, COLOR_RED, -1);
    }
    return self;
}

void top_screen_destroy(top_screen_t **self_p)
{
    if (!*self_p)
        return;
    endwin();
    delscreen((*self_p)->screen);
    act_free(act_take(self_p));
}

int top_screen_key(top_screen_t *self)
{
    (void)self;
    static const struct {
        int curses, ours;
    } keys[] = {
        {ERR, TOP_KEY_NONE},           {KEY_UP, TOP_KEY_UP},       {KEY_DOWN, TOP_KEY_DOWN},
        {'\r', TOP_KEY_ENTER},         {'\n', TOP_KEY_ENTER},      {KEY_ENTER, TOP_KEY_ENTER},
        {KEY_BACKSPACE, TOP_KEY_BACK}, {127, TOP_KEY_BACK},        {27, TOP_KEY_BACK},
        {KEY_LEFT, TOP_KEY_BACK},      {KEY_RIGHT, TOP_KEY_ENTER}, {KEY_RESIZE, TOP_KEY_RESIZE},
    };
    int key = getch();
    for (size_t i = 0; i < ACT_COUNT(keys); i++)
        if (keys[i].curses == key)
            return keys[i].ours;
    return key;
}

int top_screen_lines(const top_screen_t *self)
{
    (void)self;
    return LINES;
}

void top_screen_clear(top_screen_t *self)
{
    (void)self;
    erase();
}

void top_screen_text(top_screen_t *self, int line, top_style_t style, act_str_t text)
{
    static const attr_t attributes[] = {
        [TOP_PLAIN] = A_NORMAL, [TOP_BOLD] = A_BOLD, [TOP_REVERSE] = A_REVERSE,
        [TOP_GOOD] = A_NORMAL,  [TOP_BAD] = A_BOLD,
    };
    if (line < 0 || line >= LINES)
        return;
    attr_t attribute = attributes[style];
    short pair = style == TOP_GOOD ? PAIR_GOOD : style == TOP_BAD ? PAIR_BAD : 0;
    if (!self->has_colours)
        pair = 0;
    act_str_t cut = act_utf8_prefix(text, (size_t)COLS);
    attr_set(attribute, pair, NULL);
    mvaddnstr(line, 0, cut.ptr ? cut.ptr : "", (int)cut.len_bytes);
    if (style == TOP_REVERSE) // the bar goes to the edge
        for (int column = getcurx(stdscr); getcury(stdscr) == line && column < COLS; column++)
            addch(' ');
    attr_set(A_NORMAL, 0, NULL);
}

void top_screen_show(top_screen_t *self)
{
    (void)self;
    refresh();
}
