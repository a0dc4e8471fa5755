// graph_media: a ring of files, and just enough of multipart.
#include "sim/graph_media.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

#define FIRST_ID 700000001

typedef struct {
    graph_file_t file;
    char *memory; // owned: the bytes, then the type
} entry_t;

struct graph_media {
    entry_t *entries; // a ring by id
    uint32_t max_count;
    uint32_t count;
    size_t max_bytes;
    size_t kept_bytes;
    uint64_t first_id; // the oldest that may be there
    uint64_t next_id;
};

graph_media_t *graph_media_new(uint32_t max_count, size_t max_bytes)
{
    graph_media_t *self = act_alloc(sizeof *self);
    self->entries = act_alloc_array(max_count, sizeof *self->entries);
    self->max_count = max_count;
    self->max_bytes = max_bytes;
    self->first_id = self->next_id = FIRST_ID;
    return self;
}

static void drop(graph_media_t *self, uint64_t id)
{
    entry_t *entry = &self->entries[id % self->max_count];
    if (entry->file.id != id)
        return;
    self->kept_bytes -= entry->file.bytes.len_bytes;
    self->count--;
    act_free(entry->memory);
    *entry = (entry_t){0};
}

void graph_media_destroy(graph_media_t **self_p)
{
    if (!*self_p)
        return;
    graph_media_t *self = *self_p;
    for (; self->first_id < self->next_id; self->first_id++)
        drop(self, self->first_id);
    act_free(self->entries);
    act_free(act_take(self_p));
}

uint64_t graph_media_add(graph_media_t *self, const graph_file_t *file)
{
    while (self->first_id < self->next_id &&
           (self->next_id - self->first_id >= self->max_count ||
            self->kept_bytes + file->bytes.len_bytes > self->max_bytes))
        drop(self, self->first_id++);
    uint64_t id = self->next_id++;
    entry_t *entry = &self->entries[id % self->max_count];
    entry->memory = act_alloc(file->bytes.len_bytes + file->mime_type.len_bytes);
    char *type = entry->memory + file->bytes.len_bytes;
    memcpy(entry->memory, file->bytes.ptr, file->bytes.len_bytes);
    memcpy(type, file->mime_type.ptr, file->mime_type.len_bytes);
    entry->file = (graph_file_t){
        .id = id,
        .mime_type = act_str_of(type, file->mime_type.len_bytes),
        .bytes = act_str_of(entry->memory, file->bytes.len_bytes),
    };
    self->kept_bytes += file->bytes.len_bytes;
    self->count++;
    return id;
}

const graph_file_t *graph_media_find(const graph_media_t *self, act_str_t id)
{
    int64_t number = 0;
    if (!act_str_to_int(id, &number) || number < FIRST_ID)
        return NULL;
    const graph_file_t *file = &self->entries[(uint64_t)number % self->max_count].file;
    return file->id == (uint64_t)number ? file : NULL;
}

bool graph_media_remove(graph_media_t *self, act_str_t id)
{
    const graph_file_t *file = graph_media_find(self, id);
    if (file)
        drop(self, file->id);
    return file != NULL;
}

uint32_t graph_media_count(const graph_media_t *self)
{
    return self->count;
}

// --- multipart -----------------------------------------------------------------------------------

// Cut at the first `separator`: returns what stands before it and leaves what follows in *rest;
// false without one.
static bool cut_at(act_str_t *rest, act_str_t separator, act_str_t *ret_head)
{
    const char *at = rest->len_bytes
                         ? memmem(rest->ptr, rest->len_bytes, separator.ptr, separator.len_bytes)
                         : NULL;
    if (!at)
        return false;
    size_t head_bytes = (size_t)(at - rest->ptr);
    size_t used_bytes = head_bytes + separator.len_bytes;
    *ret_head = act_str_of(rest->ptr, head_bytes);
    *rest = act_str_of(rest->ptr + used_bytes, rest->len_bytes - used_bytes);
    return true;
}

// The value of name= in a header line, without quotes; empty when absent.
static act_str_t parameter(act_str_t line, const char *name)
{
    act_str_t ignored;
    if (!cut_at(&line, act_str(name), &ignored))
        return act_str_of(NULL, 0);
    if (act_str_starts_with(line, "\"")) {
        line = act_str_of(line.ptr + 1, line.len_bytes - 1);
        return act_str_cut(&line, '"');
    }
    return act_str_trim(act_str_cut(&line, ';'));
}

static act_str_t header_value(act_str_t head, const char *name)
{
    size_t name_bytes = strlen(name);
    while (head.len_bytes > 0) {
        act_str_t line = act_str_trim(act_str_cut(&head, '\n'));
        if (line.len_bytes > name_bytes && strncasecmp(line.ptr, name, name_bytes) == 0)
            return act_str_trim(act_str_of(line.ptr + name_bytes, line.len_bytes - name_bytes));
    }
    return act_str_of(NULL, 0);
}

typedef struct {
    graph_file_t file;
    bool has_file;
    bool has_product;
} form_t;

static void take_part(form_t *form, act_str_t head, act_str_t content)
{
    act_str_t name = parameter(header_value(head, "Content-Disposition:"), " name=");
    act_str_t type = header_value(head, "Content-Type:");
    if (act_str_is(name, "messaging_product"))
        form->has_product = act_str_is(content, "whatsapp");
    if (act_str_is(name, "type"))
        form->file.mime_type = content;
    if (!act_str_is(name, "file"))
        return;
    form->has_file = true;
    form->file.bytes = content;
    if (!act_str_empty(type))
        form->file.mime_type = type;
}

bool graph_media_parse(act_str_t content_type, act_str_t body, act_arena_t *arena,
                       graph_file_t *ret_file, const char **ret_error)
{
    act_str_t boundary = parameter(content_type, "boundary=");
    act_str_t separator = act_arena_printf(arena, "\r\n--%" ACT_STR_FMT, ACT_STR_ARG(boundary));
    act_str_t opening = act_str_of(separator.ptr + 2, separator.len_bytes - 2);
    act_str_t part;
    form_t form = {.has_file = false};
    *ret_error = "The body is not multipart/form-data";
    if (!act_str_starts_with(content_type, "multipart/form-data") || act_str_empty(boundary) ||
        !cut_at(&body, opening, &part))
        return false;
    while (cut_at(&body, separator, &part)) {
        act_str_t head;
        if (!cut_at(&part, ACT_STR("\r\n\r\n"), &head))
            return false;
        take_part(&form, head, part);
    }
    *ret_error = !form.has_product ? "The parameter messaging_product is required."
                 : !form.has_file  ? "The parameter file is required."
                                   : "The parameter type is required.";
    *ret_file = form.file;
    return form.has_product && form.has_file && !act_str_empty(form.file.mime_type);
}
