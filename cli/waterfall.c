// waterfall: hops to rows, rows to text.
#include "waterfall.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define NAME_COLUMNS 44
#define TIMES_COLUMNS 20

static bool is_kind(const hop_view_t *hop, const char *kind)
{
    return act_str_is(hop->kind, kind);
}

static waterfall_row_t *find(waterfall_row_t *rows, uint32_t count, const hop_view_t *hop)
{
    for (uint32_t i = 0; i < count && hop->call_id; i++)
        if (rows[i].call_id == hop->call_id)
            return &rows[i];
    return NULL;
}

static waterfall_row_t new_row(const hop_view_t *hop)
{
    waterfall_row_t row = {
        .call_id = hop->call_id,
        .began_us = (int64_t)hop->at_us,
        .ended_us = (int64_t)hop->at_us,
        .caller = hop->caller,
        .service = hop->service,
        .method = hop->method,
        .instance = hop->instance,
        .is_stage = is_kind(hop, "stage"),
    };
    // The hop may be the first that is still there: what it says of the time before counts.
    if (row.is_stage || is_kind(hop, "acked"))
        row.began_us -= (int64_t)hop->work_us;
    return row;
}

static void note_hop(waterfall_row_t *row, const hop_view_t *hop)
{
    row->ended_us = (int64_t)hop->at_us > row->ended_us ? (int64_t)hop->at_us : row->ended_us;
    if (hop->instance.len_bytes > 0)
        row->instance = hop->instance;
    if (hop->attempt > row->attempts_count)
        row->attempts_count = hop->attempt;
    if (is_kind(hop, "granted"))
        row->queue_us += hop->queue_us;
    if (hop->err.len_bytes > 0)
        row->err = hop->err;
    static const char *const ends[] = {"dead", "cancelled", "expired", "failed"};
    for (size_t i = 0; i < ACT_COUNT(ends); i++)
        if (is_kind(hop, ends[i]))
            row->ending = ends[i];
    row->is_open = row->call_id && !row->ending && !is_kind(hop, "acked");
}

// Earlier first; of two that begin together the longer one, which holds the other.
static int compare_rows(const void *a, const void *b)
{
    const waterfall_row_t *x = a, *y = b;
    if (x->began_us != y->began_us)
        return x->began_us < y->began_us ? -1 : 1;
    return x->ended_us > y->ended_us ? -1 : x->ended_us < y->ended_us;
}

waterfall_row_t *waterfall_rows(const trace_reply_t *trace, act_arena_t *arena, uint32_t *ret_count)
{
    waterfall_row_t *rows = act_arena_alloc_array(arena, trace->hops.count + 1, sizeof *rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < trace->hops.count; i++) {
        const hop_view_t *hop = &trace->hops.items[i];
        waterfall_row_t *row = find(rows, count, hop);
        if (!row) {
            rows[count] = new_row(hop);
            row = &rows[count++];
        }
        note_hop(row, hop);
    }
    qsort(rows, count, sizeof *rows, compare_rows);
    *ret_count = count;
    return rows;
}

// --- text ----------------------------------------------------------------------------------------

typedef struct {
    int64_t began_us;
    int64_t duration_us;
    uint32_t columns;
} scale_t;

static uint32_t column_of(const scale_t *scale, int64_t at_us)
{
    int64_t after_us = at_us - scale->began_us;
    if (after_us <= 0 || scale->duration_us <= 0)
        return 0;
    int64_t column = after_us * scale->columns / scale->duration_us;
    return column >= scale->columns ? scale->columns - 1 : (uint32_t)column;
}

static void add_bar(const waterfall_row_t *row, const scale_t *scale, act_buf_t *out)
{
    uint32_t from = column_of(scale, row->began_us);
    uint32_t work = column_of(scale, row->began_us + (int64_t)row->queue_us);
    uint32_t to = column_of(scale, row->ended_us);
    bool is_hint = !row->call_id && !row->is_stage;
    for (uint32_t i = 0; i < from; i++)
        act_buf_add_char(out, ' ');
    for (uint32_t i = from; i <= to; i++) {
        char mark = row->is_stage ? '-' : i < work ? '.' : '=';
        if (is_hint)
            mark = '|';
        if (i == to && row->err.len_bytes > 0)
            mark = '!';
        act_buf_add_char(out, mark);
    }
}

static void add_name(const waterfall_row_t *row, act_buf_t *out)
{
    act_buf_t name;
    act_buf_init(&name, 1024);
    if (row->is_stage)
        act_buf_printf(&name, "%" ACT_STR_FMT " %" ACT_STR_FMT, ACT_STR_ARG(row->instance),
                       ACT_STR_ARG(row->method));
    else
        act_buf_printf(&name, "  %" ACT_STR_FMT " > %" ACT_STR_FMT ".%" ACT_STR_FMT,
                       ACT_STR_ARG(row->caller), ACT_STR_ARG(row->service),
                       ACT_STR_ARG(row->method));
    act_str_t text = act_utf8_prefix(act_buf_str(&name), NAME_COLUMNS);
    act_buf_add_str(out, text);
    for (size_t i = act_utf8_count(text); i < NAME_COLUMNS; i++)
        act_buf_add_char(out, ' ');
    act_buf_fini(&name);
}

static void add_row(const waterfall_row_t *row, const scale_t *scale, act_buf_t *out)
{
    add_name(row, out);
    act_buf_printf(out, " %8.2f %9.2f  ", (double)(row->began_us - scale->began_us) / 1000.0,
                   (double)(row->ended_us - row->began_us) / 1000.0);
    add_bar(row, scale, out);
    if (row->err.len_bytes > 0)
        act_buf_printf(out, " %" ACT_STR_FMT, ACT_STR_ARG(row->err));
    if (row->ending)
        act_buf_printf(out, " %s", row->ending);
    if (row->attempts_count > 1)
        act_buf_printf(out, " attempt %u", row->attempts_count);
    if (row->is_open)
        act_buf_add_str(out, ACT_STR(" open"));
    act_buf_add_char(out, '\n');
}

static void add_head(const trace_summary_t *summary, act_buf_t *out)
{
    char at[ACT_TIME_TEXT_BYTES];
    act_time_text((int64_t)summary->at_ms * 1000, at);
    act_buf_printf(out, "trace %" ACT_STR_FMT "  %s  tenant %" ACT_STR_FMT "\n",
                   ACT_STR_ARG(summary->trace), at,
                   summary->tenant.len_bytes ? (int)summary->tenant.len_bytes : 1,
                   summary->tenant.len_bytes ? summary->tenant.ptr : "-");
    if (summary->turn_id.len_bytes > 0)
        act_buf_printf(out, "turn  %" ACT_STR_FMT "\n", ACT_STR_ARG(summary->turn_id));
    act_buf_printf(out, "%.2f ms, %u hops%s\n\n", (double)summary->duration_us / 1000.0,
                   summary->hops, summary->is_error ? ", with an error" : "");
    act_buf_printf(out, "%-*s %8s %9s\n", NAME_COLUMNS, "what", "at ms", "took ms");
}

void waterfall_render(const trace_reply_t *trace, uint32_t columns, act_buf_t *out)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    uint32_t count = 0;
    waterfall_row_t *rows = waterfall_rows(trace, arena, &count);
    if (columns < WATERFALL_COLUMNS_MIN)
        columns = WATERFALL_COLUMNS_MIN;
    scale_t scale = {.columns = columns > NAME_COLUMNS + TIMES_COLUMNS + 20
                                    ? columns - NAME_COLUMNS - TIMES_COLUMNS - 2
                                    : 18};
    int64_t ended_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        scale.began_us = i == 0 ? rows[i].began_us : scale.began_us;
        ended_us = rows[i].ended_us > ended_us ? rows[i].ended_us : ended_us;
    }
    scale.duration_us = ended_us - scale.began_us;
    if (trace->summary)
        add_head(trace->summary, out);
    for (uint32_t i = 0; i < count; i++)
        add_row(&rows[i], &scale, out);
    if (trace->summary && trace->hops.count < trace->summary->hops)
        act_buf_printf(out, "\nthe oldest %u hops are gone (the broker keeps the newest of all)\n",
                       trace->summary->hops - trace->hops.count);
    act_buf_add_str(
        out, ACT_STR("\n. waits in the broker   = is worked on   - stage   | hint   ! error\n"));
}
