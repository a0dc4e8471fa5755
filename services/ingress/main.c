// ingress: public HTTP: webhooks in, stored, acknowledged.
#include "ingress.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &ingress_spec);
}
