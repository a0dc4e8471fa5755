// time: two clocks. The monotonic one for every duration and deadline, the wall clock (UTC) only for
// what is stored or shown.
#pragma once
#include <stddef.h>
#include <stdint.h>

int64_t act_time_mono_us(void);
int64_t act_time_mono_ms(void);
int64_t act_time_wall_us(void);

// "2026-11-21T06:00:00.123Z" into a buffer of at least ACT_TIME_TEXT_BYTES.
#define ACT_TIME_TEXT_BYTES 25
void act_time_text(int64_t wall_us, char *ret_text);
