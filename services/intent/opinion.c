// opinion: a few limits that schemas of providers cannot say, and a union.
#include "opinion.h"

#include "classify_schema.h"
#include "io/json.h"

#include <string.h>

#define SITUATION_MAX_LETTERS 300
#define ENTITY_MAX_LETTERS 200
// Same as max_items of Understanding.entities and of ClassifyReply.risk.
#define ENTITIES_MAX_COUNT 16
#define RISKS_MAX_COUNT 16

const char *opinion_schema(void)
{
    return classify_schema;
}

// --- what is read --------------------------------------------------------------------------------

static act_str_t kept(act_arena_t *arena, const json_t *object, const char *name,
                      size_t max_letters)
{
    return act_arena_str(arena,
                         act_utf8_prefix(act_str_trim(act_json_str(object, name)), max_letters));
}

static void read_risks(const json_t *root, act_arena_t *arena, understanding_t *ret)
{
    const json_t *list = act_json_array(root, "risk");
    act_str_t *items = act_arena_alloc_array(arena, RISKS_MAX_COUNT, sizeof *items);
    uint32_t count = 0;
    for (size_t i = 0; i < json_array_size(list) && count < RISKS_MAX_COUNT; i++)
        items[count++] = act_arena_str(arena, act_str(json_string_value(json_array_get(list, i))));
    ret->model_risk.items = items;
    ret->model_risk.count = count;
}

static bool stands_in(act_str_t part, act_str_t text)
{
    return !act_str_empty(part) && memmem(text.ptr, text.len_bytes, part.ptr, part.len_bytes);
}

static void read_entities(const json_t *root, act_str_t text, act_arena_t *arena,
                          understanding_t *ret)
{
    const json_t *list = act_json_array(root, "entities");
    entity_t *items = act_arena_alloc_array(arena, ENTITIES_MAX_COUNT, sizeof *items);
    uint32_t count = 0;
    for (size_t i = 0; i < json_array_size(list) && count < ENTITIES_MAX_COUNT; i++) {
        const json_t *from = json_array_get(list, i);
        items[count] = (entity_t){
            .type = kept(arena, from, "type", ENTITY_MAX_LETTERS),
            .text = kept(arena, from, "text", ENTITY_MAX_LETTERS),
            .value = kept(arena, from, "value", ENTITY_MAX_LETTERS),
        };
        count += stands_in(items[count].text, text);
    }
    ret->entities.items = items;
    ret->entities.count = count;
}

static void take(const json_t *root, act_str_t text, act_arena_t *arena, understanding_t *ret)
{
    ret->model_intent = kept(arena, root, "intent", ENTITY_MAX_LETTERS);
    ret->model_confidence = json_number_value(json_object_get(root, "confidence"));
    ret->model_sentiment = kept(arena, root, "sentiment", ENTITY_MAX_LETTERS);
    ret->situation = kept(arena, root, "situation", SITUATION_MAX_LETTERS);
    read_risks(root, arena, ret);
    read_entities(root, text, arena, ret);
}

act_err_t opinion_read(const json_t *answer, act_str_t text, act_arena_t *arena,
                       understanding_t *ret, act_buf_t *error)
{
    double confidence = json_number_value(json_object_get(answer, "confidence"));
    if (!(confidence >= 0 && confidence <= 1)) {
        act_buf_printf(error, "answer.confidence: must be from 0 to 1");
        return ACT_E_INVALID_ARGUMENT;
    }
    take(answer, text, arena, ret);
    return ACT_E_OK;
}

// --- both together -------------------------------------------------------------------------------

static bool has_risk(const act_str_t *items, uint32_t count, act_str_t risk)
{
    for (uint32_t i = 0; i < count; i++)
        if (act_str_eq(items[i], risk))
            return true;
    return false;
}

static void add_risks(const understanding_t *opinion, act_arena_t *arena, classify_reply_t *reply)
{
    act_str_t *items = act_arena_alloc_array(arena, RISKS_MAX_COUNT, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < reply->risk.count && count < RISKS_MAX_COUNT; i++)
        items[count++] = reply->risk.items[i];
    for (uint32_t i = 0; i < opinion->model_risk.count && count < RISKS_MAX_COUNT; i++)
        if (!has_risk(items, count, opinion->model_risk.items[i]))
            items[count++] = opinion->model_risk.items[i];
    reply->risk.items = items;
    reply->risk.count = count;
}

void opinion_merge(const understanding_t *opinion, act_arena_t *arena, classify_reply_t *reply)
{
    bool is_agreed = act_str_eq(reply->intent, opinion->model_intent);
    if (!is_agreed || opinion->model_confidence > reply->confidence)
        reply->confidence = opinion->model_confidence;
    reply->intent = opinion->model_intent;
    reply->sentiment = opinion->model_sentiment;
    add_risks(opinion, arena, reply);
}
