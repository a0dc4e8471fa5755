// json_answer: from the first brace to the last.
#include "turn/json_answer.h"

#include "io/json.h"
#include "tool/json_schema.h"

#include <string.h>

static act_str_t object_in(act_str_t said)
{
    const char *first = said.ptr ? memchr(said.ptr, '{', said.len_bytes) : NULL;
    const char *last = said.ptr ? memrchr(said.ptr, '}', said.len_bytes) : NULL;
    return first && last > first ? act_str_of(first, (size_t)(last - first) + 1) : said;
}

static act_err_t check(const char *schema_text, const json_t *root, act_buf_t *error)
{
    json_t *schema = json_loads(schema_text, 0, NULL);
    act_err_t err = act_json_schema_validate(schema, root, "answer", error);
    json_decref(schema);
    return err;
}

act_err_t act_json_answer_read(act_str_t said, const char *schema, json_t **ret_root,
                               act_buf_t *error)
{
    json_t *root = NULL;
    if (act_json_parse(object_in(said), &root, NULL, NULL) != ACT_E_OK) {
        act_buf_printf(error, "answer: must be one JSON object and nothing else");
        return ACT_E_INVALID_ARGUMENT;
    }
    act_err_t err = schema ? check(schema, root, error) : ACT_E_OK;
    if (err == ACT_E_OK)
        *ret_root = root;
    else
        json_decref(root);
    return err;
}

chat_request_t act_json_answer_dispute(const chat_request_t *asked, const chat_message_t *said,
                                       act_str_t error, act_arena_t *arena)
{
    chat_request_t again = *asked;
    if (act_str_empty(said->text))
        return again;
    uint32_t count = asked->messages.count;
    chat_message_t *messages = act_arena_alloc_array(arena, count + 2, sizeof *messages);
    for (uint32_t i = 0; i < count; i++)
        messages[i] = asked->messages.items[i];
    messages[count++] = *said;
    messages[count++] = (chat_message_t){
        .role = ACT_STR("user"),
        .text = act_arena_printf(arena,
                                 "That cannot be used: %" ACT_STR_FMT
                                 ". Answer again, with the one JSON object alone.",
                                 ACT_STR_ARG(error)),
    };
    again.messages.items = messages;
    again.messages.count = count;
    return again;
}
