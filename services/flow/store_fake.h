// store_fake: stands in for persistence in tests. Give it as the `actor` of a run together with
// store_fake_functions. A call is answered when the test says so, never inside the call.
#pragma once
#include "store.h"

typedef struct {
    // What the database holds.
    const project_t *projects;
    uint32_t projects_count;
    const task_t *tasks;
    uint32_t tasks_count;
    const document_t *documents;
    uint32_t documents_count;
    const appointment_t *appointments;
    uint32_t appointments_count;
    const product_hit_t *products; // unit_price_minor is told, unit_price is not
    uint32_t products_count;
    bool cannot_cancel;     // cancel_appointment finds nothing
    bool is_without_number; // writes answer without a number or title
    act_err_t err;          // the answer to the next call

    // What was asked; its texts are copied here.
    act_arena_t *arena;
    uint32_t calls_count;
    uint32_t writes_count;
    uint32_t cancels_count;
    const char *last_call;
    act_str_t key; // idempotency key in the request of the last write
    create_incident_request_t incident;
    update_task_progress_request_t progress;
    create_appointment_request_t appointment;
    cancel_appointment_request_t cancelled;
    contact_request_t contact;
    capture_lead_request_t lead;
    act_str_t project_id; // of the last list_tasks or list_documents

    quote_price_request_t quote;

    // The open call.
    act_fn_t *fn;
    void *context;
    void (*answer)(void *self, const act_reply_t *reply, bool is_good);
} store_fake_t;

extern const store_t store_fake_functions;

// Answers the open call; false when there is none.
bool store_fake_step(store_fake_t *self);
