// fake_clock: time that tests move. Linked into a test it takes the place of clock_gettime for the
// whole process, libuv and ZeroMQ included; both clocks run on from where they were moved to.
#pragma once
#include <stdint.h>

// Moves the monotonic and the wall clock forward; timers that are due then fire at the next turn.
void fake_clock_advance_ms(int64_t by_ms);

// The wall clock stands still at this time from now on; the monotonic one runs on.
void fake_clock_stop_wall_at_us(int64_t wall_us);
