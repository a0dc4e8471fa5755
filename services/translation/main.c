// translation: which language a message is in, and into another one.
#include "translation.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &translation_spec);
}
