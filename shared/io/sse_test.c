// sse: events out of bytes, cut at every place.
#include "io/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    char text[1024]; // "[name|data]" an event
} heard_t;

static void hear(void *context, act_str_t name, act_str_t data)
{
    heard_t *self = context;
    size_t len_bytes = strlen(self->text);
    (void)snprintf(self->text + len_bytes, sizeof self->text - len_bytes,
                   "[%" ACT_STR_FMT "|%" ACT_STR_FMT "]", ACT_STR_ARG(name), ACT_STR_ARG(data));
}

// In two pieces, cut at `cut`; each piece is a copy that is gone afterwards.
static act_err_t feed_cut(act_sse_t *sse, act_str_t text, size_t cut, heard_t *heard)
{
    char piece[512];
    act_err_t err = ACT_E_OK;
    memcpy(piece, text.ptr, cut);
    err = act_sse_feed(sse, act_str_of(piece, cut), hear, heard);
    memset(piece, '!', sizeof piece);
    if (err != ACT_E_OK)
        return err;
    memcpy(piece, text.ptr + cut, text.len_bytes - cut);
    return act_sse_feed(sse, act_str_of(piece, text.len_bytes - cut), hear, heard);
}

static void reads_events_cut_anywhere(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *heard;
    } rows[] = {
        {"data: a\n\n", "[|a]"},
        {"data:a\r\n\r\ndata: b\r\rdata:  c\n\n", "[|a][|b][| c]"},
        {"event: ping\ndata: {}\n\nevent: x\n\ndata: y\n\n", "[ping|{}][|y]"},
        {": comment\n\ndata: one\ndata: two\nid: 7\nretry: 1\n\n", "[|one\ntwo]"},
        {"\xef\xbb\xbf"
         "data: bom\n\n",
         "[|bom]"},
        {"data\n\ndata:\ndata:\n\n", "[|][|\n]"},
        {"data: whole\n\ndata: cut", "[|whole]"},
        {"datax: no\nunknown\ndata: yes\n\n", "[|yes]"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t text = act_str(rows[i].text);
        for (size_t cut = 0; cut <= text.len_bytes; cut++) {
            act_sse_t sse;
            heard_t heard = {.text = ""};
            act_sse_init(&sse, 64);
            assert_int_equal(feed_cut(&sse, text, cut, &heard), ACT_E_OK);
            assert_string_equal(heard.text, rows[i].heard);
            act_sse_fini(&sse);
        }
    }
}

static void keeps_where_to_take_up_the_stream(void **state)
{
    (void)state;
    char long_id[600] = "id: ";
    memset(long_id + 4, 'x', ACT_SSE_ID_MAX_BYTES);
    act_str_t end = ACT_STR("\ndata: a\n\n");
    memcpy(long_id + 4 + ACT_SSE_ID_MAX_BYTES, end.ptr, end.len_bytes + 1);
    const struct {
        const char *text;
        const char *id;
        uint32_t retry_ms;
    } rows[] = {
        {"data: a\n\n", "", ACT_SSE_NO_RETRY},
        {"id: 7\nretry: 500\ndata:\n\n", "7", 500},
        {"id: 7\n\n", "7", ACT_SSE_NO_RETRY},
        {"id: 7\ndata: a\n\nid: 8\ndata: cut\n", "7", ACT_SSE_NO_RETRY}, // 8 did not come whole
        {"id: 7\ndata: a\n\ndata: b\n\n", "7", ACT_SSE_NO_RETRY},
        {"id: 7\ndata: a\n\nid\ndata: b\n\n", "", ACT_SSE_NO_RETRY},
        {"retry: 1\nretry: 2x\nretry:\nretry: -3\nretry: 99999999999\n\n", "", 1},
        {"retry: 0\n\n", "", 0},
        {long_id, "", ACT_SSE_NO_RETRY},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t text = act_str(rows[i].text);
        for (size_t cut = 0; cut <= text.len_bytes; cut++) {
            act_sse_t sse;
            heard_t heard = {.text = ""};
            act_sse_init(&sse, 512);
            assert_int_equal(feed_cut(&sse, text, cut, &heard), ACT_E_OK);
            assert_string_equal(sse.id, rows[i].id);
            assert_int_equal(sse.retry_ms, rows[i].retry_ms);
            act_sse_reset(&sse);
            assert_string_equal(sse.id, "");
            assert_int_equal(sse.retry_ms, ACT_SSE_NO_RETRY);
            act_sse_fini(&sse);
        }
    }
}

static void bounds_lines_and_events(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "data: 0123456789\n\n",
        "x0123456789012345",
        "data: 01234\ndata: 56789\n\n",
        "data: 01234\ndata: 56789\ndata: 0",
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t text = act_str(rows[i]);
        for (size_t cut = 0; cut <= text.len_bytes; cut++) {
            act_sse_t sse;
            heard_t heard = {.text = ""};
            act_sse_init(&sse, 10);
            act_err_t err = feed_cut(&sse, text, cut, &heard);
            assert_int_equal(err, ACT_E_TOO_LARGE);
            assert_string_equal(heard.text, "");
            assert_int_equal(act_sse_feed(&sse, ACT_STR("\n\n"), hear, &heard), ACT_E_TOO_LARGE);
            act_sse_reset(&sse);
            assert_int_equal(act_sse_feed(&sse, ACT_STR("data:1\n\n"), hear, &heard), ACT_E_OK);
            assert_string_equal(heard.text, "[|1]");
            act_sse_fini(&sse);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_events_cut_anywhere),
        cmocka_unit_test(keeps_where_to_take_up_the_stream),
        cmocka_unit_test(bounds_lines_and_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
