// flow_yaml: the loader of flow files. Whatever is accepted must be sound: every link is found.
#include "base/assert.h"
#include "graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check_sound(const graph_t *graph)
{
    act_assert(graph->start_node && graph->revision > 0);
    for (uint32_t i = 0; i < graph->nodes_count; i++) {
        const node_t *node = &graph->nodes[i];
        act_assert(!node->next == !node->next_node);
        act_assert(!node->else_ == !node->else_node);
        act_assert(!node->yes == !node->yes_node);
        act_assert(!node->no == !node->no_node);
        act_assert(!node->empty == !node->empty_node);
        act_assert(!node->one == !node->one_node);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    graph_t *graph = NULL;
    act_err_t err = graph_load(ACT_STR("f"), act_str_of(data, size_bytes), &graph, &error);
    act_assert((err == ACT_E_OK) == (graph != NULL));
    act_assert((err == ACT_E_OK) == (error.len_bytes == 0));
    if (graph)
        check_sound(graph);
    graph_destroy(&graph);
    act_buf_fini(&error);
    return 0;
}
