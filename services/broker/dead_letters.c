// dead_letters: a list of packed letters, a few of them under way; and a table of retries.
#include "dead_letters.h"

#include "base/arena.h"
#include "base/mem.h"
#include "proto/persistence.h"

#include <stdio.h>
#include <stdlib.h>

#define PERSISTENCE "persistence"
#define UNDER_WAY_MAX_COUNT 8
#define PAUSE_MS 1000 // after one that could not be put
#define BUDGET_MS 5000
#define RETRY_BUDGET_MS 30000

typedef struct letter letter_t;
struct letter {
    letter_t *next;
    dead_letters_t *owner;
    act_buf_t body; // a packed PutDeadCallRequest
    bool is_under_way;
    bool has_ended;
    act_err_t err;
};

// A retry goes through these one after the other.
typedef enum { STEP_FREE, STEP_FETCH, STEP_CALL, STEP_MARK } step_t;

typedef struct {
    dead_letters_t *owner;
    step_t step;
    int64_t dead_letter_id;
    uint64_t call_id;
    bool has_ended; // the step's call
    act_err_t err;
    act_buf_t body; // and its answer
} retry_t;

struct dead_letters {
    broker_t *broker;
    act_log_t *log;
    letter_t *first, **last_p;
    uint32_t count;
    uint64_t size_bytes;
    uint32_t under_way_count;
    uint64_t dropped_count;
    uint64_t logged_count;
    int64_t pause_until_ms;
    retry_t retries[DEAD_LETTERS_RETRIES_MAX_COUNT];
};

dead_letters_t *dead_letters_new(broker_t *broker, act_log_t *log)
{
    dead_letters_t *self = act_alloc(sizeof *self);
    self->broker = broker;
    self->log = log;
    self->last_p = &self->first;
    for (size_t i = 0; i < ACT_COUNT(self->retries); i++) {
        self->retries[i].owner = self;
        act_buf_init(&self->retries[i].body, ACT_BUF_DEFAULT_MAX_BYTES);
    }
    return self;
}

static void free_letter(letter_t *letter)
{
    act_buf_fini(&letter->body);
    act_free(letter);
}

void dead_letters_destroy(dead_letters_t **self_p)
{
    dead_letters_t *self = *self_p;
    if (!self)
        return;
    while (self->first) {
        letter_t *letter = self->first;
        self->first = letter->next;
        free_letter(letter);
    }
    for (size_t i = 0; i < ACT_COUNT(self->retries); i++)
        act_buf_fini(&self->retries[i].body);
    act_free(act_take(self_p));
}

// --- in ------------------------------------------------------------------------------------------

// Takes the letter behind *at out of the list.
static void remove_at(dead_letters_t *self, letter_t **at)
{
    letter_t *letter = *at;
    *at = letter->next;
    if (self->last_p == &letter->next)
        self->last_p = at;
    self->count--;
    self->size_bytes -= letter->body.len_bytes;
    self->under_way_count -= letter->is_under_way;
    free_letter(letter);
}

static void make_room(dead_letters_t *self, size_t size_bytes)
{
    letter_t **at = &self->first;
    while (*at && (self->count >= DEAD_LETTERS_MAX_COUNT ||
                   self->size_bytes + size_bytes > DEAD_LETTERS_MAX_BYTES)) {
        if ((*at)->is_under_way) {
            at = &(*at)->next;
            continue;
        }
        remove_at(self, at);
        self->dropped_count++;
    }
}

static void list_causes(const entry_t *entry, int64_t now_ms, act_buf_t *out)
{
    for (uint32_t i = 0; i < entry->causes_count; i++)
        act_buf_printf(out, "%lld ms before: %s %s\n", (long long)(now_ms - entry->causes[i].at_ms),
                       entry->causes[i].worker, entry->causes[i].reason);
}

static act_str_t hex_of(act_str_t bytes, act_arena_t *arena)
{
    static const char digits[] = "0123456789abcdef";
    char *text = act_arena_alloc(arena, 2 * bytes.len_bytes + 1);
    for (size_t i = 0; i < bytes.len_bytes; i++) {
        text[2 * i] = digits[(uint8_t)bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[(uint8_t)bytes.ptr[i] & 15];
    }
    return act_str_of(text, 2 * bytes.len_bytes);
}

static void pack_letter(const dead_letters_t *self, const entry_t *entry, act_err_t err,
                        act_buf_t *out)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const act_header_t *header = &entry->header;
    act_buf_t causes;
    act_buf_init(&causes, 2048);
    list_causes(entry, broker_now_ms(self->broker), &causes);
    put_dead_call_request_t request = {
        .call_ref =
            act_arena_printf(arena, "%llx-%llx", (unsigned long long)broker_epoch(self->broker),
                             (unsigned long long)entry->sequence),
        .of_tenant = header->tenant,
        .service = header->service,
        .method = header->method,
        .lane_key = header->key,
        .class = header->class_,
        .flags = header->flags,
        .trace =
            act_arena_printf(arena, "%016llx%016llx", (unsigned long long)header->trace.trace_high,
                             (unsigned long long)header->trace.trace_low),
        .idempotency_key = header->idempotency_key,
        .caller = header->sender,
        .last_worker =
            act_str(entry->causes_count ? entry->causes[entry->causes_count - 1].worker : ""),
        .attempts = header->attempt,
        .causes = act_buf_str(&causes),
        .reason = act_str(act_err_code(err)),
        .body = hex_of(entry->body->bytes, arena),
    };
    put_dead_call_request_pack(&request, out);
    act_buf_fini(&causes);
}

void dead_letters_on_dead(void *context, const entry_t *entry, act_err_t err)
{
    dead_letters_t *self = context;
    letter_t *letter = act_alloc(sizeof *letter);
    letter->owner = self;
    act_buf_init(&letter->body, ACT_BUF_DEFAULT_MAX_BYTES);
    pack_letter(self, entry, err, &letter->body);
    if (self->log)
        act_log_error(self->log, "dead_letter", "service=%.*s,method=%.*s,attempts=%u,code=%s",
                      ACT_STR_ARG(entry->header.service), ACT_STR_ARG(entry->header.method),
                      entry->header.attempt, act_err_code(err));
    if (letter->body.is_overflowed) { // larger than any message: it cannot be put
        self->dropped_count++;
        free_letter(letter);
        return;
    }
    make_room(self, letter->body.len_bytes);
    *self->last_p = letter;
    self->last_p = &letter->next;
    self->count++;
    self->size_bytes += letter->body.len_bytes;
}

// --- to the database -----------------------------------------------------------------------------

static act_header_t header_to_persistence(const char *method)
{
    return (act_header_t){
        .kind = ACT_KIND_CALL,
        .class_ = ACT_CLASS_CONTROL,
        .flags = ACT_FLAG_RETRY_SAFE,
        .sender = ACT_STR("broker"),
        .service = ACT_STR(PERSISTENCE),
        .method = act_str(method),
        .budget_ms = BUDGET_MS,
        .attempt = 1,
    };
}

static void on_put(void *context, act_err_t err, act_str_t body)
{
    letter_t *letter = context;
    (void)body;
    letter->has_ended = true;
    letter->err = err;
}

// Letters that were taken go; the others wait for another time. One the database will never take
// (its tenant has a name it cannot hold) would stop all: it goes, too.
static void collect(dead_letters_t *self)
{
    for (letter_t **at = &self->first; *at;) {
        letter_t *letter = *at;
        if (!letter->has_ended) {
            at = &letter->next;
            continue;
        }
        bool may_come = act_err_is_retryable(letter->err) || letter->err == ACT_E_DEADLINE;
        if (letter->err == ACT_E_OK || !may_come) {
            self->dropped_count += letter->err != ACT_E_OK;
            remove_at(self, at);
            continue;
        }
        letter->has_ended = letter->is_under_way = false;
        self->under_way_count--;
        self->pause_until_ms = broker_now_ms(self->broker) + PAUSE_MS;
        at = &letter->next;
    }
}

static bool is_there(const dead_letters_t *self)
{
    service_t *service = services_find(broker_services(self->broker), ACT_STR(PERSISTENCE));
    return service && service_choose(service, ACT_STR(""));
}

static void put_waiting(dead_letters_t *self)
{
    if (broker_now_ms(self->broker) < self->pause_until_ms || !self->first || !is_there(self))
        return;
    act_header_t header = header_to_persistence("put_dead_call");
    for (letter_t *letter = self->first; letter && self->under_way_count < UNDER_WAY_MAX_COUNT;
         letter = letter->next) {
        if (letter->is_under_way)
            continue;
        letter->is_under_way = true;
        self->under_way_count++;
        if (!broker_call_own(self->broker, &header, act_buf_str(&letter->body), on_put, letter))
            on_put(letter, ACT_E_OVERLOADED, act_str(""));
    }
}

// --- retries -------------------------------------------------------------------------------------

static void on_step(void *context, act_err_t err, act_str_t body)
{
    retry_t *retry = context;
    retry->has_ended = true;
    retry->err = err;
    act_buf_reset(&retry->body);
    act_buf_add_str(&retry->body, body);
}

static void start_step(retry_t *retry, step_t step, const act_header_t *header, act_str_t body)
{
    retry->step = step;
    retry->has_ended = false;
    if (!broker_call_own(retry->owner->broker, header, body, on_step, retry))
        on_step(retry, ACT_E_UNAVAILABLE, act_str(""));
}

bool dead_letters_retry(dead_letters_t *self, int64_t dead_letter_id, uint64_t call_id)
{
    retry_t *retry = self->retries;
    while (retry < self->retries + ACT_COUNT(self->retries) && retry->step != STEP_FREE)
        retry++;
    if (retry == self->retries + ACT_COUNT(self->retries))
        return false;
    retry->dead_letter_id = dead_letter_id;
    retry->call_id = call_id;
    act_buf_t out;
    act_buf_init(&out, 256);
    dead_letter_request_pack(&(dead_letter_request_t){.dead_letter_id = dead_letter_id}, &out);
    act_header_t header = header_to_persistence("get_dead_letter");
    start_step(retry, STEP_FETCH, &header, act_buf_str(&out));
    act_buf_fini(&out);
    return true;
}

static void end_retry(retry_t *retry, act_err_t err)
{
    retry->step = STEP_FREE;
    broker_answer(retry->owner->broker, retry->call_id, err, ACT_STR("\x80"));
}

static int value_of(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

// False: not hexadecimal (somebody edited it).
static bool read_hex(act_str_t hex, act_buf_t *out)
{
    for (size_t i = 0; i + 1 < hex.len_bytes; i += 2) {
        int high = value_of(hex.ptr[i]), low = value_of(hex.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        act_buf_add_char(out, (char)(high << 4 | low));
    }
    return hex.len_bytes % 2 == 0;
}

static act_header_t header_of_letter(const dead_letter_t *letter)
{
    act_header_t header = {
        .kind = ACT_KIND_CALL,
        .class_ =
            (uint8_t)(letter->class > 0 && letter->class < ACT_CLASS_COUNT ? letter->class
                                                                           : ACT_CLASS_INTERACTIVE),
        .flags = (uint32_t)letter->flags,
        .sender = ACT_STR("broker"),
        .tenant = letter->of_tenant,
        .service = letter->service,
        .method = letter->method,
        .key = letter->lane_key,
        .idempotency_key = letter->idempotency_key,
        .budget_ms = RETRY_BUDGET_MS,
        .attempt = (uint8_t)(letter->attempts < UINT8_MAX ? letter->attempts + 1 : UINT8_MAX),
    };
    char word[17] = "";
    if (letter->trace.len_bytes == 32) {
        snprintf(word, sizeof word, "%.16s", letter->trace.ptr);
        header.trace.trace_high = strtoull(word, NULL, 16);
        snprintf(word, sizeof word, "%.16s", letter->trace.ptr + 16);
        header.trace.trace_low = strtoull(word, NULL, 16);
    }
    return header;
}

static void call_again(retry_t *retry)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    dead_letter_t letter;
    if (dead_letter_unpack(act_buf_str(&retry->body), arena, &letter, NULL) != ACT_E_OK) {
        end_retry(retry, ACT_E_INTERNAL);
        return;
    }
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    bool is_open_call = act_str_is(letter.kind, "call") && letter.resolved_at_ms == 0;
    if (is_open_call && read_hex(letter.body, &body)) {
        act_header_t header = header_of_letter(&letter);
        start_step(retry, STEP_CALL, &header, act_buf_str(&body));
    } else {
        end_retry(retry, is_open_call ? ACT_E_INVALID_ARGUMENT : ACT_E_CONFLICT);
    }
    act_buf_fini(&body);
}

static void mark(retry_t *retry)
{
    act_buf_t out;
    act_buf_init(&out, 256);
    resolve_dead_letter_request_t request = {.dead_letter_id = retry->dead_letter_id,
                                             .action = ACT_STR("retried")};
    resolve_dead_letter_request_pack(&request, &out);
    act_header_t header = header_to_persistence("resolve_dead_letter");
    start_step(retry, STEP_MARK, &header, act_buf_str(&out));
    act_buf_fini(&out);
}

static void next_step(retry_t *retry)
{
    if (retry->step == STEP_FREE || !retry->has_ended)
        return;
    if (retry->err != ACT_E_OK || retry->step == STEP_MARK)
        end_retry(retry, retry->err);
    else if (retry->step == STEP_FETCH)
        call_again(retry);
    else
        mark(retry);
}

// --- time ----------------------------------------------------------------------------------------

void dead_letters_on_tick(dead_letters_t *self)
{
    collect(self);
    put_waiting(self);
    for (size_t i = 0; i < ACT_COUNT(self->retries); i++)
        next_step(&self->retries[i]);
    if (self->log && self->dropped_count > self->logged_count) {
        act_log_error(self->log, "dead_letters_dropped", "count=%llu",
                      (unsigned long long)(self->dropped_count - self->logged_count));
        self->logged_count = self->dropped_count;
    }
}

uint32_t dead_letters_count(const dead_letters_t *self)
{
    return self->count;
}

uint64_t dead_letters_dropped_count(const dead_letters_t *self)
{
    return self->dropped_count;
}
