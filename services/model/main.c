// model: the gateway to models.
#include "gateway.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &gateway_spec);
}
