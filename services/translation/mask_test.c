// mask_test: nasty texts in nine languages keep what they must, translations that break it are refused, and
// whatever is masked comes back byte for byte.
#include "mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static act_arena_t *arena;
static act_buf_t error;

static int set_up(void **state)
{
    (void)state;
    arena = act_arena_new();
    act_buf_init(&error, 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    act_arena_destroy(&arena);
    act_buf_fini(&error);
    return 0;
}

static masked_t mask(const char *text, mask_names_t names)
{
    masked_t masked;
    assert_int_equal(mask_text(act_str(text), names, arena, &masked), ACT_E_OK);
    return masked;
}

static const mask_names_t nobody = {NULL, 0};

// --- what is kept --------------------------------------------------------------------------------

// The parts of a text, joined by "|".
static const struct {
    const char *text, *parts;
} rows[] = {
    // numbers, dates, times, amounts, phones
    {"Je viens à 14h30 le 12/03/2026 ?", "14h30|12/03/2026"},
    {"Rappelez-moi au +33 6 12 34 56 78, merci", "+33 6 12 34 56 78"},
    {"C'est 1 234,56 € ou 1.234,56 € ?", "1 234,56|1.234,56"},
    {"I'll be there at 9am or 10:30 pm", "9am|10:30 pm"},
    {"It is -5 outside, 100% sure", "-5|100"},
    {"Wir haben 3 Räume im 2. Stock, Nr. 4711.", "3|2|4711"},
    {"Llego a las 9 h", "9"},
    {"Le 3ème étage", "3"},
    // codes
    {"Bestellung AB-1234 und T12 fehlen", "AB-1234|T12"},
    {"IBAN FR76 3000 6000 0112 3456 7890 189", "FR76|3000 6000 0112 3456 7890 189"},
    {"no code here: covid, B, x", ""},
    // links, e-mail addresses, handles
    {"Voyez https://exemple.fr/devis?id=12&x=%20#haut.",
     "https://exemple.fr/devis?id=12&x=%20#haut"},
    {"(www.parley.example), si?", "www.parley.example"},
    {"escribe a ana.lopez+obra@correo.example.com, por favor", "ana.lopez+obra@correo.example.com"},
    {"scrivi a @parley_bot o #urgente", "@parley_bot|#urgente"},
    {"sito: esempio.it/prezzi, ok.Grazie", "esempio.it/prezzi"},
    {"Odpisz na jan@firma.pl!", "jan@firma.pl"},
    // code and placeholders
    {"Olá {nome}, o seu código é {{code}} e ${x} <b>já</b> %s %1$d",
     "{nome}|{{code}}|${x}|<b>|</b>|%s|%1$d"},
    {"run `rm -rf /` or ```\nint x = 1;\n``` now", "`rm -rf /`|```\nint x = 1;\n```"},
    {"{ nu este } un loc < 5 minute", "5"},
    {"100 %de rabais", "100"},
    // masks of ours in the customer's text
    {"say <x1/> and <x2/> <x999/>", "<x1/>|<x2/>|<x999/>"},
    // right to left
    {"الموعد الساعة ١٤:٣٠ يوم ١٢/٠٣/٢٠٢٦", "١٤:٣٠|١٢/٠٣/٢٠٢٦"},
    {"أرسل إلى sara@example.com أو https://example.com/ar؟",
     "sara@example.com|https://example.com/ar"},
    {"الطلب رقم AB-77، شكرا", "AB-77"},
    {"السعر ١٬٢٣٤٫٥٠ درهم", "١٬٢٣٤٫٥٠"},
    // nothing
    {"", ""},
    {"ça va ? 😀👍🏽", ""},
    {"Łódź, Ţară, Größe, ñandú", ""},
};

static act_str_t joined(const masked_t *masked)
{
    act_str_t text = act_str("");
    for (uint32_t i = 0; i < masked->count; i++)
        text = act_arena_printf(arena, "%" ACT_STR_FMT "%s%" ACT_STR_FMT, ACT_STR_ARG(text),
                                i ? "|" : "", ACT_STR_ARG(masked->parts[i]));
    return text;
}

static void what_must_not_change_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        masked_t masked = mask(rows[i].text, nobody);
        act_str_t parts = joined(&masked);
        if (!act_str_is(parts, rows[i].parts))
            fail_msg("%s: kept %" ACT_STR_FMT, rows[i].text, ACT_STR_ARG(parts));
    }
}

static void what_is_masked_comes_back_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        masked_t masked = mask(rows[i].text, nobody);
        act_str_t back = act_str("");
        if (rows[i].text[0])
            assert_int_equal(mask_undo(&masked, masked.text, arena, &back, &error), ACT_E_OK);
        assert_true(act_str_is(back, rows[i].text));
    }
}

static void names_are_whole_words(void **state)
{
    (void)state;
    const act_str_t items[] = {ACT_STR("Rose"), ACT_STR("Rose Martin"), ACT_STR("Zoé"),
                               ACT_STR("سارة")};
    const mask_names_t names = {items, ACT_COUNT(items)};
    masked_t masked = mask("Rose Martin aime la rose; Rosette, Zoé, Zoée et Rose.", names);
    assert_true(act_str_is(joined(&masked), "Rose Martin|Zoé|Rose"));
    masked = mask("مرحبا سارة، كيف الحال", names);
    assert_true(act_str_is(joined(&masked), "سارة"));
    assert_true(act_str_is(masked.text, "مرحبا <x1/>، كيف الحال"));
}

static void a_text_of_masks_alone_needs_no_translation(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_all;
    } texts[] = {{"06 12 34 56 78", true},
                 {"https://a.example/b !", true},
                 {"", true},
                 {"😀", true},
                 {"12 ok", false},
                 {"نعم", false}};
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        masked_t masked = mask(texts[i].text, nobody);
        assert_int_equal(mask_is_all(&masked), texts[i].is_all);
    }
}

static void too_many_parts_are_refused(void **state)
{
    (void)state;
    act_buf_t text;
    masked_t masked;
    act_buf_init(&text, 65536);
    for (int i = 0; i < MASK_MAX_PARTS; i++)
        act_buf_printf(&text, "a %d; ", i);
    assert_int_equal(mask_text(act_buf_str(&text), nobody, arena, &masked), ACT_E_OK);
    act_buf_printf(&text, "one more: 7");
    assert_int_equal(mask_text(act_buf_str(&text), nobody, arena, &masked), ACT_E_TOO_LARGE);
    act_buf_fini(&text);
}

// --- what is refused -----------------------------------------------------------------------------

static void translations_that_break_a_rule_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *translated, *why; // NULL: good
    } answers[] = {
        {"Come at <x1/> to <x2/>", NULL},
        {"<x2/>: komm um <x1 />", NULL},
        {"تعال إلى <x2/> في <x1/>", NULL},
        {"Come at <x1/>", "<x2/> must be in it exactly once"},
        {"Come at <x1/> or <x1/> to <x2/>", "<x1/> must be in it exactly once"},
        {"Come at <x1/> to <x2/> <x3/>", "<x3/> is not in the text"},
        {"Come at <x1/> to <x2/> <x0/>", "<x0/> is not in the text"},
        {"Come at 14h30 to <x2/>", "number"},
        {"Come at <x1/> to <x2/>, call 0800 123", "number"},
        {"Come at <x1/> to <x2/> http://evil.example", "link"},
        {"Come at <x1/> to <x2/>, mail a@evil.example", "link"},
        {"Come at <x1/> to <x2/> <script>", "placeholder"},
        {"Come at <x1/> to <x2/> \u202Egnp", "direction"},
        {"", "empty"},
        {" \n", "empty"},
        {"\xff<x1/><x2/>", "no text"},
    };
    masked_t masked = mask("Venez à 14h30 chez https://a.example", nobody);
    assert_int_equal(masked.count, 2);
    for (size_t i = 0; i < ACT_COUNT(answers); i++) {
        act_str_t back;
        act_buf_reset(&error);
        act_err_t err = mask_undo(&masked, act_str(answers[i].translated), arena, &back, &error);
        if (!answers[i].why) {
            assert_int_equal(err, ACT_E_OK);
            continue;
        }
        assert_int_equal(err, ACT_E_INVALID_ARGUMENT);
        act_str_t why = act_buf_str(&error);
        if (!memmem(why.ptr, why.len_bytes, answers[i].why, strlen(answers[i].why)))
            fail_msg("%s: %" ACT_STR_FMT, answers[i].translated, ACT_STR_ARG(why));
    }
}

// --- any text ------------------------------------------------------------------------------------

static const char *const pieces[] = {
    "a",    "été",    "سلام", "Łódź", " ",   " ",      "\n",     "12", "٣",       ".",
    ",",    ":",      "/",    "-",    "+",   "%",      "@",      "#",  "<",       ">",
    "{",    "}",      "$",    "`",    "```", "<x1/>",  "<x",     "/>", "http://", "www.",
    ".com", "x@y.de", "{n}",  "%s",   "h",   "\u202E", "\u00a0", "😀",  "\xff",    "\xc3",
    "A1",   "_",      "'",    "(",    ")",   "[[",     "]]",     "\"", "\\",      "<b>",
};

static void random_text(unsigned *seed, char *ret_text, size_t size_bytes)
{
    ret_text[0] = '\0';
    int count = 1 + (int)(rand_r(seed) % 24);
    for (int i = 0; i < count; i++) {
        const char *piece = pieces[(size_t)rand_r(seed) % ACT_COUNT(pieces)];
        if (strlen(ret_text) + strlen(piece) + 1 < size_bytes)
            strcat(ret_text, piece);
    }
}

// One mask taken away or doubled is seen.
static void spoil(const masked_t *masked, unsigned *seed, bool is_doubled)
{
    char name[16];
    act_str_t back;
    uint32_t number = 1 + (uint32_t)rand_r(seed) % masked->count;
    snprintf(name, sizeof name, "<x%u/>", number);
    act_str_t text = masked->text;
    const char *at = memmem(text.ptr, text.len_bytes, name, strlen(name));
    assert_non_null(at);
    size_t before = (size_t)(at - text.ptr) + (is_doubled ? strlen(name) : 0);
    act_str_t spoilt = act_arena_printf(
        arena, "%.*s%s%.*s", (int)before, text.ptr, is_doubled ? name : "",
        (int)(text.len_bytes - (size_t)(at - text.ptr) - strlen(name)), at + strlen(name));
    assert_int_equal(mask_undo(masked, spoilt, arena, &back, &error), ACT_E_INVALID_ARGUMENT);
}

static void any_text_comes_back_and_a_lost_or_doubled_part_is_seen(void **state)
{
    (void)state;
    unsigned seed = 4711;
    const act_str_t items[] = {ACT_STR("été"), ACT_STR("سلام")};
    for (int round = 0; round < 20000; round++) {
        char text[512];
        random_text(&seed, text, sizeof text);
        masked_t masked = mask(text, round % 2 ? nobody : (mask_names_t){items, 2});
        act_str_t back = {0};
        act_buf_reset(&error);
        act_err_t err = mask_undo(&masked, masked.text, arena, &back, &error);
        bool is_text = act_utf8_valid(act_str(text)) && !act_str_empty(act_str_trim(masked.text));
        if (is_text && (err != ACT_E_OK || !act_str_is(back, text)))
            fail_msg("round %d: %s: %" ACT_STR_FMT, round, text, ACT_STR_ARG(act_buf_str(&error)));
        if (is_text && masked.count > 0)
            spoil(&masked, &seed, round % 3 == 0);
        act_arena_reset(arena);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_must_not_change_is_found),
        TEST(what_is_masked_comes_back_byte_for_byte),
        TEST(names_are_whole_words),
        TEST(a_text_of_masks_alone_needs_no_translation),
        TEST(too_many_parts_are_refused),
        TEST(translations_that_break_a_rule_are_refused),
        TEST(any_text_comes_back_and_a_lost_or_doubled_part_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
