// What the load drivers share: numbers from the command line, and their own use of the processor.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DRIVER_RATE_MAX 1e6
#define DRIVER_SECONDS_MAX 86400.0

// False when the text is not a number from min to max.
bool driver_read_number(const char *text, double min, double max, double *ret_number);
// A whole number from 1 to max.
bool driver_read_count(const char *text, uint32_t max, uint32_t *ret_count);
// Milliseconds, at most an hour.
bool driver_read_ms(const char *text, int64_t *ret_ms);

// Processor time this process has used, in user mode and in the kernel.
double driver_cpu_seconds(void);
