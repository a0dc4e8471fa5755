// persistence: PostgreSQL behind the bus (persistence.h).
#include "persistence.h"
#include "proto/persistence_service.h"

int main(int argc, char **argv)
{
    return act_main(
        argc, argv,
        &(act_spec_t){
            .name = "persistence",
            .service = &persistence_service,
            .dispatch = persistence_dispatch,
            .config = persistence_settings,
            .credit_messages = 1024, // batches live from what waits: many callers, one commit
            .credit_bytes = 32u << 20,
            .self_size_bytes = sizeof(persistence_t),
            .open = persistence_open,
            .close = persistence_close,
        });
}
