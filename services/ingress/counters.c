// counters: the log line is made from the list.
#include "counters.h"

#include <string.h>

#define FORMAT(name) "," #name "=%llu"
#define VALUE(name) , (unsigned long long)self->name

void counters_log(const counters_t *self, counters_t *logged, act_log_t *log)
{
    if (memcmp(self, logged, sizeof *self) == 0)
        return;
    *logged = *self;
    act_log_info(log, "counters", "kind=%s" COUNTERS(FORMAT), "total" COUNTERS(VALUE));
}
