// delivery: the outbox to the channels.
#include "delivery.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &delivery_spec);
}
