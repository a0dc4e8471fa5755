// crash: the last words of an actor. A signal that would end it (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
// SIGABRT, SIGSYS) first writes its number and the address to standard error, and these with the stack
// into the recorder (without one: to standard error), and then ends the process as it would have anyway. SIGQUIT writes the stack of the
// loop's thread and goes on: the supervisor asks for it before it kills a loop that stands still.
#pragma once
#include "actor/recorder.h"

// The recorder must live until act_crash_ignore. Once a process; NULL: standard error only.
void act_crash_watch(act_recorder_t *recorder);
// Signals do again what they did before act_crash_watch.
void act_crash_ignore(void);
