// notify: what the owner of a business is told.
#include "notify.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &notify_spec);
}
