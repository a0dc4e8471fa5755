// client: a command's connection to a running instance. Commands are short and ask one thing after the
// other, so this waits for answers; nothing else in Parley does.
#pragma once
#include "actor/actor.h"
#include "instance.h"

typedef struct client client_t;

// Connects, or NULL after wait_ms; the caller says that nothing is running. PARLEY_BUS, when set, is where
// (with PARLEY_BUS_SERVER_KEY and PARLEY_BUS_KEY_FILE: another machine); bad keys end the program with
// one line.
client_t *client_open(const instance_t *instance, int64_t wait_ms);
// The same with three seconds, and with that line: the command's name is in it.
client_t *client_open_loud(const instance_t *instance, const char *command);
// What most commands begin with: the instance of this folder, and the connection. Returns 0, or the exit code
// when the line is printed.
ACT_MUST_CHECK int client_reach(const char *data, const char *command, client_t **ret_client);
// Accepts NULL inside.
void client_close(client_t **self_p);
act_actor_t *client_actor(client_t *self);
act_arena_t *client_arena(client_t *self);

// Runs the loop until *is_done or the time is over; tells which.
bool client_wait(client_t *self, const bool *is_done, int64_t wait_ms);

// One call, decoded into *ret_reply (in the client's arena). On an error prints it to standard error
// if is_loud, and returns its code.
ACT_MUST_CHECK act_err_t client_call(client_t *self, const act_service_t *service, uint32_t method,
                                     const char *tenant, const void *request, void *ret_reply,
                                     bool is_loud);
