// persistence: PostgreSQL behind the bus (persistence.h).
#include "persistence.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &persistence_spec);
}
