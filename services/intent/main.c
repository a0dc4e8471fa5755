// intent (Eyes): what the customer wants, how they feel, and what needs care.
#include "intent.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &intent_spec);
}
