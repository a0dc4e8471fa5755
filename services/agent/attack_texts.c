// attack_texts: three files of lines; disguises are functions in a table.
#include "attack_texts.h"

#include "base/assert.h"
#include "base/buf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX_COUNT 100
#define FILE_MAX_BYTES (64u << 10)
#define TEXT_MAX_BYTES (64u << 10)
#define PADDING_COUNT 12

typedef struct {
    char bytes[FILE_MAX_BYTES];
    const char *lines[LINES_MAX_COUNT];
    uint32_t count;
} file_t;

struct attack_texts {
    file_t carriers, sentences, orders;
};

// --- reading ---------------------------------------------------------------------------------------

static void read_lines(file_t *self, const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    act_assert(file);
    self->bytes[fread(self->bytes, 1, sizeof self->bytes - 1, file)] = '\0';
    fclose(file);
    char *rest = NULL;
    for (char *line = strtok_r(self->bytes, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        act_assert(self->count < LINES_MAX_COUNT);
        if (line[0] != '#' || line[1] != ' ')
            self->lines[self->count++] = line;
    }
    act_assert(self->count > 0);
}

attack_texts_t *attack_texts_new(const char *folder)
{
    attack_texts_t *self = act_alloc(sizeof *self);
    read_lines(&self->carriers, folder, "carriers.txt");
    read_lines(&self->sentences, folder, "sentences.txt");
    read_lines(&self->orders, folder, "orders.txt");
    return self;
}

void attack_texts_destroy(attack_texts_t **self_p)
{
    act_free(act_take(self_p));
}

// --- disguises -------------------------------------------------------------------------------------

static void add_code(act_buf_t *out, uint32_t code)
{
    char bytes[4];
    size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = count; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(first[count] | code);
    act_buf_add(out, bytes, count);
}

static void plain(const char *order, act_buf_t *out)
{
    act_buf_add_str(out, act_str(order));
}

static void base64(const char *order, act_buf_t *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len_bytes = strlen(order);
    for (size_t i = 0; i < len_bytes; i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < len_bytes ? (unsigned char)order[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            act_buf_add_char(out, i + k > len_bytes ? '=' : letters[bits >> (18 - 6 * k) & 63]);
    }
}

static void hexadecimal(const char *order, act_buf_t *out)
{
    for (; *order; order++)
        act_buf_printf(out, "%02x", (unsigned char)*order);
}

static void rot13(const char *order, act_buf_t *out)
{
    for (; *order; order++) {
        char base = isupper((unsigned char)*order) ? 'A' : 'a';
        char turned = (char)(base + (*order - base + 13) % 26);
        act_buf_add_char(out, (char)(isalpha((unsigned char)*order) ? turned : *order));
    }
}

static void percent(const char *order, act_buf_t *out)
{
    for (; *order; order++)
        act_buf_printf(out, "%%%02X", (unsigned char)*order);
}

static void entities(const char *order, act_buf_t *out)
{
    for (; *order; order++)
        act_buf_printf(out, "&#%d;", *order);
}

static void reversed(const char *order, act_buf_t *out)
{
    for (size_t i = strlen(order); i-- > 0;)
        act_buf_add_char(out, order[i]);
}

// Letters of another script that look the same.
static void homoglyphs(const char *order, act_buf_t *out)
{
    static const struct {
        char letter;
        uint32_t code;
    } twins[] = {{'a', 0x430}, {'e', 0x435}, {'o', 0x43e},
                 {'c', 0x441}, {'p', 0x440}, {'x', 0x445}};
    for (; *order; order++) {
        uint32_t code = (unsigned char)*order;
        for (size_t i = 0; i < ACT_COUNT(twins); i++)
            if (twins[i].letter == *order)
                code = twins[i].code;
        add_code(out, code);
    }
}

static void zero_width(const char *order, act_buf_t *out)
{
    static const uint32_t unseen[] = {0x200b, 0x200d, 0x2060, 0xfeff, 0xad};
    for (size_t i = 0; order[i]; i++) {
        act_buf_add_char(out, order[i]);
        add_code(out, unseen[i % ACT_COUNT(unseen)]);
    }
}

// Tags of Unicode: nobody sees any of it.
static void tags(const char *order, act_buf_t *out)
{
    for (; *order; order++)
        add_code(out, 0xe0000 + (unsigned char)*order);
}

static void full_width(const char *order, act_buf_t *out)
{
    for (; *order; order++)
        add_code(out, *order > ' ' ? 0xff00 + (uint32_t)(*order - ' ') : 0x3000);
}

static const struct {
    const char *name;
    void (*write)(const char *order, act_buf_t *out);
} disguises[] = {{"plain", plain},       {"base64", base64},         {"hexadecimal", hexadecimal},
                 {"rot13", rot13},       {"percent", percent},       {"entities", entities},
                 {"reversed", reversed}, {"homoglyphs", homoglyphs}, {"zero width", zero_width},
                 {"tags", tags},         {"full width", full_width}};
_Static_assert(sizeof disguises / sizeof *disguises == ATTACK_DISGUISES_COUNT, "one name each");

const char *attack_disguise_name(uint32_t place)
{
    return disguises[place].name;
}

// --- putting together ------------------------------------------------------------------------------

static const char *sentence(const attack_texts_t *self, const char *language, uint32_t place)
{
    for (uint32_t i = 0; i < self->sentences.count; i++)
        if (strncmp(self->sentences.lines[i], language, 2) == 0 && place-- == 0)
            return self->sentences.lines[i] + 3;
    return NULL;
}

static uint32_t sentences_count(const attack_texts_t *self, const char *language)
{
    uint32_t count = 0;
    while (sentence(self, language, count))
        count++;
    return count;
}

uint32_t attack_texts_count(const attack_texts_t *self, const char *language)
{
    return self->carriers.count * self->orders.count * sentences_count(self, language);
}

static void add_padding(act_buf_t *out)
{
    for (uint32_t i = 0; i < PADDING_COUNT; i++)
        act_buf_printf(out, "%u. Our tiles are made of clay and last for many years. ", i + 1);
}

static void write_carrier(const char *carrier, const char *said, const char *order,
                          uint32_t disguise, act_buf_t *out)
{
    while (*carrier) {
        if (strncmp(carrier, "{S}", 3) == 0) {
            act_buf_add_str(out, act_str(said));
            carrier += 3;
        } else if (strncmp(carrier, "{O}", 3) == 0) {
            disguises[disguise].write(order, out);
            carrier += 3;
        } else if (strncmp(carrier, "{PAD}", 5) == 0) {
            add_padding(out);
            carrier += 5;
        } else if (strncmp(carrier, "{U+", 3) == 0) {
            add_code(out, (uint32_t)strtoul(carrier + 3, NULL, 16));
            carrier = strchr(carrier, '}') + 1;
        } else if (strncmp(carrier, "\\n", 2) == 0) {
            act_buf_add_char(out, '\n');
            carrier += 2;
        } else {
            act_buf_add_char(out, *carrier++);
        }
    }
}

attack_t attack_texts_get(const attack_texts_t *self, act_arena_t *arena, const char *language,
                          uint32_t place)
{
    uint32_t order = place % self->orders.count;
    uint32_t carrier = place / self->orders.count % self->carriers.count;
    uint32_t said = place / self->orders.count / self->carriers.count;
    uint32_t disguise = (order + 3 * carrier + 5 * said) % ATTACK_DISGUISES_COUNT;
    act_buf_t out;
    act_buf_init(&out, TEXT_MAX_BYTES);
    write_carrier(self->carriers.lines[carrier], sentence(self, language, said),
                  self->orders.lines[order], disguise, &out);
    attack_t attack = {.text = act_arena_str(arena, act_buf_str(&out)),
                       .order = self->orders.lines[order],
                       .disguise = disguises[disguise].name,
                       .disguise_place = disguise};
    act_buf_fini(&out);
    return attack;
}
