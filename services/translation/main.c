// translation: which language a message is in, and into another one.
#include "translation.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv,
                    &(act_spec_t){
                        .name = "translation",
                        .service = &translation_service,
                        .server = &translation_methods,
                        .config = translation_config,
                        .self_size_bytes = translation_size_bytes,
                        .open = translation_open,
                        .close = translation_close,
                    });
}
