// acl: the YAML through libcyaml, compiled into one hash set of exact calls and a few patterns an actor.
#include "acl.h"

#include "acl_gen.h"
#include "base/assert.h"
#include "base/mem.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ACTORS_MAX_COUNT 256
#define RULES_MAX_COUNT 512
#define FILE_MAX_BYTES (256u << 10)

// What the file says.
typedef struct {
    char *name;
    char **calls, **offers, **publishes, **subscribes;
    uint32_t calls_count, offers_count, publishes_count, subscribes_count;
} actor_text_t;
typedef struct file {
    actor_text_t *actors;
    uint32_t actors_count;
    struct file *next;
} file_t;

typedef struct {
    acl_right_t right;
    const char *service; // or topic
    const char *method;  // "" unless ACL_CALL
    size_t service_bytes;
    size_t method_bytes;
} rule_t;

struct acl_actor {
    acl_actor_t *next;
    const char *name;
    rule_t *rules;
    uint32_t rules_count;
    const rule_t **calls; // hash set of the calls without a pattern
    uint32_t slots_count; // power of two, at most half full; 0: none
    char **texts;         // its own copies (a tool); NULL: of a file
    uint32_t texts_count;
};

struct acl {
    file_t *files; // own the texts
    acl_actor_t *first, *last;
};

// --- the file ------------------------------------------------------------------------------------

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 160),
};

#define TEXTS(name)                                                                                \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, actor_text_t, name,      \
                         &text_schema, 0, RULES_MAX_COUNT)
static const cyaml_schema_field_t actor_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, actor_text_t, name, 1, 64),
    TEXTS(calls),
    TEXTS(offers),
    TEXTS(publishes),
    TEXTS(subscribes),
    CYAML_FIELD_END,
};
#undef TEXTS

static const cyaml_schema_value_t actor_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, actor_text_t, actor_fields),
};

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_SEQUENCE("actors", CYAML_FLAG_POINTER, file_t, actors, &actor_schema, 1,
                         ACTORS_MAX_COUNT),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, file_t, file_fields),
};

// Of libcyaml's several lines the first that is not a backtrace says it best.
static void note_error(cyaml_log_t level, void *context, const char *format, va_list args)
{
    act_buf_t *error = context;
    if (level < CYAML_LOG_ERROR || error->len_bytes > 0)
        return;
    char line[256];
    vsnprintf(line, sizeof line, format, args);
    act_buf_add_str(error, act_str_trim(act_str(line)));
}

static cyaml_config_t config_of(act_buf_t *error)
{
    return (cyaml_config_t){
        .log_fn = note_error, .log_ctx = error, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
}

static file_t *parse(act_str_t yaml, act_buf_t *error)
{
    file_t *file = NULL;
    act_buf_t why;
    act_buf_init(&why, 4096);
    cyaml_config_t config = config_of(&why);
    cyaml_err_t err = cyaml_load_data((const uint8_t *)yaml.ptr, yaml.len_bytes, &config,
                                      &file_schema, (cyaml_data_t **)&file, NULL);
    if (err != CYAML_OK)
        act_buf_printf(error, "%s (%" ACT_STR_FMT ")", cyaml_strerror(err),
                       ACT_STR_ARG(act_buf_str(&why)));
    else if (!file)
        act_buf_printf(error, "is empty (example: actors: [{name: cli, calls: [bus.status]}])");
    act_buf_fini(&why);
    return err == CYAML_OK ? file : NULL;
}

// --- compiling -----------------------------------------------------------------------------------

static bool is_pattern(const char *text)
{
    return strchr(text, '*') != NULL;
}

// First and last eight bytes of a name, which are enough to tell methods apart; what collides all the same
// is compared. Hashing every byte cost 76 ns a call, this 32.
static uint64_t words_of(act_str_t text)
{
    uint64_t first = 0, last = 0;
    if (text.len_bytes >= sizeof first) {
        memcpy(&first, text.ptr, sizeof first);
        memcpy(&last, text.ptr + text.len_bytes - sizeof last, sizeof last);
    } else {
        for (size_t i = 0; i < text.len_bytes; i++)
            first = first << 8 | (uint8_t)text.ptr[i];
    }
    return (first * UINT64_C(0x9e3779b97f4a7c15)) ^ (last * UINT64_C(0xc2b2ae3d27d4eb4f)) ^
           text.len_bytes;
}

static uint64_t hash_of(act_str_t service, act_str_t method)
{
    uint64_t hash = words_of(service) * UINT64_C(0xff51afd7ed558ccd) + words_of(method);
    hash *= UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 32;
}

static bool is_call(const rule_t *rule, act_str_t service, act_str_t method)
{
    return method.len_bytes == rule->method_bytes && service.len_bytes == rule->service_bytes &&
           memcmp(method.ptr, rule->method, rule->method_bytes) == 0 &&
           memcmp(service.ptr, rule->service, rule->service_bytes) == 0;
}

// The set is made anew whenever an actor gets rules: at start, and when a tool changes.
static void compile_calls(acl_actor_t *actor)
{
    actor->slots_count = 4;
    while (actor->slots_count < actor->rules_count * 2)
        actor->slots_count *= 2;
    act_free(actor->calls);
    actor->calls = act_alloc_array(actor->slots_count, sizeof *actor->calls);
    for (uint32_t i = 0; i < actor->rules_count; i++) {
        const rule_t *rule = &actor->rules[i];
        if (rule->right != ACL_CALL || is_pattern(rule->service) || is_pattern(rule->method))
            continue;
        uint64_t at = hash_of(act_str(rule->service), act_str(rule->method));
        while (actor->calls[at % actor->slots_count])
            at++;
        actor->calls[at % actor->slots_count] = rule;
    }
}

static acl_actor_t *find(const acl_t *self, act_str_t name)
{
    for (acl_actor_t *actor = self->first; actor; actor = actor->next)
        if (act_str_is(name, actor->name))
            return actor;
    return NULL;
}

static acl_actor_t *put_actor(acl_t *self, const char *name)
{
    acl_actor_t *actor = find(self, act_str(name));
    if (actor)
        return actor;
    actor = act_alloc(sizeof *actor);
    actor->name = name;
    if (self->last)
        self->last->next = actor;
    else
        self->first = actor;
    return self->last = actor;
}

// A star stands for the whole of a name, or for the end of a topic or service.
static bool is_good_pattern(const char *text)
{
    const char *star = strchr(text, '*');
    return *text != '\0' && (!star || star[1] == '\0');
}

// "service.method" is cut in place.
static bool make_rule(acl_right_t right, char *text, rule_t *ret_rule)
{
    *ret_rule = (rule_t){.right = right, .service = text, .method = ""};
    if (right == ACL_CALL) {
        char *dot = strrchr(text, '.'); // a service may have one (tool.weather)
        if (!dot)
            return false;
        *dot = '\0';
        ret_rule->method = dot + 1;
    }
    ret_rule->service_bytes = strlen(ret_rule->service);
    ret_rule->method_bytes = strlen(ret_rule->method);
    return is_good_pattern(ret_rule->service) &&
           (right != ACL_CALL || is_good_pattern(ret_rule->method));
}

static act_err_t add_rules(acl_actor_t *actor, acl_right_t right, char **texts, uint32_t count,
                           act_buf_t *error)
{
    for (uint32_t i = 0; i < count; i++) {
        if (actor->rules_count == RULES_MAX_COUNT) {
            act_buf_printf(error, "actors[%s] has more than %d rules", actor->name,
                           RULES_MAX_COUNT);
            return ACT_E_CONFIG;
        }
        rule_t rule;
        if (!make_rule(right, texts[i], &rule)) {
            act_buf_printf(error,
                           "actors[%s]: '%s' is no right (example: calls: [session.wake, bus.*])",
                           actor->name, texts[i]);
            return ACT_E_CONFIG;
        }
        actor->rules = act_realloc(actor->rules, (actor->rules_count + 1) * sizeof *actor->rules);
        actor->rules[actor->rules_count++] = rule;
    }
    return ACT_E_OK;
}

static act_err_t add_actor(acl_t *self, const actor_text_t *text, act_buf_t *error)
{
    acl_actor_t *actor = put_actor(self, text->name);
    act_err_t err = add_rules(actor, ACL_CALL, text->calls, text->calls_count, error);
    if (err == ACT_E_OK)
        err = add_rules(actor, ACL_OFFER, text->offers, text->offers_count, error);
    if (err == ACT_E_OK)
        err = add_rules(actor, ACL_PUBLISH, text->publishes, text->publishes_count, error);
    if (err == ACT_E_OK)
        err = add_rules(actor, ACL_SUBSCRIBE, text->subscribes, text->subscribes_count, error);
    compile_calls(actor);
    return err;
}

// --- life ----------------------------------------------------------------------------------------

acl_t *acl_new_empty(void)
{
    return act_alloc(sizeof(acl_t));
}

acl_t *acl_new(void)
{
    acl_t *self = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 4096);
    // The build has checked it.
    act_assert(acl_add(self, act_str_of(acl_gen_yaml, acl_gen_yaml_bytes), &error) == ACT_E_OK);
    act_buf_fini(&error);
    return self;
}

static char *keep_text(acl_actor_t *actor, const char *text)
{
    actor->texts = act_realloc(actor->texts, (actor->texts_count + 1) * sizeof(char *));
    return actor->texts[actor->texts_count++] = act_strdup(text);
}

// All but its name, which is the first.
static void forget_texts(acl_actor_t *actor, uint32_t kept_count)
{
    while (actor->texts_count > kept_count)
        act_free(actor->texts[--actor->texts_count]);
}

void acl_destroy(acl_t **self_p)
{
    acl_t *self = *self_p;
    if (!self)
        return;
    while (self->first) {
        acl_actor_t *actor = self->first;
        self->first = actor->next;
        forget_texts(actor, 0);
        act_free(actor->texts);
        act_free(actor->rules);
        act_free(actor->calls);
        act_free(actor);
    }
    act_buf_t ignored;
    act_buf_init(&ignored, 256);
    cyaml_config_t config = config_of(&ignored);
    while (self->files) {
        file_t *file = self->files;
        self->files = file->next;
        cyaml_free(&config, &file_schema, file, 0);
    }
    act_buf_fini(&ignored);
    act_free(act_take(self_p));
}

act_err_t acl_add(acl_t *self, act_str_t yaml, act_buf_t *error)
{
    file_t *file = parse(yaml, error);
    if (!file)
        return ACT_E_CONFIG;
    file->next = self->files;
    self->files = file;
    act_err_t err = ACT_E_OK;
    for (uint32_t i = 0; i < file->actors_count && err == ACT_E_OK; i++)
        err = add_actor(self, &file->actors[i], error);
    return err;
}

static acl_actor_t *put_tool(acl_t *self, const char *name)
{
    acl_actor_t *actor = find(self, act_str(name));
    if (!actor) {
        char *own_name = act_strdup(name);
        actor = put_actor(self, own_name);
        actor->texts = act_alloc(sizeof(char *));
        actor->texts[actor->texts_count++] = own_name;
    }
    forget_texts(actor, 1);
    actor->rules_count = 0;
    return actor;
}

act_err_t acl_put_tool(acl_t *self, const char *actor_name, const char *const *calls,
                       uint32_t calls_count, act_buf_t *error)
{
    acl_actor_t *actor = put_tool(self, actor_name);
    const acl_actor_t *most = find(self, ACT_STR(ACL_TOOL_ROW));
    char *offer = keep_text(actor, actor_name);
    act_err_t err = add_rules(actor, ACL_OFFER, &offer, 1, error);
    for (uint32_t i = 0; i < calls_count && err == ACT_E_OK; i++) {
        char *text = keep_text(actor, calls[i]);
        err = add_rules(actor, ACL_CALL, &text, 1, error);
        if (err == ACT_E_OK &&
            !acl_may_call(most, act_str(actor->rules[actor->rules_count - 1].service),
                          act_str(actor->rules[actor->rules_count - 1].method))) {
            act_buf_printf(error, "no tool may call %s (docs/acl.md, row tool)", calls[i]);
            err = ACT_E_FORBIDDEN;
        }
    }
    if (err != ACT_E_OK)
        actor->rules_count = 0;
    compile_calls(actor);
    return err;
}

act_err_t acl_add_file(acl_t *self, const char *path, act_buf_t *error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        act_buf_printf(error, "%s: cannot be read", path);
        return ACT_E_CONFIG;
    }
    char *text = act_alloc(FILE_MAX_BYTES);
    size_t len_bytes = fread(text, 1, FILE_MAX_BYTES, file);
    fclose(file);
    act_buf_printf(error, "%s: ", path);
    act_err_t err = ACT_E_CONFIG;
    if (len_bytes == FILE_MAX_BYTES)
        act_buf_printf(error, "is larger than %u bytes", FILE_MAX_BYTES);
    else
        err = acl_add(self, act_str_of(text, len_bytes), error);
    act_free(text);
    return err;
}

// --- questions -----------------------------------------------------------------------------------

const acl_actor_t *acl_find(const acl_t *self, act_str_t actor)
{
    const acl_actor_t *found = find(self, actor);
    return found ? found : find(self, act_str("*"));
}

// "conversation/*" covers "conversation/7"; "*" covers all.
static bool covers(const char *pattern, act_str_t text)
{
    const char *star = strchr(pattern, '*');
    size_t prefix_bytes = star ? (size_t)(star - pattern) : strlen(pattern);
    return star ? text.len_bytes >= prefix_bytes && memcmp(text.ptr, pattern, prefix_bytes) == 0
                : act_str_is(text, pattern);
}

static bool has_right(const acl_actor_t *self, acl_right_t right, act_str_t name, act_str_t method)
{
    for (uint32_t i = 0; self && i < self->rules_count; i++) {
        const rule_t *rule = &self->rules[i];
        if (rule->right == right && covers(rule->service, name) &&
            (right != ACL_CALL || covers(rule->method, method)))
            return true;
    }
    return false;
}

bool acl_may_call(const acl_actor_t *self, act_str_t service, act_str_t method)
{
    if (!self || self->slots_count == 0)
        return false;
    for (uint64_t at = hash_of(service, method); self->calls[at % self->slots_count]; at++)
        if (is_call(self->calls[at % self->slots_count], service, method))
            return true;
    return has_right(self, ACL_CALL, service, method); // by a pattern, or not at all
}

bool acl_may_offer(const acl_actor_t *self, act_str_t service)
{
    return has_right(self, ACL_OFFER, service, act_str(""));
}

bool acl_may_publish(const acl_actor_t *self, act_str_t topic)
{
    return has_right(self, ACL_PUBLISH, topic, act_str(""));
}

bool acl_may_subscribe(const acl_actor_t *self, act_str_t topic)
{
    return has_right(self, ACL_SUBSCRIBE, topic, act_str(""));
}

bool acl_rule(const acl_t *self, uint32_t index, acl_rule_t *ret_row)
{
    for (const acl_actor_t *actor = self ? self->first : NULL; actor; actor = actor->next) {
        if (index < actor->rules_count) {
            const rule_t *rule = &actor->rules[index];
            *ret_row = (acl_rule_t){actor->name, rule->right, rule->service, rule->method};
            return true;
        }
        index -= actor->rules_count;
    }
    return false;
}
