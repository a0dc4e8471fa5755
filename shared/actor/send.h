// send: the way from the runtime's parts to the bus; not for services.
#pragma once
#include "actor/actor.h"
#include "actor/recorder.h"

// Sends or drops: without a broker, or with its backlog full, answers and hints go nowhere (their
// callers ask again).
void act_actor_send(act_actor_t *self, const act_header_t *header, act_str_t body);
// The same with what the actor takes at a time in the header.
void act_actor_send_with_credit(act_actor_t *self, act_header_t *header, act_str_t body);

// For act_main: an actor that is a supervised process has settings, a log and an orphanhood.
// Config, log and recorder are borrowed.
void act_actor_supervise(act_actor_t *self, act_config_t *config, act_log_t *log,
                         act_recorder_t *recorder);
void act_actor_begin_drain(act_actor_t *self);
bool act_actor_has_failed(const act_actor_t *self);
