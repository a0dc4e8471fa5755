// model_answer: the answer of a tenant's model: its prompts, memory and tools are read, Brain plans, Mouth
// writes, and what was written is looked at once more. Ends the job by answer_end or answer_fail.
#pragma once
#include "answer_private.h"

void model_answer_start(answer_job_t *job);
// What is open there is cancelled; also when nothing was begun.
void model_answer_stop(answer_job_t *job);
