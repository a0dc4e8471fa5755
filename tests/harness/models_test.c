// models_test FILE: every message of proto/FILE.proto stands all checks of model_check.h.
#include "harness/model_check.h"
#include "proto/models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef void check_fn(const act_model_t *model);

static const struct {
    const char *name;
    check_fn *run;
} checks[] = {
    {"round_trip", model_check_round_trip}, {"truncated", model_check_truncated},
    {"mutated", model_check_mutated},       {"hostile", model_check_hostile},
    {"fields", model_check_fields},
};

typedef struct {
    const act_model_t *model;
    check_fn *run;
    char name[128];
} case_t;

static void run_case(void **state)
{
    const case_t *self = *state;
    self->run(self->model);
}

static size_t add_cases(const act_model_t *model, case_t *cases, struct CMUnitTest *tests)
{
    for (size_t i = 0; i < ACT_COUNT(checks); i++) {
        cases[i] = (case_t){.model = model, .run = checks[i].run};
        snprintf(cases[i].name, sizeof cases[i].name, "%s %s", model->name, checks[i].name);
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_case, .initial_state = &cases[i]};
    }
    return ACT_COUNT(checks);
}

int main(int argc, char **argv)
{
    size_t room = PARLEY_MODELS_COUNT * ACT_COUNT(checks);
    case_t *cases = act_alloc_array(room, sizeof *cases);
    struct CMUnitTest *tests = act_alloc_array(room, sizeof *tests);
    size_t count = 0;
    for (size_t i = 0; argc == 2 && i < PARLEY_MODELS_COUNT; i++)
        if (strcmp(parley_models[i].file, argv[1]) == 0)
            count += add_cases(parley_models[i].model, &cases[count], &tests[count]);
    // cmocka's macro wants an array; this is what it calls.
    int failed = _cmocka_run_group_tests(argc == 2 ? argv[1] : "", tests, count, NULL, NULL);
    act_free(tests);
    act_free(cases);
    return argc == 2 ? failed : 2;
}
