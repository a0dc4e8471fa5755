// vocabulary: compiles word files into a lexicon.
#include "text/train/vocabulary.h"

#include "base/assert.h"
#include "text/lexicon_private.h"
#include "text/train/files.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    uint64_t closed;
    uint8_t value; // class, or LEXICON_CONTINUES
} row_t;

struct act_vocabulary {
    char names[ACT_LEXICON_MAX_CLASSES][ACT_LEXICON_NAME_BYTES];
    uint32_t classes_count;
    uint32_t tails_mask;
    row_t *rows;
    size_t rows_count;
    size_t rows_cap;
};

act_vocabulary_t *act_vocabulary_new(void)
{
    return act_alloc(sizeof(act_vocabulary_t));
}

void act_vocabulary_destroy(act_vocabulary_t **self_p)
{
    act_vocabulary_t *self = act_take(self_p);
    if (!self)
        return;
    act_free(self->rows);
    act_free(self);
}

static void add_row(act_vocabulary_t *self, uint64_t closed, uint32_t value)
{
    if (self->rows_count == self->rows_cap) {
        self->rows_cap = self->rows_cap ? 2 * self->rows_cap : 1024;
        self->rows = act_realloc(self->rows, self->rows_cap * sizeof *self->rows);
    }
    self->rows[self->rows_count++] = (row_t){.closed = closed, .value = (uint8_t)value};
}

// The class of that name, made when it is new; ACT_LEXICON_MAX_CLASSES when there is no room.
static uint32_t intern(act_vocabulary_t *self, act_str_t name)
{
    uint32_t class = 0;
    while (class < self->classes_count && !act_str_is(name, self->names[class]))
        class ++;
    if (class == self->classes_count && class < ACT_LEXICON_MAX_CLASSES) {
        if (!act_str_copy(name, self->names[class], sizeof self->names[class]))
            return ACT_LEXICON_MAX_CLASSES;
        self->classes_count++;
    }
    return class;
}

// --- entries -------------------------------------------------------------------------------------

typedef struct {
    act_vocabulary_t *vocabulary;
    uint32_t language;
    uint32_t class;
    const act_tokens_t *tokens;
} entry_t;

static bool is_star(const act_tokens_t *tokens, uint32_t index)
{
    return index < tokens->count && tokens->items[index].kind == ACT_TOKEN_MARK &&
           *act_token_base(tokens, index) == '*';
}

static lexicon_how_t how_of(bool is_tail, bool is_stem)
{
    if (is_tail)
        return is_stem ? LEXICON_TAIL_STEM : LEXICON_TAIL;
    return is_stem ? LEXICON_STEM : LEXICON_EXACT;
}

// NULL, or why the words cannot be an entry.
static const char *check_words(const act_tokens_t *tokens)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        if (token->kind != ACT_TOKEN_WORD && token->kind != ACT_TOKEN_MARK)
            return "only words can be looked for";
        if (token->kind == ACT_TOKEN_WORD && is_star(tokens, i + 1) && token->base_count < 2)
            return "a stem has at least two letters";
    }
    if (tokens->words_count == 0 || tokens->words_count > ACT_LEXICON_PHRASE_WORDS)
        return "an entry has one to six words";
    if (is_star(tokens, 0) && tokens->words_count > 1)
        return "*tail is for single words";
    return NULL;
}

static void add_words(const entry_t *entry)
{
    const act_tokens_t *tokens = entry->tokens;
    bool is_tail = is_star(tokens, 0);
    uint64_t state = lexicon_begin(entry->language);
    uint32_t words_left = tokens->words_count;
    for (uint32_t i = 0; i < tokens->count; i++) {
        if (tokens->items[i].kind != ACT_TOKEN_WORD)
            continue;
        for (uint32_t n = 0; n < tokens->items[i].base_count; n++)
            state = lexicon_letter(state, act_token_base(tokens, i)[n]);
        state = lexicon_close(state, how_of(is_tail, is_star(tokens, i + 1)));
        bool is_last = --words_left == 0;
        add_row(entry->vocabulary, state, is_last ? entry->class : LEXICON_CONTINUES);
    }
    if (is_tail)
        entry->vocabulary->tails_mask |= 1u << entry->language;
}

static const char *add_entry(act_vocabulary_t *self, uint32_t language, uint32_t class,
                             act_str_t text)
{
    char spelled[256];
    if (!act_str_copy(text, spelled, sizeof spelled))
        return "entry too long";
    for (char *at = spelled; *at; at++)
        if (*at == '_')
            *at = ' ';
    act_tokens_t tokens; // 12 KB
    act_tokens_read(act_str(spelled), &tokens);
    const char *problem = check_words(&tokens);
    if (!problem)
        add_words(&(entry_t){
            .vocabulary = self, .language = language, .class = class, .tokens = &tokens});
    return problem;
}

// --- files ---------------------------------------------------------------------------------------

// "group.name" when the group is asked for, "name" when none is; false for other groups' lines.
static bool strip_group(act_str_t *name, const char *group)
{
    act_str_t rest = *name;
    act_str_t head = act_str_cut(&rest, '.');
    bool has_group = head.len_bytes < name->len_bytes;
    if (!has_group)
        return *group == '\0';
    *name = rest;
    return act_str_is(head, group);
}

// On failure *ret_culprit is what the problem is with.
static const char *add_line(act_vocabulary_t *self, uint32_t language, const char *group,
                            act_str_t line, act_str_t *ret_culprit)
{
    *ret_culprit = line;
    act_str_t entries = line;
    act_str_t name = act_str_trim(act_str_cut(&entries, ':'));
    if (name.len_bytes == line.len_bytes)
        return "expected \"name: entries\"";
    if (!strip_group(&name, group))
        return NULL;
    uint32_t class = intern(self, name);
    if (class == ACT_LEXICON_MAX_CLASSES)
        return "too many names, or a name too long";
    while (!act_str_empty(entries)) {
        act_str_t entry = act_str_trim(act_str_cut(&entries, ' '));
        const char *problem = act_str_empty(entry) ? NULL : add_entry(self, language, class, entry);
        if (!problem)
            continue;
        *ret_culprit = entry;
        return problem;
    }
    return NULL;
}

act_err_t act_vocabulary_add(act_vocabulary_t *self, uint32_t language, const char *group,
                             act_str_t text, const char *where, act_buf_t *error)
{
    act_assert(language < ACT_LANGUAGES_COUNT);
    for (int number = 1; !act_str_empty(text); number++) {
        act_str_t line = act_str_trim(act_str_cut(&text, '\n'));
        if (act_str_empty(line) || line.ptr[0] == '#')
            continue;
        act_str_t culprit;
        const char *problem = add_line(self, language, group, line, &culprit);
        if (!problem)
            continue;
        act_buf_printf(error, "%s:%d: %s: %" ACT_STR_FMT, where, number, problem,
                       ACT_STR_ARG(culprit));
        return ACT_E_CONFIG;
    }
    return ACT_E_OK;
}

act_err_t act_vocabulary_read(act_vocabulary_t *self, const char *folder, const char *group,
                              act_buf_t *error)
{
    act_err_t err = ACT_E_OK;
    for (uint32_t language = 0; language < ACT_LANGUAGES_COUNT && err == ACT_E_OK; language++) {
        char path[512];
        act_buf_t text;
        act_files_path(path, sizeof path, folder, act_language_code(language));
        err = act_files_read(path, &text, error);
        if (err == ACT_E_OK)
            err = act_vocabulary_add(self, language, group, act_buf_str(&text), path, error);
        act_buf_fini(&text);
    }
    return err;
}

// --- the section ---------------------------------------------------------------------------------

static int compare_rows(const void *a, const void *b)
{
    const row_t *x = a;
    const row_t *y = b;
    if (x->closed != y->closed)
        return x->closed < y->closed ? -1 : 1;
    return (int)x->value - (int)y->value;
}

static uint32_t sort_unique(row_t *rows, size_t count)
{
    qsort(rows, count, sizeof *rows, compare_rows);
    uint32_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_rows(&rows[kept - 1], &rows[i]) != 0)
            rows[kept++] = rows[i];
    return kept;
}

static void insert(const row_t *row, uint32_t slots_count, uint32_t *keys, uint8_t *values)
{
    uint32_t slot = lexicon_slot(row->closed, slots_count);
    while (keys[slot] != 0)
        slot = slot + 1 < slots_count ? slot + 1 : 0;
    keys[slot] = lexicon_key(row->closed);
    values[slot] = row->value;
}

void act_vocabulary_pack(const act_vocabulary_t *self, act_buf_t *out)
{
    row_t *rows = act_alloc_array(self->rows_count, sizeof *rows);
    if (self->rows_count > 0)
        memcpy(rows, self->rows, self->rows_count * sizeof *rows);
    uint32_t rows_count = sort_unique(rows, self->rows_count);
    uint32_t slots_count = rows_count + rows_count / 2 + 1; // 2/3 full: short probes, small table
    uint32_t *keys = act_alloc_array(slots_count, sizeof *keys);
    uint8_t *values = act_alloc_array(slots_count, sizeof *values);
    for (uint32_t i = 0; i < rows_count; i++)
        insert(&rows[i], slots_count, keys, values);
    const lexicon_head_t head = {.classes_count = self->classes_count,
                                 .slots_count = slots_count,
                                 .tails_mask = self->tails_mask};
    act_buf_add(out, &head, sizeof head);
    act_buf_add(out, self->names, (size_t)self->classes_count * sizeof self->names[0]);
    act_buf_add(out, keys, slots_count * sizeof *keys);
    act_buf_add(out, values, slots_count);
    act_assert(!out->is_overflowed);
    act_free(values);
    act_free(keys);
    act_free(rows);
}
