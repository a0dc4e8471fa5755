// top_screen: the terminal of `parley top`: ncurses, and nothing else knows it.
#pragma once
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct top_screen top_screen_t;

// NULL when the terminal cannot do it (TERM unknown).
top_screen_t *top_screen_new(void);
// Gives the terminal back as it was.
void top_screen_destroy(top_screen_t **self_p);

// Keys beyond characters.
enum {
    TOP_KEY_NONE = -1,
    TOP_KEY_UP = 0x1000,
    TOP_KEY_DOWN,
    TOP_KEY_ENTER,
    TOP_KEY_BACK,
    TOP_KEY_RESIZE
};
// Never waits.
int top_screen_key(top_screen_t *self);

int top_screen_lines(const top_screen_t *self);

typedef enum { TOP_PLAIN, TOP_BOLD, TOP_REVERSE, TOP_GOOD, TOP_BAD } top_style_t;
// A drawing begins with clear and ends with show; text is cut at the edge.
void top_screen_clear(top_screen_t *self);
void top_screen_text(top_screen_t *self, int line, top_style_t style, act_str_t text);
void top_screen_show(top_screen_t *self);
