// actor: what every process of Parley is. A service's main.c fills an act_spec_t and calls act_main;
// the runtime does options, settings, log, signals, HELLO, heartbeats, credit, drain and exit codes.
// One loop, one thread: no function here blocks, none may be called from another thread.
//
// Life: act_main -> spec.open -> (methods, timers, replies) -> DRAIN or SIGTERM -> finish what is
// held -> spec.close -> exit 0. When the broker is silent the actor keeps what it holds, says HELLO
// to the next broker, and exits by itself after orphan_ms (promises.md 3.2).
#pragma once
#include "actor/header.h"
#include "io/loop.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/model.h"

typedef struct act_actor act_actor_t;
typedef struct act_call act_call_t;
typedef struct act_bus_address act_bus_address_t; // actor/bus.h
typedef void act_fn_t(void); // any typed function; cast back by the generated code

// --- serving -------------------------------------------------------------------------------------

// One rpc of a service; tables of these are generated from proto/*.proto.
typedef struct {
    const char *name;
    uint32_t flags;             // ACT_FLAG_*
    bool is_cast;               // sent as CAST, never answered
    const act_model_t *request; // tables of both bodies, for generic code
    const act_model_t *reply;
    // Decodes the body into the call's arena and calls the service's function for it; answers
    // MALFORMED itself when the body is not what the model says.
    void (*dispatch)(const void *server, void *self, act_call_t *call, act_str_t body);
    // Only checks the body against the model; names the first bad field.
    act_err_t (*check)(act_arena_t *arena, act_str_t body, const char **ret_field);
} act_method_t;

typedef struct {
    const char *name;
    const act_method_t *methods;
    uint32_t methods_count;
    // Name of the first method without a function in a <service>_server_t, or NULL; ask at start-up.
    const char *(*unset)(const void *server);
} act_service_t;

// An incoming CALL or CAST. It belongs to the handler until exactly one of act_call_reply or
// act_call_fail is called on it, now or later; that ends it. For a CAST both just end it.
act_actor_t *act_call_actor(const act_call_t *self);
act_arena_t *act_call_arena(act_call_t *self); // lives as long as the call
const act_header_t *act_call_header(const act_call_t *self);
const act_method_t *act_call_method(const act_call_t *self);
int64_t act_call_left_ms(const act_call_t *self); // what is left of its budget

// Nobody waits any more: the caller cancelled, or its budget ran out. Finish cheaply.
bool act_call_is_cancelled(const act_call_t *self);
// fn is called once when that happens while the call is open. NULL removes it.
void act_call_on_cancel(act_call_t *self, void (*fn)(void *context), void *context);

// A part of the answer, before the reply that ends it; the caller asked for parts and said how many it
// takes. OVERLOADED: it takes no more now, on_room is called when it does. CANCELLED: stop.
// INVALID_ARGUMENT: it did not ask for parts.
ACT_MUST_CHECK act_err_t act_call_partial(act_call_t *self, const act_buf_t *body);
// fn is called each time the caller takes more parts, while the call is open. NULL removes it.
void act_call_on_room(act_call_t *self, void (*fn)(void *context), void *context);

void act_call_reply(act_call_t **self_p, const act_buf_t *body);
// text is for developers; the customer's text comes from the error table.
void act_call_fail(act_call_t **self_p, act_err_t err, const char *text);

// --- calling -------------------------------------------------------------------------------------

typedef struct act_reply act_reply_t;

// A tape knows the answers of calls that were made before, and keeps those that are made now
// (turn/journal.h). It outlives the calls made with it.
typedef struct act_tape act_tape_t;
struct act_tape {
    // Before a call is sent. Returns its place on the tape. When the answer is known *ret_known is set,
    // for as long as the tape lives: the callback gets it, and nobody is asked.
    uint32_t (*open)(act_tape_t *self, act_str_t step_key, const char *method, act_str_t body,
                     const act_reply_t **ret_known);
    // Before the callback, with the answer; not when the call was cancelled.
    void (*close)(act_tape_t *self, uint32_t place, const act_reply_t *reply);
};

typedef struct {
    act_str_t tenant;
    act_str_t key;      // partition key: same key, same instance while it lives
    uint32_t budget_ms; // 0: what is left of `parent`, or 5000
    act_class_t class_; // 0 (control) is read as interactive, unless is_control
    bool is_control;
    act_call_t *parent;       // call being served: gives trace, hops, budget and, if unset, tenant
    const act_trace_t *trace; // when there is no parent
    act_str_t idempotency_key;
    uint32_t flags;     // ACT_FLAG_*; methods marked retry_safe in the model have it already
    act_str_t instance; // this one instance, whatever the key; it or nobody
    // Parts of the answer as they come, in order, before the reply; NULL: none are taken. At most
    // parts_window (0: 16) are on their way. With parts_are_manual the window is only what
    // act_actor_take_parts said.
    void (*on_part)(void *context, uint32_t sequence, act_str_t body);
    void *part_context;
    uint32_t parts_window;
    bool parts_are_manual;
    // The reply lives in it, body and what is decoded from it; it must last until the callback or
    // act_actor_cancel. NULL: the reply is borrowed for the callback.
    act_arena_t *arena;
    act_tape_t *tape;   // of the turn this call is a step of; NULL: none
    act_str_t step_key; // its name there; empty: the tape makes one
} act_call_opts_t;

struct act_reply {
    act_err_t err;           // ACT_E_OK for a reply
    act_str_t text;          // the error's text for developers
    act_str_t body;          // of a reply; borrowed for the callback, unless the call has an arena
    uint32_t retry_after_ms; // with OVERLOADED
    act_str_t sender;        // instance that answered
};

// Generated code passes a trampoline that decodes and then calls the typed fn.
typedef void act_reply_fn(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn,
                          void *context);

// Exactly one callback follows, never before this function returned: with the reply, an error of the
// callee, or DEADLINE, OVERLOADED, UNAVAILABLE, WORKER_LOST, CANCELLED. Returns the call's id.
uint64_t act_actor_call(act_actor_t *self, const char *service, const act_method_t *method,
                        const act_call_opts_t *opts, const act_buf_t *body,
                        act_reply_fn *trampoline, act_fn_t *fn, void *context);

// The callback will not come any more; the callee is told. Unknown ids are ignored.
void act_actor_cancel(act_actor_t *self, uint64_t call_id);

// A slow reader takes `count` more parts of a call whose parts_are_manual.
void act_actor_take_parts(act_actor_t *self, uint64_t call_id, uint32_t count);

// A hint: at most once, no answer.
void act_actor_cast(act_actor_t *self, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const act_buf_t *body);

// --- events --------------------------------------------------------------------------------------

// Events are for watchers (chat, console): best effort, in order, dropped for slow readers.
typedef void act_event_fn(void *context, act_str_t topic, act_str_t body);
void act_actor_publish(act_actor_t *self, act_str_t topic, const act_buf_t *body);
// One subscription a topic; again after a broker restart by itself. Topics end at 160 bytes.
void act_actor_subscribe(act_actor_t *self, act_str_t topic, act_event_fn *fn, void *context);
void act_actor_unsubscribe(act_actor_t *self, act_str_t topic);

// --- the process ---------------------------------------------------------------------------------

typedef struct {
    const char *name;             // service and folder name, also the name of the log file
    const act_service_t *service; // what it offers; NULL: nothing (a client)
    const void *server;           // its generated <service>_server_t with one function a method
    // Instead of `server`: every method goes here with a checked body (persistence).
    void (*dispatch)(void *self, act_call_t *call, act_str_t body);
    const act_config_row_t *config;  // own settings, ends with a row without name; may be NULL
    const act_metric_row_t *metrics; // own numbers, ends with a row without name; may be NULL
    uint32_t credit_messages;        // calls taken at a time; 0: 64
    uint32_t credit_bytes;           // 0: 8 MiB
    size_t self_size_bytes;          // zeroed state handed to open, methods and close
    act_err_t (*open)(void *self,
                      act_actor_t *actor); // an error ends the process with exit code 78
    void (*drain)(void *self);             // optional: take no new work from outside
    // Optional: is there work that the runtime does not see (a request to a channel, a socket that
    // is still written to)? A drain waits for it, at most drain_ms.
    bool (*is_busy)(const void *self);
    void (*close)(void *self);
} act_spec_t;

// Command line: --bus ENDPOINT --instance NAME [--log-dir DIR] [--set name=value]... --help
// Settings also come from the environment (see base/config.h). Returns the exit code.
int act_main(int argc, char **argv, const act_spec_t *spec);

// For programs that are not services (cli, tests, benches): connects, runs nothing by itself. `name`
// is shown in status; the loop is the caller's. Destroy says BYE.
act_actor_t *act_actor_new(act_loop_t *loop, const act_spec_t *spec, const char *bus_endpoint,
                           const char *instance, void *spec_self);
// The same over TCP, with keys (actor/bus.h).
act_actor_t *act_actor_new_at(act_loop_t *loop, const act_spec_t *spec,
                              const act_bus_address_t *address, const char *instance,
                              void *spec_self);
void act_actor_destroy(act_actor_t **self_p);

act_loop_t *act_actor_loop(act_actor_t *self);
act_log_t *act_actor_log(act_actor_t *self);
const act_config_t *act_actor_config(act_actor_t *self);
const char *act_actor_instance(const act_actor_t *self);
act_metrics_t *act_actor_metrics(act_actor_t *self);
void *act_actor_self(act_actor_t *self);
bool act_actor_is_connected(const act_actor_t *self);
bool act_actor_is_draining(const act_actor_t *self);

// READY is said when open returns; an actor that needs longer (a database) calls this first, and
// act_actor_set_ready when it is done.
void act_actor_defer_ready(act_actor_t *self);
void act_actor_set_ready(act_actor_t *self);

// What it needs is away, or not there yet (a database, a provider): it keeps its place and what it has, and
// gets no new calls until it says otherwise. Its callers wait within their budgets.
void act_actor_set_paused(act_actor_t *self, bool is_paused);
// How many calls it takes at a time from now on (messages at least 1); told with the next answer or
// heartbeat.
void act_actor_set_credit(act_actor_t *self, uint32_t messages, uint32_t bytes);

// Work is impossible and trying again changes nothing: the process ends with exit code 78, as after an
// error of open. `why` is one line for the log and for standard error.
void act_actor_fail(act_actor_t *self, const char *why);

// fn is called at each WELCOME: the first, and those of every later broker.
void act_actor_on_welcome(act_actor_t *self, void (*fn)(void *context), void *context);
