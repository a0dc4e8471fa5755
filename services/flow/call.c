// call: the table, and for each row "fill the request" and "read the reply".
#include "call_row.h"

#include <inttypes.h>

act_str_t call_value(const call_job_t *job, const char *name)
{
    return job->value(job->context, act_str(name));
}

static act_str_t step_key(const call_job_t *job)
{
    return act_arena_printf(job->arena, "flow/%u/%" ACT_STR_FMT "/%s", job->request->run,
                            ACT_STR_ARG(job->node), job->call->name);
}

static act_str_t idempotency_key(const call_job_t *job, act_str_t step)
{
    return act_arena_printf(job->arena, "%" ACT_STR_FMT "/%" ACT_STR_FMT,
                            ACT_STR_ARG(job->request->turn_id), ACT_STR_ARG(step));
}

act_str_t call_number(const call_job_t *job, int64_t number)
{
    return act_arena_printf(job->arena, "%" PRId64, number);
}

act_str_t call_copy(const call_job_t *job, act_str_t text)
{
    return act_arena_str(job->arena, text);
}

void call_fail(const call_job_t *job, act_err_t err, const char *text)
{
    job->done(job->context, err, text, NULL);
}

// True when the reply is an error, which is then passed on.
bool call_has_failed(const call_job_t *job, const act_reply_t *reply)
{
    if (reply->err == ACT_E_OK)
        return false;
    act_str_t text = act_arena_printf(job->arena, "persistence.%s: %" ACT_STR_FMT, job->call->name,
                                      ACT_STR_ARG(reply->text));
    call_fail(job, reply->err, text.ptr);
    return true;
}

rows_t call_rows(const call_job_t *job, uint32_t count, act_str_t **ret_cells)
{
    uint32_t bounded = count < CALL_MAX_ROWS ? count : CALL_MAX_ROWS;
    return rows_new(job->arena, job->call->columns, job->call->columns_count, bounded, ret_cells);
}

void call_succeed(const call_job_t *job, const rows_t *rows)
{
    job->done(job->context, ACT_E_OK, NULL, rows);
}

// --- lists ---------------------------------------------------------------------------------------

static void on_projects(void *context, const act_reply_t *reply, const list_projects_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    act_str_t *cell;
    rows_t rows = call_rows(job, body->projects.count, &cell);
    for (uint32_t i = 0; i < rows.count; i++) {
        const project_t *project = &body->projects.items[i];
        *cell++ = call_copy(job, project->project_id);
        *cell++ = call_copy(job, project->name);
        *cell++ = call_copy(job, project->status);
        *cell++ = call_copy(job, project->city);
    }
    call_succeed(job, &rows);
}

static uint64_t start_projects(call_job_t *job, const act_call_opts_t *opts)
{
    const contact_request_t request = {
        .contact_id = job->request->contact_id,
        .conversation_id = job->request->conversation_id,
        .max_rows = CALL_MAX_ROWS,
    };
    return job->store->list_projects(job->actor, opts, &request, on_projects, job);
}

static void on_tasks(void *context, const act_reply_t *reply, const list_tasks_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    act_str_t *cell;
    rows_t rows = call_rows(job, body->tasks.count, &cell);
    for (uint32_t i = 0; i < rows.count; i++) {
        const task_t *task = &body->tasks.items[i];
        *cell++ = call_copy(job, task->task_id);
        *cell++ = call_copy(job, task->title);
        *cell++ = call_copy(job, task->project_name);
        *cell++ = call_copy(job, task->status);
        *cell++ = call_number(job, task->progress_pct);
        *cell++ = call_copy(job, task->due_on);
    }
    call_succeed(job, &rows);
}

static uint64_t start_tasks(call_job_t *job, const act_call_opts_t *opts)
{
    const list_tasks_request_t request = {
        .project_id = call_value(job, "project_id"),
        .max_rows = CALL_MAX_ROWS,
    };
    return job->store->list_tasks(job->actor, opts, &request, on_tasks, job);
}

static void on_documents(void *context, const act_reply_t *reply,
                         const list_documents_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    act_str_t *cell;
    rows_t rows = call_rows(job, body->documents.count, &cell);
    for (uint32_t i = 0; i < rows.count; i++) {
        const document_t *document = &body->documents.items[i];
        *cell++ = call_copy(job, document->document_id);
        *cell++ = call_copy(job, document->title);
        *cell++ = call_copy(job, document->project_name);
        *cell++ = call_copy(job, document->url);
    }
    call_succeed(job, &rows);
}

static uint64_t start_documents(call_job_t *job, const act_call_opts_t *opts)
{
    const list_tasks_request_t request = {
        .project_id = call_value(job, "project_id"),
        .max_rows = CALL_MAX_ROWS,
    };
    return job->store->list_documents(job->actor, opts, &request, on_documents, job);
}

static void on_appointments(void *context, const act_reply_t *reply,
                            const list_appointments_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    act_str_t *cell;
    rows_t rows = call_rows(job, body->appointments.count, &cell);
    for (uint32_t i = 0; i < rows.count; i++) {
        const appointment_t *appointment = &body->appointments.items[i];
        *cell++ = call_copy(job, appointment->appointment_id);
        *cell++ = call_copy(job, appointment->service);
        *cell++ = call_number(job, appointment->number);
        *cell++ = call_copy(job, appointment->wanted);
        *cell++ = call_copy(job, appointment->status);
    }
    call_succeed(job, &rows);
}

static uint64_t start_appointments(call_job_t *job, const act_call_opts_t *opts)
{
    const contact_request_t request = {
        .contact_id = job->request->contact_id,
        .conversation_id = job->request->conversation_id,
        .max_rows = CALL_MAX_ROWS,
    };
    return job->store->list_appointments(job->actor, opts, &request, on_appointments, job);
}

// --- writes --------------------------------------------------------------------------------------

static void on_incident(void *context, const act_reply_t *reply,
                        const create_incident_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    if (body->number <= 0) {
        call_fail(job, ACT_E_INTERNAL, "incident without number");
        return;
    }
    act_str_t *cell;
    rows_t rows = call_rows(job, 1, &cell);
    cell[0] = call_copy(job, body->incident_id);
    cell[1] = call_number(job, body->number);
    call_succeed(job, &rows);
}

static uint64_t start_incident(call_job_t *job, const act_call_opts_t *opts)
{
    const create_incident_request_t request = {
        .idempotency_key = opts->idempotency_key,
        .conversation_id = job->request->conversation_id,
        .contact_id = job->request->contact_id,
        .project_id = call_value(job, "project_id"),
        .description = call_value(job, "description"),
        .location = call_value(job, "location"),
        .severity = call_value(job, "severity"),
        .turn_id = job->request->turn_id,
        .step_key = opts->step_key,
    };
    return job->store->create_incident(job->actor, opts, &request, on_incident, job);
}

static void on_progress(void *context, const act_reply_t *reply,
                        const update_task_progress_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    if (act_str_empty(body->title)) { // the task is gone: nothing was written
        call_fail(job, ACT_E_TASK_NOT_FOUND, "no row came back");
        return;
    }
    act_str_t *cell;
    rows_t rows = call_rows(job, 1, &cell);
    cell[0] = call_copy(job, body->title);
    cell[1] = call_number(job, body->progress_pct);
    cell[2] = call_copy(job, body->status);
    call_succeed(job, &rows);
}

static uint64_t start_progress(call_job_t *job, const act_call_opts_t *opts)
{
    int64_t progress_pct = 0;
    if (!act_str_to_int(call_value(job, "progress_pct"), &progress_pct))
        progress_pct = 0;
    const update_task_progress_request_t request = {
        .idempotency_key = opts->idempotency_key,
        .task_id = call_value(job, "task_id"),
        .progress_pct = (int32_t)(progress_pct > 100 ? 100
                                  : progress_pct < 0 ? 0
                                                     : progress_pct),
        .contact_id = job->request->contact_id,
        .conversation_id = job->request->conversation_id,
        .turn_id = job->request->turn_id,
        .step_key = opts->step_key,
    };
    return job->store->update_task_progress(job->actor, opts, &request, on_progress, job);
}

static void on_appointment(void *context, const act_reply_t *reply,
                           const create_appointment_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    if (body->number <= 0) {
        call_fail(job, ACT_E_INTERNAL, "appointment without number");
        return;
    }
    act_str_t *cell;
    rows_t rows = call_rows(job, 1, &cell);
    cell[0] = call_copy(job, body->appointment_id);
    cell[1] = call_number(job, body->number);
    call_succeed(job, &rows);
}

static uint64_t start_appointment(call_job_t *job, const act_call_opts_t *opts)
{
    const create_appointment_request_t request = {
        .idempotency_key = opts->idempotency_key,
        .conversation_id = job->request->conversation_id,
        .contact_id = job->request->contact_id,
        .service = call_value(job, "service"),
        .wanted = call_value(job, "wanted"),
        .turn_id = job->request->turn_id,
        .step_key = opts->step_key,
    };
    return job->store->create_appointment(job->actor, opts, &request, on_appointment, job);
}

static void on_cancelled(void *context, const act_reply_t *reply,
                         const cancel_appointment_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    act_str_t *cell;
    rows_t rows = call_rows(job, 1, &cell);
    cell[0] = body->was_cancelled ? ACT_STR("yes") : ACT_STR("no");
    cell[1] = call_number(job, body->number);
    call_succeed(job, &rows);
}

static uint64_t start_cancel(call_job_t *job, const act_call_opts_t *opts)
{
    const cancel_appointment_request_t request = {
        .appointment_id = call_value(job, "appointment_id"),
        .contact_id = job->request->contact_id,
        .conversation_id = job->request->conversation_id,
        .turn_id = job->request->turn_id,
        .step_key = opts->step_key,
    };
    return job->store->cancel_appointment(job->actor, opts, &request, on_cancelled, job);
}

// --- the table -----------------------------------------------------------------------------------

static const call_t calls[] = {
    {.name = "list_projects",
     .is_list = true,
     .columns = {"project_id", "project_name", "project_status", "project_city"},
     .columns_count = 4,
     .description = "row.project",
     .start = start_projects},
    {.name = "list_tasks",
     .is_list = true,
     .reads = {"project_id"},
     .columns = {"task_id", "task_title", "task_project", "task_status", "task_progress",
                 "task_due"},
     .columns_count = 6,
     .description = "row.task",
     .start = start_tasks},
    {.name = "list_documents",
     .is_list = true,
     .reads = {"project_id"},
     .columns = {"document_id", "document_title", "document_project", "document_url"},
     .columns_count = 4,
     .description = "row.document",
     .start = start_documents},
    {.name = "list_appointments",
     .is_list = true,
     .columns = {"appointment_id", "appointment_service", "appointment_number",
                 "appointment_wanted", "appointment_status"},
     .columns_count = 5,
     .description = "row.appointment",
     .start = start_appointments},
    {.name = "create_incident",
     .is_write = true,
     .reads = {"description", "location", "severity"},
     .columns = {"incident_id", "incident_number"},
     .columns_count = 2,
     .start = start_incident},
    {.name = "update_task_progress",
     .is_write = true,
     .reads = {"task_id", "progress_pct"},
     .columns = {"updated_title", "updated_progress", "updated_status"},
     .columns_count = 3,
     .start = start_progress},
    {.name = "create_appointment",
     .is_write = true,
     .reads = {"service", "wanted"},
     .columns = {"appointment_id", "appointment_number"},
     .columns_count = 2,
     .start = start_appointment},
    {.name = "find_products",
     .is_list = true,
     .columns = {"product_id", "product_name", "product_price", "product_unit", "product_is_meant"},
     .columns_count = 5,
     .description = "row.product",
     .start = call_find_products},
    {.name = "quote_price",
     .reads = {"product_id", "quantity"},
     .columns = {"quoted_name", "quoted_quantity", "quoted_lines", "quoted_total", "quoted_note",
                 "break_from", "next_break_from", "next_break_price"},
     .columns_count = 8,
     .start = call_quote_price},
    {.name = "capture_lead",
     .is_write = true,
     .reads = {"name", "contact", "interest"},
     .columns = {"lead_id", "lead_number"},
     .columns_count = 2,
     .start = call_capture_lead},
    {.name = "cancel_appointment",
     .is_write = true,
     .reads = {"appointment_id"},
     .columns = {"was_cancelled", "cancelled_number"},
     .columns_count = 2,
     .start = start_cancel},
};

const call_t *call_find(act_str_t name)
{
    for (size_t i = 0; i < ACT_COUNT(calls); i++)
        if (act_str_is(name, calls[i].name))
            return &calls[i];
    return NULL;
}

uint64_t call_start(const call_t *self, call_job_t *job)
{
    job->call = self;
    act_call_opts_t opts = {
        .parent = job->parent,
        .tape = job->journal ? act_journal_tape(job->journal) : NULL,
    };
    if (self->is_write) {
        opts.step_key = step_key(job);
        opts.idempotency_key = idempotency_key(job, opts.step_key);
    }
    return self->start(job, &opts);
}
