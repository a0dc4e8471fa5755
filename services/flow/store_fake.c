// store_fake: each function notes what was asked, and how to answer it later.
#include "store_fake.h"

#include "base/assert.h"
#include "base/mem.h"
#include "match.h"

#include <inttypes.h>

typedef void answer_fn(void *self, const act_reply_t *reply, bool is_good);

static store_fake_t *note(act_actor_t *actor, const char *call, answer_fn *answer, act_fn_t *fn,
                          void *context)
{
    store_fake_t *self = (void *)actor;
    act_assert(self->answer == NULL); // a run asks one thing at a time
    self->calls_count++;
    self->last_call = call;
    self->answer = answer;
    self->fn = fn;
    self->context = context;
    return self;
}

static act_str_t copy(const store_fake_t *self, act_str_t text)
{
    return act_arena_str(self->arena, text);
}

static void note_contact(store_fake_t *self, const contact_request_t *request)
{
    self->contact.contact_id = copy(self, request->contact_id);
    self->contact.conversation_id = copy(self, request->conversation_id);
    self->contact.max_rows = request->max_rows;
}

static void answer_projects(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const list_projects_reply_t body = {.projects = {self->projects, self->projects_count}};
    ((persistence_list_projects_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t list_projects(act_actor_t *actor, const act_call_opts_t *opts,
                              const contact_request_t *request, persistence_list_projects_fn *fn,
                              void *context)
{
    (void)opts;
    note_contact(note(actor, "list_projects", answer_projects, (act_fn_t *)fn, context), request);
    return 1;
}

static void answer_tasks(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const list_tasks_reply_t body = {.tasks = {self->tasks, self->tasks_count}};
    ((persistence_list_tasks_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t list_tasks(act_actor_t *actor, const act_call_opts_t *opts,
                           const list_tasks_request_t *request, persistence_list_tasks_fn *fn,
                           void *context)
{
    (void)opts;
    store_fake_t *self = note(actor, "list_tasks", answer_tasks, (act_fn_t *)fn, context);
    self->project_id = copy(self, request->project_id);
    return 2;
}

static void answer_documents(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const list_documents_reply_t body = {.documents = {self->documents, self->documents_count}};
    ((persistence_list_documents_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t list_documents(act_actor_t *actor, const act_call_opts_t *opts,
                               const list_tasks_request_t *request,
                               persistence_list_documents_fn *fn, void *context)
{
    (void)opts;
    store_fake_t *self = note(actor, "list_documents", answer_documents, (act_fn_t *)fn, context);
    self->project_id = copy(self, request->project_id);
    return 3;
}

static void answer_appointments(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const list_appointments_reply_t body = {
        .appointments = {self->appointments, self->appointments_count}};
    ((persistence_list_appointments_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t list_appointments(act_actor_t *actor, const act_call_opts_t *opts,
                                  const contact_request_t *request,
                                  persistence_list_appointments_fn *fn, void *context)
{
    (void)opts;
    note_contact(note(actor, "list_appointments", answer_appointments, (act_fn_t *)fn, context),
                 request);
    return 4;
}

static void answer_incident(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const create_incident_reply_t body = {
        .incident_id = ACT_STR("inc-1"),
        .number = self->is_without_number ? 0 : 4711,
    };
    ((persistence_create_incident_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t create_incident(act_actor_t *actor, const act_call_opts_t *opts,
                                const create_incident_request_t *request,
                                persistence_create_incident_fn *fn, void *context)
{
    store_fake_t *self = note(actor, "create_incident", answer_incident, (act_fn_t *)fn, context);
    act_assert(act_str_eq(opts->idempotency_key, request->idempotency_key));
    self->key = copy(self, request->idempotency_key);
    self->incident.description = copy(self, request->description);
    self->incident.location = copy(self, request->location);
    self->incident.severity = copy(self, request->severity);
    self->incident.contact_id = copy(self, request->contact_id);
    self->incident.conversation_id = copy(self, request->conversation_id);
    self->writes_count++;
    return 5;
}

static void answer_progress(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const update_task_progress_reply_t body = {
        .title = self->is_without_number ? (act_str_t){0} : ACT_STR("Stored title"),
        .progress_pct = self->progress.progress_pct,
        .status = ACT_STR("in_progress"),
    };
    ((persistence_update_task_progress_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t update_task_progress(act_actor_t *actor, const act_call_opts_t *opts,
                                     const update_task_progress_request_t *request,
                                     persistence_update_task_progress_fn *fn, void *context)
{
    store_fake_t *self =
        note(actor, "update_task_progress", answer_progress, (act_fn_t *)fn, context);
    act_assert(act_str_eq(opts->idempotency_key, request->idempotency_key));
    self->key = copy(self, request->idempotency_key);
    self->progress.task_id = copy(self, request->task_id);
    self->progress.progress_pct = request->progress_pct;
    self->progress.contact_id = copy(self, request->contact_id);
    self->writes_count++;
    return 6;
}

static void answer_appointment(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const create_appointment_reply_t body = {
        .appointment_id = ACT_STR("app-1"),
        .number = self->is_without_number ? 0 : 815,
    };
    ((persistence_create_appointment_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t create_appointment(act_actor_t *actor, const act_call_opts_t *opts,
                                   const create_appointment_request_t *request,
                                   persistence_create_appointment_fn *fn, void *context)
{
    store_fake_t *self =
        note(actor, "create_appointment", answer_appointment, (act_fn_t *)fn, context);
    act_assert(act_str_eq(opts->idempotency_key, request->idempotency_key));
    self->key = copy(self, request->idempotency_key);
    self->appointment.service = copy(self, request->service);
    self->appointment.wanted = copy(self, request->wanted);
    self->appointment.contact_id = copy(self, request->contact_id);
    self->writes_count++;
    return 7;
}

static void answer_cancel(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const cancel_appointment_reply_t body = {
        .was_cancelled = !self->cannot_cancel,
        .number = 12,
    };
    ((persistence_cancel_appointment_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t cancel_appointment(act_actor_t *actor, const act_call_opts_t *opts,
                                   const cancel_appointment_request_t *request,
                                   persistence_cancel_appointment_fn *fn, void *context)
{
    store_fake_t *self = note(actor, "cancel_appointment", answer_cancel, (act_fn_t *)fn, context);
    self->key = copy(self, opts->idempotency_key);
    self->cancelled.appointment_id = copy(self, request->appointment_id);
    self->cancelled.contact_id = copy(self, request->contact_id);
    self->writes_count++;
    return 8;
}

// Of every product: from 50 on 4.00 less, from 100 on 9.00 less.
static int64_t price_minor(const product_hit_t *product, double quantity)
{
    return product->unit_price_minor - (quantity >= 100 ? 900 : quantity >= 50 ? 400 : 0);
}

static act_str_t money(const store_fake_t *self, int64_t minor)
{
    return act_arena_printf(self->arena, "%" PRId64 ".%02" PRId64 " EUR", minor / 100, minor % 100);
}

static const product_hit_t *asked_product(const store_fake_t *self)
{
    for (uint32_t i = 0; i < self->products_count; i++)
        if (act_str_eq(self->quote.product, self->products[i].product_id) ||
            match_has(self->quote.product, self->products[i].name))
            return &self->products[i];
    return NULL;
}

static void answer_quote(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const product_hit_t *product = asked_product(self);
    double quantity = self->quote.quantity > 0 ? self->quote.quantity : 1;
    quote_price_reply_t body = {.quantity = quantity,
                                .nearest = {self->products, self->products_count}};
    price_line_t line = {.quantity = quantity};
    if (product) {
        int64_t unit_minor = price_minor(product, quantity);
        line.unit_price = money(self, unit_minor);
        line.amount = money(self, (int64_t)(quantity * (double)unit_minor));
        body = (quote_price_reply_t){
            .is_known = true,
            .product_id = product->product_id,
            .name = product->name,
            .unit = product->unit,
            .note = ACT_STR("net"),
            .quantity = quantity,
            .lines = {&line, 1},
            .total = line.amount,
            .break_from = quantity >= 100  ? 100
                          : quantity >= 50 ? 50
                                           : 0,
            .next_break_from = quantity >= 100  ? 0
                               : quantity >= 50 ? 100
                                                : 50,
            .next_break_price =
                quantity >= 100 ? (act_str_t){0} : money(self, price_minor(product, 2 * quantity)),
        };
    }
    ((persistence_quote_price_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t quote_price(act_actor_t *actor, const act_call_opts_t *opts,
                            const quote_price_request_t *request, persistence_quote_price_fn *fn,
                            void *context)
{
    (void)opts;
    store_fake_t *self = note(actor, "quote_price", answer_quote, (act_fn_t *)fn, context);
    self->quote.product = copy(self, request->product);
    self->quote.quantity = request->quantity;
    self->quote.language = copy(self, request->language);
    return 9;
}

static void answer_lead(void *context, const act_reply_t *reply, bool is_good)
{
    store_fake_t *self = context;
    const capture_lead_reply_t body = {
        .lead_id = ACT_STR("lead-1"),
        .number = self->is_without_number ? 0 : 77,
        .stage = ACT_STR("new"),
        .was_new = true,
    };
    ((persistence_capture_lead_fn *)self->fn)(self->context, reply, is_good ? &body : NULL);
}

static uint64_t capture_lead(act_actor_t *actor, const act_call_opts_t *opts,
                             const capture_lead_request_t *request, persistence_capture_lead_fn *fn,
                             void *context)
{
    store_fake_t *self = note(actor, "capture_lead", answer_lead, (act_fn_t *)fn, context);
    act_assert(act_str_eq(opts->idempotency_key, request->idempotency_key));
    self->key = copy(self, request->idempotency_key);
    self->lead.name = copy(self, request->name);
    self->lead.email = copy(self, request->email);
    self->lead.phone = copy(self, request->phone);
    self->lead.interest = copy(self, request->interest);
    self->lead.contact_id = copy(self, request->contact_id);
    self->writes_count++;
    return 10;
}

static void cancel(act_actor_t *actor, uint64_t call_id)
{
    store_fake_t *self = (void *)actor;
    act_assert(call_id != 0 && self->answer != NULL);
    self->cancels_count++;
    self->answer = NULL;
}

const store_t store_fake_functions = {
    .list_projects = list_projects,
    .list_tasks = list_tasks,
    .list_documents = list_documents,
    .list_appointments = list_appointments,
    .create_incident = create_incident,
    .update_task_progress = update_task_progress,
    .create_appointment = create_appointment,
    .cancel_appointment = cancel_appointment,
    .quote_price = quote_price,
    .capture_lead = capture_lead,
    .cancel = cancel,
};

bool store_fake_step(store_fake_t *self)
{
    if (!self->answer)
        return false;
    const act_reply_t reply = {.err = self->err, .text = act_str(self->err ? "as told" : "")};
    bool is_good = self->err == ACT_E_OK;
    answer_fn *answer = self->answer;
    self->answer = NULL;
    self->err = ACT_E_OK;
    answer(self, &reply, is_good);
    return true;
}
