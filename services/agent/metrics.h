// metrics: what agent counts; the broker collects the numbers.
#pragma once
#include "memory.h"

#include "base/metric.h"

// A call of `respond` is one answer; replays count nowhere.
#define ANSWER_METRICS(X)                                                                          \
    X(ANSWERS_RESPOND, "answers_respond_total", COUNTER, "answers that say something")             \
    X(ANSWERS_WAIT, "answers_wait_total", COUNTER, "answers that wait for somebody")               \
    X(ANSWERS_IGNORE, "answers_ignore_total", COUNTER, "answers that say nothing")                 \
    X(ANSWERS_HANDOFF, "answers_handoff_total", COUNTER, "answers that hand over to a person")     \
    X(ANSWERS_FAILED, "answers_failed_total", COUNTER,                                             \
      "no answer: the next rung of the ladder is asked")                                           \
    X(ANSWERS_CANCELLED, "answers_cancelled_total", COUNTER,                                       \
      "given up on the way: the customer had written more and the turn is planned again, or its "  \
      "time was over")                                                                             \
    X(ANSWERS_UNPROVEN, "answers_unproven_total", COUNTER,                                         \
      "answers that claimed an action without its receipt, and were replaced")                     \
    X(ANSWERS_LEAKED, "answers_leaked_total", COUNTER,                                             \
      "answers that told of the prompt, and were replaced")                                        \
    X(DECISIONS_REPAIRED, "decisions_repaired_total", COUNTER,                                     \
      "decisions of a model that could not be read, and were asked for once more")                 \
    X(MODEL_QUESTIONS, "model_questions_total", COUNTER,                                                   \
      "questions to a model by Brain and Mouth; those that the journal answers are none")          \
    X(TOOL_CALLS_OK, "tool_calls_ok_total", COUNTER, "calls of tools that did what was asked")     \
    X(TOOL_CALLS_ERROR, "tool_calls_error_total", COUNTER, "calls of tools that said no")          \
    X(TOOL_CALLS_FAILED, "tool_calls_failed_total", COUNTER,                                       \
      "calls of tools that did not answer, or not as their card says")                             \
    X(TOOL_CALLS_WAITING, "tool_calls_waiting_total", COUNTER, "calls kept for a person to approve") \
    X(TOOL_CALLS_REFUSED, "tool_calls_refused_total", COUNTER, "calls refused by the policy")

#define AGENT_METRICS(X) MEMORY_METRICS(X) ANSWER_METRICS(X)

typedef enum {
#define X(id, name, type, help) METRIC_##id,
    AGENT_METRICS(X)
#undef X
        METRICS_COUNT
} agent_metric_t;

extern const act_metric_row_t agent_metrics[]; // ends with a row without name
