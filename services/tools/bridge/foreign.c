// foreign: only known fields are taken over; the card's own check says what is wrong with the rest.
#include "foreign.h"

#include "base/mem.h"
#include "base/str.h"
#include "provenance.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_BYTES 32
#define SUFFIX_BYTES 7 // "_" and six digits
#define TIMEOUT_MS 15000
#define TIMEOUT_MAX_MS 120000
#define TITLE_MAX_BYTES 80
#define DESCRIPTION_MAX_BYTES 1000

// --- names -----------------------------------------------------------------------------------------

static bool is_remote_name(act_str_t name)
{
    bool is_good = name.len_bytes > 0 && name.len_bytes <= 128;
    for (size_t i = 0; is_good && i < name.len_bytes; i++)
        is_good = (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
                  (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') ||
                  (name.ptr[i] >= '0' && name.ptr[i] <= '9') || name.ptr[i] == '_' ||
                  name.ptr[i] == '-' || name.ptr[i] == '.';
    return is_good && name.ptr[0] != '.';
}

// Names that lose something on the way get a suffix, so that two stay two.
static void make_name(foreign_t *self, const char *server)
{
    char full[256];
    bool is_lossy =
        snprintf(full, sizeof full, "%s_%s", server, self->remote) > ACT_TOOL_NAME_MAX_BYTES;
    uint64_t hash = act_str_hash(act_str(self->remote), 0);
    for (char *at = full + strlen(server); *at; at++) {
        char as_it_is = *at;
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
        else if (*at == '-' || *at == '.')
            *at = '_';
        is_lossy = is_lossy || *at != as_it_is;
    }
    if (is_lossy)
        snprintf(self->name, sizeof self->name, "%.*s_%06x", ACT_TOOL_NAME_MAX_BYTES - SUFFIX_BYTES,
                 full, (unsigned)(hash & 0xffffff));
    else
        act_str_copy(act_str(full), self->name, sizeof self->name);
}

// --- the card --------------------------------------------------------------------------------------

static const json_t *first_of(const json_t *object, const char *one, const char *other)
{
    const json_t *value = json_object_get(object, one);
    return value ? value : json_object_get(object, other);
}

static void put_text(json_t *card, const char *name, act_str_t text, size_t max_bytes,
                     const char *fallback)
{
    act_str_t cut = act_utf8_prefix(text, max_bytes);
    json_object_set_new(card, name,
                        cut.len_bytes > 0 ? json_stringn(cut.ptr, cut.len_bytes)
                                          : json_string(fallback));
}

static const char *effects_of(const json_t *description)
{
    const json_t *hints = act_json_object(description, "annotations");
    const char *said = json_string_value(json_object_get(description, "effects"));
    if (said)
        return said;
    if (json_is_true(json_object_get(hints, "readOnlyHint")))
        return "read";
    return json_is_false(json_object_get(hints, "destructiveHint")) ? "write" : "irreversible";
}

static json_t *output_of(const json_t *description, bool is_mcp)
{
    if (is_mcp)
        return json_pack("{s:s, s:{s:{s:s}, s:{}}}", "type", "object", "properties", "text", "type",
                         "string", "structured");
    json_t *output = json_deep_copy(first_of(description, "output", "outputSchema"));
    return output ? output : json_pack("{s:s}", "type", "object");
}

static json_t *make_card(const foreign_t *self, const json_t *description, bool is_mcp)
{
    json_t *card = json_object();
    const char *effects = effects_of(description);
    bool is_said = json_object_get(description, "effects") != NULL ||
                   json_object_get(description, "annotations") != NULL;
    json_int_t timeout_ms = act_json_int(description, "timeout_ms", TIMEOUT_MS);
    json_object_set_new(card, "name", json_string(self->name));
    put_text(card, "title", act_json_str(description, "title"), TITLE_MAX_BYTES, self->remote);
    put_text(card, "description", act_json_str(description, "description"), DESCRIPTION_MAX_BYTES,
             self->remote);
    json_object_set_new(card, "effects", json_string(effects));
    json_object_set_new(card, "timeout_ms",
                        json_integer(timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : timeout_ms));
    json_object_set_new(card, "network",
                        json_string("any")); // what comes back is a stranger's word
    json_t *approval = json_object_get(description, "approval");
    if (approval || !is_said)
        json_object_set_new(card, "approval",
                            approval ? json_deep_copy(approval) : json_string("always"));
    json_t *input = json_deep_copy(first_of(description, "input", "inputSchema"));
    json_object_set_new(card, "input", input ? input : json_pack("{s:s}", "type", "object"));
    json_object_set_new(card, "output", output_of(description, is_mcp));
    json_t *examples = json_object_get(description, "examples");
    if (examples && !is_mcp)
        json_object_set(card, "examples", examples);
    return card;
}

static int hash_more(const char *bytes, size_t len_bytes, void *context)
{
    crypto_generichash_update(context, (const unsigned char *)bytes, len_bytes);
    return 0;
}

static void make_pin(foreign_t *self, const json_t *card)
{
    crypto_generichash_state state;
    unsigned char hash[HASH_BYTES];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)json_dump_callback(card, hash_more, &state, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(self->pin, sizeof self->pin, hash, sizeof hash);
}

bool foreign_read(foreign_t *self, const char *server, const json_t *description, bool is_mcp,
                  const json_t *arguments)
{
    act_str_t remote = act_json_str(description, "name");
    *self = (foreign_t){0};
    if (!is_remote_name(remote))
        return false;
    act_str_copy(remote, self->remote, sizeof self->remote);
    make_name(self, server);
    json_t *card = make_card(self, description, is_mcp);
    make_pin(self, card);
    provenance_mark(json_object_get(card, "input"), json_object_get(arguments, self->remote),
                    json_object_get(arguments, "*"));
    char *text = json_dumps(card, JSON_COMPACT);
    act_buf_t error;
    act_buf_init(&error, 4096);
    if (!text || act_tool_card_parse(act_str(text), &self->card, &error) != ACT_E_OK)
        act_str_copy(act_utf8_prefix(act_buf_str(&error), sizeof self->error - 1), self->error,
                     sizeof self->error);
    act_buf_fini(&error);
    free(text);
    json_decref(card);
    return true;
}

void foreign_fini(foreign_t *self)
{
    act_tool_card_destroy(&self->card);
}
