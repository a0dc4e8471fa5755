// tokens_test: messages as customers type them. Expected tokens are written with spaces between
// them; a base that differs from the plain spelling stands behind a bar.
#include "text/tokens.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add_utf8(act_buf_t *out, uint32_t code)
{
    if (code < 0x80) {
        act_buf_add_char(out, (char)code);
    } else if (code < 0x800) {
        act_buf_add_char(out, (char)(0xc0 | code >> 6));
        act_buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        act_buf_add_char(out, (char)(0xe0 | code >> 12));
        act_buf_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        act_buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        act_buf_add_char(out, (char)(0xf0 | code >> 18));
        act_buf_add_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
        act_buf_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        act_buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

static void write_tokens(const act_tokens_t *tokens, act_buf_t *out)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        if (i > 0)
            act_buf_add_char(out, ' ');
        for (uint32_t n = 0; n < token->plain_count; n++)
            add_utf8(out, act_token_plain(tokens, i)[n]);
        if (!token->has_accent)
            continue;
        act_buf_add_char(out, '|');
        for (uint32_t n = 0; n < token->base_count; n++)
            add_utf8(out, act_token_base(tokens, i)[n]);
    }
    act_buf_add_char(out, '\0');
}

static void messages_are_read_whatever_way_they_were_typed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"   \t\n", ""},
        {"Hello", "hello"},
        {"J'ai besoin d’un RDV", "j ai besoin d un rdv"},
        {"rendez-vous", "rendez - vous"},
        {"Helloooo!!!", "hello !"},
        {"pleeeeease", "please"},
        {"zoo", "zoo"},
        {"MÖCHTE Straße", "möchte|mochte straße|strasse"},
        {"Łódź œuvre", "łódź|lodz œuvre|oeuvre"},
        {"Ştefan Ştefan", "ștefan|stefan ștefan|stefan"},
        {"e\xcc\x81te\xcc\x81", "été|ete"}, // letters and accents apart
        {"\xcc\x81 x", "x"},                // an accent of nothing
        {"15h30 3pm 123456", "00 h 00 0 pm 0000"},
        {"١٢ مـــرحباً؟", "00 مرحبا ?"},
        {"أُريد موعدة", "أريد|اريد موعدة|موعده"},
        {"ok 👍🏽👍👍 ❤️", "ok 👍 ❤"},
        {"a\xe2\x80\x8b"
         "b",
         "ab"}, // zero width space
        {"𝓗𝓲 ＦＵＬＬ", "hi full"},
        {"\xff"
         "abc\xc3",
         "abc"}, // malformed bytes are white space
        {"x\xff"
         "y",
         "x y"},
    };
    static act_tokens_t tokens;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_buf_t text;
        act_buf_init(&text, 4096);
        act_tokens_read(act_str(rows[i][0]), &tokens);
        write_tokens(&tokens, &text);
        assert_string_equal(text.ptr, rows[i][1]);
        assert_false(tokens.is_cut);
        act_buf_fini(&text);
    }
}

static void kinds_and_words_are_counted(void **state)
{
    (void)state;
    static act_tokens_t tokens;
    act_tokens_read(act_str("ok مرحبا 12 ? 👍"), &tokens);
    static const act_token_kind_t kinds[] = {ACT_TOKEN_WORD, ACT_TOKEN_WORD, ACT_TOKEN_NUMBER,
                                             ACT_TOKEN_MARK, ACT_TOKEN_EMOJI};
    assert_int_equal(tokens.count, ACT_COUNT(kinds));
    for (uint32_t i = 0; i < tokens.count; i++)
        assert_int_equal(tokens.items[i].kind, kinds[i]);
    assert_int_equal(tokens.words_count, 2);
    assert_false(tokens.items[0].is_arabic);
    assert_true(tokens.items[1].is_arabic);
}

static void check_inside(const act_tokens_t *tokens)
{
    assert_true(tokens->count <= ACT_TOKENS_MAX);
    assert_true(tokens->letters_count <= ACT_TOKENS_LETTERS_MAX);
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        assert_true(token->plain_count > 0);
        assert_true(token->plain_at + token->plain_count <= tokens->letters_count);
        assert_true(token->base_at + token->base_count <= tokens->letters_count);
    }
}

static void long_texts_are_cut_inside_the_limits(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a ", "é", "1 ", "!?", "ß", "wörter ", "👍👎", "ب"};
    static act_tokens_t tokens;
    for (size_t i = 0; i < ACT_COUNT(pieces); i++) {
        act_buf_t text;
        act_buf_init(&text, 1 << 20);
        for (int n = 0; n < 8192; n++)
            act_buf_add_str(&text, act_str(pieces[i]));
        act_tokens_read(act_buf_str(&text), &tokens);
        check_inside(&tokens);
        act_buf_fini(&text);
    }
}

static void random_bytes_stay_inside_the_limits(void **state)
{
    (void)state;
    static act_tokens_t tokens;
    unsigned seed = 1;
    char bytes[600];
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rand_r(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)rand_r(&seed);
        act_tokens_read(act_str_of(bytes, len), &tokens);
        check_inside(&tokens);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_whatever_way_they_were_typed),
        cmocka_unit_test(kinds_and_words_are_counted),
        cmocka_unit_test(long_texts_are_cut_inside_the_limits),
        cmocka_unit_test(random_bytes_stay_inside_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
