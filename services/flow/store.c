// store: the generated client of persistence. A file of its own, so that tests need not link it.
#include "store.h"

const store_t store_persistence = {
    .list_projects = persistence_list_projects,
    .list_tasks = persistence_list_tasks,
    .list_documents = persistence_list_documents,
    .list_appointments = persistence_list_appointments,
    .create_incident = persistence_create_incident,
    .update_task_progress = persistence_update_task_progress,
    .create_appointment = persistence_create_appointment,
    .cancel_appointment = persistence_cancel_appointment,
    .quote_price = persistence_quote_price,
    .capture_lead = persistence_capture_lead,
    .cancel = act_actor_cancel,
};
