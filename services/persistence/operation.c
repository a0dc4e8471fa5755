// operation: see operation.h.
#include "operation.h"

#include "base/assert.h"

#include <string.h>

struct operation {
    operation_t *next;
    const query_t *query;
    const operation_owner_t *owner;
    void *context;
    act_str_t tenant;
    act_str_t key;
    bind_t bind;
    bind_reply_t *rows;
    size_t size_bytes;
    uint32_t tries_count;
    bool is_retry_safe;
};

act_err_t operation_new(const operation_opts_t *opts, operation_t **ret_operation)
{
    act_str_t tenant = opts->query->is_system ? act_str_of("", 0) : opts->tenant;
    bind_t bind;
    act_err_t err = bind_request(opts->query, tenant, opts->body, opts->arena, &bind);
    if (err != ACT_E_OK)
        return err;
    operation_t *self = act_alloc(sizeof *self);
    *self = (operation_t){
        .query = opts->query,
        .owner = opts->owner,
        .context = opts->context,
        .tenant = act_arena_str(opts->arena, tenant), // terminated, as libpq wants it
        .key = act_str_empty(bind.key) ? opts->key : bind.key,
        .bind = bind,
        .rows = bind_reply_new(opts->query),
        .size_bytes = opts->body.len_bytes + sizeof *self,
        .is_retry_safe = opts->is_retry_safe,
    };
    *ret_operation = self;
    return ACT_E_OK;
}

void operation_destroy(operation_t **self_p)
{
    operation_t *self = *self_p;
    if (!self)
        return;
    bind_reply_destroy(&self->rows);
    act_free(act_take(self_p));
}

void operation_reply(operation_t **self_p)
{
    operation_t *self = *self_p;
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_err_t err = bind_reply_write(self->rows, &body);
    if (err == ACT_E_OK) {
        self->owner->reply(self->context, &body);
        operation_destroy(self_p);
    } else {
        operation_fail(self_p, err, NULL);
    }
    act_buf_fini(&body);
}

void operation_fail(operation_t **self_p, act_err_t err, const char *text)
{
    (*self_p)->owner->fail((*self_p)->context, err, text);
    operation_destroy(self_p);
}

const query_t *operation_query(const operation_t *self)
{
    return self->query;
}

const bind_t *operation_bind(const operation_t *self)
{
    return &self->bind;
}

act_str_t operation_tenant(const operation_t *self)
{
    return self->tenant;
}

act_str_t operation_key(const operation_t *self)
{
    return self->key;
}

size_t operation_size_bytes(const operation_t *self)
{
    return self->size_bytes;
}

bool operation_is_retry_safe(const operation_t *self)
{
    return self->is_retry_safe;
}

bool operation_is_cancelled(const operation_t *self)
{
    return self->owner->is_cancelled(self->context);
}

void operation_begin_try(operation_t *self)
{
    bind_reply_reset(self->rows);
    self->tries_count++;
}

uint32_t operation_tries_count(const operation_t *self)
{
    return self->tries_count;
}

act_err_t operation_add_row(operation_t *self, const PGresult *rows, int row)
{
    return bind_reply_add(self->rows, rows, row);
}

static int compare_text(act_str_t a, act_str_t b)
{
    size_t len_bytes = a.len_bytes < b.len_bytes ? a.len_bytes : b.len_bytes;
    int order = len_bytes ? memcmp(a.ptr, b.ptr, len_bytes) : 0;
    return order ? order : (a.len_bytes > b.len_bytes) - (a.len_bytes < b.len_bytes);
}

int operation_compare(const operation_t *a, const operation_t *b)
{
    if (a->query->lock_order != b->query->lock_order)
        return a->query->lock_order < b->query->lock_order ? -1 : 1;
    int order = compare_text(a->tenant, b->tenant);
    if (order == 0 && a->query->is_gathered != b->query->is_gathered)
        return a->query->is_gathered ? -1 : 1;
    if (order == 0 && a->query->is_gathered)
        order = (a->query > b->query) - (a->query < b->query);
    return order ? order : compare_text(a->key, b->key);
}

operation_t *operation_next(const operation_t *self)
{
    return self->next;
}

void operation_set_next(operation_t *self, operation_t *next)
{
    self->next = next;
}
