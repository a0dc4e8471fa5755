// journal: entries in their order; the tapes are views of it.
#include "turn/journal.h"

#include "base/assert.h"

#include <sodium.h>
#include <string.h>

// A place for a call that is not taken down: the array is full.
#define NO_PLACE UINT32_MAX

typedef struct {
    act_tape_t tape; // first: the runtime knows only this
    act_journal_t *journal;
    bool is_failures_only;
} journal_tape_t;

typedef struct {
    turn_step_t step;
    act_reply_t known; // the answer, when it comes from what was recorded
    bool is_kept;      // false: still open, or came to nothing worth keeping
    bool is_taken;     // by act_journal_take_reads
} entry_t;

struct act_journal {
    act_arena_t *arena;
    act_journal_opts_t opts;
    journal_tape_t all;
    journal_tape_t failures;
    uint32_t next_number;
    size_t bytes_count; // of results
    uint32_t count;
    entry_t *entries[ACT_JOURNAL_MAX_STEPS];
};

static const char *const kinds[] = {
    [ACT_STEP_READ] = "read", [ACT_STEP_EFFECT] = "effect", [ACT_STEP_PAID] = "paid"};

void act_step_hash(act_str_t request, uint8_t ret_hash[ACT_STEP_HASH_BYTES])
{
    act_assert(crypto_generichash(ret_hash, ACT_STEP_HASH_BYTES, (const uint8_t *)request.ptr,
                                  request.len_bytes, NULL, 0) == 0);
}

act_str_t act_journal_key(act_journal_t *self, const char *what)
{
    return act_arena_printf(self->arena, "%" ACT_STR_FMT "/%u/%s", ACT_STR_ARG(self->opts.prefix),
                            self->next_number++, what);
}

// --- what was recorded ---------------------------------------------------------------------------

static const turn_step_t *recorded(const act_journal_t *self, act_str_t step_key)
{
    for (uint32_t i = 0; i < self->opts.recorded.count; i++)
        if (act_str_eq(self->opts.recorded.items[i].step_key, step_key))
            return &self->opts.recorded.items[i];
    return NULL;
}

act_err_t act_journal_find(const act_journal_t *self, act_str_t step_key, act_str_t request,
                           const turn_step_t **ret_step)
{
    const turn_step_t *step = recorded(self, step_key);
    if (!step || step->is_cut)
        return self->opts.is_replay ? ACT_E_STEP_MISSING : ACT_E_NOT_FOUND;
    uint8_t hash[ACT_STEP_HASH_BYTES];
    act_step_hash(request, hash);
    if (!act_str_eq(step->request_hash, act_str_of((const char *)hash, sizeof hash)))
        return ACT_E_STEP_MISMATCH;
    *ret_step = step;
    return ACT_E_OK;
}

// --- what is taken down --------------------------------------------------------------------------

static act_str_t hash_of(act_arena_t *arena, act_str_t request)
{
    uint8_t *hash = act_arena_alloc(arena, ACT_STEP_HASH_BYTES);
    act_step_hash(request, hash);
    return act_str_of((const char *)hash, ACT_STEP_HASH_BYTES);
}

static uint32_t add(act_journal_t *self, act_step_kind_t kind, act_str_t step_key)
{
    if (self->count == ACT_JOURNAL_MAX_STEPS)
        return NO_PLACE;
    entry_t *entry = act_arena_alloc(self->arena, sizeof *entry);
    entry->step.step_key = step_key;
    entry->step.kind = act_str(kinds[kind]);
    self->entries[self->count] = entry;
    return self->count++;
}

static void keep_result(act_journal_t *self, uint32_t place, act_str_t result)
{
    turn_step_t *step = &self->entries[place]->step;
    self->entries[place]->is_kept = true;
    if (self->bytes_count + result.len_bytes > ACT_JOURNAL_MAX_BYTES) {
        step->is_cut = true;
        return;
    }
    self->bytes_count += result.len_bytes;
    step->result = act_arena_str(self->arena, result);
}

void act_journal_put(act_journal_t *self, act_step_kind_t kind, act_str_t step_key,
                     act_str_t request, act_str_t result)
{
    uint32_t place = add(self, kind, step_key);
    if (place == NO_PLACE)
        return;
    self->entries[place]->step.request_hash = hash_of(self->arena, request);
    keep_result(self, place, result);
}

void act_journal_fail(act_journal_t *self, act_str_t step_key, act_str_t request, act_err_t err)
{
    uint32_t place = add(self, ACT_STEP_READ, step_key);
    if (place == NO_PLACE)
        return;
    self->entries[place]->step.request_hash = hash_of(self->arena, request);
    self->entries[place]->step.error_number = (uint32_t)err;
    keep_result(self, place, (act_str_t){0});
}

act_str_t act_journal_value(act_journal_t *self, const char *what, act_str_t now)
{
    act_str_t step_key = act_journal_key(self, what);
    const turn_step_t *step = recorded(self, step_key);
    act_str_t value = step ? step->result : now;
    act_journal_put(self, ACT_STEP_READ, step_key, (act_str_t){0}, value);
    return value;
}

act_steps_t act_journal_take_reads(act_journal_t *self)
{
    turn_step_t *items = act_arena_alloc_array(self->arena, self->count + 1, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        entry_t *entry = self->entries[i];
        bool is_read = act_str_is(entry->step.kind, kinds[ACT_STEP_READ]);
        if (!entry->is_kept || entry->is_taken || !is_read || entry->step.is_cut)
            continue;
        entry->is_taken = true;
        items[count++] = entry->step;
    }
    return (act_steps_t){items, count};
}

act_steps_t act_journal_steps(const act_journal_t *self)
{
    turn_step_t *items = act_arena_alloc_array(self->arena, self->count + 1, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->entries[i]->is_kept)
            items[count++] = self->entries[i]->step;
    return (act_steps_t){items, count};
}

// --- tapes ---------------------------------------------------------------------------------------

static void know_error(act_reply_t *known, act_arena_t *arena, act_err_t err, act_str_t step_key)
{
    act_str_t text =
        act_arena_printf(arena, "%" ACT_STR_FMT ": %s", ACT_STR_ARG(step_key), act_err_text(err));
    *known = (act_reply_t){.err = err, .text = text};
}

static void know_step(act_reply_t *known, const turn_step_t *step)
{
    act_err_t err = act_err_from_number(step->error_number);
    *known = step->error_number == 0
                 ? (act_reply_t){.body = step->result}
                 : (act_reply_t){.err = err, .text = act_str(act_err_text(err))};
}

static void know_answer(act_journal_t *self, entry_t *entry, act_str_t request)
{
    const turn_step_t *step = NULL;
    act_err_t err = act_journal_find(self, entry->step.step_key, request, &step);
    if (err == ACT_E_OK)
        know_step(&entry->known, step);
    else
        know_error(&entry->known, self->arena, err, entry->step.step_key);
}

// A turn that runs again reads what it had read before it paid for something.
static bool know_again(act_journal_t *self, entry_t *entry, act_str_t request)
{
    const turn_step_t *step = NULL;
    bool is_known = act_str_is(entry->step.kind, kinds[ACT_STEP_READ]) &&
                    act_journal_find(self, entry->step.step_key, request, &step) == ACT_E_OK;
    if (is_known)
        know_step(&entry->known, step);
    return is_known;
}

// Is the answer known? Then it is in the entry.
static bool know(const journal_tape_t *tape, entry_t *entry, act_str_t request)
{
    act_journal_t *self = tape->journal;
    if (!self->opts.is_replay)
        return !tape->is_failures_only && know_again(self, entry, request);
    if (!tape->is_failures_only) {
        know_answer(self, entry, request);
        return true;
    }
    const turn_step_t *step = recorded(self, entry->step.step_key);
    if (step)
        know_step(&entry->known, step);
    return step != NULL;
}

static uint32_t open_place(act_tape_t *context, act_str_t step_key, const char *method,
                           act_str_t body, const act_reply_t **ret_known)
{
    journal_tape_t *tape = (journal_tape_t *)context;
    act_journal_t *self = tape->journal;
    act_step_kind_t kind = act_str_empty(step_key) ? ACT_STEP_READ : ACT_STEP_EFFECT;
    if (kind == ACT_STEP_READ)
        step_key = act_journal_key(self, method);
    uint32_t place = add(self, kind, step_key);
    if (place == NO_PLACE)
        return place;
    entry_t *entry = self->entries[place];
    if (!tape->is_failures_only)
        entry->step.request_hash = hash_of(self->arena, body);
    if (know(tape, entry, body))
        *ret_known = &entry->known;
    return place;
}

static void close_place(act_tape_t *context, uint32_t place, const act_reply_t *reply)
{
    const journal_tape_t *tape = (const journal_tape_t *)context;
    act_journal_t *self = tape->journal;
    if (place == NO_PLACE || (tape->is_failures_only && reply->err == ACT_E_OK))
        return;
    self->entries[place]->step.error_number = (uint32_t)reply->err;
    keep_result(self, place, reply->err == ACT_E_OK ? reply->body : (act_str_t){0});
}

act_tape_t *act_journal_tape(act_journal_t *self)
{
    return &self->all.tape;
}

act_tape_t *act_journal_failures(act_journal_t *self)
{
    return &self->failures.tape;
}

// --- life ----------------------------------------------------------------------------------------

act_journal_t *act_journal_new(act_arena_t *arena, const act_journal_opts_t *opts)
{
    act_journal_t *self = act_arena_alloc(arena, sizeof *self);
    const act_tape_t tape = {open_place, close_place};
    self->arena = arena;
    self->opts = *opts;
    self->all = (journal_tape_t){tape, self, /* is_failures_only= */ false};
    self->failures = (journal_tape_t){tape, self, /* is_failures_only= */ true};
    return self;
}
