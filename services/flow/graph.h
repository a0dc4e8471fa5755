// graph: one flow, read from YAML and checked completely, then never changed. docs/flows.md says what
// a file looks like; the members below have the names of the fields there.
//
// A graph that graph_load gave back is sound: every name in it leads somewhere, every text exists
// in every language, every variable a text shows is set by some node, no path goes round without
// asking something. The engine (run.c) relies on that.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

// Largest flow file.
#define GRAPH_MAX_BYTES (128u << 10)
#define GRAPH_MAX_NODES 64
#define GRAPH_MAX_VARIABLES 64
// WhatsApp's lists have ten rows.
#define GRAPH_MAX_CHOICES 10

typedef enum {
    NODE_MESSAGE,
    NODE_QUESTION,
    NODE_CONDITION,
    NODE_SET,
    NODE_CALL,
    NODE_HANDOVER,
    NODE_NEXT,
    NODE_LEAVE,
    NODE_END,
} node_kind_t;

// What a question takes for an answer.
typedef enum {
    ASK_NOTHING, // not a question
    ASK_TEXT,
    ASK_CHOICE,
    ASK_YES_NO,
    ASK_SEVERITY,
    ASK_NUMBER,
    ASK_PERCENT,
    ASK_PICK,    // one row of a list that a call brought
    ASK_CONTACT, // an e-mail address or a phone number
} ask_t;

typedef struct node node_t;

// One answer of a choice: goes on at a node or starts another flow.
typedef struct {
    char *value;
    char *title;
    char *description;
    char *next;
    char *flow;
    const node_t *next_node; // NULL: the question's
} option_t;

// A text that is not set is NULL, a number 0. The pointers to nodes are found by graph_check.
struct node {
    char *node; // its name
    node_kind_t kind;
    ask_t ask;
    char *text;
    char *error;
    char *save;
    char *value;
    char *filler;
    char *label;
    char *rows;
    char *lines;
    char *when;
    char *is;
    char *call;
    char *receipt_of;
    char *media;
    char *link;
    char *file_name;
    char *flow;
    char *reason;
    char *next;
    char *else_;
    char *yes;
    char *no;
    char *empty;
    char *one;
    char *corrects;
    char *unclear;
    option_t *choices;
    uint32_t choices_count;
    int64_t min;
    int64_t max;
    uint32_t max_chars;
    bool told;
    bool yields;
    bool cancel_is_yes;

    const node_t *next_node; // NULL: the flow ends here
    const node_t *else_node;
    const node_t *yes_node;
    const node_t *no_node;
    const node_t *empty_node;
    const node_t *one_node;
    const node_t *corrects_node; // an earlier question
    const node_t *unclear_node;  // a call that looks for what was not understood
};

typedef struct {
    char *flow;
    uint32_t revision;
    char *start;
    node_t *nodes;
    uint32_t nodes_count;

    const node_t *start_node;
    const char **variables; // that its nodes set, each once
    uint32_t variables_count;
    act_arena_t *arena; // holds all of it
} graph_t;

// Reads and checks one file. `name` is the flow's name: the file's, without ".yaml". On
// ACT_E_INVALID_ARGUMENT `error` (initialised by the caller) gets one line with file, node and
// field.
ACT_MUST_CHECK act_err_t graph_load(act_str_t name, act_str_t yaml, graph_t **ret_graph,
                                    act_buf_t *error);
void graph_destroy(graph_t **self_p);

const node_t *graph_node(const graph_t *self, act_str_t name); // or NULL
// Place of a variable; variables_count when there is none.
uint32_t graph_variable(const graph_t *self, act_str_t name);
