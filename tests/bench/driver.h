// What the load drivers share: limits of their options, and their own use of the processor.

#pragma once

#define DRIVER_RATE_MAX 1e6
#define DRIVER_SECONDS_MAX 86400.0

// Processor time this process has used, in user mode and in the kernel.
double driver_cpu_seconds(void);
