// views: the broker's own service `bus`: what it shows, what it can be told. One row a method.
#pragma once
#include "broker.h"
#include "dead_letters.h"
#include "supervisor.h"
#include "tool_folder.h"
#include "tool_offers.h"

typedef struct {
    broker_t *broker;
    supervisor_t *supervisor;
    dead_letters_t *dead_letters; // NULL: none are kept
    const tool_folder_t *tools;   // NULL: there are none
    tool_offers_t *offers;        // NULL: none are taken
    int64_t started_ms;
    act_log_t *log; // commands are noted here
    const char *log_dir;
    uint64_t storing_number; // the obituary that is being stored; 0: none
    void (*shutdown)(void *context);
    void *context;
} views_t;

// Answers a call to the bus service with broker_answer.
void views_on_call(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id);
