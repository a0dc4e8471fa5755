// One round of the bus bench, the same for every contestant: a fixed number of requests is open all the
// time (the window); each answer sends the next request in its place. Says how many answers came a
// second and how long they took, first sent to answered.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUS_BODY_BYTES 512
#define BUS_WINDOW_MAX_COUNT 4096

typedef struct {
    const char *target; // --target: a program or an address, as the contestant needs it
    uint32_t window_count;
    double seconds;
    double warmup_seconds; // before them; not counted
} bus_options_t;

// --target T --window N --seconds S --warmup S. False: the usage was printed.
bool bus_options_read(int argc, char **argv, bus_options_t *ret_options);

typedef struct bus_round bus_round_t;

// Starts the clock. All requests count as sent now.
bus_round_t *bus_round_new(const bus_options_t *options);
void bus_round_destroy(bus_round_t **self_p);

// The answer to the request in this place of the window is here; the next one is sent now. False: the
// round is over, send no more.
bool bus_round_answer(bus_round_t *self, uint32_t place);
void bus_round_error(bus_round_t *self);

// One JSON line. Returns the exit code: 1 when there were errors or no answers.
int bus_round_print(const bus_round_t *self);
