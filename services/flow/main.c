// flow: runs flow graphs (docs/flows.md): the fast path, and what people draw.
#include "flow.h"

#include "proto/flow_service.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv,
                    &(act_spec_t){
                        .name = "flow",
                        .service = &flow_service,
                        .server = &flow_methods,
                        .config = flow_config,
                        .self_size_bytes = flow_size_bytes,
                        .open = flow_open,
                        .close = flow_close,
                    });
}
