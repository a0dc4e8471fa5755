// acl: the matrix of rights on the bus: who may call which method, offer which service, publish and
// hear which topics. What is not in it is refused. The built-in table is services/broker/acl.yaml; a file
// may add to it (tests bring actors of their own). Read once, and then only tools get rows: the broker keeps
// a peer's row from its HELLO on, so a call costs one look-up in that row.
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef struct acl acl_t;
typedef struct acl_actor acl_actor_t; // one actor's row

// The built-in table alone.
acl_t *acl_new(void);
// No rights for anybody; for tests, which add their own.
acl_t *acl_new_empty(void);
void acl_destroy(acl_t **self_p);

// Adds rows in the format of acl.yaml; "*" as a name, service or method stands for all. On
// ACT_E_CONFIG *error has one line; the table may then be incomplete and must not be used.
ACT_MUST_CHECK act_err_t acl_add(acl_t *self, act_str_t yaml, act_buf_t *error);
ACT_MUST_CHECK act_err_t acl_add_file(acl_t *self, const char *path, act_buf_t *error);

// A tool's own row: it may offer the service of its own name and call what is named here ("service.method"),
// no more than the row `tool` has; in place of what it had. Texts are copied. On ACT_E_FORBIDDEN *error
// names the call, and the tool may nothing. Rows found before stay valid.
#define ACL_TOOL_ROW "tool"
ACT_MUST_CHECK act_err_t acl_put_tool(acl_t *self, const char *actor, const char *const *calls,
                                      uint32_t calls_count, act_buf_t *error);

// NULL: the actor is not known and may nothing.
const acl_actor_t *acl_find(const acl_t *self, act_str_t actor);

// All take NULL for "no row". A topic that is subscribed to may not be a pattern.
bool acl_may_call(const acl_actor_t *self, act_str_t service, act_str_t method);
bool acl_may_offer(const acl_actor_t *self, act_str_t service);
bool acl_may_publish(const acl_actor_t *self, act_str_t topic);
bool acl_may_subscribe(const acl_actor_t *self, act_str_t topic);

typedef enum { ACL_CALL, ACL_OFFER, ACL_PUBLISH, ACL_SUBSCRIBE, ACL_RIGHTS_COUNT } acl_right_t;

// For the view: every rule, in the order of the file; self may be NULL. Method is "" unless right is ACL_CALL; service
// is the topic for the last two. False: there is no rule of this index.
typedef struct {
    const char *actor;
    acl_right_t right;
    const char *service;
    const char *method;
} acl_rule_t;
bool acl_rule(const acl_t *self, uint32_t index, acl_rule_t *ret_row);
