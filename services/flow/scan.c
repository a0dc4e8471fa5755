// scan: one pass over libyaml's events with a stack of open mappings and sequences.
#include "scan.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

// A flow file needs four.
#define MAX_DEPTH 8
#define MAX_KEYS 64

// An open mapping or sequence. In a mapping keys and values take turns.
typedef struct {
    bool is_mapping;
    bool is_value_next;
    uint32_t keys_count;
    uint64_t keys[MAX_KEYS]; // hashes: of our few names no two are alike
} level_t;

typedef struct {
    level_t levels[MAX_DEPTH];
    uint32_t depth;
    uint32_t documents_count;
    const char *problem;
} scan_t;

static void note_key(scan_t *self, level_t *level, act_str_t key)
{
    uint64_t hash = act_str_hash(key, /* seed= */ 0);
    for (uint32_t i = 0; i < level->keys_count; i++)
        if (level->keys[i] == hash)
            self->problem = "a key that stands twice";
    if (level->keys_count < MAX_KEYS)
        level->keys[level->keys_count++] = hash;
    else
        self->problem = "too many keys";
}

// A scalar, mapping or sequence begins where a key or a value is due.
static void take_turn(scan_t *self, const act_str_t *scalar)
{
    if (self->depth == 0 || !self->levels[self->depth - 1].is_mapping)
        return;
    level_t *level = &self->levels[self->depth - 1];
    if (!level->is_value_next && scalar)
        note_key(self, level, *scalar);
    level->is_value_next = !level->is_value_next;
}

static void open_level(scan_t *self, bool is_mapping)
{
    take_turn(self, NULL);
    if (self->depth == MAX_DEPTH)
        self->problem = "nested too deeply";
    else
        self->levels[self->depth++] = (level_t){.is_mapping = is_mapping};
}

static void take_event(scan_t *self, const yaml_event_t *event)
{
    if (event->type == YAML_DOCUMENT_START_EVENT && ++self->documents_count > 1)
        self->problem = "more than one document";
    else if (event->type == YAML_ALIAS_EVENT)
        self->problem = "an alias";
    else if (event->type == YAML_SCALAR_EVENT)
        take_turn(self,
                  &(act_str_t){(const char *)event->data.scalar.value, event->data.scalar.length});
    else if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT)
        open_level(self, event->type == YAML_MAPPING_START_EVENT);
    else if (event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT)
        self->depth--;
}

static act_err_t report(const char *problem, size_t line, act_buf_t *error)
{
    act_buf_printf(error, "line %zu: %s", line + 1, problem);
    return ACT_E_INVALID_ARGUMENT;
}

static act_err_t scan_events(yaml_parser_t *parser, act_buf_t *error)
{
    scan_t scan = {0};
    bool is_at_end = false;
    while (!is_at_end) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return report(parser->problem ? parser->problem : "not YAML", parser->problem_mark.line,
                          error);
        take_event(&scan, &event);
        is_at_end = event.type == YAML_STREAM_END_EVENT;
        size_t line = event.start_mark.line;
        yaml_event_delete(&event);
        if (scan.problem)
            return report(scan.problem, line, error);
    }
    return ACT_E_OK;
}

act_err_t scan_yaml(act_str_t yaml, act_buf_t *error)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return report("out of memory", 0, error);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.ptr ? yaml.ptr : ""),
                                 yaml.len_bytes);
    act_err_t err = scan_events(&parser, error);
    yaml_parser_delete(&parser);
    return err;
}
