// flows: an array of graphs; there are too few of them for anything cleverer.
#include "flows.h"

#include "flows_gen.h"
#include "turn/journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct flows {
    graph_t *graphs[FLOWS_MAX_COUNT];
    char versions[FLOWS_MAX_COUNT][17]; // of the graph at the same place
    uint32_t count;
};

// --- loading -------------------------------------------------------------------------------------

static void put(flows_t *self, uint32_t place, graph_t *graph, act_str_t yaml)
{
    uint8_t hash[ACT_STEP_HASH_BYTES];
    act_step_hash(yaml, hash);
    for (size_t i = 0; i < sizeof self->versions[place] / 2; i++)
        snprintf(&self->versions[place][2 * i], 3, "%02x", hash[i]);
    self->graphs[place] = graph;
}

static act_err_t add(flows_t *self, act_str_t name, act_str_t yaml, act_buf_t *error)
{
    graph_t *graph = NULL;
    if (graph_load(name, yaml, &graph, error) != ACT_E_OK)
        return ACT_E_CONFIG;
    for (uint32_t i = 0; i < self->count; i++)
        if (act_str_is(name, self->graphs[i]->flow)) {
            graph_destroy(&self->graphs[i]);
            put(self, i, graph, yaml);
            return ACT_E_OK;
        }
    if (self->count == FLOWS_MAX_COUNT) {
        act_buf_printf(error, "more than %d flows", FLOWS_MAX_COUNT);
        graph_destroy(&graph);
        return ACT_E_CONFIG;
    }
    put(self, self->count++, graph, yaml);
    return ACT_E_OK;
}

static act_err_t add_built_in(flows_t *self, act_buf_t *error)
{
    act_err_t err = ACT_E_OK;
    for (uint32_t i = 0; err == ACT_E_OK && i < FLOWS_GEN_COUNT; i++)
        err = add(self, act_str(flows_gen[i].name), flows_gen[i].yaml, error);
    return err;
}

// One byte more than allowed is read, so that graph_load sees that it is too large.
static act_err_t add_file(flows_t *self, const char *path, act_str_t name, act_buf_t *error)
{
    FILE *file = fopen(path, "rbe");
    if (!file) {
        act_buf_printf(error, "%s: %s", path, strerror(errno));
        return ACT_E_CONFIG;
    }
    char *yaml = act_alloc(GRAPH_MAX_BYTES + 1);
    size_t size_bytes = fread(yaml, 1, GRAPH_MAX_BYTES + 1, file);
    bool has_failed = ferror(file) != 0;
    (void)fclose(file);
    act_err_t err = ACT_E_CONFIG;
    if (has_failed)
        act_buf_printf(error, "%s: cannot be read", path);
    else
        err = add(self, name, act_str_of(yaml, size_bytes), error);
    act_free(yaml);
    return err;
}

static act_err_t add_entry(flows_t *self, const char *dir, const char *entry, act_buf_t *error)
{
    static const char end[] = ".yaml";
    size_t length = strlen(entry);
    if (entry[0] == '.' || length < sizeof end || strcmp(entry + length - 5, end) != 0)
        return ACT_E_OK;
    act_buf_t path;
    act_buf_init(&path, 4096);
    act_buf_printf(&path, "%s/%s", dir, entry);
    act_buf_add_char(&path, '\0');
    act_err_t err = path.is_overflowed
                        ? ACT_E_CONFIG
                        : add_file(self, path.ptr, act_str_of(entry, length - 5), error);
    act_buf_fini(&path);
    return err;
}

static act_err_t add_dir(flows_t *self, const char *dir, act_buf_t *error)
{
    DIR *open_dir = opendir(dir);
    if (!open_dir) {
        act_buf_printf(error, "%s: %s", dir, strerror(errno));
        return ACT_E_CONFIG;
    }
    act_err_t err = ACT_E_OK;
    for (struct dirent *entry = readdir(open_dir); entry && err == ACT_E_OK;
         entry = readdir(open_dir))
        err = add_entry(self, dir, entry->d_name, error);
    closedir(open_dir);
    return err;
}

// --- links between flows -------------------------------------------------------------------------

static act_err_t check_target(const flows_t *self, const graph_t *graph, const node_t *node,
                              const char *flow, act_buf_t *error)
{
    if (!flow || flows_find(self, act_str(flow)))
        return ACT_E_OK;
    act_buf_printf(error, "%s.yaml: node %s: field flow: there is no flow '%s'", graph->flow,
                   node->node, flow);
    return ACT_E_CONFIG;
}

static act_err_t check_targets(const flows_t *self, const graph_t *graph, act_buf_t *error)
{
    act_err_t err = ACT_E_OK;
    for (uint32_t i = 0; err == ACT_E_OK && i < graph->nodes_count; i++) {
        const node_t *node = &graph->nodes[i];
        err = check_target(self, graph, node, node->flow, error);
        for (uint32_t c = 0; err == ACT_E_OK && c < node->choices_count; c++)
            err = check_target(self, graph, node, node->choices[c].flow, error);
    }
    return err;
}

// --- public --------------------------------------------------------------------------------------

act_err_t flows_load(const char *dir, flows_t **ret_flows, act_buf_t *error)
{
    ACT_AUTO(flows) *self = act_alloc(sizeof *self);
    act_err_t err = add_built_in(self, error);
    if (err == ACT_E_OK && dir && dir[0] != '\0')
        err = add_dir(self, dir, error);
    for (uint32_t i = 0; err == ACT_E_OK && i < self->count; i++)
        err = check_targets(self, self->graphs[i], error);
    if (err == ACT_E_OK)
        *ret_flows = act_take(&self);
    return err;
}

void flows_destroy(flows_t **self_p)
{
    flows_t *self = act_take(self_p);
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        graph_destroy(&self->graphs[i]);
    act_free(self);
}

const graph_t *flows_find(const flows_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (act_str_is(name, self->graphs[i]->flow))
            return self->graphs[i];
    return NULL;
}

uint32_t flows_count(const flows_t *self)
{
    return self->count;
}

const char *flows_version(const flows_t *self, const graph_t *graph)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->graphs[i] == graph)
            return self->versions[i];
    return "";
}

const graph_t *flows_at(const flows_t *self, uint32_t index)
{
    return self->graphs[index];
}
