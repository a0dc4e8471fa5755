// card: the manifest is itself held to a JSON Schema (card_schema.h), so a field is a row there.
#include "tool/card.h"

#include "base/mem.h"
#include "tool/card_schema.h"
#include "tool/json_schema.h"
#include "tool/yaml_json.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const effects_names[] = {"read", "write", "irreversible"};

const char *act_tool_effects_name(act_tool_effects_t effects)
{
    return effects_names[effects];
}

bool act_tool_name_is_good(act_str_t name)
{
    bool is_good = name.len_bytes > 0 && name.len_bytes <= ACT_TOOL_NAME_MAX_BYTES &&
                   name.ptr[0] >= 'a' && name.ptr[0] <= 'z';
    for (size_t i = 0; i < name.len_bytes; i++)
        is_good = is_good && strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.ptr[i]) &&
                  name.ptr[i] != '\0';
    return is_good;
}

// --- what a mistake is told with -------------------------------------------------------------------

// The first field named in a place such as "limits.memory_mb: must be at least 16".
static const char *example_of(const json_t *schema, const char *place)
{
    const char *example = "name: weather";
    char name[64];
    while (schema) {
        size_t len_bytes = strcspn(place, ".:[ ");
        snprintf(name, sizeof name, "%.*s", (int)(len_bytes < 63 ? len_bytes : 63), place);
        schema = json_object_get(json_object_get(schema, "properties"), name);
        const json_t *examples = json_object_get(schema, "examples");
        if (json_is_string(json_array_get(examples, 0)))
            example = json_string_value(json_array_get(examples, 0));
        if (place[len_bytes] != '.')
            break;
        place += len_bytes + 1;
    }
    return example;
}

static act_err_t explain(const char *path, const char *what, const json_t *schema, act_buf_t *error)
{
    act_buf_printf(error, "%s: %s (example: %s)", path, what, example_of(schema, what));
    return ACT_E_CONFIG;
}

// --- fields ----------------------------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static uint32_t count_of(const json_t *object, const char *name, uint32_t fallback)
{
    const json_t *value = json_object_get(object, name);
    return value ? (uint32_t)json_integer_value(value) : fallback;
}

static act_tool_effects_t effects_of(const char *name)
{
    for (size_t i = 0; i < ACT_COUNT(effects_names); i++)
        if (strcmp(effects_names[i], name) == 0)
            return (act_tool_effects_t)i;
    return ACT_TOOL_IRREVERSIBLE; // the schema does not let it come to this
}

static bool is_text(const char *text, const char *other)
{
    return text && strcmp(text, other) == 0;
}

static act_tool_card_t *card_of(json_t *root)
{
    const json_t *limits = json_object_get(root, "limits");
    act_tool_card_t *self = act_alloc(sizeof *self);
    *self = (act_tool_card_t){
        .root = root,
        .name = text_of(root, "name"),
        .title = text_of(root, "title"),
        .description = text_of(root, "description"),
        .effects = effects_of(text_of(root, "effects")),
        .timeout_ms = count_of(root, "timeout_ms", 5000),
        .cost_micro_usd = count_of(root, "cost_micro_usd", 0),
        .needs_approval = is_text(text_of(root, "approval"), "always"),
        .has_network = is_text(text_of(root, "network"), "any"),
        .is_for_staff = is_text(text_of(root, "audience"), "staff"),
        .run = json_object_get(root, "run"),
        .kit = text_of(root, "kit"),
        .rpc = text_of(root, "rpc"),
        .system = text_of(root, "system"),
        .permissions = json_object_get(root, "permissions"),
        .memory_mb = count_of(limits, "memory_mb", 256),
        .open_files_count = count_of(limits, "open_files", 64),
        .processes_count = count_of(limits, "processes", 0),
        .scratch_mb = count_of(limits, "scratch_mb", 16),
        .instances_count = count_of(limits, "instances", 1),
        .input = json_object_get(root, "input"),
        .output = json_object_get(root, "output"),
        .examples = json_object_get(root, "examples"),
    };
    return self;
}

static json_t *card_schema(void)
{
    return json_loadb(card_schema_text, strlen(card_schema_text), 0, NULL);
}

static act_err_t check_own_schema(const json_t *root, const char *name, act_buf_t *why)
{
    const json_t *schema = json_object_get(root, name);
    act_err_t err = act_json_schema_check(schema, name, why);
    if (err == ACT_E_OK && !is_text(text_of(schema, "type"), "object")) {
        act_buf_printf(why, "%s.type: must be object", name);
        err = ACT_E_INVALID_ARGUMENT;
    }
    return err;
}

static act_err_t check_examples(const json_t *root, act_buf_t *why)
{
    static const struct {
        const char *part, *schema;
    } parts[] = {{"arguments", "input"}, {"result", "output"}};
    size_t index;
    json_t *example;
    json_array_foreach(json_object_get(root, "examples"), index,
                       example) for (size_t i = 0; i < ACT_COUNT(parts); i++)
    {
        char name[64];
        snprintf(name, sizeof name, "examples[%zu].%s", index, parts[i].part);
        const json_t *value = json_object_get(example, parts[i].part);
        if (value && act_json_schema_validate(json_object_get(root, parts[i].schema), value, name,
                                              why) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    }
    return ACT_E_OK;
}

// What one schema cannot say.
static act_err_t check_rest(const json_t *root, act_buf_t *why)
{
    act_err_t err = check_own_schema(root, "input", why);
    if (err == ACT_E_OK)
        err = check_own_schema(root, "output", why);
    if (err == ACT_E_OK)
        err = check_examples(root, why);
    if (err == ACT_E_OK && json_object_get(root, "rpc") && json_object_get(root, "run")) {
        act_buf_printf(why, "run: has no place beside rpc");
        err = ACT_E_INVALID_ARGUMENT;
    }
    return err;
}

static const char *folder_name(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    return slash ? slash + 1 : folder;
}

static act_err_t check(const char *folder, const char *path, const json_t *root, act_buf_t *error)
{
    json_t *schema = card_schema();
    act_buf_t why;
    act_buf_init(&why, 1024);
    act_err_t err = act_json_schema_validate(schema, root, "", &why);
    if (err == ACT_E_OK)
        err = check_rest(root, &why);
    if (err == ACT_E_OK && !is_text(text_of(root, "name"), folder_name(folder))) {
        act_buf_printf(&why, "name: must be that of the folder, %s", folder_name(folder));
        err = ACT_E_INVALID_ARGUMENT;
    }
    act_buf_add_char(&why, '\0');
    if (err != ACT_E_OK)
        err = explain(path, why.ptr, schema, error);
    act_buf_fini(&why);
    json_decref(schema);
    return err;
}

// --- life ------------------------------------------------------------------------------------------

static act_err_t read_file(const char *path, act_buf_t *text, act_buf_t *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (descriptor < 0)
        return ACT_E_NOT_FOUND;
    struct stat status;
    bool is_good = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                   status.st_size <= ACT_YAML_JSON_MAX_BYTES;
    ssize_t len_bytes = 0;
    char *room = is_good ? act_buf_reserve(text, ACT_YAML_JSON_MAX_BYTES) : NULL;
    if (room)
        len_bytes = read(descriptor, room, ACT_YAML_JSON_MAX_BYTES);
    close(descriptor);
    if (!room || len_bytes < 0) {
        act_buf_printf(error, "%s: must be a file of at most %u bytes", path,
                       ACT_YAML_JSON_MAX_BYTES);
        return ACT_E_CONFIG;
    }
    text->len_bytes += (size_t)len_bytes;
    return ACT_E_OK;
}

act_err_t act_tool_card_load(const char *folder, act_tool_card_t **ret_card, act_buf_t *error)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tool.yaml", folder);
    act_buf_t text, why;
    act_buf_init(&text, 2 * ACT_YAML_JSON_MAX_BYTES);
    act_buf_init(&why, 1024);
    json_t *root = NULL;
    act_err_t err = read_file(path, &text, error);
    if (err == ACT_E_OK && act_yaml_json_parse(act_buf_str(&text), &root, &why) != ACT_E_OK) {
        act_buf_printf(error, "%s:%" ACT_STR_FMT " (example: name: weather)", path,
                       ACT_STR_ARG(act_buf_str(&why)));
        err = ACT_E_CONFIG;
    }
    if (err == ACT_E_OK)
        err = check(folder, path, root, error);
    if (err == ACT_E_OK)
        *ret_card = card_of(root);
    else
        json_decref(root);
    act_buf_fini(&text);
    act_buf_fini(&why);
    return err;
}

act_err_t act_tool_card_parse(act_str_t json, act_tool_card_t **ret_card, act_buf_t *error)
{
    json_t *root = json_loadb(json.ptr, json.len_bytes, 0, NULL);
    const char *name = json_string_value(json_object_get(root, "name"));
    act_err_t err = ACT_E_CONFIG;
    if (name)
        err = check(name, "card", root, error);
    else
        act_buf_printf(error, "card: is not a JSON object with a name");
    if (err == ACT_E_OK)
        *ret_card = card_of(root);
    else
        json_decref(root);
    return err;
}

void act_tool_card_destroy(act_tool_card_t **self_p)
{
    if (!*self_p)
        return;
    json_decref((*self_p)->root);
    act_free(act_take(self_p));
}
