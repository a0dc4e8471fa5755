// supervision: obituaries, logs, and the commands for children.
#include "supervision.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/time.h"
#include "log_tail.h"
#include "proto/persistence.h"

#include <stdio.h>
#include <string.h>

#define LINES_DEFAULT_COUNT 50
#define LINES_MAX_COUNT 500u
#define TRACE_TEXT_BYTES 33
#define ROLLS_MAX_COUNT 256
#define PERSISTENCE "persistence"
#define PUT_OBITUARY "put_obituary"
#define STORE_BUDGET_MS 30000
#define STORE_ATTEMPTS_MAX_COUNT 5

static void reply(views_t *self, uint64_t call_id, const act_model_t *model, const void *message)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(model, message, &out);
    act_err_t err = out.is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK;
    broker_answer(self->broker, call_id, err, act_buf_str(&out));
    act_buf_fini(&out);
}

// --- commands ------------------------------------------------------------------------------------

// Says what came of a command, to who asked and to the log.
static void conclude(views_t *self, const act_header_t *header, uint64_t call_id, act_str_t actor,
                     act_str_t what, act_err_t err, act_buf_t *error)
{
    act_str_t who = act_str_empty(actor) ? header->sender : actor;
    act_log_info(self->log, "command",
                 "method=%" ACT_STR_FMT ",what=%" ACT_STR_FMT ",actor=%" ACT_STR_FMT ",code=%s",
                 ACT_STR_ARG(header->method), ACT_STR_ARG(what), ACT_STR_ARG(who),
                 act_err_code(err));
    act_buf_add_char(error, '\0');
    if (err == ACT_E_OK)
        reply(self, call_id, &empty_model, &(empty_t){0});
    else
        broker_answer_error(self->broker, call_id, err, error->ptr);
}

typedef act_err_t command_fn(supervisor_t *supervisor, act_str_t service, act_str_t instance,
                             act_buf_t *error);

static void command(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id,
                    command_fn *run)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    instance_request_t request = {0};
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = instance_request_unpack(body, arena, &request, NULL);
    if (err == ACT_E_OK)
        err = run(self->supervisor, request.service, request.instance, &error);
    act_str_t what = act_str_empty(request.instance) ? request.service : request.instance;
    conclude(self, header, call_id, request.actor, what, err, &error);
    act_buf_fini(&error);
}

void supervision_restart(views_t *self, const act_header_t *header, act_str_t body,
                         uint64_t call_id)
{
    command(self, header, body, call_id, supervisor_restart);
}

// Those that the broker did not start can be told to go, too; whether they come again is not its to say.
static act_err_t drain(views_t *self, const instance_request_t *request, act_buf_t *error)
{
    act_err_t err = supervisor_drain(self->supervisor, request->service, request->instance, error);
    peer_t *peer = err == ACT_E_NOT_FOUND && !act_str_empty(request->instance)
                       ? peers_find_instance(broker_peers(self->broker), request->instance)
                       : NULL;
    if (!peer || !peer->service)
        return err;
    act_buf_reset(error);
    return broker_drain(self->broker, request->instance) ? ACT_E_OK : ACT_E_UNAVAILABLE;
}

void supervision_drain(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    instance_request_t request = {0};
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = instance_request_unpack(body, arena, &request, NULL);
    if (err == ACT_E_OK)
        err = drain(self, &request, &error);
    act_str_t what = act_str_empty(request.instance) ? request.service : request.instance;
    conclude(self, header, call_id, request.actor, what, err, &error);
    act_buf_fini(&error);
}

void supervision_scale(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    scale_request_t request = {0};
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = scale_request_unpack(body, arena, &request, NULL);
    if (err == ACT_E_OK)
        err = supervisor_scale(self->supervisor, request.service, request.count, &error);
    conclude(self, header, call_id, request.actor, request.service, err, &error);
    act_buf_fini(&error);
}

// --- obituaries ----------------------------------------------------------------------------------

// Cuts text into its lines; at most OBITUARY_LINES_MAX_COUNT, or max_count.
static uint32_t split_lines(act_str_t text, act_str_t *ret_lines, uint32_t max_count)
{
    uint32_t count = 0;
    while (text.len_bytes > 0 && count < max_count) {
        act_str_t line = text;
        const char *end = memchr(text.ptr, '\n', text.len_bytes);
        line.len_bytes = end ? (size_t)(end - text.ptr) : text.len_bytes;
        ret_lines[count++] = line;
        size_t used = line.len_bytes + (end ? 1 : 0);
        text = act_str_of(text.ptr + used, text.len_bytes - used);
    }
    return count;
}

static act_str_t trace_text(act_arena_t *arena, const act_trace_t *trace)
{
    char text[TRACE_TEXT_BYTES] = "";
    if (trace->trace_high || trace->trace_low)
        snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)trace->trace_high,
                 (unsigned long long)trace->trace_low);
    return act_arena_str(arena, act_str(text));
}

static obituary_t view_of(const obituary_row_t *row, act_arena_t *arena)
{
    act_str_t *lines = act_arena_alloc_array(arena, OBITUARY_LINES_MAX_COUNT, sizeof *lines);
    uint32_t count = split_lines(act_str(row->lines), lines, OBITUARY_LINES_MAX_COUNT);
    return (obituary_t){
        .service = act_str(row->service),
        .instance = act_str(row->instance),
        .pid = (int32_t)row->pid,
        .at_ms = (uint64_t)row->at_ms,
        .uptime_ms = row->uptime_ms,
        .reason = act_str(death_reason_name(row->reason)),
        .exit_code = row->death.exit_code,
        .signal = row->death.signal,
        .is_core = row->death.has_core,
        .user_cpu_ms = row->death.user_ms,
        .system_cpu_ms = row->death.system_ms,
        .rss_max_kb = row->death.rss_max_kb,
        .method_in_hand = act_str(row->method),
        .trace = trace_text(arena, &row->trace),
        .backtrace = act_str(row->stack),
        .log_lines = {lines, count},
        .was_ready = row->was_ready,
        .was_parked = row->was_parked,
    };
}

void supervision_obituaries(views_t *self, const act_header_t *header, act_str_t body,
                            uint64_t call_id)
{
    (void)header;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    obituaries_request_t request = {0};
    act_err_t err = obituaries_request_unpack(body, arena, &request, NULL);
    if (err != ACT_E_OK) {
        broker_answer(self->broker, call_id, err, act_str(""));
        return;
    }
    const obituaries_t *all = supervisor_obituaries(self->supervisor);
    obituary_t *rows = act_arena_alloc_array(arena, OBITUARIES_MAX_COUNT, sizeof *rows);
    uint32_t count = 0;
    const obituary_row_t *row = NULL;
    for (uint32_t i = 0; (row = obituaries_get(all, i)); i++)
        if ((act_str_empty(request.service) || act_str_is(request.service, row->service)) &&
            (request.max_rows == 0 || count < request.max_rows))
            rows[count++] = view_of(row, arena);
    obituaries_reply_t answer = {.obituaries = {rows, count}};
    reply(self, call_id, &obituaries_reply_model, &answer);
}

static put_obituary_request_t request_of(const obituary_row_t *row, act_arena_t *arena)
{
    return (put_obituary_request_t){
        .service = act_str(row->service),
        .instance = act_str(row->instance),
        .pid = (int64_t)row->pid,
        .at_ms = row->at_ms,
        .uptime_ms = (int64_t)row->uptime_ms,
        .reason = act_str(death_reason_name(row->reason)),
        .exit_code = row->death.exit_code,
        .signal = row->death.signal,
        .is_core = row->death.has_core,
        .user_cpu_ms = (int64_t)row->death.user_ms,
        .system_cpu_ms = (int64_t)row->death.system_ms,
        .rss_max_kb = (int64_t)row->death.rss_max_kb,
        .method_in_hand = act_str(row->method),
        .trace = trace_text(arena, &row->trace),
        .backtrace = act_str(row->stack),
        .log_lines = act_str(row->lines),
        .was_ready = row->was_ready,
        .was_parked = row->was_parked,
    };
}

static void on_stored(void *context, act_err_t err, act_str_t body)
{
    (void)body;
    views_t *self = context;
    obituary_row_t *row = obituaries_next_unstored(supervisor_obituaries(self->supervisor));
    if (row && row->number == self->storing_number && // else newer ones have taken its place
        (err == ACT_E_OK || ++row->refusals_count >= STORE_ATTEMPTS_MAX_COUNT))
        row->is_stored = true;
    self->storing_number = 0;
}

void supervision_store_obituaries(views_t *self)
{
    obituary_row_t *row = obituaries_next_unstored(supervisor_obituaries(self->supervisor));
    if (!row || self->storing_number)
        return;
    static const act_header_t header = {
        .kind = ACT_KIND_CALL,
        .class_ = ACT_CLASS_BULK,
        .flags = ACT_FLAG_RETRY_SAFE,
        .service = {PERSISTENCE, sizeof PERSISTENCE - 1},
        .method = {PUT_OBITUARY, sizeof PUT_OBITUARY - 1},
        .budget_ms = STORE_BUDGET_MS,
        .attempt = 1,
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    put_obituary_request_t request = request_of(row, arena);
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    put_obituary_request_pack(&request, &out);
    self->storing_number = row->number;
    if (!broker_call_own(self->broker, &header, act_buf_str(&out), on_stored, self))
        self->storing_number = 0; // nobody is there: next time
    act_buf_fini(&out);
}

// --- logs ----------------------------------------------------------------------------------------

void supervision_logs(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    logs_request_t request = {0};
    act_err_t err = logs_request_unpack(body, arena, &request, NULL);
    const char *name =
        err == ACT_E_OK ? supervisor_log_name(self->supervisor, request.service, request.instance)
                        : NULL;
    if (!name) {
        broker_answer_error(self->broker, call_id, err == ACT_E_OK ? ACT_E_NOT_FOUND : err,
                            "no such instance among the broker's children");
        return;
    }
    uint32_t max_lines = request.max_lines ? request.max_lines : LINES_DEFAULT_COUNT;
    max_lines = max_lines > LINES_MAX_COUNT ? LINES_MAX_COUNT : max_lines;
    act_buf_t text;
    act_buf_init(&text, ACT_BUF_DEFAULT_MAX_BYTES);
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    act_str_copy(request.instance, instance, sizeof instance);
    log_tail(self->log_dir, name, instance, act_time_wall_us(), max_lines, &text);
    act_str_t *lines = act_arena_alloc_array(arena, max_lines, sizeof *lines);
    uint32_t count = split_lines(act_buf_str(&text), lines, max_lines);
    logs_reply_t answer = {.lines = {lines, count}};
    reply(self, call_id, &logs_reply_model, &answer);
    act_buf_fini(&text);
}

void supervision_fill_status(const views_t *self, act_arena_t *arena, status_reply_t *ret_reply)
{
    roll_view_t *rows = act_arena_alloc_array(arena, ROLLS_MAX_COUNT, sizeof *rows);
    uint32_t count = 0;
    roll_row_t row;
    while (count < ROLLS_MAX_COUNT && supervisor_roll_view(self->supervisor, count, &row))
        rows[count++] = (roll_view_t){
            .service = act_str(row.service),
            .state = act_str(row.state),
            .replaced = row.replaced_count,
            .error = act_str(row.error),
        };
    ret_reply->rolls.items = rows;
    ret_reply->rolls.count = count;
}
