// graph_media: uploaded files, in memory. When there is no room the oldest go.
#pragma once
#include "base/arena.h"

#include <stdint.h>

typedef struct graph_media graph_media_t;

typedef struct {
    uint64_t id;
    act_str_t mime_type;
    act_str_t bytes;
} graph_file_t;

graph_media_t *graph_media_new(uint32_t max_count, size_t max_bytes);
void graph_media_destroy(graph_media_t **self_p);

// Takes the file out of a multipart/form-data body as the media endpoint wants it:
// messaging_product, file, and type or the file's own content type. False with what is wrong.
bool graph_media_parse(act_str_t content_type, act_str_t body, act_arena_t *arena,
                       graph_file_t *ret_file, const char **ret_error);

// Copies the file; returns its id.
uint64_t graph_media_add(graph_media_t *self, const graph_file_t *file);

// Borrowed until the next change; NULL when there is none.
const graph_file_t *graph_media_find(const graph_media_t *self, act_str_t id);
bool graph_media_remove(graph_media_t *self, act_str_t id);

uint32_t graph_media_count(const graph_media_t *self);
