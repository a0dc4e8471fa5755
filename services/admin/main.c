// admin: health, metrics and status for operators, on the loopback address.
#include "admin.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &admin_spec);
}
