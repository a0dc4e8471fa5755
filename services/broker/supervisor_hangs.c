// supervisor_hangs: a loop that stands still is asked for its stack and then killed (broker.md row 14).
// The loop itself says in its flight recorder when it last turned, so a process whose other threads
// go on (ZeroMQ answers heartbeats) is not taken for alive.
#include "supervisor_private.h"

#include <signal.h>

// A handler that writes a stack needs milliseconds; a stopped process (SIGSTOP) never writes one.
#define STACK_MS 500

// How long nothing has been heard of its loop.
static int64_t silence_ms(const child_t *child, const act_record_t *record)
{
    supervisor_t *self = child->owner;
    if (record->alive_us > 0)
        return act_loop_now_ms(self->loop) - record->alive_us / 1000;
    peer_t *peer = peers_find_instance(broker_peers(self->broker), act_str(child->instance));
    return peer ? broker_now_ms(self->broker) - peer->heard_ms : 0;
}

static void ask_for_stack(child_t *child, const act_record_t *record, int64_t silent_ms)
{
    act_log_error(child->owner->log, "child_hangs",
                  "child=%s,silent_ms=%lld,kind=%s,method=%s,call_id=%llu,trace=%016llx%016llx",
                  child->instance, (long long)silent_ms,
                  record->kind ? act_kind_name(record->kind) : "", record->method,
                  (unsigned long long)record->call_id, (unsigned long long)record->trace.trace_high,
                  (unsigned long long)record->trace.trace_low);
    child->asked_ms = act_loop_now_ms(child->owner->loop);
    if (record->alive_us > 0) // only our runtime writes a stack; others would end by SIGQUIT
        child->owner->host.signal(child->process, SIGQUIT);
}

void child_look_for_hang(child_t *child)
{
    act_record_t record = child->owner->host.record(child->process);
    int64_t silent_ms = silence_ms(child, &record);
    if (silent_ms <= child->spec->hang_ms) {
        child->asked_ms = 0; // it was slow, not stuck
        return;
    }
    if (child->asked_ms == 0) {
        ask_for_stack(child, &record, silent_ms);
        return;
    }
    if (record.stacks_count > 0 ||
        act_loop_now_ms(child->owner->loop) - child->asked_ms >= STACK_MS || record.alive_us == 0)
        child_kill(child, DEATH_HANG);
}
