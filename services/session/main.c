// session: one conversation turn at a time, through the nine stages of pipeline.c.
#include "session.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &session_spec);
}
