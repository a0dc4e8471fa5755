// intents: the names of what a customer can want.
#include "intents.h"

const char *const intents_names[INTENTS_COUNT] = {
    "greeting",           "list_projects",   "view_tasks",        "view_documents",
    "update_progress",    "report_incident", "escalate_to_human", "book_appointment",
    "cancel_appointment", "ask_question",    "ask_price",         "leave_contact",
    INTENTS_NONE,
};
