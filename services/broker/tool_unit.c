// tool_unit: what the jail is told is a table of words, made from the cards.
#include "tool_unit.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ORDER 5 // after everybody of parley.yaml, so it is stopped first
#define START_MS 20000
#define STOP_MS 3000
#define HANG_MARGIN_MS 2000
#define CALLS_MAX_COUNT 64

struct tool_unit {
    const tool_unit_surroundings_t *surroundings;
    char name[ACT_TOOL_NAME_MAX_BYTES + 8]; // "tool.weather": actor, service, child
    char socket_folder[512];
    child_spec_t spec;
    void (*gone)(void *context);
    void *gone_context;
};

const char *tool_unit_service(const tool_unit_t *self)
{
    return self->name;
}

// --- words -----------------------------------------------------------------------------------------

static void add_word(child_spec_t *spec, const char *word)
{
    spec->args = act_realloc(spec->args, (spec->args_count + 1) * sizeof(char *));
    spec->args[spec->args_count++] = act_strdup(word);
}

static void add_pair(child_spec_t *spec, const char *option, const char *value)
{
    add_word(spec, option);
    add_word(spec, value);
}

static void add_number(child_spec_t *spec, const char *option, uint32_t value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    add_pair(spec, option, text);
}

static void add_sdk(child_spec_t *spec, const char *sdk_dir)
{
    char path[4200];
    add_pair(spec, "--read", sdk_dir);
    snprintf(path, sizeof path, "%s/python", sdk_dir);
    add_pair(spec, "--python-path", path);
    snprintf(path, sizeof path, "%s/node:%s/node/node_modules", sdk_dir, sdk_dir);
    add_pair(spec, "--node-path", path);
}

static void add_program(child_spec_t *spec, const json_t *run)
{
    size_t index;
    json_t *word;
    add_word(spec, "--");
    json_array_foreach(run, index, word) add_word(spec, json_string_value(word));
}

static void add_host(child_spec_t *spec, const tool_folder_opts_t *opts,
                     const tool_unit_tool_t *tools, uint32_t count)
{
    char path[4200];
    act_buf_t folders;
    act_buf_init(&folders, 64u << 10);
    act_buf_printf(&folders, "folders=");
    for (uint32_t i = 0; i < count; i++)
        act_buf_printf(&folders, "%s%s", i ? ":" : "", tools[i].folder);
    act_buf_add_char(&folders, '\0');
    add_pair(spec, "--read", opts->bin_dir);
    add_word(spec, "--actor");
    add_word(spec, "--");
    snprintf(path, sizeof path, "%s/parley-tool-host", opts->bin_dir);
    add_word(spec, path);
    add_pair(spec, "--set", folders.ptr);
    if (tools[0].is_builtin) {
        snprintf(path, sizeof path, "plugins=%s/tools", opts->bin_dir);
        add_pair(spec, "--set", path);
    }
    act_buf_fini(&folders);
}

static const char *parent_of(const char *folder, char *text, size_t size_bytes)
{
    snprintf(text, size_bytes, "%s", folder);
    char *slash = strrchr(text, '/');
    if (slash && slash != text)
        *slash = '\0';
    return text;
}

// Of a kit the strictest of nothing: the sum of what its tools ask for.
static void add_limits(child_spec_t *spec, const tool_unit_tool_t *tools, uint32_t count)
{
    uint32_t memory_mb = 0, open_files_count = 0, processes_count = 0, scratch_mb = 0;
    bool has_network = false;
    for (uint32_t i = 0; i < count; i++) {
        const act_tool_card_t *card = tools[i].card;
        memory_mb = card->memory_mb > memory_mb ? card->memory_mb : memory_mb;
        open_files_count =
            card->open_files_count > open_files_count ? card->open_files_count : open_files_count;
        processes_count =
            card->processes_count > processes_count ? card->processes_count : processes_count;
        scratch_mb = card->scratch_mb > scratch_mb ? card->scratch_mb : scratch_mb;
        has_network = has_network || card->has_network;
    }
    add_number(spec, "--memory-mb", memory_mb);
    add_number(spec, "--open-files", open_files_count);
    add_number(spec, "--processes", processes_count);
    add_number(spec, "--scratch-mb", scratch_mb);
    if (has_network)
        add_word(spec, "--network");
}

static void forget_words(child_spec_t *spec)
{
    for (uint32_t i = 0; i < spec->args_count; i++)
        act_free(spec->args[i]);
    act_free(spec->args);
    spec->args = NULL;
    spec->args_count = 0;
}

static uint32_t longest_ms(const tool_unit_tool_t *tools, uint32_t count)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i < count; i++)
        longest = tools[i].card->timeout_ms > longest ? tools[i].card->timeout_ms : longest;
    return longest;
}

static void fill_spec(tool_unit_t *self, const tool_unit_tool_t *tools, uint32_t count)
{
    const tool_folder_opts_t *opts = self->surroundings->opts;
    child_spec_t *spec = &self->spec;
    char parent[4096];
    forget_words(spec);
    *spec = (child_spec_t){
        .name = self->name,
        .exec = (char *)(uintptr_t) "parley-tool-jail",
        .count = tools[0].card->instances_count,
        .order = ORDER,
        .restart = RESTART_PERMANENT,
        .start_ms = START_MS,
        .stop_ms = STOP_MS,
        .ping_ms = 1500,
        .hang_ms = longest_ms(tools, count) + HANG_MARGIN_MS,
        .intensity_count = 5,
        .intensity_ms = 30000,
        .backoff_ms = 100,
        .backoff_max_ms = 10000,
        .park_ms = 60000,
        .probation_ms = 500,
    };
    add_pair(spec, "--tool", self->name + strlen("tool."));
    // Of a kit the folder of all of them: they are all Parley's own.
    add_pair(spec, "--folder",
             count == 1 ? tools[0].folder : parent_of(tools[0].folder, parent, sizeof parent));
    add_pair(spec, "--socket-folder", self->socket_folder);
    add_limits(spec, tools, count);
    if (opts->is_lenient)
        add_word(spec, "--lenient");
    if (tools[0].card->run && opts->sdk_dir)
        add_sdk(spec, opts->sdk_dir);
    if (tools[0].card->run)
        add_program(spec, tools[0].card->run);
    else
        add_host(spec, opts, tools, count);
}

// --- rights and socket -----------------------------------------------------------------------------

static act_err_t put_rights(const tool_unit_t *self, const tool_unit_tool_t *tools, uint32_t count,
                            act_buf_t *error)
{
    const char *calls[CALLS_MAX_COUNT];
    uint32_t calls_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t index;
        json_t *call;
        json_array_foreach(tools[i].card->permissions, index,
                           call) if (calls_count < CALLS_MAX_COUNT) calls[calls_count++] =
            json_string_value(call);
    }
    return acl_put_tool(self->surroundings->acl, self->name, calls, calls_count, error);
}

// A socket's path holds 107 characters, so the folder is named by a number.
static act_err_t open_socket(tool_unit_t *self, act_buf_t *error)
{
    char parent[480], endpoint[600];
    snprintf(parent, sizeof parent, "%s/t", self->surroundings->opts->run_dir);
    snprintf(self->socket_folder, sizeof self->socket_folder, "%s/%08x", parent,
             (unsigned)(act_str_hash(act_str(self->name), 0) & 0xffffffff));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/b", self->socket_folder);
    bool is_made = (mkdir(parent, 0700) == 0 || errno == EEXIST) &&
                   (mkdir(self->socket_folder, 0700) == 0 || errno == EEXIST);
    act_err_t err =
        is_made ? router_open_tool(self->surroundings->router, endpoint, self->name) : ACT_E_IO;
    if (err != ACT_E_OK)
        act_buf_printf(error, "its socket %s cannot be opened: %s", endpoint,
                       err == ACT_E_OVERLOADED ? "there are too many tools" : strerror(errno));
    return err;
}

// Beside the socket: what the SDKs hold arguments to.
static void write_card(const tool_unit_t *self, const act_tool_card_t *card)
{
    char path[600], part[600];
    snprintf(path, sizeof path, "%s/card.json", self->socket_folder);
    snprintf(part, sizeof part, "%s/card.part", self->socket_folder);
    if (json_dump_file(card->root, part, JSON_COMPACT) != 0 || rename(part, path) != 0)
        act_log_warn(self->surroundings->log, "tool_card", "tool=%s,why=%s", self->name,
                     strerror(errno));
}

// --- life ------------------------------------------------------------------------------------------

tool_unit_t *tool_unit_new(const tool_unit_surroundings_t *surroundings, const char *name,
                           const tool_unit_tool_t *tools, uint32_t tools_count, act_buf_t *error)
{
    tool_unit_t *self = act_alloc(sizeof *self);
    self->surroundings = surroundings;
    snprintf(self->name, sizeof self->name, "tool.%s", name);
    act_err_t err = put_rights(self, tools, tools_count, error);
    if (err == ACT_E_OK)
        err = open_socket(self, error);
    if (err != ACT_E_OK) {
        act_free(self);
        return NULL;
    }
    fill_spec(self, tools, tools_count);
    write_card(self, tools[0].card);
    act_log_info(surroundings->log, "tool_added", "tool=%s", self->name);
    supervisor_add(surroundings->supervisor, &self->spec);
    return self;
}

act_err_t tool_unit_change(tool_unit_t *self, const tool_unit_tool_t *tools, uint32_t tools_count,
                           act_buf_t *error)
{
    act_err_t err =
        supervisor_restart(self->surroundings->supervisor, act_str(self->name), act_str(""), error);
    if (err != ACT_E_OK)
        return err;
    err = put_rights(self, tools, tools_count, error);
    fill_spec(self, tools, tools_count); // the processes to come are started with it
    write_card(self, tools[0].card);
    act_log_info(self->surroundings->log, "tool_changed", "tool=%s", self->name);
    return err;
}

static void on_gone(void *context, const child_spec_t *spec)
{
    (void)spec;
    tool_unit_t *self = context;
    router_close_tool(self->surroundings->router, self->name);
    act_log_info(self->surroundings->log, "tool_removed", "tool=%s", self->name);
    void (*gone)(void *) = self->gone;
    void *gone_context = self->gone_context;
    tool_unit_destroy(&self);
    gone(gone_context);
}

void tool_unit_end(tool_unit_t *self, void (*gone)(void *context), void *context)
{
    self->gone = gone;
    self->gone_context = context;
    act_buf_t unused;
    act_buf_init(&unused, 256);
    (void)!acl_put_tool(self->surroundings->acl, self->name, NULL, 0, &unused);
    act_buf_fini(&unused);
    supervisor_remove(self->surroundings->supervisor, &self->spec, on_gone, self);
}

void tool_unit_destroy(tool_unit_t **self_p)
{
    if (!*self_p)
        return;
    forget_words(&(*self_p)->spec);
    act_free(act_take(self_p));
}
