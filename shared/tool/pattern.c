// pattern: a recursive descent makes a program of steps; all places where the program may stand are
// followed at once (Thompson), so nothing is ever tried twice.
#include "tool/pattern.h"

#include "base/mem.h"

#include <string.h>

#define DEPTH_MAX_COUNT 64
#define REPEAT_MAX_COUNT 1000
#define RANGES_MAX_COUNT 1024
#define CODE_POINT_MAX 0x10ffff

typedef enum { STEP_SET, STEP_SPLIT, STEP_JUMP, STEP_START, STEP_END, STEP_MATCH } step_kind_t;

// Jumps are relative, so that a part of the program can be copied.
typedef struct {
    step_kind_t kind;
    int32_t to, also;      // JUMP, SPLIT
    uint32_t first, count; // SET: its ranges
    bool is_negated;
} step_t;

typedef struct {
    uint32_t low, high;
} range_t;

struct act_pattern {
    step_t *steps;
    uint32_t steps_count;
    range_t *ranges;
    uint32_t ranges_count;
};

typedef struct {
    act_pattern_t *pattern;
    act_str_t text;
    size_t at;
    uint32_t depth;
    bool is_bad;
} parser_t;

// --- writing the program ---------------------------------------------------------------------------

static bool is_at_end(const parser_t *self)
{
    return self->is_bad || self->at >= self->text.len_bytes;
}

static char peek(const parser_t *self)
{
    return is_at_end(self) ? '\0' : self->text.ptr[self->at];
}

static bool take(parser_t *self, char c)
{
    if (is_at_end(self) || self->text.ptr[self->at] != c)
        return false;
    self->at++;
    return true;
}

static uint32_t take_code_point(parser_t *self)
{
    return act_utf8_next(self->text, &self->at);
}

// A new step at `place`; what stood there moves behind it.
static step_t *insert(parser_t *self, uint32_t place, step_kind_t kind)
{
    act_pattern_t *pattern = self->pattern;
    if (pattern->steps_count == ACT_PATTERN_MAX_STEPS) {
        self->is_bad = true;
        return &pattern->steps[0];
    }
    memmove(&pattern->steps[place + 1], &pattern->steps[place],
            (pattern->steps_count - place) * sizeof(step_t));
    pattern->steps_count++;
    pattern->steps[place] = (step_t){.kind = kind};
    return &pattern->steps[place];
}

static step_t *append(parser_t *self, step_kind_t kind)
{
    return insert(self, self->pattern->steps_count, kind);
}

static void copy_block(parser_t *self, uint32_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count && !self->is_bad; i++) {
        step_t step = self->pattern->steps[from + i];
        *append(self, step.kind) = step;
    }
}

static void add_range(parser_t *self, uint32_t low, uint32_t high)
{
    act_pattern_t *pattern = self->pattern;
    if (pattern->ranges_count == RANGES_MAX_COUNT || low > high)
        self->is_bad = true;
    else
        pattern->ranges[pattern->ranges_count++] = (range_t){low, high};
}

// --- classes ---------------------------------------------------------------------------------------

static const range_t digits[] = {{'0', '9'}, {0}};
static const range_t words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0}};
static const range_t spaces[] = {{'\t', '\r'},
                                 {' ', ' '},
                                 {0xa0, 0xa0},
                                 {0x1680, 0x1680},
                                 {0x2000, 0x200a},
                                 {0x2028, 0x2029},
                                 {0x202f, 0x202f},
                                 {0x205f, 0x205f},
                                 {0x3000, 0x3000},
                                 {0xfeff, 0xfeff},
                                 {0}};
static const range_t line_ends[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}, {0}};

static const range_t *class_of(char letter)
{
    switch (letter) {
    case 'd':
    case 'D':
        return digits;
    case 'w':
    case 'W':
        return words;
    case 's':
    case 'S':
        return spaces;
    default:
        return NULL;
    }
}

static void add_class(parser_t *self, const range_t *class_, bool is_negated)
{
    uint32_t low = 0;
    for (; class_->high; class_++) {
        if (!is_negated)
            add_range(self, class_->low, class_->high);
        else if (class_->low > low)
            add_range(self, low, class_->low - 1);
        low = class_->high + 1;
    }
    if (is_negated)
        add_range(self, low, CODE_POINT_MAX);
}

static int hex_digit(char c)
{
    const char *all = "0123456789abcdef";
    const char *at = c ? strchr(all, c | 0x20) : NULL;
    return at ? (int)(at - all) : -1;
}

static uint32_t take_hex(parser_t *self, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        int digit = hex_digit(peek(self));
        if (digit < 0) {
            self->is_bad = true;
            return 0;
        }
        value = value << 4 | (uint32_t)digit;
        self->at++;
    }
    return value;
}

// Behind a backslash: one code point. What JavaScript gives a meaning that is not ours is refused.
static uint32_t take_escape(parser_t *self)
{
    static const char names[] = "tnrfv", values[] = "\t\n\r\f\v";
    char c = peek(self);
    const char *known = c ? strchr(names, c) : NULL;
    if (known) {
        self->at++;
        return (uint32_t)values[known - names];
    }
    if (take(self, 'x'))
        return take_hex(self, 2);
    if (take(self, 'u'))
        return take_hex(self, 4);
    if (c == '\0' || !strchr("^$\\.*+?()[]{}|/-", c)) {
        self->is_bad = true;
        return 0;
    }
    self->at++;
    return (uint32_t)c;
}

// One end of a range, or a whole class (then *ret_is_class).
static uint32_t take_class_item(parser_t *self, bool *ret_is_class)
{
    *ret_is_class = false;
    if (!take(self, '\\'))
        return take_code_point(self);
    const range_t *class_ = class_of(peek(self));
    if (!class_)
        return take_escape(self);
    char letter = self->text.ptr[self->at++];
    add_class(self, class_, (letter & 0x20) == 0);
    *ret_is_class = true;
    return 0;
}

static void parse_class(parser_t *self)
{
    step_t step = {.kind = STEP_SET, .first = self->pattern->ranges_count};
    step.is_negated = take(self, '^');
    while (!is_at_end(self) && peek(self) != ']') {
        bool is_class, is_other_class = false;
        uint32_t low = take_class_item(self, &is_class), high = low;
        bool is_range = peek(self) == '-' && self->at + 1 < self->text.len_bytes &&
                        self->text.ptr[self->at + 1] != ']';
        if (is_range) {
            self->at++;
            high = take_class_item(self, &is_other_class);
        }
        if (is_range && (is_class || is_other_class))
            self->is_bad = true;
        else if (!is_class)
            add_range(self, low, high);
    }
    if (!take(self, ']'))
        self->is_bad = true;
    step.count = self->pattern->ranges_count - step.first;
    *append(self, STEP_SET) = step;
}

static void append_set(parser_t *self, const range_t *class_, uint32_t code_point, bool is_negated)
{
    step_t step = {.kind = STEP_SET, .first = self->pattern->ranges_count};
    step.is_negated = is_negated;
    if (class_)
        add_class(self, class_, /* is_negated= */ false);
    else
        add_range(self, code_point, code_point);
    step.count = self->pattern->ranges_count - step.first;
    *append(self, STEP_SET) = step;
}

// --- the grammar -----------------------------------------------------------------------------------

static void parse_alternatives(parser_t *self);

static void parse_group(parser_t *self)
{
    if (take(self, '?') && !take(self, ':')) // look-around and names are not ours
        self->is_bad = true;
    if (++self->depth > DEPTH_MAX_COUNT)
        self->is_bad = true;
    else
        parse_alternatives(self);
    self->depth--;
    if (!take(self, ')'))
        self->is_bad = true;
}

static void parse_backslash(parser_t *self)
{
    const range_t *class_ = class_of(peek(self));
    if (class_) {
        char letter = self->text.ptr[self->at++];
        append_set(self, class_, 0, (letter & 0x20) == 0);
    } else {
        append_set(self, NULL, take_escape(self), false);
    }
}

// False: it was an anchor, which cannot be repeated.
static bool parse_atom(parser_t *self)
{
    if (take(self, '^')) {
        append(self, STEP_START);
        return false;
    }
    if (take(self, '$')) {
        append(self, STEP_END);
        return false;
    }
    if (take(self, '('))
        parse_group(self);
    else if (take(self, '['))
        parse_class(self);
    else if (take(self, '.'))
        append_set(self, line_ends, 0, /* is_negated= */ true);
    else if (take(self, '\\'))
        parse_backslash(self);
    else if (strchr("*+?{}])", peek(self)))
        self->is_bad = true;
    else
        append_set(self, NULL, take_code_point(self), false);
    return true;
}

static void make_optional(parser_t *self, uint32_t start)
{
    uint32_t count = self->pattern->steps_count - start;
    step_t *split = insert(self, start, STEP_SPLIT);
    split->to = 1;
    split->also = (int32_t)count + 1;
}

static void make_star(parser_t *self, uint32_t start)
{
    int32_t count = (int32_t)(self->pattern->steps_count - start);
    append(self, STEP_JUMP)->to = -count - 1;
    step_t *split = insert(self, start, STEP_SPLIT);
    split->to = 1;
    split->also = count + 2;
}

static uint32_t take_number(parser_t *self)
{
    uint32_t value = 0;
    if (peek(self) < '0' || peek(self) > '9')
        self->is_bad = true;
    while (peek(self) >= '0' && peek(self) <= '9') {
        value = value * 10 + (uint32_t)(self->text.ptr[self->at++] - '0');
        if (value > REPEAT_MAX_COUNT)
            self->is_bad = true;
    }
    return value;
}

// The block is there once. least times it as it is, then optional ones or a star.
static void repeat(parser_t *self, uint32_t start, uint32_t least, uint32_t most, bool is_endless)
{
    uint32_t count = self->pattern->steps_count - start;
    step_t *block = act_alloc_array(count + 1, sizeof *block);
    memcpy(block, &self->pattern->steps[start], count * sizeof *block);
    self->pattern->steps_count = start;
    uint32_t times = is_endless ? least + 1 : most;
    for (uint32_t i = 0; i < times && !self->is_bad; i++) {
        uint32_t at = self->pattern->steps_count;
        for (uint32_t j = 0; j < count && !self->is_bad; j++)
            *append(self, block[j].kind) = block[j];
        if (i >= least && is_endless)
            make_star(self, at);
        else if (i >= least)
            make_optional(self, at);
    }
    act_free(block);
}

static void parse_braces(parser_t *self, uint32_t start)
{
    uint32_t least = take_number(self), most = least;
    bool is_endless = false;
    if (take(self, ',')) {
        is_endless = peek(self) == '}';
        if (!is_endless)
            most = take_number(self);
    }
    if (!take(self, '}') || (!is_endless && most < least))
        self->is_bad = true;
    if (!self->is_bad)
        repeat(self, start, least, most, is_endless);
}

static void parse_piece(parser_t *self)
{
    uint32_t start = self->pattern->steps_count;
    if (!parse_atom(self) || self->is_bad)
        return;
    if (take(self, '*')) {
        make_star(self, start);
    } else if (take(self, '+')) {
        copy_block(self, start, self->pattern->steps_count - start);
        if (!self->is_bad)
            make_star(self, start + (self->pattern->steps_count - start) / 2);
    } else if (take(self, '?')) {
        make_optional(self, start);
    } else if (take(self, '{')) {
        parse_braces(self, start);
    }
}

static void parse_alternatives(parser_t *self)
{
    uint32_t start = self->pattern->steps_count;
    while (!is_at_end(self) && peek(self) != '|' && peek(self) != ')')
        parse_piece(self);
    if (!take(self, '|') || self->is_bad)
        return;
    uint32_t count = self->pattern->steps_count - start;
    step_t *split = insert(self, start, STEP_SPLIT);
    split->to = 1;
    split->also = (int32_t)count + 2;
    append(self, STEP_JUMP);
    uint32_t jump = self->pattern->steps_count - 1;
    if (++self->depth > DEPTH_MAX_COUNT)
        self->is_bad = true;
    else
        parse_alternatives(self);
    self->depth--;
    self->pattern->steps[jump].to = (int32_t)(self->pattern->steps_count - jump);
}

// --- life ------------------------------------------------------------------------------------------

act_pattern_t *act_pattern_new(act_str_t text)
{
    act_pattern_t *self = act_alloc(sizeof *self);
    self->steps = act_alloc_array(ACT_PATTERN_MAX_STEPS, sizeof *self->steps);
    self->ranges = act_alloc_array(RANGES_MAX_COUNT, sizeof *self->ranges);
    parser_t parser = {.pattern = self, .text = text, .is_bad = !act_utf8_valid(text)};
    parse_alternatives(&parser);
    append(&parser, STEP_MATCH);
    if (parser.is_bad || parser.at < text.len_bytes) {
        act_pattern_destroy(&self);
        return NULL;
    }
    self->steps = act_realloc(self->steps, self->steps_count * sizeof *self->steps);
    self->ranges = act_realloc(self->ranges, (self->ranges_count + 1) * sizeof *self->ranges);
    return self;
}

void act_pattern_destroy(act_pattern_t **self_p)
{
    if (!*self_p)
        return;
    act_free((*self_p)->steps);
    act_free((*self_p)->ranges);
    act_free(act_take(self_p));
}

// --- matching --------------------------------------------------------------------------------------

// Where the program may stand; `mark` tells whether a step is in the list already.
typedef struct {
    uint32_t *places;
    uint32_t count;
    uint32_t *marks;
    uint32_t mark;
} front_t;

typedef struct {
    const act_pattern_t *pattern;
    bool is_start, is_end;
    uint32_t *stack;
} walk_t;

static void push(walk_t *walk, front_t *front, uint32_t place, uint32_t *depth)
{
    if (front->marks[place] == front->mark)
        return;
    front->marks[place] = front->mark;
    walk->stack[(*depth)++] = place;
}

static uint32_t target(uint32_t place, int32_t offset)
{
    return (uint32_t)((int32_t)place + offset);
}

// Adds a place and all that is reached from it without reading; true when the end is.
static bool add_place(walk_t *walk, front_t *front, uint32_t first)
{
    uint32_t depth = 0;
    push(walk, front, first, &depth);
    while (depth > 0) {
        uint32_t place = walk->stack[--depth];
        const step_t *step = &walk->pattern->steps[place];
        switch (step->kind) {
        case STEP_MATCH:
            return true;
        case STEP_JUMP:
            push(walk, front, target(place, step->to), &depth);
            break;
        case STEP_SPLIT:
            push(walk, front, target(place, step->also), &depth);
            push(walk, front, target(place, step->to), &depth);
            break;
        case STEP_START:
        case STEP_END:
            if (step->kind == STEP_START ? walk->is_start : walk->is_end)
                push(walk, front, place + 1, &depth);
            break;
        case STEP_SET:
        default:
            front->places[front->count++] = place;
        }
    }
    return false;
}

static bool is_in_set(const act_pattern_t *self, const step_t *step, uint32_t code_point)
{
    bool is_in = false;
    for (uint32_t i = 0; i < step->count && !is_in; i++)
        is_in = code_point >= self->ranges[step->first + i].low &&
                code_point <= self->ranges[step->first + i].high;
    return is_in != step->is_negated;
}

static bool walk_text(walk_t *walk, act_str_t text, front_t *now, front_t *next)
{
    size_t at = 0;
    walk->is_start = true;
    walk->is_end = text.len_bytes == 0;
    now->mark = 1;
    if (add_place(walk, now, 0))
        return true;
    while (at < text.len_bytes) {
        uint32_t code_point = act_utf8_next(text, &at);
        walk->is_start = false;
        walk->is_end = at == text.len_bytes;
        next->count = 0;
        next->mark = now->mark + 1;
        for (uint32_t i = 0; i < now->count; i++) {
            const step_t *step = &walk->pattern->steps[now->places[i]];
            if (is_in_set(walk->pattern, step, code_point) &&
                add_place(walk, next, now->places[i] + 1))
                return true;
        }
        if (add_place(walk, next, 0)) // it may also begin here
            return true;
        front_t spare = *now;
        *now = *next;
        *next = spare;
    }
    return false;
}

bool act_pattern_matches(const act_pattern_t *self, act_str_t text)
{
    uint32_t count = self->steps_count;
    uint32_t *room = act_alloc_array((size_t)count * 5, sizeof *room);
    front_t now = {.places = room, .marks = room + count};
    front_t next = {.places = room + 2 * count, .marks = room + 3 * count};
    walk_t walk = {.pattern = self, .stack = room + 4 * count};
    bool is_match = walk_text(&walk, text, &now, &next);
    act_free(room);
    return is_match;
}
