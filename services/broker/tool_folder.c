// tool_folder: what is on disk (found) is held against what runs (tools, units). A folder whose files
// still change is left alone until they stand still for one more look.
#include "tool_folder.h"

#include "base/mem.h"
#include "tool_unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#define SCAN_MS 2000
#define SETTLE_MS 120
#define FIRST_SCAN_MS 50
#define TOOLS_MAX_COUNT 128
#define FILES_MAX_COUNT 512
#define PATH_BYTES 1024

typedef struct tool {
    struct tool *next;
    char name[ACT_TOOL_NAME_MAX_BYTES + 1];
    char folder[PATH_BYTES];
    bool is_builtin;
    bool is_seen;       // by the scan that runs
    bool is_changed;    // its unit has to hear of it
    uint64_t seen_hash; // of the last scan
    uint64_t hash;      // of the card
    act_tool_card_t *card;
    char unit[ACT_TOOL_NAME_MAX_BYTES + 1]; // the name of its unit; "": none
    act_buf_t error;
    uint32_t generation;
    uv_fs_event_t *watch;
} tool_t;

typedef struct unit {
    struct unit *next;
    struct tool_folder *owner;
    char name[ACT_TOOL_NAME_MAX_BYTES + 1];
    tool_unit_t *process; // NULL: it could not be started, or is gone
    bool is_ending;
    bool is_gone;
} unit_t;

struct tool_folder {
    act_loop_t *loop;
    tool_unit_surroundings_t surroundings;
    tool_folder_opts_t opts;
    tool_t *tools; // by name
    uint32_t tools_count;
    unit_t *units;
    act_timer_t *timer;
    uv_fs_event_t *watches[2];
};

// --- what is on disk -------------------------------------------------------------------------------

static uint64_t mix(uint64_t hash, const char *name, const struct stat *status)
{
    const int64_t facts[] = {(int64_t)status->st_ino, (int64_t)status->st_size,
                             (int64_t)status->st_mtim.tv_sec, (int64_t)status->st_mtim.tv_nsec};
    return act_str_hash(act_str_of(facts, sizeof facts), act_str_hash(act_str(name), hash));
}

// Files in no order: their hashes are added up. What a program writes beside itself does not count.
static uint64_t hash_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    uint64_t hash = 1;
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry && count < FILES_MAX_COUNT;
         entry = readdir(dir), count++) {
        struct stat status;
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            hash += mix(0, entry->d_name, &status);
    }
    closedir(dir);
    return hash;
}

static uint64_t hash_tool(const tool_folder_t *self, const tool_t *tool)
{
    char path[2 * PATH_BYTES];
    struct stat status;
    uint64_t hash = hash_folder(tool->folder);
    snprintf(path, sizeof path, "%s/tools/%s.so", self->opts.bin_dir, tool->name);
    if (tool->is_builtin && stat(path, &status) == 0)
        hash = mix(hash, tool->name, &status);
    return hash;
}

static tool_t **place_of(tool_folder_t *self, const char *name)
{
    tool_t **place = &self->tools;
    while (*place && strcmp((*place)->name, name) < 0)
        place = &(*place)->next;
    return place;
}

static void on_change(uv_fs_event_t *uv, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    tool_folder_t *self = uv->data;
    act_timer_start(self->timer, SETTLE_MS, SCAN_MS);
}

static uv_fs_event_t *watch(tool_folder_t *self, const char *folder)
{
    uv_fs_event_t *event = act_alloc(sizeof *event);
    uv_fs_event_init(act_loop_uv(self->loop), event);
    event->data = self;
    (void)uv_fs_event_start(event, on_change, folder, 0); // else the timer finds it
    uv_unref((uv_handle_t *)event);
    return event;
}

static void free_watch(uv_handle_t *handle)
{
    act_free(handle);
}

static void unwatch(uv_fs_event_t **event_p)
{
    if (*event_p)
        uv_close((uv_handle_t *)act_take(event_p), free_watch);
}

static tool_t *put_tool(tool_folder_t *self, const char *name, const char *folder, bool is_builtin)
{
    tool_t **place = place_of(self, name);
    if (*place && strcmp((*place)->name, name) == 0)
        return *place;
    if (self->tools_count == TOOLS_MAX_COUNT)
        return NULL;
    tool_t *tool = act_alloc(sizeof *tool);
    *tool = (tool_t){.next = *place, .is_builtin = is_builtin};
    act_str_copy(act_str(name), tool->name, sizeof tool->name);
    snprintf(tool->folder, sizeof tool->folder, "%s", folder);
    act_buf_init(&tool->error, 4096);
    tool->watch = watch(self, folder);
    self->tools_count++;
    return *place = tool;
}

static bool has_manifest(const char *folder)
{
    char path[PATH_BYTES + 16];
    struct stat status;
    snprintf(path, sizeof path, "%s/tool.yaml", folder);
    return lstat(path, &status) == 0;
}

static void find_tools(tool_folder_t *self, const char *root, bool is_builtin)
{
    DIR *dir = root ? opendir(root) : NULL;
    if (!dir)
        return;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char folder[PATH_BYTES];
        struct stat status;
        if (!act_tool_name_is_good(act_str(entry->d_name)) ||
            (size_t)snprintf(folder, sizeof folder, "%s/%s", root, entry->d_name) >=
                sizeof folder ||
            lstat(folder, &status) != 0 || !S_ISDIR(status.st_mode) || !has_manifest(folder))
            continue;
        tool_t *tool = put_tool(self, entry->d_name, folder, is_builtin);
        if (!tool)
            continue;
        tool->is_seen = true; // one with the name of a built-in tool is not looked at
    }
    closedir(dir);
}

// --- cards -----------------------------------------------------------------------------------------

static void refuse(tool_folder_t *self, tool_t *tool, const char *why)
{
    if (why)
        act_buf_add_str(&tool->error, act_str(why));
    act_log_warn(self->surroundings.log, "tool_refused", "tool=%s,why=%.*s", tool->name,
                 (int)tool->error.len_bytes, tool->error.ptr);
}

static void read_card(tool_folder_t *self, tool_t *tool)
{
    act_tool_card_t *card = NULL;
    act_buf_reset(&tool->error);
    tool->hash = tool->seen_hash;
    act_err_t err = act_tool_card_load(tool->folder, &card, &tool->error);
    if (err == ACT_E_OK && !tool->is_builtin && (card->kit || card->rpc)) {
        act_tool_card_destroy(&card);
        refuse(self, tool,
               "tool.yaml: kit and rpc are for the built-in tools (example: "
               "run: [python3, weather.py])");
    } else if (err != ACT_E_OK) {
        refuse(self, tool, NULL); // what runs of an earlier card goes on
    } else {
        act_tool_card_destroy(&tool->card);
        tool->card = card;
        tool->is_changed = true;
        tool->generation++;
    }
}

// True: its files changed since the last look, and have not come to rest.
static bool look_at(tool_folder_t *self, tool_t *tool)
{
    uint64_t hash = hash_tool(self, tool);
    bool is_moving = hash != tool->seen_hash;
    tool->seen_hash = hash;
    if (!is_moving && hash != tool->hash)
        read_card(self, tool);
    return is_moving;
}

// --- units -----------------------------------------------------------------------------------------

static const char *unit_name(const tool_t *tool)
{
    return tool->card->kit ? tool->card->kit : tool->name;
}

static unit_t *find_unit(const tool_folder_t *self, const char *name)
{
    for (unit_t *unit = self->units; unit; unit = unit->next)
        if (strcmp(unit->name, name) == 0)
            return unit;
    return NULL;
}

static unit_t *put_unit(tool_folder_t *self, const char *name)
{
    unit_t *unit = find_unit(self, name);
    if (unit)
        return unit;
    unit = act_alloc(sizeof *unit);
    *unit = (unit_t){.next = self->units, .owner = self};
    act_str_copy(act_str(name), unit->name, sizeof unit->name);
    return self->units = unit;
}

static void on_unit_gone(void *context)
{
    unit_t *unit = context;
    unit->process = NULL;
    unit->is_gone = true; // the next scan takes it away, or starts it again
}

// The tools of a unit, and whether one of them has changed.
static uint32_t tools_of(const tool_folder_t *self, const char *name, tool_unit_tool_t *ret_tools,
                         bool *ret_is_changed)
{
    uint32_t count = 0;
    *ret_is_changed = false;
    for (tool_t *tool = self->tools; tool; tool = tool->next) {
        if (!tool->card || strcmp(unit_name(tool), name) != 0)
            continue;
        *ret_is_changed = *ret_is_changed || tool->is_changed;
        if (count < TOOL_UNIT_TOOLS_MAX_COUNT)
            ret_tools[count++] = (tool_unit_tool_t){tool->card, tool->folder, tool->is_builtin};
    }
    return count;
}

static void tell_tools(tool_folder_t *self, const unit_t *unit, const act_buf_t *error)
{
    for (tool_t *tool = self->tools; tool; tool = tool->next) {
        if (!tool->card || strcmp(unit_name(tool), unit->name) != 0)
            continue;
        tool->is_changed = false;
        act_str_copy(act_str(unit->process ? unit->name : ""), tool->unit, sizeof tool->unit);
        if (error->len_bytes > 0 && tool->error.len_bytes == 0) {
            act_buf_printf(&tool->error, "%s/tool.yaml: %.*s", tool->folder, (int)error->len_bytes,
                           error->ptr);
            refuse(self, tool, NULL);
        }
    }
}

static void settle_unit(tool_folder_t *self, unit_t *unit)
{
    tool_unit_tool_t tools[TOOL_UNIT_TOOLS_MAX_COUNT];
    bool is_changed = false;
    uint32_t count = tools_of(self, unit->name, tools, &is_changed);
    if (unit->is_ending && !unit->is_gone)
        return;
    unit->is_ending = unit->is_gone = false;
    if (count == 0) {
        unit->is_ending = unit->process != NULL;
        unit->is_gone = unit->process == NULL;
        if (unit->process)
            tool_unit_end(unit->process, on_unit_gone, unit);
        return;
    }
    if (unit->process && !is_changed)
        return;
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = ACT_E_OK;
    if (unit->process)
        err = tool_unit_change(unit->process, tools, count, &error);
    else if (is_changed)
        unit->process = tool_unit_new(&self->surroundings, unit->name, tools, count, &error);
    if (err != ACT_E_CONFLICT) // it is being rolled over already: the next scan asks again
        tell_tools(self, unit, &error);
    act_buf_fini(&error);
}

// Units that ended with nothing to start again.
static void remove_units(tool_folder_t *self)
{
    unit_t **place = &self->units;
    while (*place) {
        unit_t *unit = *place;
        if (!unit->is_gone) {
            place = &unit->next;
            continue;
        }
        *place = unit->next;
        act_free(unit);
    }
}

// --- the scan --------------------------------------------------------------------------------------

static void free_tool(tool_folder_t *self, tool_t **tool_p)
{
    tool_t *tool = *tool_p;
    *tool_p = tool->next;
    unwatch(&tool->watch);
    act_tool_card_destroy(&tool->card);
    act_buf_fini(&tool->error);
    act_free(tool);
    self->tools_count--;
}

static void forget_removed(tool_folder_t *self)
{
    tool_t **place = &self->tools;
    while (*place) {
        unit_t *unit =
            (*place)->is_seen || !(*place)->card ? NULL : find_unit(self, unit_name(*place));
        if ((*place)->is_seen) {
            place = &(*place)->next;
            continue;
        }
        free_tool(self, place);
        for (tool_t *tool = self->tools; unit && tool; tool = tool->next)
            if (tool->card && strcmp(unit_name(tool), unit->name) == 0)
                tool->is_changed = true; // its kit has one less
    }
}

// When the kernel tells of a change, and every two seconds.
static void scan(tool_folder_t *self)
{
    bool is_moving = false;
    for (tool_t *tool = self->tools; tool; tool = tool->next)
        tool->is_seen = false;
    find_tools(self, self->opts.builtin_dir, /* is_builtin= */ true);
    find_tools(self, self->opts.user_dir, /* is_builtin= */ false);
    forget_removed(self);
    for (tool_t *tool = self->tools; tool; tool = tool->next)
        is_moving = look_at(self, tool) || is_moving;
    for (tool_t *tool = self->tools; tool; tool = tool->next)
        if (tool->card)
            put_unit(self, unit_name(tool));
    for (unit_t *unit = self->units; unit; unit = unit->next)
        settle_unit(self, unit);
    remove_units(self);
    act_timer_start(self->timer, is_moving ? SETTLE_MS : SCAN_MS, SCAN_MS);
}

static void on_timer(void *context)
{
    scan(context);
}

// --- life ------------------------------------------------------------------------------------------

tool_folder_t *tool_folder_new(act_loop_t *loop, act_log_t *log, acl_t *acl, router_t *router,
                               supervisor_t *supervisor, const tool_folder_opts_t *opts)
{
    tool_folder_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->opts = *opts;
    self->surroundings = (tool_unit_surroundings_t){log, acl, router, supervisor, &self->opts};
    self->timer = act_timer_new(loop, on_timer, self);
    const char *roots[] = {opts->builtin_dir, opts->user_dir};
    for (size_t i = 0; i < ACT_COUNT(roots); i++)
        if (roots[i])
            self->watches[i] = watch(self, roots[i]);
    act_timer_start(self->timer, FIRST_SCAN_MS, SCAN_MS);
    return self;
}

void tool_folder_destroy(tool_folder_t **self_p)
{
    tool_folder_t *self = *self_p;
    if (!self)
        return;
    act_timer_destroy(&self->timer);
    for (size_t i = 0; i < ACT_COUNT(self->watches); i++)
        unwatch(&self->watches[i]);
    while (self->tools)
        free_tool(self, &self->tools);
    while (self->units) {
        unit_t *unit = self->units;
        self->units = unit->next;
        tool_unit_destroy(&unit->process);
        act_free(unit);
    }
    act_free(act_take(self_p));
}

bool tool_folder_row(const tool_folder_t *self, uint32_t index, tool_row_t *ret_row)
{
    const tool_t *tool = self ? self->tools : NULL;
    while (tool && index-- > 0)
        tool = tool->next;
    if (!tool)
        return false;
    const unit_t *unit = tool->unit[0] ? find_unit(self, tool->unit) : NULL;
    *ret_row = (tool_row_t){
        .name = tool->name,
        .folder = tool->folder,
        .service = unit && unit->process ? tool_unit_service(unit->process) : "",
        .error = act_buf_str(&tool->error),
        .card = tool->card ? tool->card->root : NULL,
        .generation = tool->generation,
        .is_builtin = tool->is_builtin,
    };
    return true;
}
