// report: figures of a model on held-out texts (development only): accuracy by language, what is
// right when the model is sure, and whether its confidence means what it says.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct act_report act_report_t;

typedef struct {
    uint32_t language;
    bool is_right;
    bool is_repeated; // the same words stand in a training text
    double confidence;
} act_report_answer_t;

typedef enum { ACT_REPORT_TEXT, ACT_REPORT_MARKDOWN, ACT_REPORT_JSON } act_report_format_t;

act_report_t *act_report_new(void);
void act_report_destroy(act_report_t **self_p);

void act_report_add(act_report_t *self, const act_report_answer_t *answer);

// JSON is one object without a line end; the others are tables.
void act_report_print(const act_report_t *self, act_report_format_t format, FILE *out);

// "--json" and "--markdown"; text for anything else.
act_report_format_t act_report_format(const char *argument);
