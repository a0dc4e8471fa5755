// agent: answers what no flow does: with the tenant's model, or from its FAQ; else offers a person.
#include "agent.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &agent_spec);
}
