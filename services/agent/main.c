// agent: answers what no flow does: with the tenant's model, or from its FAQ; else offers a person.
#include "agent.h"

#include "metrics.h"
#include "proto/agent_service.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv,
                    &(act_spec_t){
                        .name = "agent",
                        .service = &agent_service,
                        .server = &agent_methods,
                        .config = agent_config,
                        .self_size_bytes = agent_size_bytes,
                        .open = agent_open,
                        .drain = agent_drain,
                        .close = agent_close,
                        .metrics = agent_metrics,
                    });
}
