// assets_test: a folder like the console's build.
#include "assets.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_BYTES 256

static const char *const names[] = {"index.html",       "assets/a-1.js",  "assets/a-1.js.br",
                                    "assets/a-1.js.gz", "assets/b-2.css", "assets/secret.key",
                                    ".hidden.js",       "page.html"};

static void write_file(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (strcmp(name, "page.html") == 0)
        fputs("<meta content=@NONCE@>", file);
    fputs(name, file);
    fclose(file);
}

static int make_folder(void **state)
{
    static const char pattern[] = "/tmp/assets_test.XXXXXX";
    char *folder = act_strdup(pattern);
    char assets[PATH_BYTES];
    assert_non_null(mkdtemp(folder));
    snprintf(assets, sizeof assets, "%s/assets", folder);
    assert_int_equal(mkdir(assets, 0700), 0);
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        write_file(folder, names[i]);
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    char path[PATH_BYTES];
    for (size_t i = 0; i < ACT_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/assets", (char *)*state);
    rmdir(path);
    rmdir(*state);
    act_free(*state);
    return 0;
}

static void test_finds_whole_names_only(void **state)
{
    ACT_AUTO(assets) *assets = assets_new(*state);
    assert_int_equal(assets_count(assets), 4);
    const asset_t *page = assets_find(assets, ACT_STR("/index.html"));
    assert_non_null(page);
    assert_true(act_str_is(page->plain, "index.html"));
    assert_string_equal(page->type, "text/html; charset=utf-8");
    assert_false(page->is_immutable);
    assert_true(assets_find(assets, ACT_STR("/assets/b-2.css"))->is_immutable);
    static const char *const absent[] = {"/assets/../index.html", "/index.htm",  "/assets/",    "",
                                         "/assets/secret.key",    "/.hidden.js", "//index.html"};
    for (size_t i = 0; i < ACT_COUNT(absent); i++)
        assert_null(assets_find(assets, act_str(absent[i])));
}

static void test_sends_the_smallest_the_client_takes(void **state)
{
    static const struct {
        const char *accept;
        const char *bytes;
        const char *encoding;
    } rows[] = {
        {"gzip, deflate, br", "assets/a-1.js.br", "br"},
        {"gzip;q=0.5", "assets/a-1.js.gz", "gzip"},
        {"br;q=0, gzip", "assets/a-1.js.gz", "gzip"},
        {"", "assets/a-1.js", NULL},
        {"identity", "assets/a-1.js", NULL},
        {"xbr", "assets/a-1.js", NULL},
    };
    ACT_AUTO(assets) *assets = assets_new(*state);
    const asset_t *script = assets_find(assets, ACT_STR("/assets/a-1.js"));
    assert_non_null(script);
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const char *encoding = "?";
        assert_true(
            act_str_is(assets_encode(script, act_str(rows[i].accept), &encoding), rows[i].bytes));
        assert_true(rows[i].encoding ? encoding && strcmp(encoding, rows[i].encoding) == 0
                                     : !encoding);
    }
}

static void test_tags_differ_with_the_content(void **state)
{
    ACT_AUTO(assets) *assets = assets_new(*state);
    const asset_t *one = assets_find(assets, ACT_STR("/assets/a-1.js"));
    const asset_t *two = assets_find(assets, ACT_STR("/assets/b-2.css"));
    assert_string_not_equal(one->etag, two->etag);
    assert_int_equal(one->etag[0], '"');
}

static void test_a_page_carries_the_nonce(void **state)
{
    ACT_AUTO(assets) *assets = assets_new(*state);
    const asset_t *page = assets_find(assets, ACT_STR("/page.html"));
    assert_true(act_str_is(page->nonce_mark, "@NONCE@"));
    assert_true(act_str_empty(assets_find(assets, ACT_STR("/index.html"))->nonce_mark));
    ACT_AUTO(act_arena) *arena = act_arena_new();
    assert_true(act_str_is(assets_fill(page, arena, "f00d"), "<meta content=f00d>page.html"));
}

static void test_a_missing_folder_is_an_empty_set(void **state)
{
    (void)state;
    ACT_AUTO(assets) *assets = assets_new("/nonexistent/console");
    assert_int_equal(assets_count(assets), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_whole_names_only),
        cmocka_unit_test(test_sends_the_smallest_the_client_takes),
        cmocka_unit_test(test_tags_differ_with_the_content),
        cmocka_unit_test(test_a_page_carries_the_nonce),
        cmocka_unit_test(test_a_missing_folder_is_an_empty_set),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
