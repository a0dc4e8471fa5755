// corpus: the labelled example texts.
#include "text/train/corpus.h"

#include "base/arena.h"
#include "base/assert.h"
#include "text/features.h"
#include "text/languages.h"
#include "text/tokens.h"
#include "text/train/files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELD_OUT_ONE_IN 5u

// What is said in the same words, without accents and signs.
typedef struct {
    uint64_t key;
    uint32_t language;
    bool is_trained;
} saying_t;

struct act_corpus {
    act_arena_t *texts;
    act_example_t *examples;
    uint32_t count;
    uint32_t cap;
    saying_t *sayings; // one an example, sorted by key
};

typedef struct {
    const char *const *names; // NULL: whatever is there
    uint32_t count;
} labels_t;

// Part of the format of the data: changing it would mix what was trained with what was held out.
static uint64_t example_hash(const char *language, const char *label, act_str_t text)
{
    uint64_t hash = act_str_hash(act_str(language), 0);
    return act_str_hash(text, act_str_hash(act_str(label), hash));
}

static uint64_t words_key(const act_example_t *example)
{
    act_tokens_t tokens; // 12 KB
    act_tokens_read(example->text, &tokens);
    uint64_t key = 0;
    for (uint32_t i = 0; i < tokens.count; i++) {
        if (tokens.items[i].kind != ACT_TOKEN_WORD)
            continue;
        key = act_features_mix(key, ' ');
        for (uint32_t n = 0; n < tokens.items[i].base_count; n++)
            key = act_features_mix(key, act_token_base(&tokens, i)[n]);
    }
    return key;
}

static int compare_sayings(const void *a, const void *b)
{
    const saying_t *x = a;
    const saying_t *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static void index_sayings(act_corpus_t *self)
{
    self->sayings = act_alloc_array(self->count, sizeof *self->sayings);
    for (uint32_t i = 0; i < self->count; i++)
        self->sayings[i] = (saying_t){
            .key = words_key(&self->examples[i]),
            .language = self->examples[i].language,
            .is_trained = !self->examples[i].is_held_out,
        };
    qsort(self->sayings, self->count, sizeof *self->sayings, compare_sayings);
}

static void add_example(act_corpus_t *self, act_example_t example)
{
    if (self->count == self->cap) {
        self->cap = self->cap ? 2 * self->cap : 4096;
        self->examples = act_realloc(self->examples, self->cap * sizeof *self->examples);
    }
    self->examples[self->count++] = example;
}

// One file being read.
typedef struct {
    const char *name; // without ".txt"
    uint32_t language;
    uint32_t label;
} source_t;

static void add_lines(act_corpus_t *self, act_str_t text, const source_t *source)
{
    while (!act_str_empty(text)) {
        act_str_t line = act_str_trim(act_str_cut(&text, '\n'));
        if (act_str_empty(line) || line.ptr[0] == '#')
            continue;
        uint64_t hash = example_hash(act_language_code(source->language), source->name, line);
        add_example(self, (act_example_t){
                              .text = act_arena_str(self->texts, line),
                              .language = source->language,
                              .label = source->label,
                              .is_held_out = hash % HELD_OUT_ONE_IN == 0,
                              .fold = (uint32_t)(hash / HELD_OUT_ONE_IN % ACT_CORPUS_FOLDS),
                          });
    }
}

static act_err_t read_source(act_corpus_t *self, const char *folder, const source_t *source,
                             act_buf_t *error)
{
    char path[512];
    act_buf_t text;
    act_files_path(path, sizeof path, folder, source->name);
    act_err_t err = act_files_read(path, &text, error);
    if (err == ACT_E_OK)
        add_lines(self, act_buf_str(&text), source);
    act_buf_fini(&text);
    return err;
}

static act_err_t read_labels(act_corpus_t *self, const char *folder, uint32_t language,
                             const labels_t *labels, act_buf_t *error)
{
    act_err_t err = ACT_E_OK;
    for (uint32_t label = 0; label < labels->count && err == ACT_E_OK; label++) {
        const source_t source = {labels->names[label], language, label};
        err = read_source(self, folder, &source, error);
    }
    return err;
}

static int is_text_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

static bool is_label(const labels_t *labels, const char *name)
{
    for (uint32_t label = 0; label < labels->count; label++)
        if (strcmp(labels->names[label], name) == 0)
            return true;
    return false;
}

// Without labels every file is read. With them, a file that is none of them is a mistake.
static act_err_t read_others(act_corpus_t *self, const char *folder, uint32_t language,
                             const labels_t *labels, act_buf_t *error)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_text_file, alphasort);
    act_err_t err = ACT_E_OK;
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        name[strlen(name) - 4] = '\0';
        if (err == ACT_E_OK && !labels->names) {
            err = read_source(self, folder, &(source_t){name, language, 0}, error);
        } else if (err == ACT_E_OK && !is_label(labels, name)) {
            act_buf_printf(error, "%s/%s.txt: not a known label", folder, name);
            err = ACT_E_CONFIG;
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

static act_err_t read_language(act_corpus_t *self, const char *root, uint32_t language,
                               const labels_t *labels, act_buf_t *error)
{
    ACT_AUTO(act_arena) *paths = act_arena_new();
    const char *folder = act_arena_printf(paths, "%s/%s", root, act_language_code(language)).ptr;
    if (access(folder, R_OK) != 0)
        return ACT_E_OK;
    act_err_t err = read_others(self, folder, language, labels, error);
    return err == ACT_E_OK ? read_labels(self, folder, language, labels, error) : err;
}

act_err_t act_corpus_read(const char *root, const char *const *labels, uint32_t labels_count,
                          act_corpus_t **ret_corpus, act_buf_t *error)
{
    ACT_AUTO(act_corpus) *self = act_alloc(sizeof *self);
    self->texts = act_arena_new();
    const labels_t wanted = {labels, labels ? labels_count : 0};
    for (uint32_t language = 0; language < ACT_LANGUAGES_COUNT; language++) {
        act_err_t err = read_language(self, root, language, &wanted, error);
        if (err != ACT_E_OK)
            return err;
    }
    if (self->count == 0) {
        act_buf_printf(error, "%s: no examples", root);
        return ACT_E_CONFIG;
    }
    index_sayings(self);
    *ret_corpus = act_take(&self);
    return ACT_E_OK;
}

void act_corpus_destroy(act_corpus_t **self_p)
{
    act_corpus_t *self = act_take(self_p);
    if (!self)
        return;
    act_arena_destroy(&self->texts);
    act_free(self->examples);
    act_free(self->sayings);
    act_free(self);
}

uint32_t act_corpus_count(const act_corpus_t *self)
{
    return self->count;
}

const act_example_t *act_corpus_example(const act_corpus_t *self, uint32_t index)
{
    act_assert(index < self->count);
    return &self->examples[index];
}

// The first of the texts with these words; there is one when the example is of this corpus.
static uint32_t first_saying(const act_corpus_t *self, uint64_t key)
{
    uint32_t low = 0;
    uint32_t high = self->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (self->sayings[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool act_corpus_is_repeated(const act_corpus_t *self, const act_example_t *example)
{
    uint64_t key = words_key(example);
    for (uint32_t i = first_saying(self, key); i < self->count && self->sayings[i].key == key; i++)
        if (self->sayings[i].language == example->language && self->sayings[i].is_trained)
            return true;
    return false;
}

bool act_corpus_is_shared(const act_corpus_t *self, const act_example_t *example)
{
    uint64_t key = words_key(example);
    if (key == 0) // no words
        return true;
    for (uint32_t i = first_saying(self, key); i < self->count && self->sayings[i].key == key; i++)
        if (self->sayings[i].language != example->language)
            return true;
    return false;
}
