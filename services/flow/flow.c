// flow: between the bus and the runs.
#include "flow.h"

#include "proto/flow_service.h"
#include "run.h"

typedef struct {
    act_actor_t *actor;
    flows_t *flows;
} flow_t;

static const act_config_row_t settings[] = {
    {.name = "flows_dir",
     .env = "PARLEY_FLOWS_DIR",
     .type = ACT_CONFIG_TEXT,
     .default_text = "",
     .example = "/etc/parley/flows",
     .help = "folder of flow files that add to the built-in ones or take their place; empty: none"},
    {0},
};

// --- one call ------------------------------------------------------------------------------------

// An open call and its run.
typedef struct {
    flow_t *flow;
    act_call_t *call;
    run_t *run;
} job_t;

static void job_free(job_t *job)
{
    run_destroy(&job->run);
    act_free(job);
}

static void on_done(void *context, act_err_t err, const char *text, const flow_run_reply_t *reply)
{
    job_t *job = context;
    if (err == ACT_E_OK) {
        flow_run_reply(&job->call, reply);
    } else {
        act_log_warn(act_actor_log(job->flow->actor), "flow_failed", "code=%s,text=%s",
                     act_err_code(err), text);
        act_call_fail(&job->call, err, text);
    }
    job_free(job);
}

static void on_cancel(void *context)
{
    job_t *job = context;
    run_destroy(&job->run); // first: it works in the call's arena
    act_call_fail(&job->call, ACT_E_CANCELLED, NULL);
    job_free(job);
}

static act_journal_t *journal_of(act_call_t *call, const flow_run_request_t *request)
{
    act_arena_t *arena = act_call_arena(call);
    return act_journal_new(arena, &(act_journal_opts_t){
                                      .prefix = act_arena_printf(arena, "flow/%u", request->run),
                                      .recorded = {request->journal.items, request->journal.count},
                                      .is_replay = request->is_replay,
                                  });
}

static void run(void *context, act_call_t *call, const flow_run_request_t *request)
{
    flow_t *self = context;
    job_t *job = act_alloc(sizeof *job);
    *job = (job_t){.flow = self, .call = call};
    const run_host_t host = {
        .flows = self->flows,
        .store = &store_persistence,
        .actor = self->actor,
        .parent = call,
        .arena = act_call_arena(call),
        .journal = journal_of(call, request),
        .done = on_done,
        .context = job,
    };
    job->run = run_new(&host, request);
    act_call_on_cancel(call, on_cancel, job);
    run_start(job->run);
}

static const flow_server_t server = {.run = run};

// --- the process ---------------------------------------------------------------------------------

static act_err_t open_flow(void *context, act_actor_t *actor)
{
    flow_t *self = context;
    self->actor = actor;
    act_buf_t error;
    act_buf_init(&error, 2048);
    const char *dir = act_config_text(act_actor_config(actor), "flows_dir");
    act_err_t err = flows_load(dir, &self->flows, &error);
    if (err == ACT_E_OK)
        act_log_info(act_actor_log(actor), "flows_loaded", "count=%u", flows_count(self->flows));
    else
        act_log_error(act_actor_log(actor), "flows_bad", "error=%" ACT_STR_FMT,
                      ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    return err;
}

static void close_flow(void *context)
{
    flow_t *self = context;
    flows_destroy(&self->flows);
}

const act_spec_t flow_spec = {
    .name = "flow",
    .service = &flow_service,
    .server = &server,
    .config = settings,
    .self_size_bytes = sizeof(flow_t),
    .open = open_flow,
    .close = close_flow,
};
