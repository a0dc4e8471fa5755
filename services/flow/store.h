// store: the rpcs of persistence that flows use, as a struct of functions, so that a test can stand
// in for the database. Each member is the generated client function of its name.
#pragma once
#include "proto/persistence_service.h"

typedef struct {
    uint64_t (*list_projects)(act_actor_t *actor, const act_call_opts_t *opts,
                              const contact_request_t *request, persistence_list_projects_fn *fn,
                              void *context);
    uint64_t (*list_tasks)(act_actor_t *actor, const act_call_opts_t *opts,
                           const list_tasks_request_t *request, persistence_list_tasks_fn *fn,
                           void *context);
    uint64_t (*list_documents)(act_actor_t *actor, const act_call_opts_t *opts,
                               const list_tasks_request_t *request,
                               persistence_list_documents_fn *fn, void *context);
    uint64_t (*list_appointments)(act_actor_t *actor, const act_call_opts_t *opts,
                                  const contact_request_t *request,
                                  persistence_list_appointments_fn *fn, void *context);
    uint64_t (*create_incident)(act_actor_t *actor, const act_call_opts_t *opts,
                                const create_incident_request_t *request,
                                persistence_create_incident_fn *fn, void *context);
    uint64_t (*update_task_progress)(act_actor_t *actor, const act_call_opts_t *opts,
                                     const update_task_progress_request_t *request,
                                     persistence_update_task_progress_fn *fn, void *context);
    uint64_t (*create_appointment)(act_actor_t *actor, const act_call_opts_t *opts,
                                   const create_appointment_request_t *request,
                                   persistence_create_appointment_fn *fn, void *context);
    uint64_t (*cancel_appointment)(act_actor_t *actor, const act_call_opts_t *opts,
                                   const cancel_appointment_request_t *request,
                                   persistence_cancel_appointment_fn *fn, void *context);
    uint64_t (*quote_price)(act_actor_t *actor, const act_call_opts_t *opts,
                            const quote_price_request_t *request, persistence_quote_price_fn *fn,
                            void *context);
    uint64_t (*capture_lead)(act_actor_t *actor, const act_call_opts_t *opts,
                             const capture_lead_request_t *request, persistence_capture_lead_fn *fn,
                             void *context);
    void (*cancel)(act_actor_t *actor, uint64_t call_id); // the callback will not come any more
} store_t;

// The real one.
extern const store_t store_persistence;
