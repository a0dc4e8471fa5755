// intent (Eyes): what the customer wants, how they feel, and what needs care.
#include "intent.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv,
                    &(act_spec_t){
                        .name = "intent",
                        .service = &intent_service,
                        .server = &intent_methods,
                        .config = intent_config,
                        .self_size_bytes = intent_size_bytes,
                        .open = intent_open,
                        .close = intent_close,
                    });
}
